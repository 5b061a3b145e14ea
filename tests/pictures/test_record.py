"""The recording of the README can be made."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from tests.support.browser import find_browser


@pytest.mark.slow
@pytest.mark.skipif(find_spec("textual_serve") is None, reason="the extra serve is not installed")
@pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed")
def test_a_sitting_is_recorded(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "tests.pictures.record", str(tmp_path)], check=True)
    assert (tmp_path / "sitting.gif").stat().st_size < 2_000_000
    with Image.open(tmp_path / "sitting.gif") as recording:
        assert getattr(recording, "n_frames", 1) > 30
    text = (tmp_path / "train.txt").read_text(encoding="utf-8")
    assert "1 Train" in text
    assert "10/10" in text
    assert max(map(len, text.splitlines())) <= 84
    stills = {file.stem: file.read_bytes() for file in tmp_path.glob("*.png")}
    assert {"train", "digits", "confusion", "model", "draw", "walk", "lessons"} <= set(stills)
    assert len(set(stills.values())) == len(stills)
