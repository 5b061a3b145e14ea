"""What the screens say names the keys of the user, and else those that are bound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Button

import tui
from tests.support.messages import notes, text
from tests.support.saved_runs import Sitting, play, runs_app
from tests.support.scenarios import LONG, begin_long_run, run, until
from tests.support.sweeps import sweep_app
from tui.app import keymap
from tui.app.app import MnistApp
from tui.app.preferences import Preferences
from tui.app.screens.delete import DeleteScreen
from tui.app.screens.quit import QuitScreen
from tui.app.state.shown_run import Status
from tui.lessons.catalogue import lessons
from tui.lessons.progress import Progress
from tui.system.exits import ExitCode


def test_the_usual_key_that_is_told_is_bound() -> None:
    bound: dict[str, set[str]] = {}
    for binding in keymap._bindings(MnistApp):
        shown = App[None]().get_key_display(binding)
        bound.setdefault(binding.id or "", set()).update((binding.key, shown))
    named = [
        pair
        for path in Path(tui.__file__).parent.rglob("*.py")
        for pair in re.findall(
            r"(?:key_of|labelled)\(\s*[\"']([\w.-]+)[\"'],\s*[\"'](.+?)[\"']",
            path.read_text(encoding="utf-8"),
        )
    ]
    assert len(named) > 30
    assert [(name, key) for name, key in named if key not in bound[name]] == []


def test_messages_of_a_run_name_the_keys_of_the_user() -> None:
    keys = {
        "train.reset": "f3",
        "app.present": "f4",
        "quit.keep": "f5",
        "quit.cancel": "f6",
        "app.runs": "f7",
        "runs.compare": "f8",
    }

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("2")
        await until(pilot, lambda: app.bench.status is Status.READY)
        assert text(app, "#opened").startswith(" f4: the shipped network")
        app.switch_mode("compare")
        await pilot.pause()
        assert "mark them in Runs (f7) with space, then press f8." in text(app, "#note")
        await pilot.press("1")
        await begin_long_run(app, pilot)
        await pilot.press("f", *["down"] * 2, *"500", "escape")
        await pilot.pause()
        assert "form changed, f3: new run" in text(app, "#status")
        await pilot.press("ctrl+q")
        assert isinstance(app.screen, QuitScreen)
        await pilot.pause()
        labels = [str(button.label) for button in app.screen.query(Button)]
        assert labels == ["f5  Stop and keep the result", "x  Discard the run", "f6  Go on"]
        await pilot.press("f5")

    run(scenario, LONG, preferences=Preferences(keys=keys))


def test_a_lesson_names_the_keys_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"lessons.train": "f3", "train.reset": "f4", "train.run": "f5"}
    monkeypatch.setattr(Progress, "of_user", lambda: Progress(tmp_path / "progress.json"))

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await pilot.press("f5", "8", *["down"] * [each.name for each in lessons()].index("data"))
        await pilot.press("enter", "a")
        await until(pilot, lambda: "Key f3 opens it there: f5 runs it, f" in text(app, "#text"))
        await pilot.press("f3")
        await until(pilot, lambda: "Key f4 puts that of the lesson in its place." in notes(app))
        app.bench.stop()

    run(scenario, LONG, preferences=Preferences(keys=keys))


def with_keys(app: MnistApp, keys: Mapping[str, str]) -> MnistApp:
    app.take_preferences(Preferences(keys=dict(keys)))
    return app


def test_lists_and_questions_name_the_keys_of_the_user(tmp_path: Path) -> None:
    keys = {"runs.import": "f3", "runs.overlay": "f4", "delete.yes": "f5", "delete.no": "f6,n"}

    async def runs(at: Sitting) -> None:
        await at.until(at.shows("f3 opens a network of"))
        at.app.push_screen(DeleteScreen("this"))
        await at.pilot.pause()
        labels = [str(button.label) for button in at.app.screen.query(Button)]
        assert labels == ["f5  Delete the run", "f6  Keep it"]

    play(with_keys(runs_app(tmp_path), keys), runs)

    async def sweep(at: Sitting) -> None:
        await at.until(at.shows("No sweep yet. f3 begins one"))

    play(with_keys(sweep_app(tmp_path), {"sweep.new": "f3"}), sweep)
