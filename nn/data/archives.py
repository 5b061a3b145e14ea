"""Labelled images in NumPy archives, such as Keras's `mnist.npz`. No pickle is ever loaded."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.data.samples import MAX_BYTES, Samples, as_samples
from nn.errors import DataError

# The names of images and labels, for training and for testing, as published archives have them.
_TRAIN = (("x_train", "y_train"), ("train_images", "train_labels"), ("train_x", "train_y"))
_TEST = (("x_test", "y_test"), ("test_images", "test_labels"), ("test_x", "test_y"))
_ALL = (("x", "y"), ("images", "labels"), ("data", "target"), ("data", "labels"))
ARCHIVE_NAMES = "x_train, y_train, x_test and y_test"


def read_archive(path: Path) -> tuple[Samples, Samples | None]:
    """The training images of an archive, and its test images, if it has any.

    Raises `DataError`. Sizes are checked before memory is taken.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(path, archive)
    except (DataError, MemoryError):
        raise
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    except Exception as error:  # zipfile and NumPy raise a dozen kinds for damaged data
        raise DataError(f"{path}: damaged, or not an .npz file: {error}") from error


def _read(path: Path, archive: zipfile.ZipFile) -> tuple[Samples, Samples | None]:
    members = {
        info.filename.removesuffix(".npy").lower(): info
        for info in archive.infolist()
        if info.filename.endswith(".npy")
    }
    if sum(info.file_size for info in archive.infolist()) > 8 * MAX_BYTES:
        raise DataError(f"{path}: unpacks to more than the {8 * MAX_BYTES:,} bytes allowed")
    train = _part(path, archive, members, _TRAIN)
    if train is not None:
        return train, _part(path, archive, members, _TEST)
    whole = _part(path, archive, members, _ALL)
    if whole is None:
        names = (name if name.isprintable() else ascii(name) for name in sorted(members)[:6])
        held = ", ".join(names) or "no arrays"
        raise DataError(
            f"{path}: holds {held[:200]}; expected {ARCHIVE_NAMES}, or x and y, as np.savez writes"
        )
    return whole, None


def _part(
    path: Path,
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    names: tuple[tuple[str, str], ...],
) -> Samples | None:
    for images, labels in names:
        if images in members and labels in members:
            x, y = (_array(path, archive, members[name]) for name in (images, labels))
            return as_samples(x, y, f"{path}, {images} and {labels}")
    return None


def _array(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(stream)
        if dtype.hasobject:
            raise DataError(
                f"{path}: {member.filename} holds Python objects, a pickle, which is not loaded"
                " because that would execute it; save plain arrays of numbers"
            )
        if math.prod(shape) * dtype.itemsize != member.file_size - stream.tell():
            raise ValueError(f"{member.filename}: shape {shape} does not fit its bytes")
    with archive.open(member) as stream:
        array: Array = np.lib.format.read_array(stream, allow_pickle=False)
    return array
