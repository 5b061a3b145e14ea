"""IDX files that belong together: images and labels, for training and for testing."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from nn.data.files import entries_of, files_of, name_of
from nn.data.idx import read_idx
from nn.data.samples import Found, Samples
from nn.errors import DataError

_GZIP = b"\x1f\x8b"
_IDX_NAME = re.compile(
    r"(?P<set>.*?)(?P<split>train|t10k|test)(?P<between>[^a-z]*)(?P<what>images|imgs|labels)(?P<end>.*)"
)


@dataclass(frozen=True)
class IdxSet:
    """The IDX files of one dataset; `set` is what their names begin with, such as `emnist-digits`.

    `files` are by split and by what they hold.
    """

    folder: Path
    set: str
    files: dict[tuple[str, str], Path]


def set_named(path: Path) -> IdxSet | None:
    """The IDX files whose names begin as the path does, None without any."""
    sets = idx_sets(path.parent) if path.parent.is_dir() else []
    return next((each for each in sets if each.set == path.name.lower().rstrip("-_.")), None)


def idx_sets(folder: Path) -> list[IdxSet]:
    """The datasets of the IDX files in a folder, by the beginnings of their names."""
    groups: dict[str, dict[tuple[str, str], Path]] = {}
    for path in sorted(entries_of(folder), reverse=True):  # plain files after packed ones win
        name = path.name.lower()
        found = _IDX_NAME.fullmatch(name.removesuffix(".gz"))
        if found is None or name.endswith(".npz"):
            continue
        if path.is_dir():  # some archives unpack to a folder for each file
            inside = [each for each in files_of(path) if _IDX_NAME.search(each.name.lower())]
            if len(inside) != 1:
                continue
            path = inside[0]
        elif "idx" not in name and not _is_idx(path):
            continue
        key = (
            "train" if found["split"] == "train" else "test",
            "labels" if found["what"] == "labels" else "images",
        )
        prefix = found["set"].rstrip("-_.")
        groups.setdefault(prefix, {})
        if key not in groups[prefix] or not name.endswith(".gz"):
            groups[prefix][key] = path
    return [IdxSet(folder, prefix, files) for prefix, files in sorted(groups.items())]


def read_idx_set(group: IdxSet) -> Found:
    """The images and labels of these files; raises `DataError`."""
    files = group.files
    for split, what in (("train", "images"), ("train", "labels")):
        _require(group, split, what)
    if any(split == "test" for split, _ in files):
        for what in ("images", "labels"):
            _require(group, "test", what)
    train, train_digests = _idx_samples(files["train", "images"], files["train", "labels"])
    test: Samples | None = None
    digests: tuple[str, ...] = ()
    if ("test", "images") in files:
        test, test_digests = _idx_samples(files["test", "images"], files["test", "labels"])
        digests = train_digests + test_digests
    name = group.set or name_of(group.folder)
    return Found(
        "IDX files",
        name,
        train,
        test,
        f"{name_of(group.folder)} {group.set}-",
        digests=digests,
        folders=(group.folder,),
    )


def _require(group: IdxSet, split: str, what: str) -> None:
    if (split, what) not in group.files:
        start = f"{group.set}-" if group.set else ""
        part = "train" if split == "train" else "test" if group.set else "t10k"
        number = 3 if what == "images" else 1
        name = f"{start}{part}-{what}-idx{number}-ubyte"
        raise DataError(f"{group.folder / name}: no such file, plain or .gz")


def _idx_samples(images_path: Path, labels_path: Path) -> tuple[Samples, tuple[str, str]]:
    for path in (images_path, labels_path):
        if not path.is_file():
            raise DataError(f"{path}: not a regular file")
    images, images_digest = read_idx(images_path)
    labels, labels_digest = read_idx(labels_path, integers=True)
    if images.ndim != 3 or 0 in images.shape[1:]:
        raise DataError(f"{images_path}: shape {images.shape}, expected (images, rows, columns)")
    if labels.ndim == 2:  # QMNIST: the class, and seven numbers about who wrote it
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise DataError(f"{labels_path}: {labels.ndim} dimensions, expected one label an image")
    if len(images) != len(labels):
        raise DataError(
            f"{labels_path}: {len(labels):,} labels for the {len(images):,} images of"
            f" {images_path.name}"
        )
    if len(images) == 0:
        raise DataError(f"{images_path}: holds no images")
    return Samples(images, labels, str(labels_path)), (images_digest, labels_digest)


def _is_idx(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(4)
        if start[:2] == _GZIP:
            with gzip.open(path, "rb") as file:
                start = file.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(start) == 4 and start[:3] == b"\0\0\x08" and start[3] in (1, 3)
