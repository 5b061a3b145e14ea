"""A lesson that leads through the walk, from its key to the way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from nn.data.dataset import Dataset
from tests.support import lessons as lessons_support
from tests.support import walking
from tests.support.networks import app_of, play, shown
from tests.support.quiescence import until
from tui.app.app import MnistApp
from tui.app.screens.lessons import LessonsScreen
from tui.lessons.course.backpropagation import CONFIG
from tui.lessons.progress import NAME, Progress
from tui.lessons.stops import STOPS
from tui.system.exits import ExitCode


@pytest.fixture(autouse=True)
def progress_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_TUI_RUNS_DIR", str(tmp_path / "runs"))
    return tmp_path / NAME


@pytest.fixture
def app(mnist: Dataset) -> MnistApp:
    app = app_of(None, "lessons")
    app.bench.dataset = mnist
    return app


def guide(app: MnistApp) -> str:
    return str(app.screen.query_one("#guide", Static).content)


async def to_the_walk(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
    """Open the lesson, predict, and let it lead."""
    screen = app.screen
    assert isinstance(screen, LessonsScreen)
    screen.cursor = 8
    await lessons_support.press(pilot, "enter", "w")
    assert screen.bench.tour is None, "the prediction comes first"
    await lessons_support.press(pilot, "b")
    await pilot.press("w")
    await pilot.pause()
    await walking.walked(app, pilot)
    await until(pilot, lambda: f"1/{len(STOPS)} " in "\n".join(shown(app)))
    await pilot.pause()


def test_a_walk_that_is_led_from_its_start_to_its_end(app: MnistApp, progress_file: Path) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await to_the_walk(app, pilot)
        screen = walking.walk_screen(app)
        assert screen.view is not None
        assert screen.view.wanted.config == CONFIG
        assert guide(app).startswith(f"1/{len(STOPS)} Five images")
        view = await walking.press(app, pilot, "t", "g", "x")
        assert (view.wanted.config, len(view.picks)) == (CONFIG, 5), "the lesson has its own"
        await walking.press(app, pilot, "enter", *["right"] * 4)
        assert "Done: you are at y." in guide(app)
        await walking.press(app, pilot, "space")
        assert "the numbers follow your prediction" in "\n".join(shown(app))
        await walking.press(app, pilot, "space")
        assert guide(app).startswith("2/"), "not without a prediction"
        await walking.press(app, pilot, "a")
        assert "You predicted a: right." in guide(app)
        assert "y[0,5] = " in "\n".join(shown(app))
        view = await walking.press(app, pilot, "space", "b")
        assert "You predicted b: it is c." in guide(app)
        assert view.step == 0, "b was the answer, no step back"
        await walking.press(app, pilot, "space", "a", "space")
        assert screen.level == "numbers"
        gradient = np.abs(view.taken.values["dW2"])
        unit, cls = map(int, np.unravel_index(gradient.argmax(), gradient.shape))
        assert "Done" not in guide(app)
        screen.cursors |= {"unit 1": unit, "class": cls + 1}
        await walking.press(app, pilot, "left")
        assert "Done: |dW2" in guide(app)
        await walking.press(app, pilot, "space", "m")
        assert "Done: nudged" in guide(app)
        await walking.press(app, pilot, "space", "a", "space", "a", "space")
        assert screen.level == "images"
        view = await walking.press(app, pilot, "s", "b")
        assert view.step == 0, "b is a step back again"
        while "Done" not in guide(app):
            view = await walking.press(app, pilot, "s")
        assert (view.predicted == [pick.label for pick in view.picks]).all()
        await walking.press(app, pilot, "space")
        assert "That is backpropagation" in guide(app)
        await pilot.press("w")
        await pilot.pause()
        await lessons_support.press(pilot)
        lesson = app.screen
        assert isinstance(lesson, LessonsScreen)
        assert lesson.session is not None
        assert lesson.session.settings == {"part": "y", "steps": view.step}
        assert lesson.session.record.passed
        assert app.bench.tour is None
        found = Progress(progress_file).of("backpropagation")
        assert (found.passed, found.stop) == (True, len(STOPS))
        await lessons_support.press(pilot, "r")
        await pilot.press("w")
        await pilot.pause()
        view = await walking.walked(app, pilot)
        await pilot.pause()
        assert view.step == 0, "another walk begins at its first step"
        await walking.press(app, pilot, "s", "s", "space")
        view = await walking.walked(app, pilot)
        assert view.step == 0, "its questions are about the first step"
        view = await walking.press(app, pilot, "s")
        assert view.step == 0
        await pilot.press("w")
        await pilot.pause()
        await lessons_support.press(pilot)
        await pilot.press("9")
        await pilot.pause()
        view = await walking.walked(app, pilot)
        assert view.wanted.config.hidden == (50,), "without a lesson it is the notes' network"
        assert not app.screen.query_one("#guide").display

    play(app, scenario)


def test_it_goes_on_where_it_was_left(app: MnistApp, mnist: Dataset) -> None:
    async def first(pilot: Pilot[ExitCode]) -> None:
        await to_the_walk(app, pilot)
        await walking.press(app, pilot, "space", "a", "space")
        await pilot.press("8")
        await pilot.pause()
        await lessons_support.press(pilot)

    async def second(pilot: Pilot[ExitCode]) -> None:
        await lessons_support.press(pilot, "enter")
        await pilot.press("w")
        await pilot.pause()
        await walking.walked(again, pilot)
        await pilot.pause()
        assert guide(again).startswith("3/")
        await pilot.press("8")
        await pilot.pause()
        await lessons_support.press(pilot, "r")
        await pilot.press("w")
        await pilot.pause()
        await walking.walked(again, pilot)
        assert guide(again).startswith("1/"), "the key that puts the knobs back begins anew"

    play(app, first)
    again = app_of(None, "lessons")
    again.bench.dataset = mnist
    play(again, second)


def test_what_is_asked_is_in_sight_where_it_is_narrow(mnist: Dataset) -> None:
    app = app_of(None, "lessons", ascii_only=True, colors="none")
    app.bench.dataset = mnist

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await to_the_walk(app, pilot)
        for number in range(1, len(STOPS) + 1):
            lines = shown(app)
            text = "\n".join(lines)
            assert f"{number}/{len(STOPS)} " in text
            assert text.isascii()
            assert "Help" in lines[-1]
            box = app.screen.query_one("#guide")
            assert box.virtual_size.height <= box.size.height
            await walking.press(app, pilot, "a", "space")

    play(app, scenario, (40, 15))


@pytest.mark.parametrize("size", [(40, 15), (80, 24), (120, 40)])
def test_a_question(
    snap_compare: Callable[..., bool], app: MnistApp, size: tuple[int, int]
) -> None:
    async def go(pilot: Pilot[ExitCode]) -> None:
        await to_the_walk(app, pilot)
        await walking.press(app, pilot, "space", "a", "space", "b", "space")
        await pilot.pause()

    assert snap_compare(app, run_before=go, terminal_size=size)


def test_where_the_walk_is_left_is_remembered_when_the_application_is_left_there(
    app: MnistApp, progress_file: Path
) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await to_the_walk(app, pilot)
        await walking.press(app, pilot, "space")
        assert guide(app).startswith("2/")
        await pilot.press("q")

    play(app, scenario)
    assert Progress(progress_file).of("backpropagation").stop == 1
