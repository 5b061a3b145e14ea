"""The IDX reader: what it reads, and that anything malformed is a `DataError` and nothing else."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from nn.data.dataset import EMBEDDED, IDX_FILES, Dataset, load_dataset
from nn.data.idx import read_idx
from nn.errors import DataError

ARRAYS = nps.arrays(np.uint8, nps.array_shapes(min_dims=1, max_dims=4, max_side=6))
files = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def idx_bytes(array: np.ndarray) -> bytes:
    """An IDX file of unsigned bytes."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


@files
@given(ARRAYS, st.booleans())
def test_round_trip(tmp_path: Path, array: np.ndarray, packed: bool) -> None:
    path = tmp_path / "any name"
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    np.testing.assert_array_equal(read_idx(path), array)


@files
@given(ARRAYS, st.booleans(), st.data())
def test_any_cut_is_refused(
    tmp_path: Path, array: np.ndarray, packed: bool, data: st.DataObject
) -> None:
    content = idx_bytes(array)
    stored = gzip.compress(content, 1) if packed else content
    path = tmp_path / "cut"
    path.write_bytes(stored[: data.draw(st.integers(0, len(stored) - 1))])
    with pytest.raises(DataError, match="cut"):
        read_idx(path)


@files
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noise"
    for stored in (content, b"\0\0" + content, b"\0\0\x08\x02" + content, b"\x1f\x8b" + content):
        path.write_bytes(stored)
        with suppress(DataError):
            assert idx_bytes(read_idx(path)) == stored


@files
@given(ARRAYS, st.data())
def test_any_flipped_byte_of_a_gzip_file_is_noticed(
    tmp_path: Path, array: np.ndarray, data: st.DataObject
) -> None:
    """Or was one of the header, such as its time stamp, that says nothing of the content."""
    stored = bytearray(gzip.compress(idx_bytes(array), 1))
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "flipped"
    path.write_bytes(stored)
    with suppress(DataError):
        np.testing.assert_array_equal(read_idx(path), array)


def header(*sizes: int) -> bytes:
    return bytes([0, 0, 8, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)


MALFORMED = {
    "empty": (b"", "not an IDX file"),
    "text": (b"label,pixel0,pixel1\n5,0,0\n", "not an IDX file"),
    "wrong magic number": (b"\x89PNG\r\n\x1a\n", "not an IDX file"),
    "floats": (bytes([0, 0, 0x0D, 1]) + bytes(4), "element type 0x0d"),
    "no dimensions": (bytes([0, 0, 8, 0]), "0 dimensions"),
    "header cut short": (bytes([0, 0, 8, 3, 0, 0]), "cut short"),
    "too short": (header(3) + b"ab", "promises 11"),
    "too long": (header(3) + b"abcd", "more than the 11"),
    "4 billion images": (header(2**32 - 1, 28, 28), "more than"),
    "product beyond 64 bits": (header(*[2**32 - 1] * 4), "more than"),
    "255 dimensions": (bytes([0, 0, 8, 255]) + b"\xff" * 1020, "more than"),
    "gzip of nothing": (gzip.compress(b""), "not an IDX file"),
    "gzip of text": (gzip.compress(b"hello"), "not an IDX file"),
    "gzip, too short": (gzip.compress(header(3) + b"ab"), "promises 11|of 11"),
    "gzip, too long": (gzip.compress(header(3) + b"abcd"), "more than the 11"),
    "gzip of 4 billion images": (gzip.compress(header(2**32 - 1, 28, 28)), "more than"),
    "gzip cut short": (gzip.compress(header(9) + b"123456789")[:-9], "cut short"),
    "gzip, wrong checksum": (gzip.compress(header(1) + b"1")[:-8] + bytes(8), "damaged gzip"),
    "gzip magic only": (b"\x1f\x8b", "cut short|not an IDX file"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_files_are_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    content, reason = MALFORMED[name]
    path = tmp_path / "file"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=reason) as caught:
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """200 MB of zeros behind a header that promises three bytes."""
    path = tmp_path / "bomb"
    with gzip.open(path, "wb") as file:
        file.write(header(3))
        for _ in range(200):
            file.write(bytes(1_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="more than the 11 bytes"):
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(DataError, match=str(path)):
            read_idx(path)


def test_embedded_mnist(mnist: Dataset) -> None:
    assert mnist.name == "MNIST"
    assert (len(mnist.train), len(mnist.test)) == (60_000, 10_000)
    assert mnist.train.images.shape == (60_000, 784)
    assert mnist.train.images.dtype == mnist.train.labels.dtype == np.uint8
    assert mnist.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    digests = "".join(IDX_FILES.values())
    assert mnist.sha256 == hashlib.sha256(digests.encode()).hexdigest()


def write_folder(folder: Path, **changed: np.ndarray | bytes) -> Path:
    """Four small files; keywords replace train_images, train_labels, test_images or test_labels."""
    images, labels = np.zeros((20, 28, 28), np.uint8), np.arange(20, dtype=np.uint8) % 10
    images[:, 0, 0] = np.arange(20)
    content: dict[str, np.ndarray | bytes] = {
        "train_images": images,
        "train_labels": labels,
        "test_images": images[:10],
        "test_labels": labels[:10],
    } | changed
    for name, part in zip(IDX_FILES, content.values(), strict=True):
        (folder / name).write_bytes(part if isinstance(part, bytes) else idx_bytes(part))
    return folder


def test_a_folder_of_plain_files(tmp_path: Path) -> None:
    folder = tmp_path / "fashion"
    folder.mkdir()
    dataset = load_dataset(str(write_folder(folder)))
    assert dataset.name == "fashion"
    assert dataset.train.images[:, 0].tolist() == list(range(20))
    assert dataset.test.labels.tolist() == list(range(10))


def test_packing_changes_nothing(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.mkdir()
    packed.mkdir()
    write_folder(plain)
    for path in plain.iterdir():
        (packed / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    one, other = load_dataset(str(plain)), load_dataset(str(packed))
    assert one.sha256 == other.sha256
    np.testing.assert_array_equal(one.train.images, other.train.images)


IMAGES, LABELS = np.zeros((20, 28, 28), np.uint8), np.zeros(20, np.uint8)
MISFITS: dict[str, tuple[dict[str, np.ndarray | bytes], str]] = {
    "other image size": ({"train_images": np.zeros((20, 32, 32), np.uint8)}, "28x28"),
    "flat images": ({"test_images": np.zeros((10, 784), np.uint8)}, "28x28"),
    "labels in place of images": ({"train_images": LABELS}, "28x28"),
    "images in place of labels": ({"train_labels": IMAGES}, "3 dimensions"),
    "one label too few": ({"train_labels": LABELS[:19]}, "19 labels for the 20 images"),
    "a label of 200": (
        {"train_labels": np.where(np.arange(20) == 7, 200, LABELS).astype(np.uint8)},
        "label 7 is 200",
    ),
    "a label of 10": ({"test_labels": np.full(10, 10, np.uint8)}, "label 0 is 10"),
    "no images": ({"test_images": IMAGES[:0], "test_labels": LABELS[:0]}, "no images"),
    "a text file": ({"train_images": b"not images"}, "not an IDX file"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, name: str) -> None:
    changed, reason = MISFITS[name]
    with pytest.raises(DataError, match=reason):
        load_dataset(str(write_folder(tmp_path, **changed)))


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        load_dataset(str(tmp_path / "absent"))
    with pytest.raises(DataError, match="train-images-idx3-ubyte: no such file"):
        load_dataset(str(tmp_path))
    write_folder(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte: no such file"):
        load_dataset(str(tmp_path))


def test_a_damaged_installation_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other labels of the right form, in the place of the embedded ones."""
    for name in IDX_FILES:
        shutil.copy(EMBEDDED / f"{name}.gz", tmp_path)
    packed = tmp_path / "t10k-labels-idx1-ubyte.gz"
    labels = bytearray(gzip.decompress(packed.read_bytes()))
    labels[-1] = (labels[-1] + 1) % 10
    packed.write_bytes(gzip.compress(labels))
    monkeypatch.setattr("nn.data.dataset.EMBEDDED", tmp_path)
    with pytest.raises(DataError, match="SHA-256"):
        load_dataset()
