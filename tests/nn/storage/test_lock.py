"""The lock of a folder: held by one, seen by all, and never a file where there was none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nn.errors import StorageError
from nn.storage import lock
from nn.storage.lock import FolderLock, is_locked


def test_one_at_a_time(tmp_path: Path) -> None:
    held = FolderLock.acquire(tmp_path)
    assert is_locked(tmp_path)
    with pytest.raises(StorageError, match=f"is being written by process {os.getpid()}"):
        FolderLock.acquire(tmp_path)
    held.release()
    assert not is_locked(tmp_path)
    FolderLock.acquire(tmp_path).release()


def test_a_folder_that_was_removed_is_named_and_not_the_file_of_the_lock(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as refused:
        FolderLock.acquire(tmp_path / "gone")
    assert str(refused.value) == f"{tmp_path / 'gone'}: there is no such folder"


def test_looking_makes_no_file(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    assert not is_locked(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []


def test_another_process_sees_it(tmp_path: Path) -> None:
    held = FolderLock.acquire(tmp_path)
    look = (
        "import sys; from pathlib import Path; from nn.storage.lock import is_locked;"
        "print(is_locked(Path(sys.argv[1])))"
    )
    words = [sys.executable, "-c", look, str(tmp_path)]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "True\n"
    held.release()
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one process a run is protected all the same."""
    monkeypatch.setattr(lock, "_try_lock", lambda descriptor, *, shared: True)
    held = FolderLock.acquire(tmp_path)
    assert is_locked(tmp_path)
    with pytest.raises(StorageError, match="is being written"):
        FolderLock.acquire(tmp_path)
    held.release()
    assert not is_locked(tmp_path)


WITHOUT = """
import sys, os
for name in ("fcntl", "resource", "termios"):
    sys.modules[name] = None
for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_DIRECTORY", "memfd_create", "pread"):
    if hasattr(os, name):
        delattr(os, name)
from datetime import datetime
from pathlib import Path
from nn.storage.files import open_regular, write_atomically
from nn.storage.run_writer import RunWriter, delete_run
from nn.storage.lock import is_locked
import tui.recording.source, tui.recording.recorder
root = Path(sys.argv[1])
writer = RunWriter.create(root, "label", datetime(2026, 1, 1))
writer.append(["one line\\n"])
assert is_locked(writer.path)
writer.close()
write_atomically(root / "file", lambda stream: stream.write(b"x\\n"))
with open_regular(root / "file") as stream:
    assert stream.read() == b"x\\n"
try:
    open_regular(root)
except OSError:
    pass
else:
    raise AssertionError("a folder was opened")
outside = root / "outside"
outside.write_text("precious")
(writer.path / "metrics.jsonl").unlink()
(writer.path / "metrics.jsonl").symlink_to(outside)
try:
    RunWriter.reopen(writer.path)
except Exception as error:
    assert "metrics.jsonl" in str(error)
else:
    raise AssertionError("written through a link")
delete_run(writer.path)
assert outside.read_text() == "precious"
assert not writer.path.exists()
"""


def test_folders_without_what_only_posix_has(tmp_path: Path) -> None:
    words = [sys.executable, "-c", WITHOUT, str(tmp_path)]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
