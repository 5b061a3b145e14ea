"""Percentages, counts, times and bars as text."""

from __future__ import annotations

import math

import pytest

from tui.formatting import bar, count, duration, in_lines, percent


@pytest.mark.parametrize(
    ("share", "text"), [(0.98105, "98.11%"), (1.0, "100.00%"), (math.nan, "-"), (None, "")]
)
def test_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1 step"), (0, "0 steps"), (1.5, "1.5 steps"), (1234567, "1,234,567 steps")],
)
def test_count(number: float, text: str) -> None:
    assert count(number, "step") == text


@pytest.mark.parametrize(
    ("seconds", "text", "whole"),
    [
        (0.04, "0.0s", "0s"),
        (9.6, "9.6s", "9s"),
        (59.94, "59.9s", "59s"),
        (59.96, "1:00", "59s"),
        (60, "1:00", "1:00"),
        (65, "1:05", "1:05"),
        (125, "2:05", "2:05"),
        (7207, "2:00:07", "2:00:07"),
    ],
)
def test_duration(seconds: float, text: str, whole: str) -> None:
    assert duration(seconds) == text
    assert duration(seconds, whole=True) == whole


@pytest.mark.parametrize("share", [0, 0.06, 0.5, 0.99, 1])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("track", [True, False])
def test_a_bar_is_as_wide_as_asked(share: float, ascii_only: bool, track: bool) -> None:
    for width in (-1, 0, 1, 7):
        drawn = bar(share, width, ascii_only=ascii_only, track=track)
        assert len(drawn) == max(width, 0)
        assert drawn.isascii() or not ascii_only


def test_bars() -> None:
    assert bar(0.5, 4, ascii_only=True, track=True) == "##.."
    assert bar(0.74, 4, ascii_only=False, track=True) == "██░░"
    assert bar(1, 4, ascii_only=False, track=True) == "████"
    assert bar(0.5, 4, ascii_only=True) == "##  "
    assert bar(0.53125, 4, ascii_only=False) == "██▏ "


def test_lines_break_between_two_parts_only() -> None:
    parts = ["a  one in five", "b  half", "c  four in five"]
    assert in_lines(parts, 80) == "a  one in five   b  half   c  four in five"
    assert in_lines(parts, 36) == "a  one in five   b  half\nc  four in five"
    assert in_lines(parts, 5) == "a  one in five\nb  half\nc  four in five"
    assert in_lines([], 5) == ""
