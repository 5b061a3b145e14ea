"""Finding a saved run by what the user calls it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from nn.errors import StorageError, did_you_mean
from nn.storage.positions import BEST_FILE, LAST_FILE
from nn.storage.run_record import RUN_FILE
from nn.storage.runs import (
    SavedRun,
    abandoned_names,
    is_abandoned,
    list_runs,
    newest_name,
    no_record,
    run_names,
)


def find_run(root: Path, name: str) -> SavedRun:
    """The run of a name, a part that only one name has, a path, or `last`, the one started last.

    Raises `StorageError` where there is none or more than one.
    """
    if name == "last":
        return _newest(root)
    folder = find_folder(root, name)
    if is_abandoned(folder):
        raise no_record(folder)
    return SavedRun.read(folder, thorough=True)


def find_runs(root: Path, names: Iterable[str]) -> list[SavedRun]:
    """The runs of several names, in their order; raises `StorageError` also for one named twice."""
    found: dict[Path, SavedRun] = {}
    for name in names:
        run = find_run(root, name)
        if found.setdefault(run.path.resolve(), run) is not run:
            raise StorageError(f"{run.name}: named twice; name different runs")
    return list(found.values())


def find_folder(root: Path, name: str) -> Path:
    """The folder that a name, a part of only one, or a path means; it may lack a record.

    Raises `StorageError` where there is none or more than one.
    """
    if os.sep in name or (os.altsep and os.altsep in name) or name in (".", ".."):
        path = Path(name)
        if os.path.isfile(path):
            raise _is_file(path)
        if not os.path.lexists(path):
            raise StorageError(f"{path}: no such folder; {_WANTED}")
        # A folder that cannot be looked into is for the reader of its record to refuse.
        if os.path.isdir(path) and os.access(path, os.X_OK) and not _is_run(path):
            raise _is_no_run(path)
        return path
    names = [*run_names(root), *abandoned_names(root)]
    if not name:
        raise StorageError(f"the name of a run is empty; {_WANTED}")
    matches = names_meant(name, names)
    if len(matches) > 1:
        shown = ", ".join(matches[:3]) + (", ..." if len(matches) > 3 else "")
        raise StorageError(f"{name!r} may be any of {len(matches)} runs: {shown}")
    if not matches:
        if os.path.isfile(name):
            raise _is_file(Path(name))
        if os.path.isdir(name) and not _is_run(Path(name)):
            raise _is_no_run(Path(name))
        raise StorageError(f"no run {name!r} in {root}{_near(name, names)}")
    return root / matches[0]


_WANTED = "a saved run is wanted: its name, a part of it, its folder, or last"


def names_meant(text: str, names: Iterable[str]) -> list[str]:
    """The names that a text may mean: it itself, those that begin so, or that have it as a part.

    A part begins where a word of the name does, such as the label that follows date and time.
    """
    known = list(names)
    if text in known:
        return [text]
    begun = [name for name in known if name.startswith(text)]
    return begun or [name for name in known if f"-{text}" in name]


def _near(wrong: str, names: Sequence[str]) -> str:
    """What to give in place of a name that no run has: the nearest name or label, or the list."""
    if not names:
        return ", which holds none"
    labels = [name.split("-", 2)[2] for name in names if name.count("-") > 1]
    unique = [label for label in labels if labels.count(label) == 1]
    return did_you_mean(wrong, [*names, *unique]) or "; `mnist-tui runs` lists them"


def _is_run(folder: Path) -> bool:
    """Whether a folder holds a record, or the beginnings of a run."""
    return os.path.lexists(folder / RUN_FILE) or is_abandoned(folder)


def _is_no_run(folder: Path) -> StorageError:
    """The error of a folder where a run is wanted; it may be one of several runs."""
    try:
        names = run_names(folder)
    except StorageError as error:
        return error
    inside = f"; it holds {len(names)} of them, such as {names[-1]}" if names else ""
    return StorageError(f"{folder}: no {RUN_FILE} in this folder; {_WANTED}{inside}")


def _is_file(path: Path) -> StorageError:
    """The error of a file where a run is wanted; a file in a run's folder names that run."""
    wanted = _WANTED
    if os.path.isfile(path.parent / RUN_FILE):
        wanted += f"; {path.name} is a file of the run {path.parent}"
    return StorageError(f"{path} is a file; {wanted}")


def _newest(root: Path) -> SavedRun:
    """The run that was started last."""
    name = newest_name(root)
    if name is None:
        raise StorageError(f"no saved runs in {root}")
    try:
        # Names begin with the time, so an unreadable last name is never passed over in silence.
        SavedRun.read(root / name)
    except StorageError as error:
        raise StorageError(f"{error}; name the run to take in place of `last`") from error
    return SavedRun.read(list_runs(root)[0][0].path, thorough=True)


def weights_beside(file: Path) -> list[str]:
    """The names of the files with weights in the folder of the run that `file` is a file of."""
    if not os.path.isfile(file.parent / RUN_FILE):
        return []
    return [name for name in (BEST_FILE, LAST_FILE) if os.path.isfile(file.parent / name)]
