"""How long it takes to list a thousand saved runs: python -m tests.benchmarks.runs_scale"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.storage.runs import SavedRun, list_runs
from nn.training.trainer import Trainer
from tests.support.commands import run_command
from tests.support.tiny_data import tiny_arrays
from tui.cli.commands.runs import saved_history
from tui.recording.experiment import Experiment
from tui.recording.recorder import Recorder

RUNS, EPOCHS, REPEATS = 1000, 200, 7


def make_runs(root: Path, dataset: Dataset) -> None:
    """One real run of 200 epochs, copied under other names."""
    config = TrainConfig(hidden=(4,), batch_size=40, epochs=EPOCHS)
    trainer = Trainer(config, dataset)
    recorder = Recorder.start(trainer, root, Experiment(trainer.config))
    first = recorder.folder
    assert first is not None
    for event in trainer.events():
        recorder.follow(trainer, event)
    recorder.finish(trainer)
    record = json.loads((first / "run.json").read_text())
    for number in range(1, RUNS):
        copy = root / f"20261121-{number:06}-copy"
        shutil.copytree(first, copy, ignore=shutil.ignore_patterns("*.npz"))
        # A tenth looks as if it were running, which costs a look at its lock.
        changes = {"id": copy.name, "status": "running" if number % 10 == 0 else "finished"}
        (copy / "run.json").write_text(json.dumps(record | changes))


def main() -> None:
    train_x, train_y, test_x, test_y = tiny_arrays().values()
    dataset = Dataset(
        Split(train_x.reshape(-1, 784), train_y),
        Split(test_x.reshape(-1, 784), test_y),
        "tiny",
        "0" * 64,
    )
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make_runs(root, dataset)
        listing, command, opening = [], [], []
        for _ in range(REPEATS):
            start = time.perf_counter()
            runs, errors = list_runs(root)
            listing.append(time.perf_counter() - start)
            assert (len(runs), errors) == (RUNS, [])
            start = time.perf_counter()
            result = run_command("runs", f"--runs-dir={root}")
            command.append(time.perf_counter() - start)
            assert len(result.stdout.splitlines()) == RUNS + 1
            start = time.perf_counter()
            history = saved_history(SavedRun.read(runs[0].path))
            opening.append(time.perf_counter() - start)
            assert len(history.epochs) == EPOCHS
    for what, times in (
        (f"list_runs of {RUNS:,} runs of {EPOCHS} epochs", listing),
        ("the command `mnist-tui runs`, process and all", command),
        (f"one history of {EPOCHS} epochs", opening),
    ):
        middle, most = statistics.median(times), max(times)
        sys.stdout.write(f"{what:<48} {middle * 1e3:8.1f} ms (most {most * 1e3:.1f})\n")


if __name__ == "__main__":
    main()
