"""`kill -9` of the real process: the resumed run is the same as one that was never killed."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from nn.data.dataset import Dataset
from nn.storage.run_writer import RunWriter
from nn.storage.runs import SavedRun, list_runs
from tests.support.commands import Process, call_command, run_command
from tests.support.processes import needs_several
from tests.support.recorded import MakeTrainer, go_on, record_run, same, timeless_metrics, weights


def kill_after_epochs(arguments: Sequence[str | Path], epochs: int) -> int:
    """Start the command and kill it after so many epochs; returns the last epoch it reported."""
    with Process(*arguments, "--json") as process:
        assert process.stdout is not None
        last = seen = 0
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "epoch":
                last, seen = event["epoch"], seen + 1
                if seen == epochs:
                    break
        time.sleep(random.uniform(0, 0.05))
    return last


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=needs_several)])
def test_killed_twice(small_run: Sequence[str], root: Path, processes: int) -> None:
    arguments = [*small_run, "--epochs=60", "--dropout=0.3", f"--processes={processes}"]
    arguments.append(f"--runs-dir={root}")
    assert call_command(*arguments).returncode == 0
    (whole,) = (run.path for run in list_runs(root)[0])
    told = kill_after_epochs(arguments, 5)
    (run,) = (run for run in list_runs(root)[0] if run.path != whole)
    assert run.status == "interrupted"
    again = ["--headless", f"--runs-dir={root}", "--resume", run.name]
    told = max(told, kill_after_epochs(again, 5))
    result = call_command(*again, "--json")
    assert result.returncode == 0, result.stderr
    started = json.loads(result.stdout.splitlines()[0])
    assert started["start_step"] >= 3 * (told - 1)  # three steps an epoch
    same(whole, run.path)


def test_killed_between_two_writes(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was written last, the files agree again once the run has gone on."""
    left: list[Path] = []
    writing = ("append", "save_checkpoint", "save_final", "part_best", "save_record")
    originals = {name: getattr(RunWriter, name) for name in writing}

    def copying(name: str) -> Callable[..., None]:
        def write(writer: RunWriter, *arguments: Any, **options: Any) -> None:
            if (writer.path / "run.json").exists():
                left.append(root / f"left-{len(left)}-before-{name}")
                shutil.copytree(writer.path, left[-1])
            originals[name](writer, *arguments, **options)

        return write

    for name in writing:
        monkeypatch.setattr(RunWriter, name, copying(name))
    rises_and_falls = {"epochs": 4, "dropout": 0.5, "learning_rate": 0.05, "schedule": "constant"}
    whole, _ = record_run(make_trainer(**rises_and_falls, validation=0.2), root)
    monkeypatch.undo()
    best = SavedRun.read(whole).record.best
    assert len(left) >= 3 * 4
    assert best is not None
    assert best.epoch < 4
    for folder in left:
        go_on(folder, tiny)
        same(whole, folder)
        found = SavedRun.read(folder).record.best
        assert (found and found.step) == best.step, folder.name


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags",
    [
        ("--optimizer=adam", "--schedule=one-cycle"),
        ("--optimizer=nesterov", "--sampling=replacement", "--schedule=cosine"),
        ("--optimizer=adamw", "--dropout=0.5", "--clip-norm=0.1", "--schedule=constant"),
        ("--optimizer=sgd", "--dtype=float64", "--validation=0.2", "--patience=50"),
        ("--steps=500", "--eval-steps=7", "--step-interval=0", "--schedule=constant"),
    ],
    ids=" ".join,
)
def test_killed_at_any_moment(small_run: Sequence[str], root: Path, flags: tuple[str, ...]) -> None:
    """Some fifteen times a run, even while it starts or while it is being resumed."""
    budget = [] if "--steps=500" in flags else ["--epochs=150"]
    arguments = [*small_run, *budget, *flags, f"--runs-dir={root}"]
    began = time.monotonic()
    assert run_command(*arguments).returncode == 0
    seconds = time.monotonic() - began  # of a whole run, most of which are its start
    (whole,) = (run.path for run in list_runs(root)[0])
    interval = [flag for flag in flags if flag.startswith("--step-interval")]
    parts = None
    for _ in range(15):
        again = [*arguments] if parts is None else [
            "--headless", f"--runs-dir={root}", f"--resume={parts.name}", *interval
        ]  # fmt: skip
        with Process(*again) as process:
            time.sleep(seconds * random.uniform(0.1, 0.9))
        assert process.returncode in (-9, 0, 2)  # 2: it was complete
        parts = parts or next((run.path for run in list_runs(root)[0] if run.path != whole), None)
    assert parts is not None
    if SavedRun.read(parts).status != "finished":
        result = run_command(
            "--headless", f"--runs-dir={root}", f"--resume={parts.name}", *interval
        )
        assert result.returncode == 0, result.stderr
    assert timeless_metrics(whole) == timeless_metrics(parts)
    assert weights(whole) == weights(parts)
    assert not [name for name in os.listdir(parts) if name.startswith(".")]
