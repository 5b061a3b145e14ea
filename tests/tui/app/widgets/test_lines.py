"""The lines of charts: where their dots are, which values are shown, and how they are named."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.strip import Strip

from nn.config import TrainConfig
from tests.support.training_script import epochs, started
from tui.app.widgets.charts import CHARTS
from tui.app.widgets.curves import marks_of
from tui.app.widgets.line_labels import fit_labels, spread
from tui.app.widgets.names import fit_names
from tui.app.widgets.plot import draw_chart, render_chart
from tui.app.widgets.series import Series
from tui.app.widgets.strips import with_fewer_styles
from tui.app.widgets.trace import DASHES, trace
from tui.app.widgets.y_range import interesting_range
from tui.recording.experiment import Experiment
from tui.recording.history import RunHistory
from tui.system.terminal import Terminal

COORDINATES = st.floats(-3, 4) | st.just(math.nan)
LINES = Terminal(False, "none")


def text(strips: Sequence[Strip]) -> list[str]:
    return [strip.text for strip in strips]


# trace


@given(st.lists(st.tuples(COORDINATES, COORDINATES), max_size=12), st.sampled_from(DASHES))
def test_dots_are_within_the_plot_and_not_many(
    points: list[tuple[float, float]], dash: tuple[int, ...]
) -> None:
    xs, ys = np.array(points, dtype=float).reshape(-1, 2).T
    across, up = trace(xs, ys, 40, 20, dash)
    slack = 1e-9
    assert ((across >= -slack) & (across <= 1 + slack)).all()
    assert ((up >= -slack) & (up <= 1 + slack)).all()
    assert len(across) <= 61 * max(1, len(points))


def test_a_line_has_no_gaps_unless_it_is_dashed() -> None:
    xs, ys = np.array([0.0, 0.3, 1.0]), np.array([0.0, 1.0, 0.5])
    across, up = trace(xs, ys, 40, 20)
    steps = np.maximum(abs(np.diff(across)) * 40, abs(np.diff(up)) * 20)
    assert steps.max() <= 1 + 1e-9
    dashed, _ = trace(xs, ys, 40, 20, (5, 3))
    assert len(dashed) / len(across) == pytest.approx(5 / 8, abs=0.05)


def test_a_line_that_leaves_the_plot_is_cut_where_it_leaves() -> None:
    across, up = trace(np.array([0.0, 1.0]), np.array([0.5, 2.5]), 100, 100)
    assert across.max() == pytest.approx(0.25)
    assert up.max() == pytest.approx(1.0)
    nothing, _ = trace(np.array([0.0, 1.0]), np.array([1.5, 2.5]), 100, 100)
    assert not len(nothing)


# interesting_range


def test_the_newest_value_of_a_run_that_has_just_begun_is_shown() -> None:
    earlier = np.arange(1.0, 11.0), np.linspace(16.62, 16.65, 10)
    begun = np.array([1.0]), np.array([19.27])
    low, high = interesting_range([earlier, begun], [])
    assert low <= 16.62
    assert high >= 19.27


def test_an_early_spike_is_left_out_and_told() -> None:
    epochs = np.arange(1.0, 31.0)
    losses = np.where(epochs < 3, 2.3, 0.3 - epochs / 200)
    low, high = interesting_range([(epochs, losses)], [])
    assert low <= losses[8:].min()
    assert losses[8:].max() <= high < 1
    drawn = text(render_chart([Series("", epochs, losses)], 60, 12, fitted=True, terminal=LINES))
    assert "↑2.3" in drawn[0]
    whole = text(render_chart([Series("", epochs, losses)], 60, 12, terminal=LINES))
    assert not any("↑" in line for line in whole)


def test_accuracies_begin_where_it_gets_interesting() -> None:
    epochs = np.arange(1.0, 31.0)
    low, high = interesting_range([(epochs, 98 - 88 * np.exp(-epochs))], [])
    assert low > 90
    assert high == pytest.approx(98, abs=0.1)


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=30))
def test_the_range_has_the_later_values(values: list[float]) -> None:
    ys = np.array(values)
    xs = np.arange(len(ys), dtype=float)
    low, high = interesting_range([(xs, ys)], [])
    late = ys[xs >= 0.25 * xs.max()]
    assert min(values) <= low <= late.min()
    assert late.max() <= high <= max(values)


def test_noise_in_the_background_does_not_widen_the_range() -> None:
    xs = np.arange(100.0)
    noise = np.where(xs == 50, 9.0, 0.5)
    _, high = interesting_range([(xs, np.linspace(1, 0.4, 100))], [(xs, noise)])
    assert high <= 1


# Labels


@given(
    st.lists(st.floats(-5, 40), min_size=1, max_size=8).map(sorted),
    st.integers(1, 2),
    st.integers(16, 30),
)
def test_labels_do_not_overlap_and_stay_in_the_chart(
    wanted: list[float], height: int, rows: int
) -> None:
    places = spread(wanted, height, rows)
    assert places[0] >= 0
    assert places[-1] + height <= rows
    assert all(b - a >= height for a, b in itertools.pairwise(places))
    if len(wanted) == 1:
        assert places == [round(min(max(wanted[0], 0), rows - height))]


def curves() -> list[Series]:
    xs = [1, 2, 3]
    return [
        Series("training", xs, [1, 2, 3], 1, "secondary", detail="accuracy"),
        Series("test", xs, [1, 2, 2.9], 0, "primary", detail="accuracy"),
        Series("sigmoid-squared-error", xs, [1, 2, 2.8], 3, "warning", tag="1"),
    ]


def test_labels_take_what_room_there_is() -> None:
    wide, middle, narrow = (fit_labels(curves(), width, 9) for width in (100, 40, 30))
    assert wide.names[:2] == ["training accuracy", "test accuracy"]
    assert wide.beside
    assert middle.names[:2] == ["training", "test"]
    assert middle.values
    assert not middle.beside
    assert narrow.names[2].startswith("1 sig")
    assert not fit_labels(curves(), 30, 4).values
    assert fit_labels(curves(), 40, 2).width == fit_labels(curves(), 16, 9).width == 0


def test_names_of_runs_are_cut_by_what_differs_between_them() -> None:
    runs = [
        Series(f"sigmoid-{loss}", [1], [1], tag=str(n))
        for n, loss in enumerate(("mse", "bce", "cross-entropy"), 1)
    ]
    names = fit_labels([*curves()[:2], *runs], 40, 5).names
    assert names == ["training", "test", "1 ~mse", "2 ~bce", "3 ~cro~opy"]


@pytest.mark.parametrize("colors", ["none", "16", "full"])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_each_line_has_its_label_with_its_value(ascii_only: bool, colors: str) -> None:
    terminal = Terminal(ascii_only, colors)  # type: ignore[arg-type]
    lines = text(render_chart(curves(), 100, 12, form=".2f", terminal=terminal, cursor_x=2.0))
    for name in ("training accuracy", "test accuracy", "1 sigmoid-squared-error"):
        (line,) = [line for line in lines if name in line]
        assert line.split()[-1] == "2.00"
    samples = {
        line[: line.index(name)].rstrip()[-1]
        for line in lines
        for name in ("training a", "test a", "1 sig")
        if name in line
    }
    assert len(samples) == 3, "told apart without colour"


def test_names_are_cut_by_what_they_share_and_then_in_the_middle() -> None:
    assert fit_names(["training", "test"], 8) == ["training", "test"]
    names = ["sigmoid-squared-error 20261121-194501", "sigmoid-squared-error 20261121-194622"]
    assert fit_names(names, 8) == ["~194501", "~194622"]
    assert fit_names(["sigmoid-mse", "relu-bce"], 7) == ["sig~mse", "rel~bce"]
    assert fit_names(["one-and-only"], 7) == ["one~nly"]


def test_a_column_is_the_position_that_it_shows() -> None:
    picture = draw_chart([Series("", range(11), range(11))], 60, 12, terminal=LINES)
    edge = picture.left + picture.columns - 1
    assert picture.position(picture.left) == 0
    assert picture.position(edge) == 10
    assert picture.position(picture.left - 1) is None
    assert picture.position(edge + 1) is None


def test_ticks_of_logarithms_name_what_they_stand_for() -> None:
    lines = text(render_chart([Series("", [-4, -3, -2], [1, 2, 3])], 60, 12, x_log=True))
    assert lines[-1].split() == ["0.0001", "0.001", "0.01"]


def test_blanks_take_the_style_before_them() -> None:
    strip = render_chart(curves(), 60, 12)[3]
    assert with_fewer_styles(strip).text == strip.text
    assert len(list(with_fewer_styles(strip))) <= len(list(strip))


def test_drops_of_the_rate_are_marked_once_they_have_come() -> None:
    config = TrainConfig(epochs=6, schedule="step", decay_every=2, decay_factor=0.5)
    run = RunHistory("run", Experiment(config))
    for event in (started(config), *epochs(3)):
        run.add(event)
    assert [mark for mark in marks_of(run, CHARTS[0]) if "lr" in mark[1]] == [(2.0, "lr x0.5")]
    many = TrainConfig(epochs=60, schedule="step", decay_every=1)
    crowded = RunHistory("run", Experiment(many))
    for event in (started(many), *epochs(3)):
        crowded.add(event)
    assert not any("lr" in word for _, word in marks_of(crowded, CHARTS[0]))
