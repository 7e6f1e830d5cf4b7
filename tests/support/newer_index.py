"""A package index in a folder, in which every package has a release newer than the one that a lock pins.

`python tests/support/newer_index.py FILES INDEX` makes it of a folder of downloaded wheels and source archives, with
nothing but the standard library. The newer releases are made up and empty: an installation that takes one is found out.
"""

import hashlib
import re
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

NEWER = "99999"


def write_index(files: Path, index: Path) -> None:
    """Write the pages of a simple index: for each package its files, and one newer release.

    Args:
        files: a folder of wheels and source archives; it must stay where it is as long as the index is used.
        index: a folder that does not exist yet; its `file:` address is what an installer takes for an index.
    """
    files_by_name: dict[str, list[Path]] = defaultdict(list)
    for file in sorted(files.resolve().iterdir()):
        files_by_name[_name_of(file)].append(file)
    for name, releases in files_by_name.items():
        folder = index / name
        folder.mkdir(parents=True)
        links = map(_link, [*releases, write_wheel(folder, name, NEWER)])
        (folder / "index.html").write_text("<!DOCTYPE html>\n" + "\n".join(links) + "\n", encoding="utf-8")


def write_wheel(folder: Path, name: str, version: str, *, requires: tuple[str, ...] = ()) -> Path:
    """Write a wheel that holds its metadata and nothing else, and give its path."""
    file_name = name.replace("-", "_")
    path = folder.resolve() / f"{file_name}-{version}-py3-none-any.whl"
    about = f"{file_name}-{version}.dist-info"
    metadata = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {text}" for text in requires)]
    extras = sorted(set(re.findall(r"extra == '([^']+)'", " ".join(requires))))
    members = {
        "METADATA": "\n".join(["Metadata-Version: 2.1", *metadata, *(f"Provides-Extra: {extra}" for extra in extras)]),
        "WHEEL": "Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: true\nTag: py3-none-any",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in members.items():
            wheel.writestr(f"{about}/{member}", text + "\n")
        wheel.writestr(f"{about}/RECORD", "".join(f"{about}/{member},,\n" for member in [*members, "RECORD"]))
    return path


def sha256_of(path: Path) -> str:
    """Give the hash of a file as locks write it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _link(file: Path) -> str:
    return f'<a href="{file.as_uri()}#sha256={sha256_of(file)}">{file.name}</a><br>'


def _name_of(file: Path) -> str:
    # A wheel's name ends at its first hyphen, a source archive's at its last.
    name = file.name.split("-")[0] if file.suffix == ".whl" else file.name.rpartition("-")[0]
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    write_index(Path(sys.argv[1]), Path(sys.argv[2]))
