"""Whether steps have come to take many times the shortest one."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from nn.training.pace import Pace


def after(pace: Pace, seconds: Iterable[float]) -> float:
    for each in seconds:
        pace.add(each)
    return pace.slowdown()


def test_the_mean_step_in_units_of_the_shortest() -> None:
    pace = Pace()
    assert after(pace, [0.001] * 200) == pytest.approx(1)
    assert after(pace, [0.001, 0.003] * 100) == pytest.approx(2)
    assert after(pace, [0.008] * 200) == pytest.approx(8)


def test_each_judgement_is_of_the_steps_since_the_one_before() -> None:
    pace = Pace()
    assert after(pace, [0.001] * 200 + [0.009] * 190) == pytest.approx(5)
    assert after(pace, [0.001] * 200) == pytest.approx(1)


def test_few_steps_wait_for_more() -> None:
    pace = Pace()
    assert after(pace, [0.001] * 60) == 0
    assert after(pace, [0.009] * 60) == pytest.approx((50 + 9 * 60) / 110)


def test_the_first_steps_may_take_long() -> None:
    """Processes start in them, and memory is touched for the first time."""
    assert after(Pace(), [2.0, *[0.05] * 9, *[0.001] * 400]) == pytest.approx(1)


def test_a_suspension_is_one_long_step() -> None:
    assert after(Pace(), [*[0.001] * 200, 3600.0, *[0.001] * 200]) < 1.2


def test_no_clock_is_too_coarse() -> None:
    assert after(Pace(), [0.0] * 200) == 0
