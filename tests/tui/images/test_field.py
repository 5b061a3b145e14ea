"""Ink comes out as MNIST would have had it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nn.errors import DataError
from tests.support.pictures import seven
from tui.images.field import BOX, CENTRE, field_of_ink, mnist_field, stroke_width, thickened

Field = npt.NDArray[np.uint8]


def centre_of_mass(field: Field) -> tuple[float, float]:
    image = field.reshape(28, 28).astype(float)
    places = np.arange(28)
    return float((image.sum(1) * places).sum() / image.sum()), float(
        (image.sum(0) * places).sum() / image.sum()
    )


def extent(field: Field) -> tuple[int, int]:
    rows, columns = np.nonzero(field.reshape(28, 28))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def test_the_digit_fits_the_box_with_its_proportions_kept() -> None:
    assert extent(mnist_field(np.pad(seven(60, 40), 30))) == (BOX, round(BOX * 40 / 60))
    assert extent(mnist_field(np.pad(seven(30, 60), 30))) == (BOX // 2, BOX)


@pytest.mark.parametrize("margins", [(5, 90), (90, 5), (40, 40)])
def test_the_centre_of_mass_is_in_the_centre(margins: tuple[int, int]) -> None:
    field = mnist_field(np.pad(seven(), (margins, margins[::-1])))
    assert centre_of_mass(field) == pytest.approx((CENTRE, CENTRE), abs=0.5)


def test_place_size_and_brightness_do_not_matter() -> None:
    field = mnist_field(np.pad(seven(), 20)).astype(int)
    assert (mnist_field(np.pad(seven(), ((70, 3), (0, 50)))) == field).all()
    assert (mnist_field(255 - np.pad(seven(), 20)) == field).all(), "dark on bright"
    assert abs(mnist_field(40 + 0.5 * np.pad(seven(), 20)) - field).max() <= 1, "faded"
    assert abs(mnist_field(200 - 0.5 * np.pad(seven(), 20)) - field).max() <= 1, "pencil on grey"
    enlarged = np.kron(np.pad(seven(), 20), np.ones((4, 4)))
    assert abs(mnist_field(enlarged) - field).mean() < 4


def test_reduction_is_anti_aliased() -> None:
    """A stroke thinner than a pixel of the result becomes grey, and is not skipped."""
    levels = np.zeros((400, 400))
    levels[100:300, 150] = 255
    levels[100:300, 250] = 255
    field = mnist_field(levels).reshape(28, 28)
    strokes = np.flatnonzero(field.max(axis=0))
    assert len(strokes) >= 2
    assert 0 < field.max() < 255


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_images_are_refused(level: int) -> None:
    with pytest.raises(DataError, match="blank"):
        mnist_field(np.full((50, 50), level))


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_any_image_is_a_field_or_refused(levels: Field) -> None:
    try:
        field = mnist_field(levels)
    except DataError:
        assert np.ptp(levels.astype(int)) < 256
    else:
        assert field.shape == (784,)
        assert field.dtype == np.uint8
        assert field.any()


def test_hairlines_become_as_wide_as_usual_strokes_and_others_stay() -> None:
    hair, pen = np.pad(seven(200, 140, 2), 5) / 255, np.pad(seven(200, 140, 30), 5) / 255
    assert stroke_width(hair) < 0.5
    assert stroke_width(thickened(hair)) > 1.5
    assert (thickened(pen) == pen).all()
    assert field_of_ink(thickened(hair)).max() > 200 > field_of_ink(hair).max()
