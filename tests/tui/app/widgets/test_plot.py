"""Pictures of charts and histograms: nothing that a run produces can break them."""

from __future__ import annotations

import contextlib
import io
import math
import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorType
from textual.strip import Strip

from tests.support.charts import falling
from tests.support.strategies import ANY_FLOAT, WEIRD
from tui.app.widgets.histograms import render_histogram
from tui.app.widgets.legend import legend, readout
from tui.app.widgets.plain import plain_chart
from tui.app.widgets.plot import render_chart
from tui.app.widgets.series import Series
from tui.system.terminal import Terminal

BLOCKS = Terminal(False, "full", braille=False)
"""A terminal in which a series of style 1 is a row of "•"."""


def text(strips: Sequence[Strip]) -> list[str]:
    return [strip.text for strip in strips]


# render_chart


@given(
    st.lists(WEIRD, max_size=3),
    st.integers(0, 60),
    st.integers(0, 20),
    st.booleans(),
    st.booleans(),
    ANY_FLOAT,
)
def test_chart_has_the_size_asked_for_whatever_the_data(
    data: list[list[tuple[float, float]]],
    width: int,
    height: int,
    y_log: bool,
    ascii_only: bool,
    x: float,
) -> None:
    series = [
        Series(f"série {i}\n", [x for x, _ in points], [y for _, y in points], i)
        for i, points in enumerate(data)
    ]
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        strips = render_chart(
            series,
            width,
            height,
            title="Perte",
            x_label="époque",
            y_log=y_log,
            terminal=Terminal(ascii_only, "none"),
            cursor_x=x,
            marks=[(x, "ici"), (0.0, "là\x1b")],
        )
    assert output.getvalue() == "", "plotext prints warnings on odd limits"
    assert [strip.cell_length for strip in strips] == [width] * height
    assert all(character.isprintable() for line in text(strips) for character in line)
    if ascii_only:
        assert all(line.isascii() for line in text(strips))


@pytest.mark.parametrize(
    "ys", [[], [0.5], [2, 2, 2], [0, 0], [-1, -2], [math.nan] * 3, [1e308, -1e308]]
)
@pytest.mark.parametrize("y_log", [False, True])
def test_ordinary_oddities(ys: list[float], y_log: bool) -> None:
    series = [Series("a", range(len(ys)), ys, 1)]
    lines = [line[:28] for line in text(render_chart(series, 40, 10, y_log=y_log, terminal=BLOCKS))]
    drawable = [y for y in ys if not math.isnan(y) and (y > 0 or not y_log)]
    assert any("no data yet" in line for line in lines) == (not drawable)
    assert any("•" in line for line in lines[1:]) == bool(drawable)


def test_a_chart_may_be_larger_than_the_terminal() -> None:
    """plotext cuts a figure to the terminal, 80x24 where there is none, unless told not to."""
    strips = render_chart([falling(style=1, name="")], 200, 50, terminal=BLOCKS)
    assert len(strips) == 50
    assert any("•" in line[150:] for line in text(strips))


def test_a_falling_loss_falls() -> None:
    lines = text(render_chart([falling(style=1, name="")], 60, 12, terminal=BLOCKS))[:-2]
    rows = [next(y for y, line in enumerate(lines) if line[x] == "•") for x in range(9, 60)]
    assert rows == sorted(rows)
    assert rows[0] < rows[-1]


def test_a_gap_is_not_joined() -> None:
    ys = [1.0] * 10 + [math.nan] * 10 + [1.0] * 10
    joined = Series("", [*range(10), *range(20, 30)], [1.0] * 20, 1)
    for series, gap in ((Series("", range(30), ys, 1), 15), (joined, 0)):
        strips = render_chart([series], 70, 8, terminal=BLOCKS)
        line = next(strip.text for strip in strips if "•" in strip.text)
        assert set(line[line.index("•") : line.rindex("•")]) == ({"•", "┈"} if gap else {"•"})
        assert "┈" * gap in line


@pytest.mark.parametrize("ascii_only", [False, True])
def test_series_are_told_apart_without_colour(ascii_only: bool) -> None:
    drawings = [
        text(
            render_chart(
                [Series("", range(30), np.arange(30), i)],
                60,
                12,
                terminal=Terminal(ascii_only, "full", braille=False),
            )
        )
        for i in range(5)
    ]
    characters = [set("".join(lines)) for lines in drawings]
    common = set.intersection(*characters)
    assert all((a - common).isdisjoint(b) for a in characters for b in characters if a is not b)


def test_colors() -> None:
    def used(colors: str) -> set[ColorType]:
        strips = render_chart([falling()], 40, 10, terminal=Terminal(False, colors))  # type: ignore[arg-type]
        styles = [segment.style for strip in strips for segment in strip if segment.style]
        return {style.color.type for style in styles if style.color}

    assert used("none") == set()
    assert used("16") == {ColorType.STANDARD}
    assert used("full") == {ColorType.TRUECOLOR}


def test_legend_shortens_names_before_it_drops_the_title() -> None:
    series = [falling(name="learning rate 0.1"), falling(name="learning rate 0.01", style=1)]
    wide, narrow, tiny = (
        legend("Loss", series, width, terminal=BLOCKS).text for width in (80, 36, 18)
    )
    assert "Loss" in wide
    assert "learning rate 0.01" in wide
    assert narrow.startswith("Loss")
    assert "learn" in narrow
    assert "•• " in tiny


def test_log_axis_is_labelled_in_decades() -> None:
    ys = 10.0 ** -np.arange(6)
    lines = text(render_chart([Series("", range(6), ys)], 60, 24, y_log=True))
    assert {"1", "0.1", "0.01", "0.001"} <= {re.split("[┤┼]", line)[0].strip() for line in lines}


def test_marks_and_cursor() -> None:
    series = [falling(name="")]
    lines = text(render_chart(series, 60, 12, marks=[(10, "lr 0.1")], cursor_x=20))
    assert "lr 0.1" in lines[0]
    empty = next(line for line in lines[1:] if "┊" in line and line.count("│") == 2)
    short = text(render_chart(series, 30, 12, marks=[(25, "early stop")]))
    assert "stop" in short[0]
    assert "early" not in short[0]
    column = empty.index("┊")
    assert 60 * 10 / 30 - 5 < column < 60 * 10 / 30 + 8
    assert empty.index("│", 8) > column


def test_readout() -> None:
    series = [Series("train", [1, 2, 3], [0.5, 0.25, math.nan]), Series("validation", [2], [0.125])]
    assert readout(series, 2, 60, x_label="epoch") == "epoch 2  train 0.25  validation 0.125"
    assert readout(series, 3, 60) == "3  train -  validation 0.125"
    assert readout(series, 1, 60) == "1  train 0.5  validation -"
    short = readout(series, 2, 32, x_label="epoch")
    assert len(short) <= 32
    assert short.endswith("0.125")


def test_names_of_a_readout_still_tell_the_series_apart() -> None:
    names = ("1 sigmoid", "batch", "training", "validation", "test")
    series = [Series(name, [5], [0.123 + i]) for i, name in enumerate(names)]
    told = "bat 1.12 tra 2.12 val 3.12 test 4.12"
    assert readout(series[1:], 5, 36, x_label="epoch", placed=True) == told
    assert readout(series[1:], 5, 38, x_label="epoch") == f"5 {told}"
    assert readout(series, 5, 38, x_label="epoch", placed=True) == f"~ {told}"
    assert readout(series, 5, 40) == f"5 ~ {told}"
    assert readout(series, 5, 16) == "5 ~ test 4.12"
    assert readout(series, 5, 10) == "5 ~ t 4.12"


def test_series_keep_their_own_copy() -> None:
    ys = [1.0, 2.0]
    series = Series("a", [1, 2], ys)
    ys[0] = 9
    assert series.points[1].tolist() == [1, 2]
    with pytest.raises(ValueError, match="2 xs but 1 ys"):
        Series("a", [1, 2], [1])


def test_plain_chart_has_escapes_only_for_colour() -> None:
    plain, coloured = (
        plain_chart([falling()], 60, 10, Terminal(False, colors)) for colors in ("none", "16")
    )
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    assert len(plain.splitlines()) == 10
    assert plain_chart([falling()], 60, 10, Terminal(True, "none")).isascii()


# render_histogram


def test_histogram_bars_are_as_high_as_their_counts() -> None:
    lines = text(
        render_histogram([1, 4, 2, 0], [0, 1, 2, 3, 4], 50, 14, terminal=Terminal(True, "none"))
    )
    columns = ["".join(line[x] for line in lines[:-2]).count("#") for x in (10, 21, 33, 45)]
    assert columns[3] == 0
    assert 0 < columns[0] < columns[2] < columns[1]


@given(
    st.lists(ANY_FLOAT, max_size=20),
    st.integers(0, 50),
    st.integers(0, 16),
    st.booleans(),
    ANY_FLOAT,
)
def test_histogram_has_the_size_asked_for(
    counts: list[float], width: int, height: int, ascii_only: bool, first: float
) -> None:
    edges = [first + i for i in range(len(counts) + 1)]
    strips = render_histogram(
        counts, edges, width, height, title="w", terminal=Terminal(ascii_only, "full")
    )
    assert [strip.cell_length for strip in strips] == [width] * height
    assert not ascii_only or all(line.isascii() for line in text(strips))


def test_histogram_wants_one_edge_more_than_counts() -> None:
    with pytest.raises(ValueError, match="2 counts need 3 edges"):
        render_histogram([1, 2], [0, 1], 40, 10)
