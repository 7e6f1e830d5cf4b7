"""Where strategies lie: the built-in ones beside `engine`, a user's own in a folder; each is found there alone.

Left to itself, Python takes the first `strategies` on its path, which under `python -m engine` begins with the working
folder. A user's own files are modules of a private package, which exists in memory only: nothing of their folder runs
but the file that is asked for, and what that imports.
"""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from engine.core.strategy import OWN_PACKAGE

BUILT_IN = "strategies"
HOME = Path(__file__).resolve().parents[2] / BUILT_IN
"""The folder of the built-in strategies."""
INNER_PACKAGES = ("", ".rules")


def built_in() -> ModuleType:
    """Give the package `strategies` beside this one, whatever else goes by its name."""
    loaded = sys.modules.get(BUILT_IN)
    if loaded is not None and _is_at_home(loaded):
        return loaded
    _forget(BUILT_IN)
    spec = importlib.util.spec_from_file_location(
        BUILT_IN, HOME / "__init__.py", submodule_search_locations=[str(HOME)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{HOME}: the built-in strategies are missing")
    package = importlib.util.module_from_spec(spec)
    sys.modules[BUILT_IN] = package
    spec.loader.exec_module(package)
    return package


def open_own(folder: Path) -> None:
    """Take the files of a folder for a user's own strategies; there need not be such a folder.

    Files that are built in, to the byte, are no others: whoever has the program's source before him has them too.
    """
    place = folder.resolve()
    opened = sys.modules.get(OWN_PACKAGE)
    if opened is None or list(opened.__path__) != [str(place)]:
        _forget(OWN_PACKAGE)
        for inner in INNER_PACKAGES:
            _open(place, inner)
    importlib.invalidate_caches()


def is_open() -> bool:
    """Tell whether a folder was opened."""
    return OWN_PACKAGE in sys.modules


def names_in(package: str) -> list[str]:
    """List the modules of a package that is imported; packages in it, and names that begin with _, are none."""
    module = sys.modules.get(package)
    folders = [] if module is None else [str(Path(folder)) for folder in module.__path__]
    found = (each.name for each in pkgutil.iter_modules(folders) if not each.ispkg and not each.name.startswith("_"))
    # None in the place of a module says that there is none to import.
    return sorted(name for name in found if sys.modules.get(f"{package}.{name}", module) is not None)


def file_of(package: str, name: str) -> Path:
    """Give the file of a module that `names_in` lists."""
    spec = importlib.util.find_spec(f"{package}.{name}")
    return Path(spec.origin if spec is not None and spec.origin else name)


def own_files() -> list[Path]:
    """List the files of a user's own that were loaded."""
    modules = (module for name, module in sorted(sys.modules.items()) if name.startswith(f"{OWN_PACKAGE}."))
    # Packages without a file, and None where there is nothing to import, stand there too.
    files = (getattr(module, "__file__", None) for module in modules)
    return [Path(file) for file in files if file is not None]


def _open(place: Path, inner: str) -> None:
    folder, at_home = (where.joinpath(*inner.split(".")) for where in (place, HOME))
    package = f"{OWN_PACKAGE}{inner}"
    spec = ModuleSpec(package, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    sys.modules[package] = importlib.util.module_from_spec(spec)
    for name in _same_files(folder, at_home):
        sys.modules[f"{package}.{name}"] = None  # type: ignore[assignment] # as the import system has it


def _same_files(folder: Path, at_home: Path) -> Iterator[str]:
    for path in at_home.glob("*.py"):
        other = folder / path.name
        if other.is_file() and other.read_bytes() == path.read_bytes():
            yield path.stem


def _is_at_home(package: ModuleType) -> bool:
    # A namespace package has no file.
    file = getattr(package, "__file__", None)
    return file is not None and Path(file).resolve().parent == HOME


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
