"""Files and folders of a dataset."""

from __future__ import annotations

from pathlib import Path

from nn.data.classes import NAMES_FILE
from nn.errors import DataError


def name_of(folder: Path) -> str:
    """The name of a folder, or of the one that it is `raw` or `processed` in."""
    folder = folder.resolve()
    return folder.parent.name if folder.name in ("raw", "processed") else folder.name


def entries_of(folder: Path) -> list[Path]:
    """What is in a folder, hidden entries left out; raises `DataError`."""
    try:
        return [each for each in folder.iterdir() if not each.name.startswith((".", "__"))]
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror or error}") from error


def files_of(folder: Path) -> list[Path]:
    """The regular files in a folder but that of names, in their order."""
    return sorted(each for each in entries_of(folder) if each.is_file() and each.name != NAMES_FILE)


def subfolders_of(folder: Path) -> list[Path]:
    """The folders in a folder, in their order."""
    return sorted(each for each in entries_of(folder) if each.is_dir())


def packed_by(path: Path) -> str | None:
    """The program that has packed a file, None if it is none that is known; gzip is read."""
    kinds = {b"BZh": "bzip2", b"\xfd7zX": "xz", b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7-Zip"}
    if path.name.lower().endswith((".tar.gz", ".tgz", ".tar")):
        return "tar"
    return next((name for start, name in kinds.items() if starts_with(path, start)), None)


def starts_with(path: Path, *starts: bytes) -> bool:
    """Whether the first four bytes of a file begin with one of these."""
    try:
        with path.open("rb") as file:
            return file.read(4).startswith(starts)
    except OSError:
        return False
