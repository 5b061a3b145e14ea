"""The drawing board without a screen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.app.state.board import INK, MAX_UNDO, Board

SIZE = 28


def board_at(row: int, column: int, *, brush: int = 1) -> Board:
    board = Board()
    board.brush = brush
    board.place(row, column)
    return board


def inked(board: Board) -> set[tuple[int, int]]:
    return {(int(row), int(column)) for row, column in np.argwhere(board.pixels)}


def test_moving_draws_only_with_the_pen_down() -> None:
    board = board_at(5, 5)
    board.move(1, 0)
    assert board.blank
    board.toggle_pen()
    assert inked(board) == {(5, 6)}
    board.move(2, 0)
    board.move(0, 1)
    assert inked(board) == {(5, 6), (5, 7), (5, 8), (6, 8)}
    board.toggle_pen()
    board.move(0, 5)
    assert len(inked(board)) == 4
    assert board.pixels.max() == INK


def test_the_eraser_takes_ink_away() -> None:
    board = board_at(0, 0)
    board.line(0, 9)
    board.toggle_eraser()
    board.line(0, 5)
    assert inked(board) == {(0, column) for column in range(5)}
    board.toggle_eraser()
    board.line(0, 5)
    assert (0, 5) in inked(board)


@pytest.mark.parametrize(
    ("brush", "pixels"),
    [
        (1, {(4, 4)}),
        (2, {(4, 4), (4, 5), (5, 4), (5, 5)}),
        (3, {(row, column) for row in (3, 4, 5) for column in (3, 4, 5)}),
    ],
)
def test_footprints(brush: int, pixels: set[tuple[int, int]]) -> None:
    board = board_at(4, 4, brush=brush)
    board.dot()
    assert inked(board) == pixels


def test_there_is_no_brush_beyond_the_largest_and_the_smallest() -> None:
    board = board_at(0, 0)
    sizes = []
    for step in (-1, 1, 1, 1, -1):
        board.change_brush(step)
        sizes.append(board.brush)
    assert sizes == [1, 2, 3, 3, 2]


@given(st.tuples(*[st.integers(0, SIZE - 1)] * 4))
def test_a_line_has_no_gaps(ends: tuple[int, int, int, int]) -> None:
    top, left, bottom, right = ends
    board = board_at(top, left)
    board.line(bottom, right)
    pixels = inked(board)
    assert {(top, left), (bottom, right)} <= pixels
    assert len(pixels) == max(abs(bottom - top), abs(right - left)) + 1
    assert (board.row, board.column) == (bottom, right)
    for row, column in pixels - {(bottom, right)}:
        assert any(
            (row + down, column + across) in pixels
            for down in (-1, 0, 1)
            for across in (-1, 0, 1)
            if down or across
        )


@given(
    st.lists(
        st.sampled_from(["move", "pen", "dot", "eraser", "brush", "shift", "clear", "load", "line"])
        | st.tuples(st.integers(-40, 40), st.integers(-40, 40)),
        max_size=40,
    )
)
def test_everything_can_be_undone_step_by_step(actions: list[str | tuple[int, int]]) -> None:
    board = Board()
    right, below = 1, 0
    pictures = [board.pixels]
    for action in actions:
        match action:
            case (int(right), int(below)):
                continue
            case "move":
                board.move(right, below)
            case "pen":
                board.toggle_pen()
            case "dot":
                board.dot()
            case "eraser":
                board.toggle_eraser()
            case "brush":
                board.change_brush(right or below)
            case "shift":
                board.shift(right, below)
            case "clear":
                board.clear()
            case "load":
                board.load(np.arange(784) % 256)
            case "line":
                board.line(right, below)
        assert 0 <= board.row < SIZE
        assert 0 <= board.column < SIZE
        if (board.pixels != pictures[-1]).any():
            pictures.append(board.pixels)
    for picture in reversed(pictures[:-1]):
        assert board.undo()
        assert (board.pixels == picture).all()
    assert not board.undo()


def test_undo_brings_the_cursor_back_and_leaves_the_pen_down() -> None:
    board = board_at(5, 5)
    board.toggle_pen()
    board.move(1, 0)
    board.undo()
    assert (board.row, board.column, board.down) == (5, 5, True)
    assert inked(board) == {(5, 5)}


def test_a_stroke_of_the_mouse_is_undone_as_one() -> None:
    board = board_at(3, 3)
    board.line(3, 3)
    board.place(10, 10)
    board.line(10, 10)
    for column in range(11, 20):
        board.line(10, column, continued=True)
    assert len(inked(board)) == 11
    board.undo()
    assert inked(board) == {(3, 3)}
    board.line(3, 3)  # changes nothing, so the stroke begins with the next
    board.line(4, 4, continued=True)
    board.undo()
    assert inked(board) == {(3, 3)}


def test_the_tool_of_a_line_may_differ_from_the_one_in_hand() -> None:
    board = board_at(0, 0)
    board.line(0, 5)
    board.line(0, 5, tool="eraser")
    assert board.tool == "brush"
    assert (0, 5) not in inked(board)


def test_shifting_loses_what_leaves_the_edge() -> None:
    board = board_at(0, 0)
    board.line(0, 3)
    board.shift(-2, 1)
    assert inked(board) == {(1, 0), (1, 1)}
    board.shift(27, 0)
    assert inked(board) == {(1, 27)}
    board.shift(0, 40)
    assert board.blank


def test_moments_of_the_picture_may_be_kept() -> None:
    board = board_at(0, 0)
    before = board.pixels
    board.dot()
    assert not before.any()


def test_the_past_is_bounded() -> None:
    board = board_at(0, 0)
    for i in range(MAX_UNDO + 10):
        board.load(np.full(784, 1 + i % 2))
    undone = 0
    while board.undo():
        undone += 1
    assert undone == MAX_UNDO
