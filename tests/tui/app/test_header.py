"""The first line of every screen: the screens, and how the run stands."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.support.scenarios import run, until
from tui.app.app import MnistApp
from tui.app.preferences import Preferences
from tui.app.screens import MODES
from tui.app.state.shown_run import Status
from tui.app.widgets.header import Form, Header, RunState, form_that_fits, state_parts
from tui.app.widgets.strips import StripWidget
from tui.system.exits import ExitCode
from tui.system.terminal import FULL, Terminal

STATE = RunState(
    "training", ("▸", ">"), "accent", 3, 10, 0.9712, 65.0, (0.9, 0.95, float("nan"), 0.9712)
)


def header(app: MnistApp) -> str:
    return "".join(
        part.render_line(0).text for part in app.screen.query_one(Header).query(StripWidget)
    )


def text(state: RunState, form: Form, terminal: Terminal = FULL) -> str:
    return "".join(segment.text for segment in state_parts(state, form, terminal))


def test_the_keys_of_all_screens_and_the_title_of_this_one_always_stay() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        for key, mode in (("7", "Sweep"), ("9", "Walk"), ("1", "Train")):
            await pilot.press(key)
            for width in (20, 40, 60, 80, 90, 120, 200):
                await pilot.resize_terminal(width, 24)
                await until(pilot, lambda w=width: len(header(app)) == w)
                line = header(app)
                assert len(line) == width
                if width >= 40:
                    assert all(each.key in line for each in MODES.values() if each.key)
                    assert f"{key} {mode}" in line
                    assert "‖" in line
                named = [
                    mode
                    for mode in MODES.values()
                    if mode.key and (mode.title in line or (mode.short and mode.short in line))
                ]
                assert len(named) == 9 or width < 80
                if width >= 120:
                    assert all(f"{mode.key} {mode.title}" in line for mode in named)

    run(scenario)


def test_a_click_goes_to_the_screen() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.pause()
        await pilot.click(Header, offset=(header(app).index("Confusion"), 0))
        await until(pilot, lambda: app.current_mode == "confusion")

    run(scenario)


def test_it_names_the_users_own_key() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.pause()
        assert "f2Digits" in header(app)

    run(scenario, preferences=Preferences(keys={"app.digits": "f2"}))


def test_in_ascii_brackets_mark_the_present_screen() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("5")
        await pilot.pause()
        assert "[5 Draw]" in header(app)
        assert header(app).isascii()

    run(scenario, terminal=Terminal(ascii_only=True, colors="none"))


def test_the_state_takes_the_room_there_is_and_keeps_its_width() -> None:
    for room, spare, shown in [
        (80, 60, "▸ training  epoch  3/10 97.12%    1:05 left"),
        (80, 32, "▸  3/10 97.12%    1:05 left"),
        (20, 5, "▸  3/10 97.12%"),
        (10, 5, "▸  3/10"),
        (3, 1, "▸"),
        (0, 0, ""),
    ]:
        form = form_that_fits(STATE, room, spare)
        assert text(STATE, form).startswith(shown) if shown else form.width == 0
        later = RunState("training", ("▸", ">"), "accent", 10, 10, 0.0987, None, ())
        assert len(text(later, form)) == len(text(STATE, form))
        assert not text(later, form).endswith(" ")  # What is not known leaves no gap at the right.
    wide = form_that_fits(STATE, 200, 200)
    assert text(STATE, wide).endswith("▁▆█")
    assert text(STATE, wide, Terminal(ascii_only=True, colors="none")).isascii()


def test_before_the_first_accuracy_its_place_is_left_to_the_screens() -> None:
    young = STATE._replace(accuracy=None)
    assert text(young, Form()) == "▸  3/10"


def test_where_few_titles_fit_only_the_present_one_stands_among_the_keys() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.resize_terminal(40, 15)
        for key in "29":
            await pilot.press(key)
            await pilot.pause()
            keys = "".join(c for c in header(app) if c.isdigit())
            assert keys.startswith("123456789")
            others = [mode.title for mode in MODES.values() if mode.title in header(app)]
            assert others == [MODES[app.current_mode].title]

    run(scenario)


def test_another_theme_reaches_the_screens_that_are_hidden() -> None:
    """Their styles are renewed only when they come to the front."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("2", "1")
        app.theme = "mnist-light"
        await pilot.pause()
        await pilot.press("2")
        await pilot.pause()
        styles = [
            segment.style
            for part in app.screen.query_one(Header).query(StripWidget)
            for segment in part.render_lines(part.region.reset_offset)[0]
        ]
        colors = {style.color.name for style in styles if style and style.color}
        assert "#0b63a8" in colors
        assert "#56b4e9" not in colors

    run(scenario)
