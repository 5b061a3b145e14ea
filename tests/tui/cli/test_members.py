"""The members of a committee are trained side by side, each with its own seed, and saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from nn.storage.runs import list_runs
from tui.cli.members import train_members
from tui.system.exits import CommandError


@pytest.mark.parametrize("together", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_members_differ_in_their_seed_and_come_in_its_order(
    tiny_folder: Path, tmp_path: Path, together: int
) -> None:
    flags, lines = [f"--data-dir={tiny_folder}", "--hidden=8", "--epochs=1"], list[str]()
    runs = train_members(flags, [4, 7], tmp_path, together, lines.append)
    assert [run.record.config.seed for run in runs] == [4, 7]
    assert [run.record.status for run in runs] == ["finished"] * 2
    assert {run.name for run in runs} == {run.name for run in list_runs(tmp_path)[0]}
    assert [line.partition(",")[0] for line in lines] == ["member 1 of 2", "member 2 of 2"]


def test_a_member_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"the member with seed [56] ended with code 2"):
        train_members(["--data-dir=/nowhere"], [5, 6], tmp_path, 2, print)


def test_a_member_may_report_more_than_a_pipe_holds(tiny_folder: Path, tmp_path: Path) -> None:
    hidden = "--hidden=2-2-2-2-2-2-2-2"
    flags = [f"--data-dir={tiny_folder}", hidden, "--epochs=150", "--no-eval-train"]
    runs = train_members(flags, [1], tmp_path, 1, print)
    assert len((runs[0].path / "metrics.jsonl").read_bytes()) > 2**16
    assert runs[0].record.status == "finished"
