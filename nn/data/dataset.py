"""Datasets: the embedded MNIST, or the images of a folder or file, and splits.

Images stay the bytes that they are on disk (47 MB, against 188 MB as float32); each batch is
converted to floating point when it is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.data.classes import (
    NAMES_FILE,
    Listed,
    check_range,
    data_spec,
    known_dataset,
    listed_classes,
    numbered,
    read_names,
)
from nn.data.idx import read_idx
from nn.data.layouts import Found, ReadPictures, find_data
from nn.data.samples import Samples
from nn.errors import ConfigError, DataError
from nn.spec import MNIST, DataSpec

# The names of the four files, each with the SHA-256 of the unpacked embedded file.
IDX_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
EMBEDDED = Path(__file__).parent / "mnist"
TEST_SHARE = 1 / 6  # of the images of each class, where there are none for testing


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
    return _assembled(find_data(_expanded(data_dir), read_pictures))


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
    return Dataset(train, test, "MNIST", _joined(digests))


def _joined(digests: Sequence[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _expanded(data_dir: str) -> Path:
    try:
        return Path(data_dir).expanduser()
    except RuntimeError as error:
        reason = "the home that ~ stands for is not known; give the whole path"
        raise DataError(f"data folder {data_dir}: {reason}") from error


def _assembled(found: Found) -> Dataset:
    """The dataset of what was found: its classes by name, and a test split in any case."""
    train, test = found.train, found.test
    shape = train.images.shape[1:]
    if test is not None and test.images.shape[1:] != shape:
        sizes = [f"{s.images.shape[2]}x{s.images.shape[1]}" for s in (train, test)]
        raise DataError(f"{test.where}: images of {sizes[1]} pixels, those for training {sizes[0]}")
    known = known_dataset(found.words)
    remarks = [*found.remarks]
    labels, listed = [part.labels for part in (train, test) if part is not None], _listed(found)
    for part in (train, test):
        if part is not None and listed is None:
            check_range(part.labels, part.where)
    try:
        classes = listed_classes(np.concatenate(labels), listed, known)
    except DataError as error:
        raise DataError(f"{train.where}: {error}") from error
    spec = data_spec(shape, classes, train.where)
    kind = found.kind
    if known is not None and (known.transposed or classes is known.listed):
        kind = f"{known.title} ({found.kind})"
    if known is not None and known.transposed:
        spec = DataSpec(spec.columns, spec.rows, spec.names)
        remarks.insert(0, "rows and columns exchanged, since EMNIST stores its images lying")
    parts = [
        _split(part, classes, spec, transposed=known is not None and known.transposed)
        for part in (train, test)
        if part is not None
    ]
    if len(parts) == 2:
        learned, tested = parts
    else:
        learned, tested = _made_test(parts[0], train.where)
        remarks.append(
            f"no test images: {len(tested):,} of {len(parts[0]):,} images, a share of each"
            " class, are held out for testing"
        )
    what = f"recognized {kind}: {spec.size} pixels, {spec.classes} classes"
    if spec.has_names:
        what += f" ({', '.join(spec.names[:3])}{', ...' if spec.classes > 3 else ''})"
    sha256 = _digest(found, learned, tested, transposed=known is not None and known.transposed)
    return Dataset(learned, tested, found.name, sha256, "; ".join([what, *remarks]))


def _listed(found: Found) -> Listed | None:
    """The classes in the file of names, if there is one, or those that folders are named after."""
    files = [folder / NAMES_FILE for folder in found.folders]
    path = next((file for file in files if file.is_file()), None)
    if path is None:
        return found.listed
    listed = read_names(path)
    folders = found.listed
    if folders is None:
        return listed
    if set(listed.names) != set(folders.names):
        other = sorted(set(listed.names) ^ set(folders.names))[0]
        where = "does not name the folder" if other in folders.names else "there is no folder"
        raise DataError(f"{path}: {where} {other}; it has to name the {len(folders.names)} folders")
    return listed


def _split(samples: Samples, classes: Listed, spec: DataSpec, *, transposed: bool) -> Split:
    images = samples.images
    if transposed:
        images = images.transpose(0, 2, 1)
    flat = np.ascontiguousarray(images).reshape(len(images), spec.pixels)
    return Split(flat, numbered(samples.labels, classes), spec)


def _made_test(split: Split, where: str) -> tuple[Split, Split]:
    """A training and a test split of images that are in one piece; always the same ones."""
    try:
        kept, held_out = stratified_split(
            split.labels, TEST_SHARE, rng=np.random.default_rng(0), least=1
        )
    except ConfigError as error:
        raise DataError(
            f"{where}: {len(split)} images are too few to hold some out for testing"
        ) from error
    return split[kept], split[held_out]


def _digest(found: Found, train: Split, test: Split, *, transposed: bool) -> str:
    """That of the four files for IDX files; of all images and labels for everything else."""
    if found.digests:
        return _joined([*found.digests, *(["transposed"] if transposed else [])])
    sha256 = hashlib.sha256()
    for split in (train, test):
        sha256.update(repr(split.images.shape).encode())
        sha256.update(split.images.data)
        sha256.update(split.labels.data)
    return sha256.hexdigest()


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
