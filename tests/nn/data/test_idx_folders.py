"""Folders of four IDX files: the embedded MNIST, others like it, and what is refused."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nn.data.dataset import EMBEDDED, IDX_FILES, Dataset, load_dataset
from nn.errors import DataError
from tests.support.tiny_data import idx_bytes


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
    "other image size": ({"train_images": np.zeros((20, 20, 32), np.uint8)}, "28x28 .* 32x20"),
    "flat images": ({"test_images": np.zeros((10, 784), np.uint8)}, r"\(10, 784\), expected"),
    "labels in place of images": ({"train_images": LABELS}, r"\(20,\), expected"),
    "images in place of labels": ({"train_labels": IMAGES}, "3 dimensions"),
    "one label too few": ({"train_labels": LABELS[:19]}, "19 labels for the 20 images"),
    "a label of 200": (
        {"train_labels": np.where(np.arange(20) == 7, 200, LABELS).astype(np.uint8)},
        "label 7 is 200",
    ),
    "a label of 10": ({"train_labels": LABELS, "test_labels": np.full(10, 10, np.uint8)}, "skip 1"),
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
    with pytest.raises(DataError, match="the folder is empty; expected IDX files"):
        load_dataset(str(tmp_path))
    write_folder(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").rename(tmp_path / "aside")
    with pytest.raises(DataError, match="train-images-idx3-ubyte: no such file"):
        load_dataset(str(tmp_path))
    (tmp_path / "aside").rename(tmp_path / "train-images-idx3-ubyte")
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte: no such file"):
        load_dataset(str(tmp_path))


def test_packed_folders_are_to_be_unpacked(tmp_path: Path) -> None:
    packed = tmp_path / "mnist.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("train-images-idx3-ubyte", idx_bytes(np.zeros((0, 28, 28), np.uint8)))
    with pytest.raises(DataError, match=r"mnist\.zip: a zip archive without arrays; unpack it"):
        load_dataset(str(packed))
    packed = tmp_path / "mnist.tar.gz"
    packed.write_bytes(gzip.compress(bytes(1024)))
    with pytest.raises(DataError, match=r"mnist\.tar\.gz: packed by tar; unpack it, and name"):
        load_dataset(str(packed))


def test_a_folder_that_is_none_is_named_with_what_it_should_be(tmp_path: Path) -> None:
    """A path too long and a home that nobody has ended in an internal error."""
    file = tmp_path / "mnist.npz"
    file.write_bytes(b"PK")
    with pytest.raises(
        DataError, match=r"mnist\.npz: nothing that is known; .*train-images-idx3-ubyte"
    ):
        load_dataset(str(file))
    with pytest.raises(DataError, match="is a file, where a folder is wanted"):
        load_dataset(str(file / "inside"))
    with pytest.raises(DataError, match=r"File name too long|no such folder"):
        load_dataset("x" * 5000)
    with pytest.raises(DataError, match="~no-such-user/mnist: the home that ~ stands for is not"):
        load_dataset("~no-such-user/mnist")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    write_folder(tmp_path)
    pipe = tmp_path / "t10k-images-idx3-ubyte"
    pipe.unlink()
    os.mkfifo(pipe)
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte: not a regular file"):
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
