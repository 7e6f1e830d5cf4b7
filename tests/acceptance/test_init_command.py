"""`init`, and the commands that go without a configuration file."""

from pathlib import Path

from tests.support.command import ROOT, error_sentence, run_command

SHIPPED = ROOT / "config" / "rotation.yaml"
SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample", "--to", "2018-03-31", "--no-report")


def test_init_writes_the_commented_defaults_to_the_byte(tmp_path: Path) -> None:
    first = run_command("init", folder=tmp_path)
    named = run_command("init", "mine.yaml", "--quiet", folder=tmp_path)
    shown = run_command("init", "-", folder=tmp_path)

    assert first.stdout.startswith("rotation.yaml: every key with its default")
    assert (named.exit_code, named.stdout, named.stderr) == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml", "rotation.yaml"]
    for path in tmp_path.iterdir():
        assert path.read_bytes() == SHIPPED.read_bytes()
    assert shown.stdout.encode() == SHIPPED.read_bytes()


def test_init_never_writes_over_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "rotation.yaml").write_text("mine", encoding="utf-8")
    (tmp_path / "dangling.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()

    sentences = {
        name: error_sentence(run_command("init", name, folder=tmp_path), exit_code=2)
        for name in ("rotation.yaml", "dangling.yaml", "folder", "no/such.yaml")
    }

    assert sentences["rotation.yaml"].startswith("FILE rotation.yaml: is there already, and stays as it is")
    assert sentences["dangling.yaml"].startswith("FILE dangling.yaml: is there already")
    assert sentences["folder"].startswith("FILE folder: is a folder")
    assert sentences["no/such.yaml"].startswith("FILE no/such.yaml: cannot be written: No such file or directory")
    assert (tmp_path / "rotation.yaml").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dangling.yaml", "folder", "rotation.yaml"]


def test_init_refuses_a_key_to_set_instead_of_passing_it_over(tmp_path: Path) -> None:
    sentence = error_sentence(run_command("init", "--set", "name=x", folder=tmp_path), exit_code=2)

    assert sentence.startswith("--set 'name=x': init writes the defaults as they are")
    assert list(tmp_path.iterdir()) == []


def test_a_backtest_without_a_configuration_takes_the_default_and_says_so_once(tmp_path: Path) -> None:
    ran = run_command("backtest", *SAMPLE, folder=tmp_path)
    quiet = run_command("backtest", *SAMPLE, "--quiet", folder=tmp_path)

    assert ran.exit_code == 0
    # A run on the sample says so in the first line of stdout.
    assert ran.stdout.startswith("synthetic")
    said = "configuration: the built-in default (python -m engine init writes it to a file)\n"
    assert ran.stderr.count(said) == 1
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, "", "")


def test_paper_without_a_configuration_takes_the_default_and_says_so(tmp_path: Path) -> None:
    # Without keys it ends before it asks anybody.
    keys = {"BINANCE_TESTNET_API_KEY": "", "BINANCE_TESTNET_API_SECRET": ""}
    ran = run_command("paper", "--venue", "binance-testnet", folder=tmp_path, environment=keys)

    said, error = ran.stderr.splitlines()
    assert ran.exit_code == 4
    assert said.startswith("configuration: the built-in default")
    assert "BINANCE_TESTNET_API_KEY" in error
