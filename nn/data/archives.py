"""Labelled images in NumPy archives, such as Keras's `mnist.npz`. No pickle is ever loaded."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from nn.arrays import Array
from nn.data.samples import MAX_BYTES, Samples, as_samples
from nn.errors import DataError, reason_of

# The names of images and labels, for training and for testing, as published archives have them.
_TRAIN = (("x_train", "y_train"), ("train_images", "train_labels"), ("train_x", "train_y"))
_TEST = (("x_test", "y_test"), ("test_images", "test_labels"), ("test_x", "test_y"))
_ALL = (("x", "y"), ("images", "labels"), ("data", "target"), ("data", "labels"))
ARCHIVE_NAMES = "x_train, y_train, x_test and y_test"
_FILE_NAME = re.compile(
    r"(?P<set>.*?)[-_.]?(?P<split>train|test)[-_.](?P<what>images|imgs|labels)\.npz"
)

_Read = TypeVar("_Read")


@dataclass(frozen=True)
class ArchiveSet:
    """Archives of one array each, as KMNIST's `kmnist-train-imgs.npz` and `kmnist-train-labels.npz`
    are. `set` is what their names begin with; `files` are by split and by what they hold.
    """

    set: str
    files: dict[tuple[str, str], Path]


def archive_sets(paths: Iterable[Path]) -> list[ArchiveSet]:
    """The datasets whose images and labels are archives of their own, by the names of the files."""
    groups: dict[str, dict[tuple[str, str], Path]] = {}
    for path in paths:
        if found := _FILE_NAME.fullmatch(path.name.lower()):
            what = "labels" if found["what"] == "labels" else "images"
            groups.setdefault(found["set"], {})[found["split"], what] = path
    return [ArchiveSet(name, files) for name, files in sorted(groups.items())]


def read_archive_set(group: ArchiveSet) -> tuple[Samples, Samples | None]:
    """The training images of such files, and the test images, if there are any.

    Raises `DataError`, also where images have no file of labels or the reverse.
    """
    train = _set_part(group, "train")
    has_test = any(split == "test" for split, _ in group.files)
    return train, _set_part(group, "test") if has_test else None


def _set_part(group: ArchiveSet, split: str) -> Samples:
    images, labels = (group.files.get((split, what)) for what in ("images", "labels"))
    if images is None or labels is None:
        beside = next(iter(group.files.values()))
        missing = "images" if images is None else "labels"
        raise DataError(f"{beside}: there is no file of the {split}ing {missing} beside it")
    x, y = (_opened(path, _only_array) for path in (images, labels))
    return as_samples(x, y, f"{images} and {labels.name}")


def read_archive(path: Path) -> tuple[Samples, Samples | None]:
    """The training images of an archive, and its test images, if it has any.

    Raises `DataError`. Sizes are checked before memory is taken.
    """
    return _opened(path, _read)


def _opened(path: Path, read: Callable[[Path, zipfile.ZipFile], _Read]) -> _Read:
    """What is read from an archive; raises `DataError` where it is damaged or too large."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > 8 * MAX_BYTES:
                raise DataError(f"{path}: unpacks to more than the {8 * MAX_BYTES:,} bytes allowed")
            return read(path, archive)
    except (DataError, MemoryError):
        raise
    except OSError as error:
        raise DataError(f"{path}: {reason_of(error)}") from error
    except Exception as error:  # zipfile and NumPy raise a dozen kinds for damaged data
        raise DataError(f"{path}: damaged, or not an .npz file: {error}") from error


def _read(path: Path, archive: zipfile.ZipFile) -> tuple[Samples, Samples | None]:
    members = _members(archive)
    train = _part(path, archive, members, _TRAIN)
    if train is not None:
        return train, _part(path, archive, members, _TEST)
    whole = _part(path, archive, members, _ALL)
    if whole is None:
        if not members and archive.namelist():
            raise DataError(f"{path}: a zip archive without arrays; unpack it, and name its folder")
        names = (name if name.isprintable() else ascii(name) for name in sorted(members)[:6])
        held = ", ".join(names) or "no arrays"
        raise DataError(
            f"{path}: holds {held[:200]}; expected {ARCHIVE_NAMES}, or x and y, as np.savez writes"
        )
    return whole, None


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    return {
        info.filename.removesuffix(".npy").lower(): info
        for info in archive.infolist()
        if info.filename.endswith(".npy")
    }


def _only_array(path: Path, archive: zipfile.ZipFile) -> Array:
    members = _members(archive)
    if len(members) != 1:
        raise DataError(f"{path}: holds {len(members)} arrays, expected one")
    return _array(path, archive, *members.values())


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
