"""One small data set, written in the layouts in which such sets are published."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.data.dataset import Dataset, load_dataset
from tests.support.tiny_data import idx_bytes

ROWS, COLUMNS, CLASSES = 20, 12, 3


def toy(count: int, classes: int = CLASSES, shape: tuple[int, int] = (ROWS, COLUMNS)) -> Array:
    """Random images (count, rows, columns); the label of image i is i modulo the classes."""
    return np.random.default_rng(count).integers(0, 256, (count, *shape), dtype=np.uint8)


def labels_of(count: int, classes: int = CLASSES) -> Array:
    return (np.arange(count) % classes).astype(np.uint8)


TRAIN, TEST = toy(30), toy(9)


def write_idx(
    folder: Path,
    names: tuple[str, str, str, str] = (
        "train-images.idx3-ubyte",
        "train-labels.idx1-ubyte",
        "t10k-images.idx3-ubyte",
        "t10k-labels.idx1-ubyte",
    ),
    *,
    pack: bool = False,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    arrays = TRAIN, labels_of(30), TEST, labels_of(9)
    for name, array in zip(names, arrays, strict=True):
        content = idx_bytes(array)
        (folder / name).write_bytes(gzip.compress(content) if pack else content)


def table(images: Array, labels: Array, *, header: bool, delimiter: str = ",") -> str:
    rows = np.column_stack([labels, images.reshape(len(images), -1)])
    lines = [delimiter.join(map(str, row)) for row in rows.tolist()]
    if header:
        _, down, across = images.shape
        names = [f"{r}x{c}" for r in range(1, down + 1) for c in range(1, across + 1)]
        lines.insert(0, delimiter.join(["label", *names]))
    return "\n".join(lines) + "\n"


def idx_in_folders(at: Path) -> Path:
    """Some archives unpack to a folder for each file."""
    write_idx(at)
    for path in list(at.iterdir()):
        content = path.read_bytes()
        path.unlink()
        path.mkdir()
        (path / path.name).write_bytes(content)
    return at


def torchvision_root(at: Path) -> Path:
    write_idx(at / "MNIST" / "raw", pack=True)
    write_idx(at / "MNIST" / "raw")
    return at


def one_idx_file(at: Path) -> Path:
    names = ("TRAIN-IMAGES.GZ", "Train-Labels.gz", "t10k-images", "t10k-labels")
    write_idx(at, names, pack=True)
    return at / "Train-Labels.gz"


def prefixed(at: Path) -> Path:
    starts = ("toy-train-images-idx3", "toy-train-labels-idx1", "toy-test-images-idx3")
    write_idx(at, (*(f"{s}-ubyte" for s in starts), "toy-test-labels-idx1-ubyte"), pack=True)
    return at / "toy"


def keras(at: Path) -> Path:
    path = at / "mnist.npz"
    arrays = {"x_train": TRAIN, "y_train": labels_of(30), "x_test": TEST, "y_test": labels_of(9)}
    np.savez_compressed(path, **arrays)
    return path


def keras_in_a_folder(at: Path) -> Path:
    keras(at)
    return at


def an_archive_for_each(at: Path) -> Path:
    for part, images in (("train", TRAIN), ("test", TEST)):
        np.savez_compressed(at / f"toy-{part}-imgs.npz", images)
        np.savez_compressed(at / f"toy-{part}-labels.npz", labels_of(len(images)))
    return at


def one_of_such_archives(at: Path) -> Path:
    return an_archive_for_each(at) / "toy-test-labels.npz"


def fractions_and_one_hot(at: Path) -> Path:
    path = at / "own.npz"
    np.savez(
        path,
        x_train=(TRAIN / 255.0)[..., None],
        y_train=np.eye(CLASSES)[labels_of(30)],
        x_test=(TEST / 255.0).astype(np.float32)[..., None],
        y_test=labels_of(9)[:, None].astype(np.int64),
    )
    return path


def csv_folder(at: Path) -> Path:
    (at / "toy_train.csv").write_text(table(TRAIN, labels_of(30), header=True))
    (at / "toy_test.csv").write_text(table(TEST, labels_of(9), header=True))
    return at


def csv_file_and_its_partner(at: Path) -> Path:
    return csv_folder(at) / "toy_train.csv"


def packed_csv_with_tabs(at: Path) -> Path:
    for part, images in (("train", TRAIN), ("test", TEST)):
        text = table(images, labels_of(len(images)), header=True, delimiter="\t")
        (at / f"{part}.csv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + text.encode()))
    return at


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    each.__name__: each
    for each in (
        idx_in_folders,
        torchvision_root,
        one_idx_file,
        prefixed,
        keras,
        keras_in_a_folder,
        an_archive_for_each,
        one_of_such_archives,
        fractions_and_one_hot,
        csv_folder,
        csv_file_and_its_partner,
        packed_csv_with_tabs,
    )
}


def emnist(folder: Path, split: str, classes: int, first: int) -> Dataset:
    upright = toy(2 * classes, shape=(28, 28))
    labels = labels_of(2 * classes, classes) + first
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("train", "test"):
        lying = idx_bytes(np.ascontiguousarray(upright.transpose(0, 2, 1)))
        start = f"emnist-{split}-{part}"
        (folder / f"{start}-images-idx3-ubyte.gz").write_bytes(gzip.compress(lying))
        content = idx_bytes(labels.astype(np.uint8))
        (folder / f"{start}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(content))
    dataset = load_dataset(str(folder / f"emnist-{split}"))
    np.testing.assert_array_equal(dataset.train.images, upright.reshape(len(upright), -1))
    assert "rows and columns exchanged" in dataset.remark
    return dataset
