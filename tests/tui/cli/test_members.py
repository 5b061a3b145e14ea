"""The members of a committee are trained side by side, each with its own seed, and saved."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nn.storage.runs import list_runs
from tests.support.commands import Process
from tui.cli.members import train_members
from tui.system.exits import CommandError, ExitCode
from tui.system.shell import command_line


@pytest.mark.parametrize("together", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_members_have_their_own_seed_and_flags_and_come_in_order(
    tiny_folder: Path, tmp_path: Path, together: int
) -> None:
    flags, lines = [f"--data-dir={tiny_folder}", "--hidden=8", "--epochs=1"], list[str]()
    runs = train_members(
        {4: flags, 7: [*flags, "--activation=tanh"]}, tmp_path, together, lines.append
    )
    assert [run.record.config.seed for run in runs] == [4, 7]
    assert [run.record.config.activation for run in runs] == ["relu", "tanh"]
    assert [run.record.status for run in runs] == ["finished"] * 2
    assert {run.name for run in runs} == {run.name for run in list_runs(tmp_path)[0]}
    assert [line.partition(",")[0] for line in lines] == ["member 1 of 2", "member 2 of 2"]


def test_a_member_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"the member with seed [56] ended with code 2"):
        train_members({n: ["--data-dir=/nowhere"] for n in (5, 6)}, tmp_path, 2, print)


@pytest.mark.parametrize("interrupted", [False, True])
def test_an_early_end_tells_how_to_join_the_members_that_are_trained(
    tiny_folder: Path, tmp_path: Path, *, interrupted: bool
) -> None:
    flags, lines = [f"--data-dir={tiny_folder}", "--hidden=8", "--epochs=1"], list[str]()

    def report(line: str) -> None:
        lines.append(line)
        if interrupted and len(lines) == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(CommandError) as caught:
        train_members({1: flags, 2: flags, 3: ["--data-dir=/nowhere"]}, tmp_path, 1, report)
    by_seed = {run.record.config.seed: str(run.path) for run in list_runs(tmp_path)[0]}
    told = "the member with seed 3 ended with code 2"
    if interrupted:
        told = "interrupted; 2 of 3 members are trained and saved"
    join = command_line(["mnist-tui", "committee", by_seed[1], by_seed[2]])
    assert str(caught.value) == f"{told}; to join them: {join}"


def test_a_member_may_report_more_than_a_pipe_holds(tiny_folder: Path, tmp_path: Path) -> None:
    hidden = "--hidden=2-2-2-2-2-2-2-2"
    flags = [f"--data-dir={tiny_folder}", hidden, "--epochs=150", "--no-eval-train"]
    runs = train_members({1: flags}, tmp_path, 1, print)
    assert len((runs[0].path / "metrics.jsonl").read_bytes()) > 2**16
    assert runs[0].record.status == "finished"


def test_what_a_member_warns_of_is_passed_on(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="ended with code 1"):
        train_members(
            {1: [f"--data-dir={tiny_folder}", "--hidden=8", "--optimizer=sgd", "--lr=1e30"]},
            tmp_path,
            1,
            print,
        )
    assert "mnist-tui: error: diverged: " in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ([signal.SIGINT], ExitCode.INTERRUPTED),
        ([signal.SIGTERM], ExitCode.TERMINATED),
        ([signal.SIGINT] * 2, ExitCode.INTERRUPTED),
    ],
)
@pytest.mark.parametrize("begun", [False, True])
def test_a_signal_ends_all_members_with_one_line(
    tmp_path: Path, signals: list[signal.Signals], code: ExitCode, begun: bool
) -> None:
    """Also where it comes while they start, of which each of them would say that it was stopped."""
    words = ("committee", "--recipe=record-plain", "--members=2", f"--runs-dir={tmp_path}")
    with Process(*words) as process:
        assert process.stderr is not None
        assert "2 members" in process.stderr.readline()
        _wait_for(lambda: sum(map(_catches_sigterm, _children(process.pid))) == 2)
        _wait_for(lambda: not begun or len(list_runs(tmp_path)[0]) == 2)
        members = _children(process.pid)
        for signum in signals:
            process.send_signal(signum)
            time.sleep(0.01)  # two at the same moment would be one
        _, err = process.communicate(timeout=60)
    (line,) = err.splitlines()
    assert process.returncode == code
    told = ["mnist-tui: error: interrupted; 0 of 2 members are trained and saved"]
    assert line in [*told, *["mnist-tui: stopped by SIGINT"] * (len(signals) - 1)]
    _wait_for(lambda: not any(map(_catches_sigterm, members)))
    runs = list_runs(tmp_path)[0]
    assert {run.record.status for run in runs} <= {"interrupted"}
    assert len(runs) == 2 or not begun


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _catches_sigterm(pid: str) -> bool:
    """Whether a process is there and ends in an orderly way when it is told to."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
