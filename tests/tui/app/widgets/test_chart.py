"""Charts: what is drawn is right, nothing a training run produces can break it, and it is cheap."""

from __future__ import annotations

import asyncio
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
from textual.app import App, ComposeResult
from textual.strip import Strip

from tui.app.state import background
from tui.app.widgets.chart import DATA_INTERVAL, Chart
from tui.app.widgets.histograms import render_histogram
from tui.app.widgets.legend import legend, readout
from tui.app.widgets.plain import plain_chart
from tui.app.widgets.plot import render_chart
from tui.app.widgets.series import ColorRole, Series, linear_scale, log_scale, smooth, thin
from tui.system.terminal import Terminal

pytestmark = pytest.mark.usefixtures("whole_frames")


@pytest.fixture(autouse=True)
def _drawing_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else charts would be drawn less often where that takes long."""
    monkeypatch.setattr(background, "thread_time", lambda: 0.0)


ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)
MODERATE = st.floats(-1e6, 1e6)
WEIRD = st.lists(st.tuples(ANY_FLOAT, ANY_FLOAT), max_size=40)
SIZES = [(40, 15), (80, 24), (120, 40)]
BLOCKS = Terminal(False, "full", braille=False)
"""A terminal in which a series of style 1 is a row of "•"."""


def text(strips: Sequence[Strip]) -> list[str]:
    return [strip.text for strip in strips]


def falling(count: int = 30, *, name: str = "train", style: int = 0) -> Series:
    xs = np.arange(1, count + 1)
    role: ColorRole = "secondary" if style else "primary"
    return Series(name, xs, np.exp(-xs / 8) + 0.05 * style, style, role)


# thin


@given(st.lists(st.tuples(MODERATE, MODERATE), min_size=1, max_size=300), st.integers(1, 20))
def test_thin_keeps_order_ends_and_extremes(
    points: list[tuple[float, float]], columns: int
) -> None:
    xs, ys = map(list, zip(*sorted(points), strict=True))
    thin_xs, thin_ys = thin(xs, ys, columns)
    remaining = iter(zip(xs, ys, strict=True))
    assert all(point in remaining for point in zip(thin_xs, thin_ys, strict=True)), "a subsequence"
    assert (thin_xs[0], thin_ys[0], thin_xs[-1], thin_ys[-1]) == (xs[0], ys[0], xs[-1], ys[-1])
    assert (min(thin_ys), max(thin_ys)) == (min(ys), max(ys))
    assert len(thin_xs) <= 2 * columns + 2


def test_thin_keeps_the_extremes_of_every_column() -> None:
    ys = np.random.default_rng(0).standard_normal(1000)
    _, kept = thin(np.arange(1000), ys, 10)
    for column in ys.reshape(10, 100):
        assert column.min() in kept
        assert column.max() in kept


def test_thin_keeps_a_gap_that_fills_a_column() -> None:
    ys = np.ones(100)
    ys[40:60] = np.nan
    xs, kept = thin(np.arange(100), ys, 10)
    assert np.isnan(kept[(xs >= 40) & (xs < 60)]).all()
    assert np.isnan(kept).any()


@given(WEIRD, st.integers(1, 5))
def test_thin_takes_anything(points: list[tuple[float, float]], columns: int) -> None:
    xs, ys = thin([x for x, _ in points], [y for _, y in points], columns)
    assert len(xs) == len(ys)
    assert np.isfinite(xs).all()


# smooth


def test_smooth_is_the_bias_corrected_average() -> None:
    # m1 = .5*4 = 2, /(1-.5) = 4; m2 = .5*2 + .5*8 = 5, /(1-.25) = 20/3
    assert smooth([4, 8], 0.5).tolist() == pytest.approx([4, 20 / 3])


@given(st.lists(MODERATE, min_size=1, max_size=50), st.floats(0, 0.99))
def test_smooth_stays_within_the_values_so_far(ys: list[float], weight: float) -> None:
    smoothed = smooth(ys, weight)
    slack = 1e-6 * max(map(abs, ys))
    for i, value in enumerate(smoothed):
        assert min(ys[: i + 1]) - slack <= value <= max(ys[: i + 1]) + slack
    assert smooth(ys, 0).tolist() == ys


def test_smooth_leaves_gaps_alone() -> None:
    with_gap, without = smooth([1, math.nan, 2, math.inf, 5], 0.9), smooth([1, 2, 5], 0.9)
    assert math.isnan(with_gap[1])
    assert math.isinf(with_gap[3])
    assert with_gap[[0, 2, 4]].tolist() == without.tolist()


@pytest.mark.parametrize("weight", [-0.1, 1.0, math.nan])
def test_smooth_refuses_a_weight_without_an_average(weight: float) -> None:
    with pytest.raises(ValueError, match="smoothing weight"):
        smooth([1, 2], weight)


# scales


@given(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100), st.integers(1, 12), st.booleans())
def test_linear_scale_holds_its_range(a: float, b: float, count: int, whole: bool) -> None:
    low, high = sorted((a, b))
    scale = linear_scale(a, b, count, whole=whole)
    slack = 1e-5 * (scale.high - scale.low)
    assert scale.low - slack <= low <= high <= scale.high + slack
    assert 2 <= len(scale.ticks) <= count + 3
    assert len({label for _, label in scale.ticks}) == len(scale.ticks), "ticks look different"
    assert all(-1e-5 <= at <= 1 + 1e-5 for at, _ in scale.ticks)


@given(st.floats(1e-99, 1e99), st.floats(1e-99, 1e99), st.integers(1, 12))
def test_log_scale_holds_its_range(a: float, b: float, count: int) -> None:
    scale = log_scale(a, b, count)
    places = scale.place([a, b])
    assert ((places >= -1e-6) & (places <= 1 + 1e-6)).all()
    assert 1 <= len(scale.ticks) <= count + 2
    for at, label in scale.ticks:
        assert at == pytest.approx(scale.place([float(label)])[0], abs=1e-9), (
            "label tells the place"
        )


def test_log_scale_shows_neither_zero_nor_negative_values() -> None:
    assert np.isnan(log_scale(0.1, 1, 3).place([0, -1, math.nan, math.inf])).all()


def test_whole_numbers_get_whole_ticks() -> None:
    labels = [label for _, label in linear_scale(1, 3, 20, whole=True).ticks]
    assert labels == ["1", "2", "3"]


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


# Chart


class Recorder(Chart):
    """A chart that counts its drawings and notes which of its lines are asked for."""

    drawings = 0

    def __init__(self) -> None:
        super().__init__("Loss", x_label="epoch")
        self.painted: list[int] = []

    def render_line(self, y: int) -> Strip:
        self.painted.append(y)
        return super().render_line(y)

    def redraw(self) -> None:
        self.drawings += 1
        super().redraw()

    @property
    def lines(self) -> list[str]:
        return [self.render_line(y).text for y in range(self.size.height)]


class ChartApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Recorder()

    @property
    def chart(self) -> Recorder:
        return self.query_one(Recorder)


@pytest.mark.parametrize("size", SIZES)
def test_chart_fills_its_space(size: tuple[int, int]) -> None:
    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=size) as pilot:
            assert any("no data yet" in line for line in app.chart.lines)
            app.chart.set_series([falling(), falling(name="validation", style=1)])
            await pilot.pause(DATA_INTERVAL + 0.1)
            lines = app.chart.lines
            assert [len(line) for line in lines] == [size[0]] * size[1]
            assert sum("validation" in line for line in lines) == 1
            assert lines[-1].rstrip().endswith("epoch")
            await pilot.resize_terminal(size[0] - 7, size[1] - 3)
            await pilot.pause()
            assert [len(line) for line in app.chart.lines] == [size[0] - 7] * (size[1] - 3)
            assert set("⠤⠒⠉⣀") & set("".join(app.chart.lines))

    asyncio.run(scenario())


def test_only_changed_lines_are_painted() -> None:
    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=(80, 24)) as pilot:
            chart = app.chart
            ys = np.exp(-np.arange(30) / 8)
            chart.set_series([Series("train", range(30), ys)])
            await pilot.pause(DATA_INTERVAL + 0.1)
            before = chart.lines
            chart.painted.clear()
            chart.set_series([Series("train", range(30), ys)])
            await pilot.pause(DATA_INTERVAL + 0.1)
            assert chart.painted == [], "the same picture costs nothing"

            ys[15] += 0.1
            chart.set_series([Series("train", range(30), ys)])
            await pilot.pause(DATA_INTERVAL + 0.1)
            painted = set(chart.painted)
            changed = {y for y, line in enumerate(chart.lines) if line != before[y]}
            assert painted == changed
            assert 1 <= len(painted) <= 8

    asyncio.run(scenario())


def test_data_redraw_at_most_once_a_second_and_the_latest_is_drawn() -> None:

    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=(80, 24)) as pilot:
            chart = app.chart
            await pilot.pause(DATA_INTERVAL + 0.1)
            chart.drawings = 0
            for i in range(1, 31):
                chart.set_series([Series(f"state {i}", range(i + 1), range(i + 1))])
                await pilot.pause(0.01)
            assert chart.drawings <= 2
            assert "state 30" not in "".join(chart.lines)
            await pilot.pause(DATA_INTERVAL + 0.1)
            assert "state 30" in "".join(chart.lines)
            assert chart.drawings <= 3

    asyncio.run(scenario())


def test_cursor_reads_values() -> None:
    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=(80, 24)) as pilot:
            chart = app.chart
            await pilot.press("left", "escape")  # without any data
            assert chart.cursor is None
            chart.focus()
            chart.elsewhere = 3.0  # the cursor of another chart, which has data already
            await pilot.press("left", "right")
            assert chart.cursor_x == 3.0
            chart.elsewhere = None
            chart.set_series([Series("train", range(1, 6), [5, 4, 3, 2, 1])])
            chart.focus()
            for keys, place, value in [
                (["left"], "epoch 5", "1"),
                (["left", "left"], "epoch 3", "3"),
                (["right"], "epoch 4", "2"),
                (["right", "right", "right"], "epoch 5", "1"),
                (["left"] * 9, "epoch 1", "5"),
                (["escape"], "epoch", "1"),
            ]:
                await pilot.press(*keys)
                await pilot.pause(0.1)
                assert chart.lines[-1].rstrip().endswith(f"5 {place}")
                label = next(line for line in chart.lines if "train" in line)
                assert label.split()[-2:] == ["train", value]

    asyncio.run(scenario())


def test_cursor_moves_by_columns_through_many_points() -> None:
    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=(80, 24)) as pilot:
            chart = app.chart
            chart.set_series([Series("train", range(8001), np.zeros(8001))])
            chart.focus()
            await pilot.press("left", "left")
            assert chart.cursor_x == 7900
            await pilot.press("left", "right", "right")
            assert chart.cursor_x == 8000

    asyncio.run(scenario())


def test_reactives_change_the_picture() -> None:
    async def scenario() -> None:
        app = ChartApp()
        async with app.run_test(size=(80, 24)) as pilot:
            chart = app.chart
            ys = np.exp(-np.arange(100) / 8) * np.where(np.arange(100) % 2, 1, 0.1)
            chart.set_series([Series("train", range(100), ys)])
            await pilot.pause(DATA_INTERVAL + 0.1)
            pictures = [chart.lines]
            for name, value in [
                ("thin_lines", False),
                ("smoothing", 0.9),
                ("y_log", True),
                ("zoom", 0.25),
                ("marks", ((90, "lr"),)),
            ]:
                setattr(chart, name, value)
                await pilot.pause(0.1)
                assert chart.lines not in pictures, name
                pictures.append(chart.lines)
            assert chart.lines[-1].split()[0] == "75"
            assert "lr" in chart.lines[1]
            chart.smoothing, chart.zoom = 5, -1
            assert (chart.smoothing, chart.zoom) == (0.99, 0.01)
            await pilot.pause(0.1)

    asyncio.run(scenario())
