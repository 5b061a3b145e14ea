"""Datasets: the embedded MNIST, or the images of a folder or file, and splits.

Images stay the bytes that they are on disk (47 MB, against 188 MB as float32); each batch is
converted to floating point when it is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nn.arrays import Array
from nn.data.idx import read_idx
from nn.errors import ConfigError, DataError
from nn.spec import MNIST, DataSpec

if TYPE_CHECKING:
    from nn.data.picture_folders import ReadPictures

# The names of the four files, each with the SHA-256 of the unpacked embedded file.
IDX_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
EMBEDDED = Path(__file__).parent / "mnist"


@dataclass(frozen=True, slots=True)
class Split:
    """Images, uint8 of shape (n, pixels), and their labels, uint8 of shape (n,).

    A pixel of MNIST is 0 for background to 255 for full ink, rows from the top. What a label stands
    for is in `spec`. An index (slice or array of indices) gives the split of those images.
    """

    images: Array
    labels: Array
    spec: DataSpec = MNIST

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | Array) -> Split:
        return Split(self.images[index], self.labels[index], self.spec)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A training and a test split.

    `sha256` is the SHA-256 of the four hexadecimal SHA-256 digests of the unpacked IDX files,
    joined in the order of `IDX_FILES`, or of the images and labels of other files. `remark` states
    in one line what was recognized; it is empty for the embedded MNIST.
    """

    train: Split
    test: Split
    name: str
    sha256: str
    remark: str = ""

    @property
    def spec(self) -> DataSpec:
        """The size of the images and the names of the classes."""
        return self.train.spec


def load_dataset(data_dir: str = "", read_pictures: ReadPictures | None = None) -> Dataset:
    """The embedded MNIST, or the images of a folder or file, whatever kind it is of.

    What is recognized stands in `nn.data.layouts`. Pictures are read by `read_pictures`, since
    their formats need more than NumPy. Raises `DataError` for what is missing, unreadable or
    damaged, and for files that do not belong together.
    """
    if not data_dir:
        return _embedded()
    # The embedded images need none of it, and start sooner without.
    from nn.data.assembly import assembled

    return assembled(data_dir, read_pictures)


def _embedded() -> Dataset:
    paths = [EMBEDDED / f"{name}.gz" for name in IDX_FILES]
    arrays, digests = zip(*map(read_idx, paths), strict=True)
    for path, digest, expected in zip(paths, digests, IDX_FILES.values(), strict=True):
        if digest != expected:
            raise DataError(
                f"{path}: SHA-256 is {digest}, expected {expected}; reinstall mnist-tui"
            )
    train, test = (
        Split(images.reshape(len(images), MNIST.pixels), labels)
        for images, labels in (arrays[:2], arrays[2:])
    )
    return Dataset(train, test, "MNIST", joined_digest(digests))


def joined_digest(digests: Sequence[str]) -> str:
    """The SHA-256 of several hexadecimal digests."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def stratified_split(
    labels: Array, fraction: float, *, rng: np.random.Generator, least: int = 0
) -> tuple[Array, Array]:
    """Sorted indices of the training and of the validation images, drawn with `rng`.

    Of the n images of each class, round(fraction * n) are held out for validation, and at least
    `least` of those with more. Raises
    `ConfigError` where that leaves either side empty.
    """
    chosen = []
    for label in range(int(labels.max(initial=0)) + 1):
        members = rng.permutation(np.flatnonzero(labels == label))
        held = max(round(fraction * len(members)), least if len(members) > least else 0)
        chosen.append(members[:held])
    held_out = np.zeros(len(labels), bool)
    held_out[np.concatenate(chosen)] = True
    if held_out.all() or not held_out.any():
        empty = "training" if held_out.all() else "validation"
        raise ConfigError(
            f"validation={fraction}: leaves no {empty} images of {len(labels):,};"
            " take another fraction",
            field="validation",
        )
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
