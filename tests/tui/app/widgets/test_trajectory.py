"""The chart of one digit's predictions, and sequences made on demand."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tui.app.widgets.lazy import Lazy
from tui.app.widgets.trajectory import Point, trajectory_strips
from tui.system.terminal import Terminal

POINTS = st.lists(
    st.tuples(st.floats(0, 1000), st.floats(0, 1) | st.just(math.nan), st.integers(0, 9)),
    max_size=60,
)


def drawn(points: list[Point], width: int, height: int, *, ascii_only: bool = False) -> list[str]:
    strips = trajectory_strips(points, 7, width, height, terminal=Terminal(ascii_only, "full"))
    assert all(strip.cell_length == width for strip in strips)
    return [strip.text for strip in strips]


@given(POINTS, st.integers(1, 60), st.integers(1, 20), st.booleans())
def test_it_keeps_to_its_size(
    points: list[Point], width: int, height: int, ascii_only: bool
) -> None:
    lines = drawn(points, width, height, ascii_only=ascii_only)
    assert len(lines) == (0 if not points else 1 if height < 4 else height)
    assert "".join(lines).isascii() or not ascii_only


@given(POINTS.filter(bool), st.integers(4, 20))
def test_every_prediction_stands_in_its_column(points: list[Point], height: int) -> None:
    said = drawn(points, 60, height)[-2]
    assert said.split() == [str(p) for _, _, p in points] or len(points) > 30
    assert said.replace(" ", "") == "".join(str(p) for _, _, p in points)


def test_bars_are_as_high_as_the_probabilities() -> None:
    points = [(0.0, 0.0, 1), (1.0, 0.5, 2), (2.0, 1.0, 7)]
    assert drawn(points, 12, 7) == [
        "P(7) and pre",
        "        ███ ",
        "        ███ ",
        "    ███ ███ ",
        "    ███ ███ ",
        "1   2   7   ",
        "0       2   ",
    ]
    assert drawn(points, 12, 5, ascii_only=True)[1:3] == ["        ### ", "    ### ### "]


def test_the_newest_stay_where_there_is_no_room() -> None:
    points = [(float(epoch), 0.5, epoch % 10) for epoch in range(50)]
    assert drawn(points, 10, 4)[2] == "0123456789"
    assert drawn(points, 10, 4)[3] == "40      49"
    assert drawn(points, 20, 1) == ["epoch ..49: 23456789"]
    assert drawn(points[:3], 20, 1) == ["epoch 0-2: 012      "]


def test_lazy_makes_only_what_is_asked_for() -> None:
    made: list[int] = []

    def item(at: int) -> int:
        made.append(at)
        return at * at

    squares = Lazy(1000, item)
    assert (len(squares), squares[3], squares[-1]) == (1000, 9, 999 * 999)
    assert squares[2:5] == [4, 9, 16]
    assert made == [3, 999, 2, 3, 4]
