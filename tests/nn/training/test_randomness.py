"""The random streams of a run, which must stay those of every release: else no run repeats."""

from __future__ import annotations

import pytest

from nn.training.randomness import Stream, stream


@pytest.mark.parametrize(
    ("key", "drawn"),
    [
        ((Stream.INITIALIZATION,), [305, 797, 203]),
        ((Stream.SPLIT,), [681, 480, 399]),
        ((Stream.ORDER,), [396, 632, 785]),
        ((Stream.ORDER, 2), [12, 631]),
        ((Stream.DROPOUT, 2), [248, 799]),
    ],
)
def test_the_first_numbers_of_a_stream(key: tuple[int, ...], drawn: list[int]) -> None:
    assert stream(7, *key).integers(1000, size=len(drawn)).tolist() == drawn
