"""Files written atomically: whole or not at all, and never in the place of what is no file."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pytest

from nn.config import TrainConfig
from nn.data.preprocessing import Preprocessor
from nn.errors import StorageError
from nn.network.model import layer_sizes, parameter_count
from nn.network.predictor import Predictor
from nn.storage.files import open_regular, read_at_most, write_atomically
from nn.storage.model_file import read_model, write_model
from nn.storage.npz import write_npz
from tests.support.npz import read_npz


def test_what_is_there_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old and longer")
    write_atomically(path, lambda stream: stream.write(b"new"))
    assert path.read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_writer_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_device_or_pipe_is_never_replaced(tmp_path: Path) -> None:
    """As root, writing to /dev/null once turned it into a regular file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(StorageError, match="not a regular file"):
        write_atomically(pipe, lambda stream: stream.write(b"x"))
    assert pipe.is_fifo()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="not a regular file"):
            open_regular(path)


@pytest.mark.parametrize(
    "turn", [np.asarray, np.transpose, np.asfortranarray, lambda a: a[::2, 1:]]
)
def test_an_archive_holds_the_rows_of_any_array(
    tmp_path: Path, turn: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]]
) -> None:
    array, path = turn(np.arange(12).reshape(4, 3)), tmp_path / "arrays.npz"
    write_npz(path, {"array": array, "number": np.array(7), "text": np.array("seven")})
    read = read_npz(path)
    with np.load(path, allow_pickle=False) as loaded:
        for found in (read, loaded):
            np.testing.assert_array_equal(found["array"], array)
            assert (int(found["number"]), str(found["text"])) == (7, "seven")


def test_the_umask_decides_who_may_read(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", lambda stream: stream.write(b"x"))
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_a_model_is_read_to_where_it_is_to_be(tmp_path: Path) -> None:
    """Loading takes hardly more memory than the parameters themselves."""
    config = TrainConfig(hidden=(2000,))
    parameters = np.ones(parameter_count(layer_sizes(config)), np.float32)
    path = tmp_path / "model.npz"
    write_model(
        path, Predictor.of(config, parameters, Preprocessor(np.array(1.0, np.float32), None))
    )
    read_model(path)  # whatever is imported or cached is there by then
    tracemalloc.start()
    try:
        read_model(path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Twice the parameters: NumPy's zeros for the gradients are counted, though never touched. The
    # last 5% are the check that all are finite, and pieces of the file.
    assert most < 2.3 * parameters.nbytes


@pytest.mark.parametrize("limit", [0, 1, 2**20, 3 * 2**20, 3 * 2**20 + 1])
def test_no_more_is_read_than_allowed(limit: int) -> None:
    content = np.random.default_rng(1).bytes(3 * 2**20)
    assert read_at_most(BytesIO(content), limit) == content[:limit]


def test_a_small_file_takes_little_memory_whatever_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a few bytes")
    tracemalloc.start()
    try:
        with path.open("rb") as stream:
            assert read_at_most(stream, 2**40) == b"a few bytes"
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()
