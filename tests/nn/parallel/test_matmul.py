"""Matrix products in blocks of rows are the products of the whole matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.parallel.cores import Cores
from nn.parallel.matmul import blocked_matmul, row_blocks
from nn.parallel.process_group import make_engine
from nn.training.trainer import Trainer

sizes = st.integers(1, 60)


@given(rows=st.integers(1, 2000), each=st.integers(1, 200_000), limit=st.integers(1, 2_000_000))
def test_blocks_keep_to_the_limit(rows: int, each: int, limit: int) -> None:
    blocks = row_blocks(rows, each, limit)
    assert rows % blocks == 0
    if blocks > 1:
        assert rows // blocks * each <= limit < rows * each


@pytest.mark.parametrize(
    ("rows", "each", "blocks"),
    [
        (64, 784 * 64, 4),
        (64, 784 * 128, 8),
        (784, 64 * 128, 7),
        (100, 784 * 50, 4),  # of 25 rows
        (1000, 784 * 128, 1),  # too many for it
        (62, 784 * 128, 1),  # 2 or 31 rows a block, neither of which helps
        (8, 784 * 128, 1),  # small as it is
    ],
)
def test_blocks_of_the_usual_products(rows: int, each: int, blocks: int) -> None:
    assert row_blocks(rows, each, 1_000_000) == blocks


@given(blocks=st.integers(1, 6), rows=sizes, inner=sizes, columns=sizes, transposed=st.booleans())
def test_a_product_in_blocks(
    blocks: int, rows: int, inner: int, columns: int, transposed: bool
) -> None:
    rng = np.random.default_rng(rows)
    a, b = rng.random((blocks * rows, inner)), rng.random((inner, columns))
    if transposed:  # as the gradient of a weight has it
        a = np.ascontiguousarray(a.T).T
    out = np.full((blocks * rows, columns), np.nan)
    blocked_matmul(rows * inner * columns)(a, b, out)
    np.testing.assert_allclose(out, a @ b, rtol=1e-12)


@pytest.mark.parametrize("batch_size", [64, 100, 128])
def test_training_in_blocks_is_the_same_training(small: Dataset, batch_size: int) -> None:
    config = TrainConfig(hidden=(128, 50), batch_size=batch_size, epochs=2, dtype="float64")
    whole = Trainer(config, small)
    blocked = Trainer(config, small, engine=make_engine(Cores(product_limit=1_000_000)))
    for trainer in (whole, blocked):
        list(trainer.events())
    np.testing.assert_allclose(
        blocked.model.parameters, whole.model.parameters, rtol=1e-7, atol=1e-9
    )
