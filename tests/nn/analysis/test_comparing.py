"""Two networks compared image by image, and two settings compared in pairs."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from nn.analysis.disagreement import disagreement, mcnemar
from nn.analysis.paired import paired_difference, student_quantile


def test_every_image_is_in_one_of_four_cells() -> None:
    labels = np.array([0, 1, 2, 3, 4, 5], np.uint8)
    first = np.array([0, 1, 2, 9, 9, 9], np.uint8)
    second = np.array([0, 9, 9, 3, 9, 8], np.uint8)
    found = disagreement(first, second, labels)
    assert (found.both, found.first_only, found.second_only) == ((0,), (1, 2), (3,))
    assert found.neither == (4, 5)
    assert found.total == 6
    assert found.accuracy_difference == pytest.approx(-1 / 6)
    assert found.p_value == mcnemar(2, 1) == 1.0


@pytest.mark.parametrize("n", [1, 2, 5, 9, 12])
def test_mcnemar_is_the_share_of_tosses_that_are_as_uneven(n: int) -> None:
    """All sequences of n tosses of a coin are counted one by one."""
    heads = [sum(tosses) for tosses in product((0, 1), repeat=n)]
    for b in range(n + 1):
        uneven = sum(abs(2 * h - n) >= abs(2 * b - n) for h in heads)
        assert mcnemar(b, n - b) == pytest.approx(uneven / 2**n)


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [
        (0, 0, 1.0),
        (1, 9, 22 / 1024),
        (9, 1, 22 / 1024),
        # R: binom.test(59, 180), and mcnemar.exact of the package exact2x2 for Agresti's ratings
        (121, 59, 4.434445e-06),
        (150, 86, 3.716e-05),
    ],
)
def test_mcnemar_has_its_known_values(b: int, c: int, p: float) -> None:
    assert mcnemar(b, c) == pytest.approx(p, rel=1e-3)


def test_mcnemar_of_many_images_is_near_the_chi_square_test() -> None:
    """With the continuity correction of Edwards (1948): erfc(sqrt(chi2 / 2))."""
    for b, c in ((5200, 5000), (4900, 5200), (3000, 3000)):
        chi_square = max(0, abs(b - c) - 1) ** 2 / (b + c)
        assert mcnemar(b, c) == pytest.approx(math.erfc(math.sqrt(chi_square / 2)), rel=0.02)


def test_the_interval_is_that_of_the_paired_t_test() -> None:
    """Student's data of 1908, sleep gained with two drugs; `t.test` of R: 0.7001 to 2.4599."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = paired_difference([b - a for a, b in zip(first, second, strict=True)])
    assert found is not None
    assert (found.pairs, found.mean) == (10, pytest.approx(1.58))
    assert found.interval == pytest.approx((0.7001142, 2.4598858), abs=1e-3)
    assert found.decided


def test_one_pair_and_a_loss_that_is_no_number_have_no_interval() -> None:
    assert paired_difference([0.5]) is None
    assert paired_difference([0.5, math.nan]) is None
    close = paired_difference([0.1, -0.1, 0.1])
    assert close is not None
    assert not close.decided


def test_quantiles() -> None:
    assert student_quantile(1) == 12.706
    assert student_quantile(31) == pytest.approx(2.0395, abs=1e-3)
    assert student_quantile(10_000) == pytest.approx(1.9602, abs=1e-3)
