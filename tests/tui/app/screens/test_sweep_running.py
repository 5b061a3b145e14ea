"""The screen of sweeps: one is begun by the dialog, resumed, stopped and left, also a real one."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from unittest.mock import patch

import pytest
from textual.widgets import Input, Static

from nn.config import TrainConfig
from nn.storage.lock import FolderLock
from nn.storage.runs import SavedRun
from tests.support.messages import notes
from tests.support.saved_runs import Sitting
from tests.support.sweeps import (
    WrittenSweep,
    finished_sweep,
    own,
    play,
    rows,
    started_sweeps,
    sweep_app,
    sweep_screen,
)
from tui.app.preferences import Preferences
from tui.app.screens import watching
from tui.app.screens.new_sweep import NewSweepScreen
from tui.app.screens.stop_sweep import StopSweepScreen
from tui.app.screens.sweep import SweepScreen
from tui.app.state.sweep_process import EXAMPLE, SweepProcess
from tui.app.state.sweep_reader import SweepReader
from tui.recording.experiment import Experiment
from tui.sweeps.owners import OWNERS, STOP_FILE, active_owners, ask_to_stop
from tui.sweeps.study import Study

pytestmark = pytest.mark.usefixtures("looked_at_often")


def test_the_dialog_names_what_is_wrong_and_starts_what_is_right(runs_dir: Path) -> None:
    experiment = Experiment(TrainConfig(hidden=(64,), learning_rate=0.5))

    async def scenario(at: Sitting) -> None:
        await at.press("f")
        dialog = at.app.screen
        assert isinstance(dialog, NewSweepScreen)

        def problem() -> str:
            return str(dialog.query_one("#problem", Static).render())

        assert dialog.query_one("#vary", Input).value == EXAMPLE  # so that Enter alone begins one
        await at.press("backspace", "enter")
        assert "varies at least one field" in problem()
        await at.press(*"lx=3,4", "enter")
        assert "unknown field" in problem()
        await at.press(*["backspace"] * 6, *"lr=0.01..1:log hidden=8,16", "tab", "backspace", "x")
        await at.press("enter")
        assert "must be a whole number" in problem()
        await at.press("backspace", "backspace", "7", "up", "down", "enter")
        await at.until(lambda: started)
        (words,) = started
        # What is varied is not fixed as well.
        varied = ["--vary", "lr=0.01..1:log", "--vary", "hidden=8,16"]
        assert words[:-1] == ["sweep", *varied, "--trials", "7", "--name"]
        assert sweep_screen(at.app).wanted == words[-1]
        await at.until(lambda: "error: the disk is full" in notes(at.app))
        await at.press("f", "escape")
        assert isinstance(at.app.screen, SweepScreen)
        assert len(started) == 1

    with started_sweeps(runs_dir, lambda: "error: the disk is full") as started:
        play(sweep_app(runs_dir, experiment=experiment), scenario)


def test_a_left_sweep_is_resumed_and_others_are_not(
    runs_dir: Path, owned: list[FolderLock]
) -> None:
    finished_sweep(runs_dir, "done")

    async def done(at: Sitting) -> None:
        await at.press("u", "x")
        assert "It has come to its end." in notes(at.app)
        assert "No process works on it." in notes(at.app)

    play(sweep_app(runs_dir), done)
    written = WrittenSweep(runs_dir, "left")
    written.begin(0)

    async def left(at: Sitting) -> None:
        await at.press("u")
        assert started == [["sweep", "--resume", "left"]]
        own(written, owned)
        await at.until(lambda: "running" in at.lines[1])
        await at.press("u")
        assert "It is running." in notes(at.app)
        assert len(started) == 1

    with started_sweeps(runs_dir) as started:
        play(sweep_app(runs_dir), left)


def test_before_a_second_sweep_begins_the_first_one_is_named(
    runs_dir: Path, owned: list[FolderLock]
) -> None:
    own(WrittenSweep(runs_dir, "going"), owned)
    finished_sweep(runs_dir, "done")  # the newest, which is shown

    async def scenario(at: Sitting) -> None:
        await at.press("f")
        said = str(at.app.screen.query_one("#under-way", Static).render())
        assert "Under way: sweep going. The cores are shared" in said
        await at.press("enter")
        await at.until(lambda: started)
        assert "It shares the cores with sweep going; f3 stops it." in notes(at.app)

    app = sweep_app(runs_dir)
    app.take_preferences(Preferences(keys={"sweep.stop": "f3"}))
    with started_sweeps(runs_dir) as started:
        play(app, scenario)


def test_a_sweep_that_has_only_just_begun_is_under_way_until_its_process_ends(
    runs_dir: Path,
) -> None:
    finished_sweep(runs_dir, "done")
    ended = threading.Event()

    def wait() -> str:
        ended.wait(60)
        return "it has ended"

    async def scenario(at: Sitting) -> None:
        await at.press("f")
        assert not at.app.screen.query("#under-way")
        await at.press("enter", "f")
        name = sweep_screen(at.app).wanted
        said = str(at.app.screen.query_one("#under-way", Static).render())
        assert f"Under way: sweep {name}." in said
        await at.press("escape")
        ended.set()
        await at.until(lambda: "it has ended" in notes(at.app))
        await at.press("f")
        assert not at.app.screen.query("#under-way")

    with started_sweeps(runs_dir, wait):
        play(sweep_app(runs_dir), scenario)


def test_stopping_is_asked_first(runs_dir: Path, owned: list[FolderLock]) -> None:
    written = WrittenSweep(runs_dir, "going")
    own(written, owned)
    gone = written.path / OWNERS / "gone"
    gone.mkdir()
    stop = written.path / OWNERS / "test" / STOP_FILE

    async def scenario(at: Sitting) -> None:
        for key in ("n", "escape", "enter"):  # the button in front is No
            await at.press("x")
            assert isinstance(at.app.screen, StopSweepScreen)
            await at.press(key)
            assert isinstance(at.app.screen, SweepScreen)
            assert not stop.exists()
        await at.press("x", "y")
        await at.until(stop.exists)
        assert not (gone / STOP_FILE).exists()

    play(sweep_app(runs_dir), scenario)


def test_a_real_sweep_is_started_seen_and_stopped(runs_dir: Path, tiny_folder: Path) -> None:
    config = TrainConfig(
        data_dir=str(tiny_folder), hidden=(8,), batch_size=40, epochs=2000, validation=0.2
    )
    processes: list[SweepProcess] = []

    def start(words: list[str], folder: Path) -> SweepProcess:
        processes.append(SweepProcess([*words, "--workers", "1"], folder))
        return processes[-1]

    async def scenario(at: Sitting) -> None:
        await at.press("f", *"lr=0.01,0.1", "enter")
        await wait(at, lambda: "running" in at.lines[1])
        await wait(at, lambda: any("running" in row for row in rows(at)))
        await at.press("x", "y")
        await wait(at, lambda: "left" in at.lines[1])

    async def wait(at: Sitting, condition: object) -> None:
        for _ in range(12):  # a busy machine takes long to start processes
            try:
                await at.until(condition)  # type: ignore[arg-type]
            except AssertionError:
                continue
            return
        raise AssertionError(at.text)

    with patch.object(watching, "SweepProcess", start):
        play(sweep_app(runs_dir, experiment=Experiment(config)), scenario)
    (path,) = (runs_dir.parent / "sweeps").iterdir()
    study = Study.read(path)
    assert not study.active
    assert not study.claims  # given back, to be resumed
    assert study.spec.fields["hidden"] == [8]
    assert [SavedRun.read(path).status for path in runs_dir.iterdir()] == ["interrupted"]


def test_a_sweep_goes_on_when_the_application_is_left(runs_dir: Path, tiny_folder: Path) -> None:
    words = (
        f"sweep --data-dir={tiny_folder} --hidden=8 --batch-size=40 --epochs=5000 --validation=0.2"
    )
    process = SweepProcess(
        [*words.split(), "--vary", "lr=0.01,0.1", "--workers", "1", "--name", "s"], runs_dir
    )
    path = runs_dir.parent / "sweeps" / "s"
    deadline = time.monotonic() + 300
    view = None
    while view is None or view.state != "running" or not view.rows:
        assert time.monotonic() < deadline
        view = SweepReader(runs_dir).look("s").view
        time.sleep(0.1)
    if hasattr(os, "getpgid"):
        (owner,) = active_owners(path)
        number = int(owner.name.partition("-")[0])
        assert os.getpgid(number) == number  # no signal of the terminal reaches it
    ask_to_stop(view.path)
    assert process.wait() == ""
    assert not Study.read(path).active


def test_a_sweep_that_cannot_begin_says_why(runs_dir: Path) -> None:
    process = SweepProcess(["sweep", "--vary", "lx=1,2"], runs_dir)
    assert "unknown field" in process.wait()
