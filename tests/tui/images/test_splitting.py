"""Digits that touch are cut apart, and digits that are one stay whole."""

from __future__ import annotations

import numpy as np
import pytest

from nn.data.dataset import Dataset
from tests.support.pictures import coverage, encode, grey
from tui.cli.commands.predict import DIGIT
from tui.images.reading import Reading, read_content
from tui.images.splitting import split_touching
from tui.models.make_wholeness import touching_row
from tui.models.shipped import shipped_model
from tui.models.wholeness import wholeness_model


def split(reading: Reading) -> tuple[Reading, list[int]]:
    recognize = shipped_model().probabilities
    found = split_touching(reading, recognize, wholeness_model().probabilities)
    fields = np.stack([digit.field for digit in found.digits])
    return found, recognize(fields).argmax(axis=1).tolist()


@pytest.mark.parametrize(("count", "least"), [(2, 4), pytest.param(3, 2, marks=pytest.mark.slow)])
def test_digits_that_touch_are_read_one_by_one(count: int, least: int, mnist: Dataset) -> None:
    rng = np.random.default_rng(count)
    right = 0
    for _ in range(8):
        chosen = rng.choice(len(mnist.test), count)
        ink, _ = touching_row(mnist.test.images[chosen], rng=rng)
        (reading,) = read_content(encode(grey(245 - 215 * np.pad(ink, 20))))
        found, digits = split(reading)
        right += digits == mnist.test.labels[chosen].tolist()
        for before, after in zip(found.digits, found.digits[1:], strict=False):
            assert before.box.left < after.box.left
        for digit in found.digits:
            assert 0 <= digit.box.top < digit.box.bottom <= len(ink) + 40
    assert right >= least


def test_single_digits_stay_whole(mnist: Dataset) -> None:
    for image in mnist.test.images[:40]:
        (reading,) = read_content(encode(grey(245 - 215 * coverage(image, 120))))
        found, _ = split(reading)
        assert [digit.box for digit in found.digits] == [digit.box for digit in reading.digits]


def test_what_is_no_digit_is_hardly_whole() -> None:
    """A cross and a star were answered as digits."""
    rows, columns = np.mgrid[0:200, 0:200] / 199 - 0.5
    cross = (abs(rows) < 0.05) | (abs(columns) < 0.05)
    star = (cross | (abs(rows - columns) < 0.05) | (abs(rows + columns) < 0.05)) & (
        rows**2 + columns**2 < 0.1
    )
    papers = {
        "cross": np.where(cross, 60.0, 240.0),
        "star": np.where(star, 60.0, 240.0),
    }
    for name, levels in papers.items():
        (reading,) = read_content(encode(grey(levels)))
        found, _ = split(reading)
        assert min(digit.wholeness for digit in found.digits) < DIGIT, name


def test_a_text_grid_is_left_as_it_is() -> None:
    grid = "\n".join(
        "." * 28 if row < 5 or row > 22 else f"{'.' * 12}##{'.' * 14}" for row in range(28)
    )
    (reading,) = read_content(grid.encode())
    found, digits = split(reading)
    assert digits == [1]
    assert found.digits[0].wholeness == 1
