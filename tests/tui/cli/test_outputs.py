"""Files that a command cannot write although nothing was wrong before it began."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from nn.storage.runs import list_runs
from tests.support.commands import call_command


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("import {model} --runs-dir={runs}", "{runs}"),
        ("export --runs-dir={runs} -o {out}/m.npz", "{out}/m.npz"),
        ("export --runs-dir={runs} --format=torch -o {out}/m.safetensors", "{out}/m.safetensors"),
        ("figures tangent --save={out}", "{out}/tangent.svg"),
        ("committee last --shift=1 --no-save --save={out}/c.npz --runs-dir={runs}", "{out}/c.npz"),
        ("committee last --shift=1 --runs-dir={runs}", "{runs}"),
    ],
)
def test_a_full_disk_is_a_failure_and_no_refusal(
    small_run: Sequence[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    file: str,
) -> None:
    """Exit code 1, one line that names the file, and nothing left that was begun."""
    if words.startswith("figures"):
        pytest.importorskip("matplotlib")
    places = {name: tmp_path / name for name in ("runs", "out", "model")}
    places["out"].mkdir()
    places["model"] = tmp_path / "model.npz"
    saved = [f"--save={places['model']}", f"--runs-dir={places['runs']}"]
    assert call_command(*small_run, *saved).returncode == 0

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    done = call_command(*words.format(**places).split())
    (line,) = (line for line in done.stderr.splitlines() if "error: " in line)
    assert done.returncode == 1
    assert line.startswith(f"mnist-tui: error: {file.format(**places)}")
    assert line.endswith("No space left on device")
    assert list(places["out"].iterdir()) == []
    assert len(list_runs(places["runs"])[0]) == 1
