"""A damaged HDF5 file may hang or crash the library, but not the program that opens it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nn.errors import StorageError
from tests.support.commands import environment
from tui.models import hdf5
from tui.models.formats import read_contents
from tui.system.python import module_command, python_command


@pytest.mark.parametrize(
    ("library", "reason"),
    [
        ("import time; time.sleep(600)", "came to no end"),
        ("import os; os.abort()", "crashed"),
        ("import sys; sys.exit('bad object header')", "bad object header"),
    ],
    ids=["hangs", "crashes", "complains"],
)
def test_a_file_that_the_library_fails_with_is_damaged(
    library: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdf5, "SECONDS", 1.0 if "sleep" in library else 60.0)
    monkeypatch.setattr(hdf5, "find_spec", lambda name: name)
    monkeypatch.setattr(hdf5, "module_command", lambda _module: python_command(library))
    path = tmp_path / "model.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(StorageError) as caught:
        read_contents(path)
    assert str(caught.value).startswith(f"{path}: damaged")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_the_package_the_error_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdf5, "find_spec", lambda name: None)
    path = tmp_path / "model.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ImportError) as caught:
        read_contents(path)
    assert caught.value.name == "h5py"


def test_another_python_takes_no_modules_from_the_working_directory(tmp_path: Path) -> None:
    for name in ("nn", "tui", "numpy", "random", "queue"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken from here')\n")
    command = module_command("tui", "recipes")
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "two-layer-net" in done.stdout
    assert command[0] == sys.executable
