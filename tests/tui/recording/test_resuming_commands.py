"""Resuming from the command line: after a signal, by name, and beside another process."""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import load_dataset
from nn.events import EpochCompleted
from nn.storage.runs import SavedRun
from nn.training.trainer import Trainer
from tests.support.commands import Process, call_command, refused
from tests.support.json_schema import check_stream
from tests.support.recorded import same
from tui.recording.experiment import Experiment
from tui.recording.recorder import Recorder


def folders(root: Path) -> list[Path]:
    return sorted(root.iterdir())


@pytest.mark.parametrize(
    ("signum", "code"),
    [
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow),
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.slow),
    ],
)
def test_a_signal_saves_the_step_and_tells_how_to_go_on(
    signum: int, code: int, small_run: Sequence[str], root: Path
) -> None:
    arguments = [*small_run, "--epochs=100000", f"--runs-dir={root}"]
    with Process(*arguments) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.split()[:1] == ["2"]:
                break
        process.send_signal(signum)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    (folder,) = folders(root)
    run = SavedRun.read(folder)
    assert (run.status, run.record.reason) == ("interrupted", "interrupted")
    assert f"resume: mnist-tui --headless --resume {shlex.quote(str(folder))}\n" in err
    steps = int(err.split("interrupted after ")[1].split(" steps")[0].split()[-1].replace(",", ""))
    assert json.loads(_values(folder))["step"] == steps


def _values(folder: Path) -> str:
    with np.load(folder / "last.npz") as arrays:
        return str(arrays["values"])


def test_resuming_from_the_command_line(small_run: Sequence[str], root: Path) -> None:
    """`--resume` alone means the last run; folder and weights are those of one run."""
    arguments = [*small_run, "--epochs=6", f"--runs-dir={root}", "--json", "--step-interval=0"]
    assert call_command(*arguments).returncode == 0
    (whole,) = folders(root)
    with Process(*arguments) as process:
        process.read_until("epoch")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    parts = next(path for path in folders(root) if path != whole)
    if SavedRun.read(parts).status == "interrupted":
        result = call_command("--headless", f"--runs-dir={root}", "--json", "--resume")
        assert (result.returncode, result.stderr) == (0, "")
        events = check_stream(result.stdout)
        assert events[0]["start_step"] > 0
        assert events[0]["run"] == events[-1]["run"] == str(parts)
    same(whole, parts)


def test_the_default_folder_and_its_names(small_run: Sequence[str], root: Path) -> None:
    env = {"MNIST_TUI_RUNS_DIR": str(root)}
    result = call_command(*small_run, "--epochs=2", "--quiet", env=env)
    assert (result.returncode, result.stderr) == (0, "")
    (folder,) = folders(root)
    for name in ("last", folder.name, folder.name[:10], str(folder)):
        said = refused(call_command("--headless", "--resume", name, env=env))
        assert said == f"run {folder.name} is complete: 2 epochs; to go on, raise --epochs"
    result = call_command("--headless", "--resume", "last", "--epochs=4", env=env)
    assert result.returncode == 0
    assert "resumed after 2 epochs, 6 steps" in result.stderr
    assert "warning: the one-cycle schedule now spans 12 steps" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--resume", "last"], "no saved runs in "),
        (["--resume", "nothing"], "no run 'nothing' in "),
        (["--resume", "./nothing"], "nothing: no such folder; a saved run is wanted: its name,"),
        (["--resume", "last", "--no-save"], "--no-save contradicts --resume"),
        (["--resume", "last", "--recipe=two-layer-net"], "--recipe contradicts --resume"),
    ],
)
def test_refusals(arguments: list[str], said: str, root: Path) -> None:
    assert said in refused(call_command("--headless", f"--runs-dir={root}", *arguments))


def test_a_run_that_is_not_saved_leaves_nothing(small_run: Sequence[str], root: Path) -> None:
    env = {"MNIST_TUI_RUNS_DIR": str(root)}
    result = call_command(*small_run, "--epochs=1", "--no-save", "--json", env=env)
    events = check_stream(result.stdout)
    assert (events[0]["run"], events[-1]["run"]) == (None, None)
    assert not root.exists()


def test_two_processes_on_one_run(small_run: Sequence[str], root: Path) -> None:
    words = [*small_run, "--epochs=1000000", f"--runs-dir={root}", "--json"]
    with Process(*words) as process:
        process.read_until("epoch")
        (folder,) = folders(root)
        assert SavedRun.read(folder).status == "running"
        said = refused(call_command("--headless", f"--runs-dir={root}", "--resume"))
        assert said == f"run {folder.name} is being written by process {process.pid}"
        said = refused(call_command("runs", "rm", "last", "--yes", f"--runs-dir={root}"), 1)
        assert said == f"run {folder.name} is being written by process {process.pid}"
        assert process.poll() is None
    assert SavedRun.read(folder).status == "interrupted"  # killed: nobody holds the lock


def test_a_rate_that_was_changed_by_hand_is_reported_with_the_command(root: Path) -> None:
    """What the command to repeat the run leaves out was once reported by the application only."""
    config = TrainConfig(limit=300, epochs=3, hidden=(8,), eval_train=False)
    trainer = Trainer(config, load_dataset(""))
    recorder = Recorder.start(trainer, root, Experiment(config))
    for event in trainer.events():
        recorder.follow(trainer, event)
        if isinstance(event, EpochCompleted):
            if event.epoch == 2:
                break
            trainer.rate_factor = 0.5
    recorder.finish(trainer)
    for command in (["--headless", "--resume", "last"], ["runs", "show", "last"]):
        result = call_command(*command, f"--runs-dir={root}")
        assert result.returncode == 0, result.stderr
        assert "rate was changed by hand" in result.stderr + result.stdout, command
