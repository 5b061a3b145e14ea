"""MNIST: the embedded images, other folders with the four files, and splits.

Images stay the bytes they are on disk (47 MB, against 188 MB as float32) and become floating point a
batch at a time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.data.idx import read_hashed
from nn.errors import ConfigError, DataError

ROWS = COLUMNS = 28
PIXELS = ROWS * COLUMNS
CLASSES = 10

# Names, and SHA-256 of the unpacked embedded files.
IDX_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
EMBEDDED = Path(__file__).parent / "mnist"


@dataclass(frozen=True, slots=True)
class Split:
    """Images, uint8 of shape (n, 784), and their labels, uint8 of shape (n,)."""

    images: Array
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | Array) -> Split:
        return Split(self.images[index], self.labels[index])


@dataclass(frozen=True, slots=True)
class Dataset:
    """A training and a test split; `sha256` is that of the four unpacked files' digests in order."""

    train: Split
    test: Split
    name: str
    sha256: str


def load_dataset(data_dir: str = "") -> Dataset:
    """The embedded MNIST, or the four standard files of a folder, plain or gzip.

    Raises `DataError` for a file that is missing or damaged, or whose content does not fit the others.
    """
    folder = Path(data_dir).expanduser() if data_dir else EMBEDDED
    if not folder.is_dir():
        raise DataError(f"data folder {folder}: no such folder")
    paths = [_find(folder, name) for name in IDX_FILES]
    files = [read_hashed(path) for path in paths]
    digests = [digest for _, digest in files]
    if folder == EMBEDDED:
        for path, digest, expected in zip(paths, digests, IDX_FILES.values(), strict=True):
            if digest != expected:
                raise DataError(
                    f"{path}: SHA-256 is {digest}, expected {expected}; reinstall mnist-tui"
                )
    arrays = [array for array, _ in files]
    train = _split(arrays[0], arrays[1], paths[0], paths[1])
    test = _split(arrays[2], arrays[3], paths[2], paths[3])
    name = "MNIST" if folder == EMBEDDED else folder.resolve().name
    return Dataset(train, test, name, hashlib.sha256("".join(digests).encode()).hexdigest())


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise DataError(
        f"{folder / name}: no such file, plain or .gz; a data folder holds {', '.join(IDX_FILES)}"
    )


def _split(images: Array, labels: Array, images_path: Path, labels_path: Path) -> Split:
    if images.ndim != 3 or images.shape[1:] != (ROWS, COLUMNS):
        raise DataError(
            f"{images_path}: shape {images.shape}, expected images of {ROWS}x{COLUMNS} pixels"
        )
    if labels.ndim != 1:
        raise DataError(f"{labels_path}: {labels.ndim} dimensions, expected one label an image")
    if len(images) != len(labels):
        raise DataError(
            f"{labels_path}: {len(labels):,} labels for the {len(images):,} images of {images_path.name}"
        )
    if len(images) == 0:
        raise DataError(f"{images_path}: holds no images")
    if labels.max() >= CLASSES:
        at = int(np.argmax(labels >= CLASSES))
        raise DataError(f"{labels_path}: label {at} is {labels[at]}, expected 0 to {CLASSES - 1}")
    return Split(images.reshape(len(images), PIXELS), labels)


def stratified_split(
    labels: Array, fraction: float, *, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Sorted indices of (training, validation), `fraction` of each class going to validation.

    Raises `ConfigError` where that leaves either side empty.
    """
    chosen = []
    for label in range(CLASSES):
        members = rng.permutation(np.flatnonzero(labels == label))
        chosen.append(members[: round(fraction * len(members))])
    held_out = np.zeros(len(labels), bool)
    held_out[np.concatenate(chosen)] = True
    if held_out.all() or not held_out.any():
        rule = (
            f"leaves no {'training' if held_out.all() else 'validation'} images of {len(labels):,}"
        )
        raise ConfigError(
            f"validation={fraction}: {rule}; take another fraction", field="validation"
        )
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
