"""Keys in one burst, keys of the user, and the keys that always leave."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from rich.style import Style
from textual import events
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import OptionList

from nn.errors import ConfigError
from tests.support.scenarios import CONFIG, run, until
from tui.app import keymap
from tui.app.app import MnistApp
from tui.app.keymap import CONTEXTS, check_keys
from tui.app.preferences import Preferences
from tui.app.screens.finding import FindScreen
from tui.app.state.shown_run import Status
from tui.app.widgets.hints import KeyHints
from tui.recording.experiment import Experiment
from tui.system.exits import ExitCode
from tui.system.terminal import Terminal


async def burst(app: MnistApp, pilot: Pilot[ExitCode], *keys: str) -> None:
    """Post keys as they arrive from one write, and wait until all have had their effect."""
    arrived: list[bool] = []
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))
    app.call_later(arrived.append, True)
    await until(pilot, lambda: arrived)


def shown(app: MnistApp) -> str:
    strips = app.screen._compositor.render_strips(app.screen.size)
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


BURSTS = [
    ("ctrl+p", "end", "pageup", "enter", "enter", "enter"),
    ("ctrl+p", *"theme", "enter", "down", "enter", "enter"),
    ("question_mark", "question_mark", "escape", "enter", "enter"),
    ("2", "3", "4", "5", "6", "7", "slash", "1", "escape", "1"),
]
FURTHER_BURSTS = [
    ("ctrl+p", "down", "enter", "enter"),
    ("ctrl+p", "pagedown"),
    ("ctrl+p", *"confusion", "enter", "enter"),
    ("ctrl+p", *"digits", "enter", "enter"),
    ("ctrl+p", "escape", "escape", "ctrl+p", "ctrl+p", "escape"),
    ("slash", "enter", "enter", "escape"),
    ("9", *"sbm", "escape", "enter", "right", "enter", "down", *"m2a9", "escape", "g", "9"),
    ("7", "f", *"lr", "escape", "x", "slash", "x", "escape", *"lv", "enter", "1", "M", "escape"),
    ("6", "enter", "r", "x", "enter", "0", "4", "enter", "2", "a", "5", "g", "1", "enter"),
]


@pytest.mark.parametrize(
    "keys", [*BURSTS, *(pytest.param(keys, marks=pytest.mark.slow) for keys in FURTHER_BURSTS)]
)
def test_no_burst_of_keys_ends_the_application(keys: tuple[str, ...]) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await burst(app, pilot, *keys)
        assert app.return_value is None
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert app.return_value is ExitCode.SUCCESS

    run(scenario)


def test_keys_of_one_burst_take_effect_in_their_order() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for keys, mode in (
            ("2345", "draw"),
            ("61", "train"),
            ("5432", "digits"),
            ("3", "confusion"),
        ):
            await burst(app, pilot, *keys)
            await until(pilot, lambda wanted=mode: app.current_mode == wanted)

    run(scenario)


def test_a_second_enter_does_not_reach_the_screen_behind() -> None:
    """It once opened a cell of the matrix that the palette had just shown."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await burst(app, pilot, "3")
        await until(pilot, lambda: app.bench.browser.predictions is not None)
        await burst(app, pilot, "ctrl+p", *"confusion", "enter", "enter", "enter")
        assert app.current_mode == "confusion"
        assert not isinstance(app.screen, FindScreen)

    run(scenario)


def test_a_click_in_the_palette_counts_although_letters_follow_it_at_once() -> None:
    async def steps(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await burst(app, pilot, "ctrl+p")
        screen, options = app.screen, app.screen.query_one(OptionList)
        assert isinstance(screen, FindScreen)
        options.highlighted = next(i for i, o in enumerate(options.options) if "Digits" in o.prompt)
        options.action_select()
        screen._type("no such")
        await until(pilot, lambda: app.current_mode == "digits")
        await burst(app, pilot, "ctrl+p", *"theme")
        gone = Style(meta={"option": 20})
        options = app.screen.query_one(OptionList)
        options.post_message(events.Click(options, 1, 1, 0, 0, 1, False, False, False, style=gone))
        await burst(app, pilot, "escape")
        assert not isinstance(app.screen, FindScreen)

    run(steps)


def test_the_palette_finds_what_is_typed_and_says_where_it_finds_nothing() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("ctrl+p", *"zqzq")
        await pilot.pause()
        assert "Nothing has these letters" in shown(app)
        await pilot.press("enter", *["backspace"] * 4, *"go to runs")
        await pilot.pause()
        assert isinstance(app.screen, FindScreen)
        assert app.screen.query_one(OptionList).option_count >= 1
        await pilot.press("enter")
        await pilot.pause()
        assert app.current_mode == "runs"

    run(scenario)


@pytest.mark.slow
@pytest.mark.usefixtures("whole_frames")
def test_a_dialog_that_is_closed_leaves_nothing_in_memory() -> None:
    """Textual kept what each of its widgets had drawn: half a megabyte a dialog."""

    def strips() -> int:
        gc.collect()
        return sum(isinstance(each, Strip) for each in gc.get_objects())

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        counts = []
        for _ in range(3):
            for key in ("ctrl+p", "question_mark", "slash"):
                await pilot.press(key)
                await pilot.pause()
                await pilot.press("escape")
                await pilot.pause()
            counts.append(strips())
        assert counts[-1] < counts[0] + 1000  # of more than a thousand in each round

    run(scenario)


@pytest.mark.parametrize(
    ("opening", "key"),
    [
        pytest.param("ctrl+p", "ctrl+q", marks=pytest.mark.slow),
        ("ctrl+p", "ctrl+c"),
        ("question_mark", "ctrl+q"),
        pytest.param("slash", "ctrl+c", marks=pytest.mark.slow),
        pytest.param("f", "ctrl+q", marks=pytest.mark.slow),
        ("f", "ctrl+c"),
    ],
)
def test_two_keys_leave_from_everywhere(opening: str, key: str) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await pilot.press(opening, key)
        await pilot.pause()
        assert app.return_value is ExitCode.SUCCESS

    run(scenario, preferences=Preferences(keys={"app.quit": "f10"}))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"train.rnu": "f5"}, "'train.rnu': no such id of a key; the nearest is 'train.run'"),
        ({"train.run": "/"}, "/ is already the key of 'train.recipes' (Recipes)"),
        ({"train.run": "q"}, "q is already the key of 'app.quit' (Quit)"),
        ({"train.run": "?"}, "already the key of 'app.help'"),
        ({"train.run": "left"}, "already the key of 'chart.left'"),
        ({"app.train": "h"}, "already the key of"),
        ({"app.help": "f5", "train.run": "f5"}, "already the key of 'app.help'"),
        ({"digits.next": "tab"}, "already the key of 'browse.split'"),
        ({"train.run": "ctrl+c"}, "always quits"),
        ({"app.quit": ""}, "no such key"),
        ({"app.quit": "contrl+p"}, "no such key"),
        ({"form.next": "a"}, "'form.next': a is typed as text there, choose another key"),
        ({"palette.close": "f2,?"}, "? is typed as text there"),
        ({"path.close": "x"}, "x is typed as text there"),
        ({"start.close": "x"}, "x is typed as text there"),
        ({"form.close": "tab"}, "already the key of 'form.next'"),
    ],
)
def test_keys_that_cannot_be_are_refused(keys: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_keys(keys, MnistApp)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "keys",
    [
        {"train.run": "/", "train.recipes": "f6"},
        {"train.run": "f5, f6"},
        {"app.quit": "f10", "train.run": "q"},
        {"draw.pen": "p"},
        {"quit.keep": "k"},
        {"app.help": "question_mark,f1"},
        {"train.run": "space", "runs.open": "enter"},
        {"train.recipes": "space", "train.run": "/"},
        {"runs.open": "space", "runs.overlay": "enter"},
        {"app.train": "6", "app.runs": "1"},
        {"form.next-value": "space", "table.up": "left"},
    ],
)
def test_keys_that_are_free_are_taken(keys: dict[str, str]) -> None:
    check_keys(keys, MnistApp)


def test_every_group_of_keys_has_its_place_among_the_others() -> None:
    groups = {binding.id.split(".")[0] for binding in keymap._bindings(MnistApp) if binding.id}
    assert groups == {group for context in CONTEXTS for group in context}


def test_a_refusal_names_the_file(tmp_path: Any) -> None:
    preferences = Preferences(keys={"train.run": "/"}, path=tmp_path / "config.toml")
    with pytest.raises(ConfigError, match=r"config\.toml: keys: 'train\.run'"):
        run(lambda app, pilot: pilot.pause(), preferences=preferences)


def test_a_remapped_key_keeps_its_place_among_the_hints() -> None:
    def hints(app: MnistApp) -> list[str]:
        return [binding.description for binding, _ in app.screen.query_one(KeyHints).shown]

    seen: list[list[str]] = []

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.pause()
        seen.append(hints(app))

    run(scenario)
    run(scenario, preferences=Preferences(keys={"app.quit": "f10", "train.run": "f5"}))
    assert seen[0] == seen[1]
    assert seen[0][-2:] == ["Quit", "Help"]


def test_while_a_field_is_edited_the_hint_names_a_key_that_quits() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await pilot.press("f", "down")
        await pilot.pause()
        keys = {b.description: b.key for b, _ in app.screen.query_one(KeyHints).shown}
        assert keys["Quit"] in ("ctrl+q", "ctrl+c")
        await pilot.press("q")
        await pilot.pause()
        assert app.return_value is None

    run(scenario)


def test_nothing_beyond_ascii_in_dialogs_and_notifications() -> None:
    app = MnistApp(Experiment(CONFIG), terminal=Terminal(ascii_only=True, colors="none"))

    async def session() -> None:
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            for severity in ("information", "warning", "error"):
                # A shorter time may be over before a busy machine shows the first frame.
                app.notify("told", title="Title", severity=severity, timeout=600)  # type: ignore[arg-type]
            await until(pilot, lambda: shown(app).count("told") == 3)
            assert shown(app).isascii()
            for key, dialog in (("ctrl+p", "Commands"), ("question_mark", "Help: ")):
                await pilot.press(key)
                await until(pilot, lambda dialog=dialog: dialog in shown(app))
                assert shown(app).isascii(), key
                await pilot.press("escape")
                await until(pilot, lambda dialog=dialog: dialog not in shown(app))

    asyncio.run(session())


def test_without_colours_no_colour_is_sent() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for key in ("1", "slash", "escape", "6", "ctrl+p"):
            await pilot.press(key)
            await pilot.pause()
            for strip in app.screen._compositor.render_strips(app.screen.size):
                for segment in strip:
                    for color in (
                        segment.style and segment.style.color,
                        segment.style and segment.style.bgcolor,
                    ):
                        assert color is None or color.is_default

    run(scenario, terminal=Terminal(ascii_only=False, colors="none"))
