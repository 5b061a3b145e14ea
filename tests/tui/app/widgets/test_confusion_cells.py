"""Counts in the cells of the confusion matrix."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.app.widgets.confusion_cells import MARKS, count_text


@given(st.integers(0, 99_000), st.integers(3, 9), st.sampled_from(MARKS))
def test_counts_fill_their_cells(count: int, width: int, mark: str) -> None:
    text = count_text(count, width, mark)
    assert len(text) == width
    assert text[0] in (" ", mark), "it does not touch its neighbour"
    exact = str(count) if count else "."
    shown = text.strip().removeprefix(mark)
    if shown[-1] in "kh":
        unit = {"k": 1000, "h": 100}[shown[-1]]
        assert abs(int(shown[:-1]) * unit - count) <= unit / 2
    else:
        assert shown == exact or (shown == "#" and width < 5)
    if len(exact) < min(width, 4):
        assert shown == exact
    assert mark in text


def test_large_counts_are_shortened() -> None:
    assert count_text(1135, 3) == " 1k"
    assert count_text(12345, 4) == " 12k"
