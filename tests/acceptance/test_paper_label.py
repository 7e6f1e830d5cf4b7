"""`paper --label`: what a person calls a live run by, on the first start and on those that follow."""

import json
from datetime import date
from pathlib import Path

from tests.support.command import call_command, error_sentence, small_configuration, write_small_market
from tests.support.rehearsal import FOLDER, Rehearsal

ONE_DAY = (date(2015, 11, 10), date(2015, 11, 10))
LABEL = "first try"


def test_a_paper_run_is_told_by_the_label_of_its_first_start(tmp_path: Path) -> None:
    write_small_market(tmp_path)
    configuration = {key: value for key, value in small_configuration(tmp_path).items() if key != "data"}

    with Rehearsal(tmp_path, tmp_path / "out", configuration, days=ONE_DAY).open() as rehearsal:
        begun = rehearsal.run("--label", LABEL)
        otherwise = call_command(*rehearsal.arguments("--label", "second try", "--set", "venue.max_retries=0"))

    assert begun.exit_code == 0, begun
    summary = json.loads((rehearsal.folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["label"] == LABEL
    assert f"labelled '{LABEL}'" in (rehearsal.folder / "run.log").read_text(encoding="utf-8")
    (listed,) = json.loads(call_command("review", "--list", "--json", "--out", rehearsal.out).stdout)
    assert (listed["label"], listed["strategy"]) == (LABEL, "rotation")
    assert f"rotation · {LABEL} · " in call_command("review", "--list", "--out", rehearsal.out).stdout
    assert call_command("verify", rehearsal.folder).exit_code == 0
    sentence = error_sentence(otherwise, exit_code=2)
    assert sentence.startswith(f"--label 'second try': {rehearsal.out / FOLDER} began under the label '{LABEL}'")
