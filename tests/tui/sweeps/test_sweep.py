"""Sweeps as they are run: saved, resumed, stopped, shared, and none of it trained twice."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nn.errors import StorageError
from nn.storage.runs import SavedRun
from tests.support.commands import refused, run_command
from tests.support.sweeps import WrittenSweep, finished_sweep
from tui.__main__ import main
from tui.sweeps.folder import sweep_names, sweeps_folder
from tui.sweeps.schedule import Result, Task
from tui.sweeps.study import Study
from tui.system.exits import ExitCode

WORDS = ("--vary", "lr=0.001..0.1:log", "--limit", "400", "--hidden", "8", "--name", "s")


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def sweep(runs_dir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run_command("sweep", "--runs-dir", runs_dir, *words, "--workers", "2")


def start(runs_dir: Path, *words: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "tui",
        "sweep",
        "--runs-dir",
        str(runs_dir),
        *words,
        "--workers",
        "1",
        "--json",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def folder(runs_dir: Path) -> Path:
    return runs_dir.parent / "sweeps" / "s"


def journal(runs_dir: Path) -> list[dict[str, object]]:
    return [
        json.loads(line) for line in (folder(runs_dir) / "journal.jsonl").read_text().splitlines()
    ]


def results(runs_dir: Path) -> list[tuple[object, object, object]]:
    return [
        (entry["task"]["trial"], entry["task"]["seed"], entry["task"]["rung"])  # type: ignore[index]
        for entry in journal(runs_dir)
        if entry["kind"] == "result"
    ]


def processes_of(parent: int) -> list[int]:
    """The processes that a process has started."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in listed.stdout.split()]


def wait_until_gone(pids: list[int]) -> None:
    """Wait until none of the processes is there; the test ends it if one stays for a minute."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return
        time.sleep(0.1)
    raise AssertionError(f"workers outlive their sweep: {pids}")


def test_a_sweep_from_beginning_to_end(runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = sweep(runs_dir, *WORDS, "--trials", "3", "--epochs", "3", "--seeds", "2")
    assert done.returncode == 0, done.stderr
    assert (
        "3 settings (random) x 2 seeds, rungs of 1, 3 epochs, 10.00% of the images held out"
        in done.stderr
    )
    assert "best: trial" in done.stdout
    assert "mean of 2 seeds" in done.stdout
    found = [SavedRun.read(path) for path in sorted(runs_dir.iterdir())]
    assert len(found) == 6
    assert [run.status for run in found].count("finished") == 2

    def printed(*words: str) -> str:
        assert main([*words, "--runs-dir", str(runs_dir)]) == ExitCode.SUCCESS
        return capsys.readouterr().out

    # What a list, a chart and a table say of it.
    assert "finished" in printed("sweeps")
    chart = "validation accuracy % after 1 epoch by learning_rate"
    assert chart in printed("sweeps", "show", "s")
    assert len(list(csv.DictReader(io.StringIO(printed("sweeps", "export"))))) == 8
    objects = [json.loads(line) for line in printed("sweeps", "show", "--json").splitlines()]
    assert {each["state"] for each in objects} == {"finished", "pruned"}


@pytest.mark.slow
def test_a_trial_that_was_stopped_at_rungs_is_as_if_never_stopped(runs_dir: Path) -> None:
    done = sweep(runs_dir, *WORDS, "--trials", "3", "--epochs", "9")
    assert done.returncode == 0, done.stderr
    best = json.loads(
        run_command("sweeps", "show", "--json", "--runs-dir", runs_dir).stdout.splitlines()[0]
    )
    run = SavedRun.read(runs_dir / best["rungs"][-1]["seeds"][0]["run"])
    command = run.record.command.split()[1:]
    again = runs_dir.parent / "again"
    assert run_command(*command, "--runs-dir", again, "--quiet").returncode == 0
    (other,) = again.iterdir()
    with np.load(run.path / "final.npz") as first, np.load(other / "final.npz") as second:
        for name in first.files:
            np.testing.assert_array_equal(first[name], second[name])


def test_killed_and_resumed_with_nothing_trained_twice(runs_dir: Path) -> None:
    process = start(runs_dir, *WORDS, "--trials", "4", "--epochs", "3")
    assert process.stdout is not None
    for _ in range(2):
        process.stdout.readline()
    children = processes_of(process.pid)
    assert children
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()
    before = results(runs_dir)
    assert len(before) >= 2
    wait_until_gone(children)
    done = sweep(runs_dir, "--resume", "s")
    assert done.returncode == 0, done.stderr
    after = results(runs_dir)
    assert after[: len(before)] == before
    assert len(after) == len(set(after)) == 5
    # The run under way was resumed, unless it was killed before its first checkpoint: what such a
    # folder holds has trained nothing that could be resumed.
    assert len(list(runs_dir.glob("*/last.npz"))) == 4


@pytest.mark.slow
def test_interrupted_it_saves_says_how_to_go_on_and_goes_on(runs_dir: Path) -> None:
    process = start(runs_dir, *WORDS, "--trials", "50", "--epochs", "300", "--no-halving")
    assert process.stderr is not None
    deadline = time.monotonic() + 300
    while not list(runs_dir.glob("*/last.npz")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    quoted = shlex.quote(str(runs_dir))
    assert f"to go on: mnist-tui sweep --resume s --runs-dir {quoted}" in err
    assert "Traceback" not in err
    (run,) = runs_dir.iterdir()
    assert SavedRun.read(run).status == "interrupted"
    study = Study.read(folder(runs_dir))
    assert not study.active
    assert not study.claims


@pytest.mark.slow
def test_two_processes_work_on_one_sweep(runs_dir: Path) -> None:
    first = start(runs_dir, *WORDS, "--trials", "60", "--epochs", "3")
    assert first.stdout is not None
    first.stdout.readline()
    second = start(runs_dir, "--resume", "s")
    outputs = [process.communicate(timeout=120) for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0], outputs
    found = results(runs_dir)
    assert len(found) == len(set(found)) == 80
    assert outputs[1][0]  # the second one had its share


@pytest.mark.slow
def test_time_that_is_up(runs_dir: Path) -> None:
    done = sweep(runs_dir, *WORDS, "--trials", "500", "--epochs", "3", "--minutes", "0.05")
    assert done.returncode == 0, done.stderr
    assert "not finished; to go on" in done.stderr


@pytest.mark.slow
def test_a_trial_that_diverges_is_no_failure_of_the_sweep(runs_dir: Path) -> None:
    words = (
        "--vary",
        "lr=0.01,1e30",
        "--sampler",
        "grid",
        "--optimizer",
        "sgd",
        "--limit",
        "300",
        "--hidden",
        "8",
    )
    done = sweep(runs_dir, *words, "--epochs", "2", "--name", "s")
    assert done.returncode == 0, done.stderr
    assert "diverged" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--vary", "lr=3..1"), "an empty range"),
        (("--vary", "lx=3,4"), "unknown field"),
        ((), "varies at least one field"),
        (("--resume", "s", "--vary", "lr=1,2"), "goes on with a sweep as it was begun"),
        (("--resume", "s"), "no sweeps in"),
        (("--vary", "lr=1,2", "--trials", "0"), "trials"),
        (("--vary", "lr=1,2", "--name", "a/b"), "no slashes"),
        (("absent.toml",), "absent.toml"),
    ],
)
def test_what_is_refused(
    words: tuple[str, ...], message: str, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", "--runs-dir", str(runs_dir), *words]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("mnist-tui: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert list(runs_dir.parent.iterdir()) == []


@pytest.mark.slow
def test_a_damaged_journal_is_named(runs_dir: Path) -> None:
    assert sweep(runs_dir, *WORDS, "--trials", "1", "--epochs", "1").returncode == 0
    path = folder(runs_dir) / "journal.jsonl"
    path.write_text('{"kind": "result"}\n' + path.read_text())
    line = refused(sweep(runs_dir, "--resume", "s"))
    assert "journal.jsonl: damaged, entry 1" in line


@pytest.mark.slow
def test_a_line_that_a_killed_process_left_half_written_is_dropped(runs_dir: Path) -> None:
    assert sweep(runs_dir, *WORDS, "--trials", "1", "--epochs", "1").returncode == 0
    path = folder(runs_dir) / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert sweep(runs_dir, "--resume", "s").returncode == 0
    assert results(runs_dir) == [(0, 0, 0)]


def test_a_folder_that_cannot_be_read_hides_no_sweep(runs_dir: Path) -> None:
    folder = sweeps_folder(runs_dir)
    for name in ("first", "second"):
        (folder / name).mkdir(parents=True)
        (folder / name / "sweep.toml").touch()
    (folder / "loop").symlink_to("loop")
    assert sorted(sweep_names(folder)) == ["first", "second"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("epoch", "3"), ("seconds", []), ("loss", True), ("run", "a\x1b[2Jb"), ("task", {"trial": 0})],
)
def test_a_result_of_another_type_is_damage(runs_dir: Path, field: str, value: object) -> None:
    written = finished_sweep(runs_dir)
    lines = (written.path / "journal.jsonl").read_text().splitlines()
    written.write(json.loads(lines[-1]) | {field: value})
    with pytest.raises(StorageError, match=rf"damaged, entry {len(lines) + 1} .*{field}") as caught:
        Study.read(written.path)
    assert str(caught.value).isprintable()


def test_an_error_of_several_lines_is_kept_in_one(runs_dir: Path) -> None:
    written = WrittenSweep(runs_dir, "s")
    written.begin(0)
    study, task = Study.join(written.path), Task(0, 0, 0, 1)
    study.exchange([Result(task, "", 0.0, 0.0, None, None, "two\nlines")])
    study.close()
    assert Study.read(written.path).trials[0].results[0, 0].error == "two lines"
