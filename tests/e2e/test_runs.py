"""Runs that outlive their screen, their terminal and their process, in a real terminal."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nn.storage.lock import is_locked
from nn.storage.run_lookup import find_run
from nn.storage.runs import SavedRun, run_names
from tests.support.commands import call_command
from tests.support.processes import children, needs_several
from tests.support.recorded import same
from tests.support.tmux import APPLICATION, PATIENCE, Tmux, Window, child_of
from tui.recording.folder import display_name

SHORT = "--limit 2000 --epochs 60 --hidden 16 --dropout 0.2 --eval-train=no"
LONG = f"{APPLICATION} --recipe two-layer-net --limit 3000 --epochs 5000"


def until(condition: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "timed out"
        time.sleep(0.05)


def gone(pid: int) -> bool:
    """Whether a process has ended, be it collected or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the short run that nobody interrupted."""
    root = tmp_path_factory.mktemp("whole")
    done = call_command("--headless", "--quiet", *SHORT.split(), f"--runs-dir={root}")
    assert done.returncode == 0, done.stderr
    return find_run(root, "last").path


def training(terminal: Tmux, root: Path) -> Path:
    """Begin, and wait for a few epochs; the run's folder."""
    terminal.begin_training()
    until(lambda: run_names(root) and find_run(root, "last").record.epoch >= 2)
    return find_run(root, "last").path


def hang_up(terminal: Tmux) -> int:
    """Close the terminal; the process of its application."""
    application = child_of(terminal)
    terminal.close()  # the shell and the application both get SIGHUP
    return application


def test_a_hang_up_saves(window: Window, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    terminal = window()
    terminal.run(LONG)
    folder, application = training(terminal, root), hang_up(terminal)
    until(lambda: gone(application))
    run = SavedRun.read(folder)
    assert (run.record.status, run.record.reason) == ("interrupted", "interrupted")
    assert run.record.save_error is None


@pytest.mark.slow
def test_a_hang_up_lets_it_train_on(window: Window, tmp_path: Path, whole: Path) -> None:
    """The run ends as usual, though nobody reads its output and a second SIGHUP arrives."""
    root = tmp_path / "runs"
    terminal = window()
    terminal.run(f"{APPLICATION} {SHORT} --on-hangup=continue")
    folder, application = training(terminal, root), hang_up(terminal)
    os.kill(application, signal.SIGHUP)
    until(lambda: gone(application))
    record = SavedRun.read(folder).record
    assert (record.status, record.reason, record.epoch) == ("finished", "completed", 60)
    same(folder, whole)


def test_without_a_terminal_it_trains_on_whatever_was_wanted_and_still_obeys(
    window: Window, tmp_path: Path
) -> None:
    """It once waited for ever at the end of an epoch that a key had asked for, or crept there."""
    root = tmp_path / "runs"
    terminal = window()
    terminal.run(f"{LONG} --on-hangup=continue")
    folder = training(terminal, root)
    terminal.press("e")
    terminal.wait_for("paused")
    terminal.press(*"<<<<<", "e")
    terminal.wait_for("running, 1 step a second")
    application = hang_up(terminal)
    epoch = SavedRun.read(folder).record.epoch
    until(lambda: SavedRun.read(folder).record.epoch > epoch + 2)
    assert not gone(application)
    os.kill(application, signal.SIGTERM)
    until(lambda: gone(application))
    assert SavedRun.read(folder).record.status == "interrupted"


@needs_several
def test_what_made_it_fail_is_told_on_leaving(window: Window, tmp_path: Path) -> None:
    terminal = window()
    terminal.run(f"{LONG} --processes 2")
    training(terminal, tmp_path / "runs")
    (worker,) = children(child_of(terminal), 1)
    os.kill(worker, signal.SIGKILL)
    terminal.wait_for("ended by SIGKILL")
    terminal.press("q")
    screen = terminal.wait_for("exit:1")
    assert "mnist-tui: error: a computing process was ended by SIGKILL" in screen


def test_interrupted_killed_and_gone_on_with(window: Window, tmp_path: Path, whole: Path) -> None:
    """After SIGTERM the run goes on in the application, and after SIGKILL without it.

    It ends as if it had not stopped.
    """
    root = tmp_path / "runs"
    terminal = window()
    terminal.run(f"{APPLICATION} {SHORT}")
    folder = training(terminal, root)
    os.kill(child_of(terminal), signal.SIGTERM)
    screen = terminal.wait_for("exit:143")
    assert not terminal.in_application()
    assert f"--resume {folder.name}" in screen
    left = SavedRun.read(folder).record
    assert left.status == "interrupted"
    terminal.run("stty -a | grep -c ' echo '")
    terminal.wait_for("exit:0")
    terminal.run(f"{APPLICATION} --resume")
    terminal.wait_for("ready", display_name(folder.name))
    terminal.press("Space")
    until(lambda: SavedRun.read(folder).record.epoch > left.epoch)
    os.kill(child_of(terminal), signal.SIGKILL)
    until(lambda: not is_locked(folder))
    assert SavedRun.read(folder).status == "interrupted"
    assert call_command("--headless", "--resume", "last", f"--runs-dir={root}").returncode == 0
    same(folder, whole)


def test_watched_from_another_terminal(window: Window, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    terminal, other = window(), window(120, 40)
    terminal.run(LONG)
    folder = training(terminal, root)
    other.run(f"{APPLICATION} attach --screen")
    other.wait_for("running, read only")
    other.press("2")
    other.wait_for("1 of 10,000", "epoch")
    other.press("6")
    other.wait_for("1 run", "running")
    other.press("q")
    other.wait_for("exit:0")
    assert is_locked(folder)
    other.run(f"{APPLICATION} --resume")
    other.wait_for("is being written by", "exit:1")
    terminal.press("q", "x")
    terminal.wait_for("exit:0")
    assert run_names(root) == []


def test_a_run_that_is_not_saved_leaves_nothing(window: Window, tmp_path: Path) -> None:
    terminal = window()
    terminal.run(f"{LONG} --no-save")
    terminal.begin_training()
    terminal.press("q")
    terminal.wait_for("A run is under way")
    terminal.press("y")
    screen = terminal.wait_for("exit:0")
    assert "--resume" not in screen
    assert run_names(tmp_path / "runs") == []
