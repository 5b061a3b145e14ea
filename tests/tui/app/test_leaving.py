"""Runs that end while the application is open, and a terminal that is left for a while."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Label

from nn.config import TrainConfig
from nn.storage.model_file import read_model
from nn.storage.runs import run_names
from tests.support.scenarios import an_epoch, play, until
from tests.support.terminal import Terminal
from tui.app import preferences
from tui.app.app import MnistApp
from tui.app.preferences import Preferences, load_preferences
from tui.app.screens.quit import QuitScreen
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.cli.launch import _report_endings
from tui.system.exits import ExitCode

SHORT = TrainConfig(limit=300, epochs=2, hidden=(8,))


@pytest.mark.parametrize(("key", "kept"), [pytest.param("x", 0, marks=pytest.mark.slow), ("y", 1)])
def test_the_question_outlives_the_run(tmp_path: Path, key: str, kept: int) -> None:
    """It once still named a run under way, and a run that was discarded then was kept."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await an_epoch(app, pilot)
        await pilot.press("q")
        assert "under way" in str(app.screen.query_one("#state", Label).render())
        app.bench.go(Goal.RUN)
        await until(pilot, lambda: app.bench.history and app.bench.history.finished)
        await until(pilot, lambda: app.bench.status is Status.FINISHED)
        await until(
            pilot, lambda: "has ended" in str(app.screen.query_one("#state", Label).render())
        )
        assert isinstance(app.screen, QuitScreen)
        app.bench.endings.wait()
        await pilot.press(key)
        await pilot.pause()
        assert app.return_value is ExitCode.SUCCESS

    play(scenario, tmp_path, SHORT)
    assert len(run_names(tmp_path)) == kept


async def a_run_and_a_new_one(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
    """Train to the end, and have another run stand ready."""
    app.bench.go(Goal.RUN)
    await until(pilot, lambda: app.bench.status is Status.FINISHED)
    await pilot.press("r")
    await until(pilot, lambda: app.bench.status is Status.READY)


def test_every_run_of_the_sitting_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await a_run_and_a_new_one(app, pilot)
        await an_epoch(app, pilot)
        await pilot.press("r")
        await until(pilot, lambda: app.bench.status is Status.READY)
        await pilot.press("q")

    app = play(scenario, tmp_path, SHORT)
    _report_endings(app.bench, None)
    told = capsys.readouterr().err
    assert told.index("completed after 2 epochs") < told.index("interrupted after 1 epoch")
    assert told.count("repeat: mnist-tui --headless") == 2


@pytest.mark.parametrize("discarded", [False, True])
def test_the_newest_run_that_was_trained_and_kept_is_saved_as_a_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, discarded: bool
) -> None:
    """Nothing was once written, and nothing said, where another run stood ready after it."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await a_run_and_a_new_one(app, pilot)
        if discarded:
            await an_epoch(app, pilot)
        await pilot.press("q", "x")
        await pilot.pause()

    runs, model = tmp_path / "runs", tmp_path / "model.npz"
    app = play(scenario, runs, SHORT)
    _report_endings(app.bench, model)
    [name] = run_names(runs)
    kept = read_model(runs / name / "final.npz").model.parameters
    assert np.array_equal(read_model(model).model.parameters, kept)
    told = capsys.readouterr().err
    assert told.count(f"saved to {model}") == 1
    assert told.index("completed after 2 epochs") < told.index(f"saved to {model}")


@pytest.mark.parametrize("discarded", [False, True])
def test_that_no_model_is_saved_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, discarded: bool
) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        if discarded:
            await an_epoch(app, pilot)
        await pilot.press("q", "x")
        await pilot.pause()

    model = tmp_path / "model.npz"
    _report_endings(play(scenario, tmp_path / "runs", SHORT).bench, model)
    assert not model.exists()
    assert capsys.readouterr().err.startswith(
        f"warning: --save {model}: not written, since no run was trained and kept;"
    )


def test_data_that_cannot_be_read_leave_the_run_that_there_is(tmp_path: Path) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await an_epoch(app, pilot)
        run, experiment = app.bench.run, app.bench.experiment
        wrong = TrainConfig(data_dir=str(tmp_path / "none"), limit=300, epochs=2, hidden=(8,))
        app.bench.configure(type(experiment)(wrong))
        app.bench.reset()
        await until(pilot, lambda: app.bench.error is not None)
        assert app.bench.run is run
        await an_epoch(app, pilot)
        assert app.bench.error is None
        assert len(app.bench.history.epochs) == 2  # type: ignore[union-attr]

    play(scenario, tmp_path, TrainConfig(limit=300, epochs=3, hidden=(8,)))


def test_a_user_without_a_home_has_no_preferences(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(*_: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("MNIST_TUI_CONFIG", raising=False)
    monkeypatch.setattr(preferences, "user_config_path", no_home)
    assert load_preferences() == Preferences()


@pytest.fixture
def application(tmp_path: Path) -> Terminal:
    command = [sys.executable, "-m", "tui", "--limit=300", "--hidden=8"]
    terminal = Terminal(
        command, 80, 24, TERM="xterm-256color", HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path)
    )
    terminal.wait_for("ready")
    terminal.read(0.5)
    return terminal


@pytest.mark.slow
@pytest.mark.parametrize("how", ["key", "signal"])
def test_a_suspended_application_paints_everything_when_it_returns(
    application: Terminal, how: str
) -> None:
    if how == "key":
        application.press("\x1a")
    else:
        os.kill(application._pid, signal.SIGTSTP)
    limit = time.monotonic() + 300
    while Path(f"/proc/{application._pid}/stat").read_text().split()[2] != "T":
        assert time.monotonic() < limit, "not stopped"
        application.read(0.1)
    application.read(0.5)  # what it wrote before it stopped
    assert "Recipes" not in application.screen.text
    os.kill(application._pid, signal.SIGCONT)
    application.wait_for("ready")
    application.wait_for("Recipes")
    application.press("\x11")
    assert application.close() == 0


@pytest.mark.slow
def test_ctrl_c_leaves_after_the_mouse_was_dragged(application: Terminal) -> None:
    """It once copied the names of widgets instead, and did not leave."""
    start = len(application.output)
    application.press("\x1b[<0;5;5M\x1b[<32;30;8M\x1b[<32;31;9M\x1b[<0;31;9m")
    application.read(0.5)
    application.press("\x03")
    assert application.close() == 0
    assert b"\x1b]52" not in application.output[start:]
