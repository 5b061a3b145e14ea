"""Files and folders of a dataset."""

from __future__ import annotations

from pathlib import Path

from nn.data.classes import NAMES_FILE
from nn.errors import DataError, reason_of

TRAIN_NAMES = ("train", "training")
"""What folders and files of training images are called, and below those of test images."""
TEST_NAMES = ("test", "testing", "t10k", "val", "valid")
ZIP = b"PK\x03\x04"
"""The first bytes of a zip archive, such as a file of `numpy.savez`."""


def name_of(folder: Path) -> str:
    """The name of a folder, or of the one that it is `raw` or `processed` in."""
    folder = folder.resolve()
    return folder.parent.name if folder.name in ("raw", "processed") else folder.name


def entries_of(folder: Path) -> list[Path]:
    """What is in a folder, hidden entries left out; raises `DataError`."""
    try:
        return [each for each in folder.iterdir() if not each.name.startswith((".", "__"))]
    except OSError as error:
        raise DataError(f"{folder}: {reason_of(error)}") from error


def files_of(folder: Path) -> list[Path]:
    """The regular files in a folder but that of names, in their order."""
    return sorted(each for each in entries_of(folder) if each.is_file() and each.name != NAMES_FILE)


def subfolders_of(folder: Path) -> list[Path]:
    """The folders in a folder, in their order."""
    return sorted(each for each in entries_of(folder) if each.is_dir())


def packed_by(path: Path) -> str | None:
    """The program that has packed a file, None if it is none that is known; gzip is read."""
    kinds = {b"BZh": "bzip2", b"\xfd7zX": "xz", ZIP: "zip", b"7z\xbc\xaf": "7-Zip"}
    if path.name.lower().endswith((".tar.gz", ".tgz", ".tar")):
        return "tar"
    start = _start(path)
    return next((name for magic, name in kinds.items() if start.startswith(magic)), None)


def starts_with(path: Path, *starts: bytes) -> bool:
    """Whether the first four bytes of a file begin with one of these."""
    return _start(path).startswith(starts)


def _start(path: Path) -> bytes:
    """The first four bytes of a file, none where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(4)
    except OSError:
        return b""
