"""The README of `tui`: its tree names every package, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import tui

FOLDER = Path(tui.__file__).parent


def test_the_tree_is_that_of_the_folders() -> None:
    """Also of what stands in `app` and in its folders; of other packages each has its own guide."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    tree = text.split("## The tree")[1].split("\n## ")[0]
    parents = [(-1, FOLDER)]
    named = set()
    line = r"(?m)^( +)((?:[\w/]+(?:\.py|\.tcss|/)(?:, )?)+)"
    for indent, names in re.findall(line, tree):
        while len(indent) <= parents[-1][0]:
            parents.pop()
        paths = [parents[-1][1] / name for name in names.split(", ")]
        named.update(paths)
        if names.endswith("/"):
            parents.append((len(indent), paths[0]))
    assert [path for path in named if not path.exists()] == []
    packages = {path.parent for path in FOLDER.glob("*/__init__.py")}
    of_app = {path for path in (FOLDER / "app").iterdir() if not path.name.startswith("__")}
    assert packages | of_app <= named
