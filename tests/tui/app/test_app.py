"""The application around the screens: modes, leaving, help, palette, notifications, early keys."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import OptionList
from textual.widgets._toast import Toast

from nn.config import TrainConfig
from tests.support.scenarios import CONFIG, LONG, begin_long_run, run, until
from tui.app.app import MnistApp
from tui.app.screens.help import HelpScreen
from tui.app.screens.quit import QuitScreen
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.recording.experiment import Experiment
from tui.system.exits import ExitCode
from tui.system.terminal import Terminal


@pytest.mark.quick
def test_every_mode_has_its_key() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for key, mode in zip(
            "23451", ("digits", "confusion", "model", "draw", "train"), strict=True
        ):
            await pilot.press(key)
            assert app.current_mode == mode
            assert type(app.screen).__name__ == f"{mode.capitalize()}Screen"

    run(scenario)


@pytest.mark.parametrize(
    ("mode", "key"),
    [
        ("1", "q"),
        pytest.param("2", "q", marks=pytest.mark.slow),
        pytest.param("5", "q", marks=pytest.mark.slow),
        pytest.param("1", "ctrl+q", marks=pytest.mark.slow),
        ("5", "ctrl+c"),
    ],
)
def test_quits_at_once_when_nothing_trains(key: str, mode: str) -> None:
    """Ctrl+C, too, which Textual by itself answers with a hint only."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await pilot.press(mode, key)
        await pilot.pause()
        assert app.return_value is ExitCode.SUCCESS

    run(scenario)


@pytest.mark.parametrize(
    ("keys", "left", "discarded"),
    [
        ("y", True, False),
        pytest.param("x", True, True, marks=pytest.mark.slow),
        pytest.param("c", False, False, marks=pytest.mark.slow),
        ("escape", False, False),
        ("down enter", True, True),
    ],
)
def test_asks_before_it_cuts_a_run_short(keys: str, left: bool, discarded: bool) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        app.bench.go(
            Goal.EPOCH
        )  # and then paused: while anything is busy a pilot's key takes a second
        await until(pilot, lambda: app.bench.status is Status.PAUSED)
        await pilot.press("q")
        assert isinstance(app.screen, QuitScreen)
        await pilot.press("q")  # a second one is no answer
        assert isinstance(app.screen, QuitScreen)
        await pilot.press(*keys.split())
        await pilot.pause()
        assert (app.return_value is ExitCode.SUCCESS) == left
        assert app.bench.run is not None
        assert app.bench.run.discarded == discarded
        if left:
            await until(pilot, lambda: app.bench.status is Status.STOPPED)
        else:
            assert app.current_mode == "train"
            assert app.bench.status is Status.PAUSED

    run(scenario, LONG)


def test_training_goes_on_behind_the_question() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await begin_long_run(app, pilot)
        await pilot.press("q")
        assert isinstance(app.screen, QuitScreen)
        assert app.bench.status is Status.RUNNING
        for columns in range(12, 0, -1):  # the buttons become narrower than the space around them
            await pilot.resize_terminal(columns, 10)
        await pilot.press("escape")
        assert app.bench.status is Status.RUNNING
        app.bench.stop()

    run(scenario, LONG)


def test_help_lists_every_binding_in_force() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for mode in "12345":
            await pilot.press(mode)
            await pilot.pause()
            described = {
                active.binding.description
                for active in app.screen.active_bindings.values()
                if active.binding.description and active.binding.id
            }
            await pilot.press("question_mark")
            await pilot.pause()
            assert isinstance(app.screen, HelpScreen)
            text = "\n".join(app.screen._lines)
            assert "Quit" in described
            assert all(description in text for description in described)
            await pilot.press("escape")
            assert not isinstance(app.screen, HelpScreen)

    run(scenario)


def test_the_palette_offers_every_action_and_runs_it() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        titles = [command.title for command in app.commands()]
        assert {"Colours: another theme", "Quit", "Help", "Go to Digits", "Run/pause"} <= set(
            titles
        )
        assert titles[0] == "Run/pause"
        places = [titles.index(title) for title in ("Stop for good", "Go to Digits", "Quit")]
        assert places == sorted(places)
        assert not any("cursor" in title for title in titles)
        [digits] = [c for c in app.commands() if c.title == "Go to Digits"]
        result: Any = digits.value()
        if result is not None:
            await result
        await pilot.pause()
        assert app.current_mode == "digits"

    run(scenario)


def test_a_notification_is_one_line_below_the_header_and_replaced_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    app = MnistApp(Experiment(CONFIG), terminal=Terminal(False, "full"))

    async def main() -> None:
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            app.notify("It does not work.", severity="error")
            for number in range(2):
                app.notify(f"Saved as picture {number}.")
                await pilot.pause()

            def lines() -> list[tuple[int, int]]:
                regions = [toast.region for toast in app.screen.query(Toast)]
                return [(region.y, region.height) for region in regions]

            await until(pilot, lambda: lines() == [(1, 1), (2, 1)])
            app.clear_notifications()
            await pilot.press("ctrl+s")
            [written] = app._notifications
            assert written.message.startswith("Saved as ~/mnist-tui-")
            await pilot.resize_terminal(40, 15)
            await pilot.press("ctrl+s")
            [written] = app._notifications
            assert written.message.startswith("Saved as mnist-tui-")

    asyncio.run(main())


def test_without_colours_the_entry_under_the_cursor_is_reversed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: app.screen.query(OptionList))
        options = app.screen.query_one(OptionList)
        await until(pilot, lambda: options.size)
        first, second = (next(iter(options.render_line(line))).style for line in (0, 1))
        assert (bool(first and first.reverse), bool(second and second.reverse)) == (True, False)

    run(scenario, terminal=Terminal(ascii_only=False, colors="none"))


def test_missing_data_are_told_and_the_application_stays(tmp_path: Path) -> None:
    config = TrainConfig(data_dir=str(tmp_path / "none"))

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.error is not None)
        for key in ("space", "e", "s", "x", "r", "plus", "2", "right", "3", "4", "5", "1"):
            await pilot.press(key)
        await pilot.pause()
        assert "no such folder" in str(app.bench.error)
        await pilot.press("q")
        await pilot.pause()
        assert app.return_value is ExitCode.FAILURE

    run(scenario, config)


def test_a_run_that_cannot_begin_is_told() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.error is not None)
        assert "warmup_steps" in str(app.bench.error)
        assert app.bench.status is Status.FAILED

    run(scenario, TrainConfig(limit=100, epochs=1, schedule="cosine", warmup_steps=50))


def test_keys_before_the_data_are_there() -> None:
    """Every key of every screen at once after the start: nothing crashes, and training begins."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press(
            "space", "plus", "2", "right", "n", "3", "enter", "4", "right", "5", "space", "1"
        )
        await until(pilot, lambda: app.bench.history and app.bench.history.finished)

    run(scenario)


def test_quits_at_once_while_the_first_run_is_being_prepared() -> None:
    """It once asked whether to keep a run that had not begun."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        app.bench.load()
        await until(pilot, lambda: app.bench.run)
        if app.bench.run is not None:
            app.bench.run.status = Status.PREPARING
        await pilot.press("q")
        await pilot.pause()
        assert app.return_value is ExitCode.SUCCESS

    run(scenario)


@pytest.mark.slow
def test_two_sizes_at_once_do_not_chase_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two once called each other forth for ever, and neither keys nor signals got through."""
    layouts = []
    refresh = Screen._refresh_layout

    def counted(self: Screen[Any], *arguments: Any, **options: Any) -> None:
        layouts.append(self.app.size)
        refresh(self, *arguments, **options)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for mode in "123456":
            await pilot.press(mode)
            await pilot.pause()
            for open_dialog in ("", "question_mark"):
                await pilot.press(*[open_dialog] * bool(open_dialog))
                layouts.clear()
                for size in (Size(100, 30), Size(80, 24)):
                    app.screen.post_message(events.Resize(size, size))
                    app.screen.call_later(lambda: None)  # else Textual merges the two
                await pilot.pause(0.3)
                assert len(layouts) < 20
                if open_dialog:
                    await pilot.press("escape")

    monkeypatch.setattr(Screen, "_refresh_layout", counted)
    run(scenario)


@pytest.mark.parametrize("opening", ["ctrl+p", pytest.param("slash", marks=pytest.mark.slow)])
def test_page_keys_where_a_list_has_no_room(opening: str) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for columns in (1, 2, 3, 4, 6):
            await pilot.resize_terminal(columns, 9)
            for key in (opening, "down", "pagedown", "pageup", "escape"):
                await pilot.press(key)
                await pilot.pause()
            assert app.screen is app.screen_stack[0]

    run(scenario)
