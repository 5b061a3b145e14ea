"""Series of numbers: they are thinned, smoothed and put on scales."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.strategies import WEIRD
from tui.app.widgets.series import linear_scale, log_scale, smooth, thin

MODERATE = st.floats(-1e6, 1e6)


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
