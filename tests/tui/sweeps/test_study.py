"""The folder of a sweep: its journal, damage to it, names, and a sweep that was left."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from nn.errors import StorageError
from nn.storage.lock import FolderLock
from tests.support.sweep_runner import RATES, TINY, good, order_of, run
from tui.sweeps.folder import JOURNAL_FILE, SPEC_FILE
from tui.sweeps.report import table, winner
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import Study
from tui.sweeps.worker import Order, train


def test_trials_of_another_space_are_refused(tmp_path: Path) -> None:
    study = run(tmp_path, SweepSpec(RATES, trials=2), good)
    file = study.path / SPEC_FILE
    file.write_text(file.read_text().replace("0.01..0.1", "0.2..0.5"))
    with pytest.raises(StorageError, match=r"trial 0 is of another space than sweep\.toml"):
        Study.join(study.path)


def test_an_unreadable_journal_is_named(tmp_path: Path) -> None:
    study = run(tmp_path, SweepSpec(RATES, trials=2), good)
    journal = study.path / JOURNAL_FILE
    journal.unlink()
    journal.mkdir()
    with pytest.raises(StorageError, match=JOURNAL_FILE):
        Study.read(study.path)


@pytest.mark.parametrize("damage", ["[1]", "null", '{"kind": "trial"}', "{}", '{"kind": "x"}'])
def test_damage_of_a_journal_is_one_error(damage: str, tmp_path: Path) -> None:
    study = run(tmp_path, SweepSpec(RATES, trials=2), good)
    journal = study.path / JOURNAL_FILE
    journal.write_text(f"{damage}\n{journal.read_text()}")
    with pytest.raises(StorageError, match="damaged, entry 1"):
        Study.read(study.path)


def test_a_sweep_is_not_left_half_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot save the sweep"):
        Study.create(tmp_path / "file", SweepSpec(RATES), "s")
    with pytest.raises(StorageError, match="cannot save the sweep"):
        Study.create(tmp_path / "sweeps", SweepSpec(RATES), "n" * 300)
    with (
        patch.object(FolderLock, "acquire", side_effect=StorageError("No space left on device")),
        pytest.raises(StorageError, match="No space left"),
    ):
        Study.create(tmp_path / "sweeps", SweepSpec(RATES), "s")
    assert list((tmp_path / "sweeps").iterdir()) == []


def test_a_sweep_is_running_until_it_is_finished_or_left(tmp_path: Path) -> None:
    assert Study.read(run(tmp_path, SweepSpec(RATES, trials=2), good).path).state == "finished"
    study = Study.create(tmp_path, SweepSpec(RATES), "s")
    assert Study.read(study.path).state == "running"
    study.close()
    assert Study.read(study.path).state == "left"


def test_two_sweeps_that_begin_in_one_second_have_two_names(tmp_path: Path) -> None:
    studies = [Study.create(tmp_path, SweepSpec(RATES)) for _ in range(3)]
    for study in studies:
        study.close()
    assert len({study.path for study in studies}) == 3


def test_the_journal_has_one_write_for_many_tasks(tmp_path: Path) -> None:
    study = Study.create(tmp_path, SweepSpec(RATES, trials=9), "s")
    tasks = study.exchange(wanted=9)
    assert len(tasks) == 9
    reports = [good(Order(task, "x", {}, None, None)).result for task in tasks]
    assert study.exchange([each for each in reports if each], wanted=9) != []
    kinds = [
        json.loads(line)["kind"] for line in (study.path / JOURNAL_FILE).read_text().splitlines()
    ]
    assert kinds.count("result") == 9
    study.close()


def test_a_sweep_that_was_left_has_no_test_accuracy_and_nothing_that_runs(tmp_path: Path) -> None:
    spec = SweepSpec(RATES, fields=TINY, trials=4)
    runs, left = tmp_path / "runs", Study.create(tmp_path / "sweeps", spec, "s")
    for task in left.exchange(wanted=3):
        result = train(order_of(spec, runs, task)).result
        assert result is not None
        left.exchange([result])
    assert left.states() == ["waiting"] * 3
    left.exchange(wanted=1)
    assert left.states() == ["waiting"] * 3 + ["running"]
    assert "test accuracy is printed at the end of the sweep" in winner(left, runs)
    left.close()
    left = Study.read(left.path)
    assert left.states() == ["waiting"] * 4
    assert "running" not in table(left)
    timed = Study.create(tmp_path / "sweeps", replace(spec, minutes=1.0), "t")
    timed.exchange(wanted=1)
    timed.exchange(results=list(left.trials[0].results.values()))
    assert "no choice was made by it" in winner(timed, runs)
    timed.close()
