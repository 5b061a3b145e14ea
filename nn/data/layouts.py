"""What a file or folder of images holds, recognized by its content, and read.

Folders may hold IDX files, CSV files, a NumPy archive, or a folder of pictures for each class; any
of these may lie one or two folders deeper, as torchvision and unpacked archives have it.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from nn.data.archives import (
    ARCHIVE_NAMES,
    ArchiveSet,
    archive_sets,
    read_archive,
    read_archive_set,
)
from nn.data.files import (
    TEST_NAMES,
    TRAIN_NAMES,
    ZIP,
    files_of,
    name_of,
    packed_by,
    starts_with,
    subfolders_of,
)
from nn.data.idx_sets import IdxSet, idx_sets, read_idx_set, set_named
from nn.data.picture_folders import ReadPictures, class_folders, read_class_folders
from nn.data.samples import Found
from nn.data.tables import has_labels, is_table, read_table
from nn.errors import DataError, reason_of

KINDS = (
    "IDX files (train-images-idx3-ubyte and so on, plain or .gz), CSV (a label and pixels in each"
    f" line), .npz ({ARCHIVE_NAMES}), or a folder of pictures for each class"
)


def why_missing(path: Path) -> str | None:
    """The reason why a path names no data at all, None where it may; nothing is read."""
    try:
        _named(path)
    except DataError as error:
        return str(error)
    return None


def find_data(path: Path, read_pictures: ReadPictures | None) -> Found:
    """Recognize and read what a path names; raises `DataError`."""
    named = _named(path)
    if isinstance(named, IdxSet):
        return read_idx_set(named)
    if stat.S_ISDIR(named):
        return _read_folder(path, read_pictures)
    if not stat.S_ISREG(named):
        raise DataError(f"data folder {path}: neither a folder nor a regular file")
    return _read_file(path)


def _named(path: Path) -> int | IdxSet:
    """The mode of what is there, or the IDX files whose names begin so; raises `DataError`."""
    try:
        return path.stat().st_mode
    except FileNotFoundError as error:
        if (group := set_named(path)) is not None:
            return group
        raise DataError(f"data folder {path}: no such folder or file") from error
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else error
        raise DataError(f"data folder {path}: {reason}") from error


def _read_file(path: Path) -> Found:
    if starts_with(path, ZIP):
        for of_set in archive_sets(files_of(path.parent)):
            if path in of_set.files.values():
                return _read_archive_set(of_set)
        return _read_archive(path)
    for group in idx_sets(path.parent):
        if path in group.files.values():
            return read_idx_set(group)
    if is_table(path):
        return _read_tables(path, [path, *_partner(path)])
    if path.name.lower().endswith((".csv", ".csv.gz")):
        return _read_tables(path, [path])  # which names what is wrong with it
    if kind := packed_by(path):
        raise DataError(f"{path}: packed by {kind}; unpack it, and name the folder or file")
    raise DataError(f"{path}: nothing that is known; expected {KINDS}")


def _read_folder(folder: Path, read_pictures: ReadPictures | None) -> Found:
    for candidate in _candidates(folder):
        readers = _readers(candidate, read_pictures)
        if readers:
            if len(readers) > 1:
                shown = ", ".join(sorted(readers)[:6])
                first = sorted(readers)[0]
                raise DataError(
                    f"{candidate[0]}: holds several datasets: {shown}; name one, such as"
                    f" --data-dir={first}"
                )
            ((_, read),) = readers.items()
            return read()
    if not any(folder.iterdir()):
        raise DataError(f"{folder}: the folder is empty; expected {KINDS}")
    raise DataError(f"{folder}: holds no images that are known; expected {KINDS}")


def _candidates(folder: Path) -> Iterator[list[Path]]:
    """The folder, then those in it, then those two folders deeper."""
    level = [folder]
    for _ in range(3):
        yield level
        level = [each for parent in level for each in subfolders_of(parent)][:200]


def _readers(
    folders: list[Path], read_pictures: ReadPictures | None
) -> dict[str, Callable[[], Found]]:
    """How to read each dataset that lies in these folders, by the path that names it."""
    readers: dict[str, Callable[[], Found]] = {}
    for folder in folders:
        groups = idx_sets(folder)
        for group in groups:
            name = str(folder if len(groups) == 1 else folder / group.set)
            readers[name] = partial(read_idx_set, group)
        if groups:
            continue
        files = files_of(folder)
        archives = [file for file in files if starts_with(file, ZIP)]
        tables = [file for file in files if file not in archives and _may_be_table(file)]
        if archives:
            sets = archive_sets(archives)
            for of_set in sets:
                first = max(of_set.files.items())[1]  # of training before testing
                alone = len(archives) == len(of_set.files)
                readers[str(folder if alone else first)] = partial(_read_archive_set, of_set)
            for file in archives:
                if not any(file in of_set.files.values() for of_set in sets):
                    name = str(folder if len(archives) == 1 else file)
                    readers[name] = partial(_read_archive, file)
        elif tables:
            for group_of in _table_groups(tables):
                name = str(folder if len(group_of) == len(tables) else group_of[0])
                readers[name] = partial(_read_tables, folder, group_of)
        elif class_folders(folder):
            readers[str(folder)] = partial(read_class_folders, folder, read_pictures)
    return readers


# Archives and tables


def _read_archive(path: Path) -> Found:
    train, test = read_archive(path)
    words = f"{name_of(path.parent)} {path.name}"
    return Found("NumPy archive", path.stem, train, test, words, folders=(path.parent,))


def _read_archive_set(group: ArchiveSet) -> Found:
    train, test = read_archive_set(group)
    folder = next(iter(group.files.values())).parent
    words = f"{name_of(folder)} {group.set}-"
    name = group.set or name_of(folder)
    return Found("NumPy archives", name, train, test, words, folders=(folder,))


def _may_be_table(path: Path) -> bool:
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return True
    return name.endswith((".tsv", ".tsv.gz", ".txt")) and is_table(path)


def _part_of(path: Path) -> str:
    """Whether a file's name says that it is for training or for testing; "" for neither."""
    words = re.split(r"[^a-z0-9]+", path.name.lower())
    if any(word in TRAIN_NAMES for word in words):
        return "train"
    return "test" if any(word in TEST_NAMES for word in words) else ""


def _partner(path: Path) -> list[Path]:
    """The file of test images beside one of training images."""
    if _part_of(path) != "train":
        return []
    return [
        each
        for each in files_of(path.parent)
        if _part_of(each) == "test" and _stem(each) == _stem(path) and is_table(each)
    ]


def _stem(path: Path) -> str:
    """A file's name without what tells training from testing."""
    words = re.split(r"[^a-z0-9]+", re.sub(r"\.(csv|tsv|txt|gz)", "", path.name.lower()))
    return "-".join(word for word in words if word not in (*TRAIN_NAMES, *TEST_NAMES))


def _table_groups(tables: list[Path]) -> list[list[Path]]:
    """Files of training images, each with that of its test images; or else every file alone."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(tables, key=lambda each: (_part_of(each) == "test", each)):
        groups.setdefault(_stem(path), []).append(path)
    return [*groups.values()]


def _read_tables(at: Path, files: list[Path]) -> Found:
    train_files = [path for path in files if _part_of(path) != "test"] or files
    test_files = [path for path in files if path not in train_files]
    if len(train_files) > 1:
        raise DataError(
            f"{at}: {train_files[0].name} and {train_files[1].name} may both be the training"
            f" images; name one, such as --data-dir={train_files[0]}"
        )
    train, test, remarks = read_table(train_files[0]), None, []
    if test_files:
        if has_labels(test_files[0]):
            test = read_table(test_files[0])
        else:
            remarks.append(f"{test_files[0].name} has no labels and is left out")
    name = _stem(train_files[0]) or name_of(train_files[0].parent)
    words = f"{name_of(train_files[0].parent)} {train_files[0].name}"
    folders = (train_files[0].parent,)
    return Found("CSV", name, train, test, words, remarks=tuple(remarks), folders=folders)
