"""The digits screen: how digits are drawn, the contact sheet, and layouts of every size."""

from __future__ import annotations

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip

from tests.support.digits_screen import a_run, browse, lines, place, screen
from tests.support.messages import said, text
from tui.app.app import MnistApp
from tui.app.state.drawing import Drawing
from tui.app.widgets.digit import ContactSheet, DigitView, picture_size
from tui.app.widgets.probabilities import ProbabilityBars
from tui.app.widgets.trajectory import Trajectory
from tui.system.exits import ExitCode

pytestmark = pytest.mark.usefixtures("predicted_at_once")


def test_drawing_modes() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for characters in ("▀", "⣿", "@"):
            await pilot.press("d")
            await pilot.pause()
            assert characters in "".join(lines(app, DigitView))
        await pilot.press("v")
        for characters in ("▀", "⣿", "@", "▀"):
            await pilot.pause()
            assert characters in "".join(lines(app, ContactSheet))
            await pilot.press("d")
        assert (app.bench.drawing.digit, app.bench.drawing.pictures) == ("ascii", "braille")

    browse(scenario)


def test_no_braille_where_the_font_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        monkeypatch.setattr(app.bench, "drawing", Drawing("braille", "braille", "braille"))
        screen(app).draw()
        for key, widget in (("l", DigitView), ("v", ContactSheet)):
            await pilot.press(key)
            for characters in ("▀", "@", "▀"):
                await pilot.pause()
                assert characters in "".join(lines(app, widget))
                assert not any("\u2800" <= c <= "\u28ff" for c in "".join(lines(app, widget)))
                await pilot.press("d")
        await pilot.press("1", "d")
        await pilot.pause()
        assert app.bench.drawing.thin_lines, "blocks are all that there is"
        assert [each.message for each in app._notifications] == [
            "This terminal has no braille, which thin lines are drawn with."
        ]

    browse(scenario, braille=False)


def test_ascii_only() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("d")
        assert "ASCII" in text(app, "#note")
        widgets = (DigitView, ProbabilityBars, Trajectory, ContactSheet)
        for key in ("l", "v"):
            await pilot.press(key)
            await pilot.pause()
            for widget in app.screen.query("*"):
                if isinstance(widget, widgets):
                    drawn = (widget.render_line(y).text for y in range(widget.size.height))
                    assert "".join(drawn).isascii()

    browse(scenario, ascii_only=True, colors="none")


def test_contact_sheet() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("v")
        await pilot.pause()
        sheet = app.screen.query_one("#sheet ContactSheet", ContactSheet)
        assert (sheet.columns, sheet.page_size) == (5, 10)
        captions = lines(app, ContactSheet)[7]
        assert captions.split("  ")[0] == ">!1, label 0"
        assert captions.split()[::3] == [">!1,", "1,", "2,", "!4,", "4,"]
        for key, index in [
            ("l", 1), ("j", 6), ("right", 7), ("up", 2), ("h", 1), ("pagedown", 11), ("k", 6),
            ("pageup", 0), ("end", 299), ("n", 299), ("p", 297), ("home", 0), ("n", 3),
        ]:  # fmt: skip
            await pilot.press(key)
            assert (app.bench.index, sheet.selected) == (index, index), key
        await pilot.press("slash", "l")
        assert (app.bench.index, sheet.selected) == (6, 2)
        await pilot.press("enter")
        assert not screen(app).showing_sheet
        assert app.bench.index == 6
        await pilot.press("v", "escape")
        assert not screen(app).showing_sheet
        assert app.bench.browser.query.outcome == "mistakes"
        await pilot.press("v")
        await pilot.click("#sheet ContactSheet", offset=(18, 2))
        assert (app.bench.index, screen(app).showing_sheet) == (3, False)
        await pilot.press("enter")  # nothing to open

    browse(scenario)


def test_a_click_is_on_the_digit_that_was_drawn() -> None:
    """It was once told by its place, at which newer weights may have another digit, or none."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("slash", "v")  # 100 mistakes
        screen(app).post_message(ContactSheet.Selected(297))
        await pilot.pause()
        assert (app.bench.index, screen(app).showing_sheet) == (297, False)
        assert place(app).startswith("Test 297  100 of 100")

    browse(scenario)


def test_the_sheet_without_predictions_has_labels_and_no_marks() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        app.bench.browser.predictions = None
        screen(app)._busy = True
        await pilot.press("n")
        assert text(app, "#note") == "What is a mistake is not known yet"
        await pilot.press("v")
        await pilot.pause()
        assert lines(app, ContactSheet)[7].split()[:6] == [">", "?,", "label", "0", "?,", "label"]

    browse(scenario)


def test_sizes() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for key in ("slash", "v"):
            await pilot.press(key)
            for width, height in [(40, 15), (60, 30), (40, 45), (120, 40), (200, 50), (20, 6)]:
                await pilot.resize_terminal(width, height)
                await pilot.pause()
                short = "Test 0  1/100  wrong index"
                expected = short if width < 80 else "Test 0  1 of 100  mistakes, by index"
                assert place(app) == expected, (width, height)

    browse(scenario)


def test_the_largest_layout_has_the_digits_around() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("slash", "l")
        around = app.screen.query_one("#around", ContactSheet)
        assert "".join(around.render_line(7).text.split()).startswith(
            "!1,label0>!4,label3!7,label6"
        )
        await pilot.click("#around", offset=(36, 2))
        assert app.bench.index == 6

    browse(scenario, size=(200, 50))


@pytest.mark.usefixtures("whole_frames")
@pytest.mark.parametrize("size", [(40, 15), (80, 24), (120, 40), (200, 50)])
def test_the_digit_has_its_width_from_the_first_frame_on(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    widths = []
    paint = DigitView.render_lines

    def painted(view: DigitView, crop: Region) -> list[Strip]:
        widths.append(view.size.width)
        return paint(view, crop)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        view = app.screen.query_one("#picture DigitView", DigitView)
        assert picture_size((28, 28), *view.size)[0] == view.size.width
        assert set(widths) == {view.size.width}

    monkeypatch.setattr(DigitView, "render_lines", painted)
    browse(scenario, size=size)


@pytest.mark.parametrize("keys", ["g 1", "a", "g 9 9 9 enter", "slash g 1 0 enter", "end n"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_questions_and_notes_lie_within_the_digit(keys: str, size: tuple[int, int]) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press(*keys.split())
        await pilot.pause()
        [line] = [w for w in app.screen.query("#note, Prompt") if w.display]
        assert line.region in app.screen.query_one("#picture").content_region
        for view in app.screen.query("#picture, #facts"):
            left, right, border = view.region.x, view.region.right, view.region.bottom - 1
            shown = {app.screen.get_widget_at(x, border)[0] for x in range(left, right)}
            assert shown == {view}

    browse(scenario, size=size)


def test_the_small_layout_keeps_digit_bars_and_trajectory() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        def on_the_line() -> str:
            over, _ = app.screen.get_widget_at(0, app.size.height - 2)
            return over.id or type(over).__name__

        trail = app.screen.query_one("#trail", Trajectory)
        assert trail.render_line(0).text.startswith("epoch 0-1: 11 ")
        assert said(app) == "1, label 0 !"
        assert app.screen.query_one(ProbabilityBars).size.height == 10
        assert app.screen.query_one(DigitView).size.height >= 11
        for keys, shown in [
            ("l", "trail"), ("slash slash n", "note"), ("a", "Prompt"),
            ("escape", "note"), ("l", "trail"),
        ]:  # fmt: skip
            await pilot.press(*keys.split())
            await pilot.pause()
            assert on_the_line() == shown, keys
            assert trail.region.bottom == app.size.height - 1

    browse(scenario, a_run(3, 2), size=(40, 15))
