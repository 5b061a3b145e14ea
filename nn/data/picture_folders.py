"""A folder of pictures for each class, also below one for training and one for testing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.data.classes import Listed
from nn.data.files import TEST_NAMES, TRAIN_NAMES, files_of, name_of, starts_with, subfolders_of
from nn.data.samples import Found, Samples
from nn.errors import DataError

# Reads pictures to one array, uint8 (n, rows, columns), and states what was done to their sizes.
ReadPictures = Callable[[Sequence[Path]], tuple[Array, str]]

_PICTURE_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".pbm",
)  # fmt: skip
_PICTURE_STARTS = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF", b"P5", b"P6", b"P4",
)  # fmt: skip


def class_folders(folder: Path) -> list[Path]:
    """The folders of the classes, one each, that hold pictures; of the training part first."""
    parts = subfolders_of(folder)
    train = [each for each in parts if each.name.lower() in TRAIN_NAMES]
    parts = subfolders_of(train[0]) if train else parts
    return [each for each in parts if _pictures(each)]


def _pictures(folder: Path) -> list[Path]:
    """The pictures in a folder, by their names or their first bytes."""
    return [
        path
        for path in files_of(folder)
        if path.name.lower().endswith(_PICTURE_SUFFIXES) or starts_with(path, *_PICTURE_STARTS)
    ]


def read_class_folders(folder: Path, read_pictures: ReadPictures | None) -> Found:
    """Read them, and those of the testing part where there is one; raises `DataError`."""
    if read_pictures is None:
        raise DataError(f"{folder}: holds pictures, which nn alone does not read")
    train = {each.name: _pictures(each) for each in class_folders(folder)}
    tests = [each for each in subfolders_of(folder) if each.name.lower() in TEST_NAMES]
    has_train = any(each.name.lower() in TRAIN_NAMES for each in subfolders_of(folder))
    test: dict[str, list[Path]] = {}
    remarks: list[str] = []
    if has_train and tests:
        chosen = min(tests, key=lambda each: TEST_NAMES.index(each.name.lower()))
        test = {each.name: _pictures(each) for each in subfolders_of(chosen) if _pictures(each)}
        if not test:
            remarks.append(f"{chosen.name} has no folders of classes and is left out")
        if unknown := sorted(set(test) - set(train)):
            raise DataError(f"{chosen / unknown[0]}: a class without training images")
    names = sorted(train, key=_natural)
    numeric = all(name.isascii() and name.isdecimal() and len(name) < 9 for name in names)
    if numeric and len(set(map(int, names))) == len(names):
        numbers, listed = {name: int(name) for name in names}, None
    else:
        numbers = {name: number for number, name in enumerate(names)}
        listed = Listed.counted(names, str(folder))
    parts = train, test
    order = []
    for part in parts:
        # In no order of classes, so that the first N of them are of all classes.
        pairs = [(name, path) for name in names for path in part.get(name, ())]
        shuffled = np.random.default_rng(0).permutation(len(pairs)).tolist()
        order += [pairs[place] for place in shuffled]
    images, remark = read_pictures([path for _, path in order])
    remarks += [remark] if remark else []
    labels = np.array([numbers[name] for name, _ in order], np.int64)
    n = sum(map(len, train.values()))
    return Found(
        "pictures in a folder for each class",
        name_of(folder),
        Samples(images[:n], labels[:n], str(folder)),
        Samples(images[n:], labels[n:], str(folder)) if test else None,
        name_of(folder),
        listed,
        tuple(remarks),
        folders=(folder,),
    )


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key in which class10 comes after class9."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [(int(part[-18:]), "") if part.isdecimal() else (-1, part) for part in parts]
