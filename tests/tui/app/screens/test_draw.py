"""The draw screen, key by key, and what the network says of the picture."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from textual.events import MouseMove
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tests.support.messages import said, text
from tests.support.networks import NetworkRun, app_of, play, shown
from tui.app.app import MnistApp
from tui.app.screens.draw import DrawScreen
from tui.app.state.board import Board
from tui.app.state.live_run import LiveRun
from tui.app.state.shown_run import Status
from tui.app.widgets.activation_view import ActivationView
from tui.app.widgets.canvas import Canvas
from tui.app.widgets.digit import DigitView
from tui.app.widgets.probabilities import ProbabilityBars
from tui.images.field import mnist_field
from tui.system.exits import ExitCode

CONFIG = TrainConfig(hidden=())
SIZES = [(40, 15), (80, 24), (120, 40), (200, 50)]


def screen_of(app: MnistApp) -> DrawScreen:
    assert isinstance(app.screen, DrawScreen)
    return app.screen


def board_of(app: MnistApp) -> Board:
    return screen_of(app).board


def bars(app: MnistApp) -> list[str]:
    view = app.screen.query_one(ProbabilityBars)
    return [view.render_line(y).text for y in range(view.size.height)]


@pytest.fixture
def app(small: Dataset) -> MnistApp:
    return app_of(NetworkRun(small, CONFIG), "draw")


# Keys


def test_arrows_and_letters_move_the_cursor(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        board = board_of(app)
        for keys, where in [
            ("left,h,h", (14, 11)),
            ("right,l", (14, 13)),
            ("up,k,k", (11, 13)),
            ("down,j", (13, 13)),
        ]:
            await pilot.press(*keys.split(","))
            assert (board.row, board.column) == where
        assert board.blank

    play(app, scenario)


def test_the_pen_draws_while_it_is_down(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        board = board_of(app)
        await pilot.press("minus", "space", "right", "down")
        assert board.down
        assert np.count_nonzero(board.pixels) == 3
        assert "drawing" in text(app, "#state")
        await pilot.press("space", "right", "right")
        assert np.count_nonzero(board.pixels) == 3
        assert "pen up" in text(app, "#state")
        await pilot.press("full_stop")
        assert np.count_nonzero(board.pixels) == 4
        await pilot.press("space", "escape")
        assert not board.down

    play(app, scenario)


def test_eraser_brush_clear_and_undo(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        board = board_of(app)
        await pilot.press("space", "right")
        drawn = board.pixels
        await pilot.press("x", "left")
        assert "erasing, eraser 2x2" in text(app, "#state")
        assert np.count_nonzero(board.pixels) < np.count_nonzero(drawn)
        await pilot.press("b")
        assert (board.pixels == drawn).all()
        await pilot.press("plus")
        assert "3x3" in text(app, "#state")
        await pilot.press("c")
        assert board.blank
        await pilot.press("b")
        assert (board.pixels == drawn).all()
        await pilot.press("b", "b", "b", "b")
        assert board.blank

    play(app, scenario)


def test_the_picture_shifts(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        board = board_of(app)
        await pilot.press("minus", "full_stop")
        for keys, where in [
            ("shift+left,H", (14, 12)),
            ("shift+right,L,L", (14, 15)),
            ("shift+up,K", (12, 15)),
            ("shift+down,J,J", (15, 15)),
        ]:
            await pilot.press(*keys.split(","))
            assert np.argwhere(board.pixels).tolist() == [list(where)]
        assert (board.row, board.column) == (14, 14)

    play(app, scenario)


def test_the_digit_of_the_browser_is_loaded(app: MnistApp, small: Dataset) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        app.bench.index = 5
        await pilot.press("g")
        assert (board_of(app).pixels.ravel() == small.test.images[5]).all()
        app.bench.index = 10**6  # of a larger split, looked at before
        await pilot.press("g")
        assert (board_of(app).pixels.ravel() == small.test.images[-1]).all()

    play(app, scenario)


def test_what_the_network_gets_has_its_place_where_there_is_room(
    app: MnistApp, small: Dataset
) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        view, canvas = app.screen.query_one(DigitView), app.screen.query_one(Canvas)
        await pilot.press("g")
        for size in ((80, 24), (120, 40), (200, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert app.screen.region.contains_region(view.region)
            assert app.screen.region.contains_region(canvas.region)
            assert not view.region.overlaps(canvas.region)
        activity = app.screen.query_one(ActivationView)
        assert "output of each class" in "".join(
            activity.render_line(y).text for y in range(activity.size.height)
        )
        await pilot.resize_terminal(40, 15)
        await pilot.pause()
        for there, gone in ((canvas, view), (view, canvas), (canvas, view)):
            assert there.region.area > 0
            assert gone.region.area == 0, "there is room for one"
            await pilot.press("i")
            await pilot.pause()

    play(app, scenario)


# Predictions


def test_probabilities_follow_every_stroke(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        assert said(app) == "Draw a digit: space puts the pen down, arrows move it."
        assert not "".join(bars(app)).strip()
        seen = set()
        await pilot.press("space")
        for _ in range(5):
            await pilot.press("down")
            seen.add(tuple(bars(app)))
        assert len(seen) >= 3
        snapshot = app.bench.snapshot
        assert snapshot is not None
        field = mnist_field(board_of(app).pixels)
        probabilities = snapshot.predictor.probabilities(field[None])[0]
        digit = int(probabilities.argmax())
        assert said(app).startswith(f"It is a {digit}, {probabilities[digit]:.1%}")
        assert bars(app)[digit].startswith(f">{digit}")
        assert "epoch 2.5" in text(app, "#state")

    play(app, scenario)


def test_position_and_size_do_not_matter_to_the_network(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await pilot.press("space", *["down"] * 6)
        before = bars(app)
        await pilot.press("H", "H", "K")
        assert bars(app) == before

    play(app, scenario)


def test_newer_weights_speak_at_once(small: Dataset) -> None:
    run = NetworkRun(small, CONFIG, steps=0)
    app = app_of(run, "draw")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await pilot.press("g")
        assert "untrained" in text(app, "#state")
        before = bars(app)
        run.status = Status.RUNNING
        run.move_on(10)
        screen_of(app).show_snapshot()
        await pilot.pause()
        assert bars(app) != before
        assert "epoch 1" in text(app, "#state")

    play(app, scenario)


def test_without_a_network_one_can_draw_already(small: Dataset) -> None:
    app = app_of(None, "draw")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await pilot.press("space", "right", "g", "i")
        assert not board_of(app).blank
        assert said(app) == "Preparing the run ..."
        app.bench.run = cast(LiveRun, NetworkRun(small, CONFIG))
        screen_of(app).show_configuration()
        assert said(app).startswith("It is a")

    play(app, scenario)


def test_a_board_full_of_ink_is_no_digit(app: MnistApp) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        board_of(app).load(np.full(784, 255))
        await pilot.press("left")
        assert not "".join(bars(app)).strip()

    play(app, scenario)


def test_a_diverged_network_gives_no_answer(small: Dataset) -> None:
    run = NetworkRun(small, CONFIG)
    run.snapshot.predictor.model.parameters[:] = np.nan
    app = app_of(run, "draw")

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await pilot.press("g")
        assert "no answer" in said(app)
        assert all(line.rstrip().endswith("-") for line in bars(app))

    play(app, scenario)


# Mouse


@pytest.mark.parametrize("size", [(40, 15), (120, 40)])
def test_the_mouse_draws_and_erases(app: MnistApp, size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[ExitCode]) -> None:
        board, canvas = board_of(app), app.screen.query_one(Canvas)
        edge = canvas.gutter.left, canvas.gutter.top
        across, down = (2, 1) if canvas.content_size.width >= 56 else (1, 0.5)

        def at(row: int, column: int) -> tuple[int, int]:
            return edge[0] + int(across * column), edge[1] + int(down * row)

        await pilot.press("minus")
        await pilot.mouse_down(canvas, offset=at(4, 6))
        assert np.argwhere(board.pixels).tolist() == [[4, 6]]
        x, y = at(4, 12)
        for button, pixels in ((1, 7), (0, 7)):  # then with the button released elsewhere
            canvas.on_mouse_move(MouseMove(canvas, x, y, 0, 0, button, False, False, False))
            await pilot.pause()
            assert np.count_nonzero(board.pixels) == pixels
            x, y = at(20, 20)
        await pilot.mouse_up(canvas, offset=at(4, 12))
        await pilot.mouse_down(canvas, offset=at(4, 8), shift=True)
        await pilot.mouse_up(canvas, offset=at(4, 8))
        assert not board.pixels[4, 8]
        assert board.tool == "brush"
        await pilot.mouse_down(canvas, offset=at(4, 9), button=3)
        await pilot.mouse_up(canvas, offset=at(4, 9))
        assert not board.pixels[4, 9]

    play(app, scenario, size)


# Looks


@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_board_fits_every_size(small: Dataset, ascii_only: bool) -> None:
    app = app_of(NetworkRun(small, CONFIG), "draw", ascii_only=ascii_only)

    async def scenario(pilot: Pilot[ExitCode]) -> None:
        await pilot.press("g")
        canvas = app.screen.query_one(Canvas)
        for size, expected in zip(SIZES, [(28, 13), (28, 14), (56, 28), (56, 28)], strict=True):
            await pilot.resize_terminal(*size)
            assert tuple(canvas.content_size) == expected
            visible = app.screen.region
            for widget in (canvas, app.screen.query_one(ProbabilityBars)):
                assert visible.contains_region(widget.region)
            assert app.screen.query_one("#state").region.bottom <= size[1] - 1
            if ascii_only:
                assert "".join(shown(app)[:-1]).isascii()

    play(app, scenario, SIZES[0])
