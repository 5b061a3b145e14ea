"""The README of `nn`: its training loop is run as it is printed there, and its tree is complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import nn
from nn.data.dataset import Dataset

FOLDER = Path(nn.__file__).parent
TEXT = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_training_loop_learns(mnist: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a sixth of the images, which is enough."""
    tenth = Dataset(mnist.train[:10_000], mnist.test[:2_000], "part", mnist.sha256)
    monkeypatch.setattr("nn.data.dataset.load_dataset", lambda: tenth)
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["accuracy"] > 0.85
    assert names["value"] < 0.6


def test_every_module_has_its_line_in_the_tree() -> None:
    """And every line its module."""
    named: set[Path] = set()
    folder = Path()
    for indent, name in re.findall(r"^ {6}( {0,2})([\w/]+\.py|\w+/)", TEXT, re.MULTILINE):
        if name.endswith("/") and not indent:
            folder = Path(name)
        elif name.endswith(".py"):
            named.add(folder / name if indent else Path(name))
    modules = {path.relative_to(FOLDER) for path in FOLDER.rglob("*.py")}
    assert named == {path for path in modules if path.name != "__init__.py"}
