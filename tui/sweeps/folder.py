"""The folders of sweeps: where they are, how one is made and found, and its lock.

    sweep.toml      the specification
    journal.jsonl   trials, claims, releases and results (`journal.py`)
    owners/ID/      one for each process that works on the sweep (`owners.py`)
    lock            held for an instant by the process that appends to the journal
    mirror/lock     held by the process that copies trials into a storage of Optuna's

The locks are those of one host, so that a sweep's folder is safe on one host only; workers on other
hosts are what a cluster is for.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from nn.errors import StorageError, did_you_mean, reason_of
from nn.storage.lock import FolderLock
from nn.storage.run_lookup import names_meant
from tui.recording.folder import runs_folder
from tui.sweeps.spec import SweepSpec
from tui.sweeps.spec_file import to_toml

SPEC_FILE, JOURNAL_FILE = "sweep.toml", "journal.jsonl"
_LOCK_SECONDS = 30.0


def sweeps_folder(runs_dir: Path | None = None) -> Path:
    """Where sweeps are: beside the folder of the runs."""
    runs = runs_folder(runs_dir)
    return runs.with_name("sweeps" if runs.name == "runs" else f"{runs.name}-sweeps")


def new_sweep(root: Path, spec: SweepSpec, name: str | None = None) -> Path:
    """Make the folder of a sweep, named after the time unless it has a name.

    Raises `StorageError`, after which no folder is left.
    """
    if name is not None and (Path(name).name != name or name.startswith(".")):
        raise StorageError(f"sweep {name!r}: a name has no slashes and begins with no dot")
    try:
        root.mkdir(parents=True, exist_ok=True)
        path = _make_folder(root, name)
    except FileExistsError as error:
        if name is None or not (root / name).exists():
            raise cannot_save(root, error) from error
        raise StorageError(
            f"sweep {name} exists already; --resume {name} goes on with it"
        ) from error
    except (OSError, ValueError) as error:
        raise cannot_save(root / (name or ""), error) from error
    try:
        (path / SPEC_FILE).write_text(to_toml(spec), encoding="utf-8")
        (path / JOURNAL_FILE).touch()
    except (OSError, ValueError) as error:
        shutil.rmtree(path, ignore_errors=True)
        raise cannot_save(path, error) from error
    return path


def _make_folder(root: Path, name: str | None) -> Path:
    """Make an empty folder; raises `FileExistsError` where one of that name exists."""
    if name is not None:
        path = root / name
        path.mkdir()
        return path
    stamp = f"{datetime.now():%Y%m%d-%H%M%S}"
    for attempt in range(100):
        path = root / (f"{stamp}-{attempt + 1}" if attempt else stamp)
        with suppress(FileExistsError):
            path.mkdir()
            return path
    raise FileExistsError(stamp)


def cannot_save(path: Path, error: Exception) -> StorageError:
    """The error of a sweep that cannot be written."""
    reason = reason_of(error) if isinstance(error, OSError) else str(error)
    return StorageError(f"{path}: cannot save the sweep: {reason}")


@contextmanager
def locked(folder: Path, sweep: str) -> Iterator[None]:
    """Hold a folder's lock, which every process takes for a moment at a time.

    Raises `StorageError` where it cannot be taken.
    """
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            lock = FolderLock.acquire(folder)
            break
        except StorageError as error:
            if isinstance(error.__cause__, OSError):  # no lock can be taken, now or later
                raise
            if time.monotonic() > deadline:
                raise StorageError(
                    f"sweep {sweep}: another process has held its lock for {_LOCK_SECONDS:.0f} s;"
                    f" end that process, then --resume {sweep}"
                ) from error
            time.sleep(0.01)
    try:
        yield
    finally:
        lock.release()


def sweep_names(root: Path) -> list[str]:
    """All sweeps of a folder, the newest first."""
    try:
        folders = list(root.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{root}: {reason_of(error)}") from error
    times: dict[str, float] = {}
    for folder in folders:
        with suppress(OSError):  # it is no sweep, is being deleted, or belongs to somebody else
            times[folder.name] = (folder / SPEC_FILE).stat().st_mtime
    return sorted(times, key=times.__getitem__, reverse=True)


def find_sweep(root: Path, name: str) -> Path:
    """The folder of a sweep by its name, a part that only one name has, or `last`.

    Raises `StorageError`.
    """
    names = sweep_names(root)
    if not names:
        raise StorageError(f"no sweeps in {root}; `mnist-tui sweep --vary FIELD=...` begins one")
    if name == "last":
        return root / names[0]
    if not name:
        raise StorageError("the name of a sweep is empty; `mnist-tui sweeps` lists them")
    matches = names_meant(name, names)
    if len(matches) > 1:
        raise StorageError(
            f"{name!r} may be any of {len(matches)} sweeps: {', '.join(sorted(matches)[:3])}"
        )
    if not matches:
        near = did_you_mean(name, names) or "; `mnist-tui sweeps` lists them"
        raise StorageError(f"no sweep {name!r} in {root}{near}")
    return root / matches[0]
