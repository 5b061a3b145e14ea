"""A damaged HDF5 file may hang or crash the library, but not the program that opens it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nn.errors import StorageError
from tui.models import hdf5
from tui.models.formats import read_contents
from tui.system.python import python_command


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


def test_a_file_with_which_the_library_goes_on_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the heap of its texts the header of the free space stands four bytes too early."""
    h5py = pytest.importorskip("h5py", reason="the extra keras is not installed")
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = '{"config": {"layers": []}}'
    content = path.read_bytes()
    assert content.count(b'"config"') == 1
    path.write_bytes(content.replace(b'"config"', b'"cg"') + bytes(4))
    monkeypatch.setattr(hdf5, "SECONDS", 2.0)
    with pytest.raises(StorageError, match="came to no end"):
        read_contents(path)
