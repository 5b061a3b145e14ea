"""The classes of a dataset: which labels there are, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.errors import DataError, reason_of
from nn.spec import MAX_CLASSES, DataSpec

NAMES_FILE = "labels.txt"
_MAX_BYTES = 2**16  # of a file of names
_LONGEST_NAME = 60
_INDEXED = re.compile(r"([0-9]{1,9})[\s,:;=]+(\S.*)")

_DIGITS = tuple("0123456789")
_CAPITALS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
)  # fmt: skip
_KUZUSHIJI = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
# In the order of `k49_classmap.csv`, which is that of the syllabary.
_KUZUSHIJI_49 = (
    "a", "i", "u", "e", "o", "ka", "ki", "ku", "ke", "ko", "sa", "shi", "su", "se", "so", "ta",
    "chi", "tsu", "te", "to", "na", "ni", "nu", "ne", "no", "ha", "hi", "fu", "he", "ho", "ma",
    "mi", "mu", "me", "mo", "ya", "yu", "yo", "ra", "ri", "ru", "re", "ro", "wa", "wi", "we", "wo",
    "n", "iteration mark",
)  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """Classes by name; class c has the label `labels[c]` in the data's own files."""

    names: tuple[str, ...]
    labels: tuple[int, ...]
    source: str

    @classmethod
    def counted(cls, names: Sequence[str], source: str, *, first: int = 0) -> Listed:
        """Names of the labels from `first` on."""
        return cls(tuple(names), tuple(range(first, first + len(names))), source)


@dataclass(frozen=True)
class Known:
    """A published dataset: its title, what its files are recognized by, and its classes."""

    title: str
    pattern: str
    listed: Listed
    transposed: bool = False


def _emnist(split: str, names: Sequence[str], first: int = 0) -> Known:
    title = f"EMNIST {split}"
    listed = Listed.counted(names, title, first=first)
    return Known(title, rf"(?<![a-z])emnist.*{split}", listed, transposed=True)


_MERGED = (*_DIGITS, *_CAPITALS, *"abdefghnqrt")
# EMNIST (Cohen et al. 2017, arXiv:1702.05373) stores each image with rows and columns exchanged.
# Its letters are numbered from 1.
KNOWN = (
    Known("Fashion-MNIST", r"fashion", Listed.counted(_FASHION, "Fashion-MNIST")),
    _emnist("byclass", (*_DIGITS, *_CAPITALS, *map(str.lower, _CAPITALS))),
    _emnist("bymerge", _MERGED),
    _emnist("balanced", _MERGED),
    _emnist("letters", _CAPITALS, first=1),
    Known("EMNIST", r"(?<![a-z])emnist", Listed.counted(_DIGITS, "EMNIST"), transposed=True),
    Known(
        "Kuzushiji-49",
        r"(?<![a-z0-9])k-?49(?![0-9])|kuzushiji-?49",
        Listed.counted(_KUZUSHIJI_49, "Kuzushiji-49"),
    ),
    Known("KMNIST", r"(?<![a-z])kmnist|kuzushiji-?mnist", Listed.counted(_KUZUSHIJI, "KMNIST")),
)


def known_dataset(words: str) -> Known | None:
    """The published dataset that a path names, such as `emnist-letters-train`."""
    return next((known for known in KNOWN if re.search(known.pattern, words.lower())), None)


def read_names(path: Path) -> Listed:
    """The classes in a file: one name a line, or lines of a label and its name.

    Raises `DataError` for a file that is none.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: {reason_of(error)}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text") from error
    if len(content) > _MAX_BYTES:
        raise DataError(f"{path}: more than {_MAX_BYTES:,} bytes; it holds one name a line")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    pairs = [_INDEXED.fullmatch(line) for line in lines]
    if lines and all(pairs):
        found = sorted((int(pair[1]), pair[2].strip()) for pair in pairs if pair)
        listed = Listed(
            tuple(name for _, name in found), tuple(label for label, _ in found), str(path)
        )
    else:
        listed = Listed.counted(lines, str(path))
    if not 2 <= len(lines) <= MAX_CLASSES:
        raise DataError(f"{path}: names {len(lines)} classes, expected 2 to {MAX_CLASSES}")
    for what in (listed.labels, listed.names):
        if len(set(what)) < len(what):
            twice = next(each for each in what if list(what).count(each) > 1)
            raise DataError(f"{path}: {twice} stands there twice")
    if wrong := [each for each in listed.names if len(each) > _LONGEST_NAME]:
        raise DataError(f"{path}: {wrong[0][:20]}...: a name of more than {_LONGEST_NAME} letters")
    if not all(each.isprintable() for each in listed.names):
        raise DataError(f"{path}: a name has characters that cannot be printed")
    return listed


def check_range(labels: Array, where: str) -> None:
    """Raise `DataError` for a label that is negative or beyond the most classes."""
    wrong = (labels < 0) | (labels >= MAX_CLASSES)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            f"{where}: label {at} is {labels[at]}, expected 0 to {MAX_CLASSES - 1}, for at most"
            f" {MAX_CLASSES} classes"
        )


def listed_classes(labels: Array, listed: Listed | None, known: Known | None) -> Listed:
    """The classes of these labels, which are in range, or listed; raises `DataError`.

    `listed` are those of a file of names, or of the names of folders; `known` those of a published
    dataset, which counts where the labels are its labels.
    """
    present = np.unique(labels)
    if len(present) < 2:
        raise DataError(f"all labels are {present[0]}: a network needs at least two classes")
    if listed is not None:
        if missing := sorted(set(present.tolist()) - set(listed.labels)):
            raise DataError(
                f"{listed.source}: names {len(listed.names)} classes, {_span(listed.labels)}, but"
                f" the data have the label {missing[0]}"
            )
        if listed.labels[-1] > present[-1]:
            raise DataError(
                f"{listed.source}: names {len(listed.names)} classes, {_span(listed.labels)}, but"
                f" the largest label of the data is {present[-1]}"
            )
        return listed
    if known is not None:
        whole = present[-1] == known.listed.labels[-1]
        if whole and set(present.tolist()) <= set(known.listed.labels):
            return known.listed
    last = int(present[-1])
    if skipped := sorted(set(range(last + 1)) - set(present.tolist())):
        shown = ", ".join(map(str, skipped[:3])) + (", ..." if len(skipped) > 3 else "")
        raise DataError(
            f"the labels go to {last} but skip {shown}; number the classes from 0 on, or name them"
            f" in {NAMES_FILE}, a label and its name a line"
        )
    return Listed.counted(tuple(map(str, range(last + 1))), "")


def _span(labels: Sequence[int]) -> str:
    return f"{labels[0]} to {labels[-1]}"


def numbered(labels: Array, listed: Listed) -> Array:
    """The classes, uint8, that these labels stand for."""
    return np.searchsorted(np.array(listed.labels), labels).astype(np.uint8)


def data_spec(shape: tuple[int, int], listed: Listed, where: object) -> DataSpec:
    """The facts of a dataset; raises `DataError` for images that are too large."""
    try:
        return DataSpec(*shape, listed.names)
    except ValueError as error:
        raise DataError(f"{where}: {error} are more than can be learned from") from error
