"""Built-in strategies lie beside the engine, a user's own in a folder; neither hides the other."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from engine.core.errors import ConfigError
from engine.core.strategy import OWN_PACKAGE
from engine.settings.reading import build_config
from engine.settings.registry import params_of, strategy_factory, strategy_names
from engine.settings.strategy_files import HOME, built_in, own_files
from strategies.rotating.rule_files import confirmation, rule_class

OWN_STRATEGY = "from strategies.hold import Hold, HoldParams\n\nclass {name}(Hold):\n    Params = HoldParams\n"
OWN_RULE = """\
from engine.core.rule import System

class Momentum(System):
    pass
"""
TAKEN = "raise SystemExit('a file that nobody asked for runs')\n"


def forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the folder `strategies` of the working folder; whatever else is in it must not run."""
    folder = tmp_path / "strategies"
    for package in (folder, folder / "rules"):
        package.mkdir()
        (package / "__init__.py").write_text(TAKEN, encoding="utf-8")
    (folder / "another.py").write_text(TAKEN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    forget(OWN_PACKAGE)
    yield folder
    forget(OWN_PACKAGE)


@pytest.fixture
def foreign() -> Iterator[ModuleType]:
    """Give a package that took the name of the built-in strategies before they were asked for."""
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "strategies"}
    forget("strategies")
    sys.modules["strategies"] = ModuleType("strategies")
    yield sys.modules["strategies"]
    forget("strategies")
    sys.modules.update(before)


def test_the_built_in_strategies_are_those_beside_the_engine_whoever_took_their_name(foreign: ModuleType) -> None:
    foreign.__file__ = "/elsewhere/strategies/__init__.py"

    found = built_in()

    assert Path(str(found.__file__)).parent == HOME
    assert sys.modules["strategies"] is found
    assert built_in() is found


def test_a_namespace_package_is_not_taken_for_the_built_in_strategies(foreign: ModuleType) -> None:
    foreign.__path__ = ["/elsewhere/strategies", str(HOME)]

    assert list(built_in().__path__) == [str(HOME)]


def test_a_strategy_of_the_working_folder_is_loaded_alone_and_under_a_private_name(own: Path) -> None:
    (own / "my_own.py").write_text(OWN_STRATEGY.format(name="MyOwn"), encoding="utf-8")

    params = params_of("my_own")

    assert params is params_of("hold")
    assert strategy_factory("my_own").__module__ == f"{OWN_PACKAGE}.my_own"
    assert own_files() == [own / "my_own.py"]
    assert "my_own" not in strategy_names()


def test_another_folder_may_be_named_for_ones_own_strategies(own: Path, tmp_path: Path) -> None:
    (own / "my_own.py").write_text(TAKEN, encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "my_own.py").write_text(OWN_STRATEGY.format(name="MyOwn"), encoding="utf-8")

    params_of("my_own", elsewhere)
    # Whoever reads a configuration again later need not know of it.
    params_of("my_own")

    assert own_files() == [elsewhere / "my_own.py"]


def test_a_file_of_a_built_in_name_is_an_error_that_names_both(own: Path) -> None:
    (own / "hold.py").write_text(TAKEN, encoding="utf-8")

    with pytest.raises(ConfigError) as refused:
        params_of("hold")

    assert str(HOME / "hold.py") in str(refused.value)
    assert str(own / "hold.py") in str(refused.value)
    assert params_of("rotation").__name__ == "RotationParams"


def test_a_copy_of_the_programs_source_is_no_clash(own: Path) -> None:
    (own / "hold.py").write_bytes((HOME / "hold.py").read_bytes())
    sky = Path("rules") / "blue_sky.py"
    (own / sky).write_bytes((HOME / sky).read_bytes())

    assert params_of("hold").__module__ == "strategies.hold"
    assert rule_class("blue_sky", "test").__module__ == "strategies.rules.blue_sky"
    assert own_files() == []


def test_the_folder_of_the_built_in_strategies_is_nobodys_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HOME.parent)
    forget(OWN_PACKAGE)

    assert params_of("hold").__module__ == "strategies.hold"
    assert own_files() == []
    forget(OWN_PACKAGE)


def test_a_confirmation_of_the_working_folder_is_found_and_one_of_a_built_in_name_refused(own: Path) -> None:
    (own / "rules" / "momentum.py").write_text(OWN_RULE, encoding="utf-8")
    (own / "rules" / "another.py").write_text(TAKEN, encoding="utf-8")
    (own / "rules" / "blue_sky.py").write_text(OWN_RULE, encoding="utf-8")

    build_config({"strategy": {"confirmations": ["momentum"]}}, params_of)

    assert own_files() == [own / "rules" / "momentum.py"]
    with pytest.raises(ConfigError) as refused:
        build_config({"strategy": {"confirmations": ["blue_sky"]}}, params_of)
    assert str(HOME / "rules" / "blue_sky.py") in str(refused.value)
    assert str(own / "rules" / "blue_sky.py") in str(refused.value)
    with pytest.raises(ConfigError, match="did you mean momentum"):
        build_config({"strategy": {"confirmations": ["momentun"]}}, params_of)


def test_a_file_that_went_with_its_folder_is_not_found_again(own: Path, tmp_path: Path) -> None:
    (own / "rules" / "momentum.py").write_text(OWN_RULE, encoding="utf-8")
    build_config({"strategy": {"confirmations": ["momentum"]}}, params_of)

    params_of("rotation", tmp_path / "no such folder")

    with pytest.raises(ValueError, match="'momentum' is not allowed"):
        confirmation("momentum")


@pytest.mark.parametrize("text", ["1 +", "import nothing_of_this_name", "raise SystemExit(3)", "1 / 0"])
def test_a_file_that_cannot_be_loaded_is_one_sentence_with_its_path(own: Path, text: str) -> None:
    for path in (own / "broken.py", own / "rules" / "broken.py"):
        path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"strategy\.name: broken: .*/strategies/broken\.py cannot be loaded: "):
        params_of("broken")
    with pytest.raises(ConfigError, match=r"/strategies/rules/broken\.py cannot be loaded: "):
        build_config({"strategy": {"confirmations": ["broken"]}}, params_of)
