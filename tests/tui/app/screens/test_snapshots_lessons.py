"""Pictures of the lessons screen at the sizes it is laid out for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.support.lessons import press, scripted_training
from tests.support.scripted import scripted_app
from tests.support.sizes import SIZES
from tui.app.app import MnistApp
from tui.lessons.catalogue import find_lesson, lessons
from tui.lessons.training import Trial
from tui.system.exits import ExitCode

DESCENT = ("down",) * 6
RACE = ("enter", "b", "down", "right", "down", *["right"] * 4)


@pytest.fixture(autouse=True)
def _eight_lessons_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures stay as they are when a lesson is added."""
    monkeypatch.setenv("MNIST_TUI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setattr("tui.app.screens.lessons.lessons", lambda: lessons()[:8])


@pytest.fixture
def written_down(small_training: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The results of training are the same on every machine."""
    monkeypatch.setattr(Trial, "_train", scripted_training)


def compare(snap_compare: Any, app: MnistApp, *keys: str, size: tuple[int, int] = (80, 24)) -> bool:
    async def prepare(pilot: Pilot[ExitCode]) -> None:
        await press(pilot, *keys)
        await pilot.pause()

    return bool(snap_compare(app, run_before=prepare, terminal_size=size))


@pytest.mark.parametrize("size", SIZES)
def test_a_race_down_the_valley(snap_compare: Any, size: tuple[int, int]) -> None:
    keys = (*DESCENT, *RACE, *(("v",) if size[0] < 80 else ()))
    assert compare(snap_compare, scripted_app(None, "lessons"), *keys, size=size)


@pytest.mark.parametrize("size", SIZES[:2])
def test_the_question_of_the_first_lesson(snap_compare: Any, size: tuple[int, int]) -> None:
    assert compare(snap_compare, scripted_app(None, "lessons"), "enter", size=size)


@pytest.mark.usefixtures("written_down")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["training", "momentum"])
def test_a_lesson_that_trains(
    snap_compare: Any, monkeypatch: pytest.MonkeyPatch, name: str, size: tuple[int, int]
) -> None:
    monkeypatch.setattr("tui.app.screens.lessons.lessons", lambda: (find_lesson(name),))
    keys = ("enter", "b", *(("v",) if size[0] < 80 else ()))
    assert compare(snap_compare, scripted_app(None, "lessons"), *keys, size=size)


@pytest.mark.usefixtures("written_down")
def test_a_race_in_ascii_without_colours(
    snap_compare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.app.screens.lessons.lessons", lambda: (find_lesson("initialization"),))
    app = scripted_app(None, "lessons", ascii_only=True, colors="none")
    assert compare(snap_compare, app, "enter", "b")


def test_ascii_without_colours(snap_compare: Any) -> None:
    app = scripted_app(None, "lessons", ascii_only=True, colors="none")
    assert compare(snap_compare, app, "down", "down", "enter", "a", "right", "right")
