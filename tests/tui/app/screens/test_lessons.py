"""The lessons screen, key by key: from the list through a lesson to its end."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.containers import VerticalScroll
from textual.pilot import Pilot

from tests.support.lessons import press
from tests.support.messages import text
from tests.support.networks import shown
from tests.support.scripted import play, scripted_app
from tui.app.app import MnistApp
from tui.app.screens import lessons as lessons_screen
from tui.app.screens.lessons import LessonsScreen
from tui.app.widgets.figures import FigureView
from tui.lessons.catalogue import find_lesson, lessons
from tui.lessons.progress import NAME, Progress
from tui.lessons.session import Session
from tui.system.exits import ExitCode
from tui.system.terminal import ColorMode

SIZES = [(40, 15), (80, 24), (120, 40), (200, 50)]


@pytest.fixture(autouse=True)
def progress_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test goes on where another one was left."""
    monkeypatch.setenv("MNIST_TUI_RUNS_DIR", str(tmp_path / "runs"))
    return tmp_path / NAME


def app_of(*, ascii_only: bool = False, colors: ColorMode = "full") -> MnistApp:
    return scripted_app(None, "lessons", ascii_only=ascii_only, colors=colors)


def screen_of(app: MnistApp) -> LessonsScreen:
    assert isinstance(app.screen, LessonsScreen)
    return app.screen


def session_of(app: MnistApp) -> Session:
    session = screen_of(app).session
    assert session is not None
    return session


def title(app: MnistApp) -> str:
    return str(app.screen.query_one("#scroll").border_title)


async def open_lesson(pilot: Pilot[ExitCode], name: str) -> None:
    await press(pilot, *["down"] * (find_lesson(name).number - 1), "enter")


def test_the_list_opens_a_lesson_and_comes_back() -> None:
    app = app_of()

    async def scenario(_app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        assert "> 1  The data" in text(app, "#contents")
        await press(pilot, "down", "j", "k", "up", "up", "down")
        assert "> 2  The neuron" in text(app, "#contents")
        await press(pilot, "enter")
        assert session_of(app).lesson.name == "neuron"
        assert "weighted" in "\n".join(shown(app)) or "neuron" in title(app)
        await press(pilot, "escape")
        assert screen_of(app).session is None
        assert "> 2  The neuron" in text(app, "#contents")

    play(app, scenario)


def test_a_lesson_from_its_start_to_its_end(progress_file: Path) -> None:
    """The prediction comes first, then the knobs; the task passes when the measure is reached."""
    app = app_of()

    async def scenario(_app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await open_lesson(pilot, "softmax")
        assert "Predict: 1000 is added" in text(app, "#asked")
        assert "exp grows" not in text(app, "#text")
        await press(pilot, "right", "plus", "r")
        assert session_of(app).settings == session_of(app).lesson.start()
        await press(pilot, "b")
        assert "You predicted b: it is a." in text(app, "#asked")
        assert "exp grows" in text(app, "#text")
        await press(pilot, "a")
        assert session_of(app).record.prediction == 1
        await press(pilot, "right", "l")
        assert session_of(app).settings["temperature"] == 5.0
        await press(pilot, "down", "right", "right", "right")
        assert "nan" in "\n".join(shown(app))
        assert "passed" not in title(app)
        await press(pilot, "j", "right")
        assert "Task, passed" in text(app, "#asked")
        assert title(app).endswith("passed")
        assert str(app.screen.query_one("#side").border_title).startswith("1 of")
        assert Progress(progress_file).of("softmax").passed
        await press(pilot, "up", "k", "left", "l", "down", "down")
        await press(pilot, "h")  # back to where it does not hold: passed all the same
        assert "Task, passed" in text(app, "#asked")
        await press(pilot, "r")
        assert session_of(app).settings == session_of(app).lesson.start()

    play(app, scenario)


def test_two_hints_then_the_solution() -> None:
    app = app_of()

    async def scenario(_app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await open_lesson(pilot, "neuron")
        await press(pilot, "c", "plus")
        assert text(app, "#text").startswith("First hint:")
        assert "Second hint:" not in text(app, "#text")
        await press(pilot, "plus")
        assert "Solution:" not in text(app, "#text")
        await press(pilot, "plus", "plus")
        assert "Solution: x1 = -1" in text(app, "#text")

    play(app, scenario)


def test_the_picture_that_gives_the_answer_away_waits_for_the_prediction() -> None:
    app = app_of()

    async def scenario(_app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await open_lesson(pilot, "activations")
        assert "The picture follows" in "\n".join(shown(app))
        await press(pilot, "a")
        assert "slope 0.25000" in "\n".join(shown(app))

    play(app, scenario)


def test_the_keys_that_are_named_are_those_that_have_an_effect() -> None:
    """A prediction comes first, and is not made by the keys that move the picture afterwards."""
    app = app_of()

    async def scenario(_app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await open_lesson(pilot, "neuron")
        assert "a b c Predict" in shown(app)[-1]
        assert "Choose" not in shown(app)[-1]
        await press(pilot, "down")
        assert session_of(app).knob == 0
        await press(pilot, "b")
        assert "Predict" not in shown(app)[-1]
        assert "Choose" in shown(app)[-1]
        await press(pilot, "down")
        assert session_of(app).knob == 1

    play(app, scenario)


@pytest.mark.usefixtures("small_training")
def test_skip_and_next_go_on_and_nothing_else_does(progress_file: Path) -> None:
    app = app_of()

    async def scenario(_app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await open_lesson(pilot, "neuron")
        await press(pilot, "x")
        assert session_of(app).lesson.name == "activations"
        assert Progress(progress_file).of("neuron").status == "skipped"
        await press(pilot, "n")
        assert session_of(app).lesson.name == "softmax"
        assert Progress(progress_file).of("activations").status == ""
        for _ in lessons():
            await press(pilot, "n")
        assert screen_of(app).session is None  # after the last one, the list

    play(app, scenario)


@pytest.mark.parametrize("key", ["escape", "1", "question_mark", "q"])
def test_knobs_that_are_moved_are_written_once_the_reader_leaves(
    progress_file: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr(lessons_screen, "SAVE_INTERVAL", 3600.0)

    def written() -> object:
        return Progress(progress_file).of("softmax").settings.get("temperature")

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await open_lesson(pilot, "softmax")
        await press(pilot, "a", "right", "right")
        assert session_of(app).settings["temperature"] == 5.0
        assert written() is None, "a slow disk would keep the keys waiting"
        await pilot.press(key)
        await pilot.pause()
        if key != "q":
            assert written() == 5.0

    play(app_of(), scenario)
    assert written() == 5.0


def test_it_resumes_where_it_was_left() -> None:
    async def first(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await open_lesson(pilot, "softmax")
        await press(pilot, "a", "right", "plus")

    async def second(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        assert "> 4  Softmax" in text(app, "#contents")
        assert "begun" in text(app, "#contents")
        await press(pilot, "enter")
        assert session_of(app).settings["temperature"] == 2.0
        assert text(app, "#text").startswith("First hint:")
        assert "You predicted a: right." in text(app, "#asked")

    play(app_of(), first)
    play(app_of(), second)


def test_open_in_train_sets_the_fields_and_goes_there() -> None:
    app = app_of()

    async def scenario(_app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await open_lesson(pilot, "data")
        await press(pilot, "c", "down", "right", "right", "right")
        await pilot.press("t")
        await pilot.pause()
        assert app.current_mode == "train"
        assert app.bench.config.preprocessing == "standardize"

    play(app, scenario)


@pytest.mark.slow
def test_the_run_of_each_lesson_opens_in_train_with_one_key() -> None:
    app = app_of()

    async def scenario(_app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await press(pilot, "enter")
        for lesson in lessons():
            assert session_of(app).lesson is lesson
            await pilot.press("t")
            await pilot.pause()
            assert app.current_mode == "train"
            for experiment in lesson.experiments(lesson.start())[:1]:
                assert app.bench.experiment == experiment
            await press(pilot, "8", "n")

    play(app, scenario)


def test_a_long_text_is_scrolled_by_pages() -> None:
    app = app_of()

    async def scenario(_app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await open_lesson(pilot, "losses")
        await press(pilot, "a", "pagedown")
        scroll = app.screen.query_one("#scroll", VerticalScroll)
        assert scroll.scroll_y > 0
        await press(pilot, "pageup", "pageup")
        assert scroll.scroll_y == 0

    play(app, scenario)


def test_where_it_is_narrow_a_key_shows_the_picture_or_the_text() -> None:
    app = app_of()

    async def scenario(_app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await open_lesson(pilot, "softmax")
        await press(pilot, "a")
        view, scroll = app.screen.query_one(FigureView), app.screen.query_one("#scroll")
        assert (view.region.area, scroll.region.width) == (0, 40)
        await press(pilot, "v")
        assert view.region.width == 40
        assert scroll.region.area == 0
        assert "exp of" in "\n".join(shown(app))
        await press(pilot, "v")
        assert scroll.region.width == 40

    play(app, scenario, (40, 15))


@pytest.mark.usefixtures("small_training")
@pytest.mark.parametrize(
    ("sizes", "each"), [(SIZES[:1], 4), pytest.param(SIZES, 1, marks=pytest.mark.slow)]
)
def test_question_task_and_measure_are_always_in_sight(
    sizes: list[tuple[int, int]], each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every lesson, or of every fourth one."""
    monkeypatch.setattr("tui.app.screens.lessons.lessons", lambda: lessons()[::each])
    app = app_of(ascii_only=True, colors="none")

    async def scenario(_app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await press(pilot, "enter")
        for lesson in lessons()[::each]:
            assert session_of(app).lesson is lesson
            for size in sizes:
                await pilot.resize_terminal(*size)
                lines = "\n".join(shown(app))
                assert all(choice.split()[-1] in lines for choice in lesson.choices), lesson.name
            await press(pilot, "a")
            for size in reversed(sizes):
                await pilot.resize_terminal(*size)
                lines = "\n".join(shown(app))
                assert "Now: " in lines, lesson.name
                assert lines.isascii()
                asked = app.screen.query_one("#asked")
                needed = asked.get_content_height(asked.size, app.size, asked.size.width)
                assert needed <= asked.size.height, lesson.name
            await press(pilot, "n")

    play(app, scenario, sizes[0])
