"""Damaged files of every kind end in a documented error of one line, soon and in bounded memory."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.commands import environment


def run(cases: int, seed: int, timeout: float) -> str:
    """Damage so many files in a process of its own, whose memory is limited; what it found."""
    words = [sys.executable, "-m", "tests.fuzz.targets", f"--cases={cases}", f"--seed={seed}"]
    result = subprocess.run(
        words, capture_output=True, text=True, timeout=timeout, check=False, env=environment()
    )
    assert result.returncode == 0, result.stdout + result.stderr[-2000:]
    return result.stdout


def test_some_damaged_files() -> None:
    assert "30 files, 0 failures" in run(30, 0, timeout=300)


@pytest.mark.slow
def test_ten_thousand_damaged_files() -> None:
    assert "0 failures" in run(10_000, int.from_bytes(os.urandom(4), "big"), timeout=3600)
