"""Arrays that processes share, and slices of vectors that they divide among them."""

from __future__ import annotations

import os

import numpy as np
import pytest

from nn.parallel.shared_memory import SharedArrays, even_slices
from tests.support.processes import needs_several


@needs_several
def test_two_views_of_the_same_memory() -> None:
    layout = {"a": ((3, 5), "float32"), "b": ((7,), "int64"), "none": ((0,), "float64")}
    first = SharedArrays(layout)
    second = SharedArrays(layout, os.dup(first.descriptor))
    first["a"][...] = 1.5
    second["b"][...] = np.arange(7)
    assert second["a"].sum() == 22.5
    assert first["b"].tolist() == list(range(7))
    assert all(array.ctypes.data % 64 == 0 for array in first.values())
    first.close()
    second.close()
    assert first["a"][2, 4] == 1.5


@needs_several
def test_too_little_memory_is_told_at_once() -> None:
    with pytest.raises(MemoryError, match="bytes to be shared by processes"):
        SharedArrays({"vast": ((2**60,), "uint8")})


@pytest.mark.parametrize("length", [0, 1, 17, 4096, 39_760])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_parts_make_up_the_whole(length: int, count: int) -> None:
    divided = even_slices(length, count)
    assert len(divided) == count
    np.testing.assert_array_equal(
        np.concatenate([np.arange(length)[part] for part in divided]), np.arange(length)
    )
    assert all(part.start % 16 == 0 for part in divided[: length // 16])
    sizes = [part.stop - part.start for part in divided]
    assert max(sizes) - min(sizes) <= 32
