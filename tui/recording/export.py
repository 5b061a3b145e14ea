"""Files that the user exports from the application: metrics, and pictures of the screen."""

from __future__ import annotations

import json
from pathlib import Path

from nn.storage.records import Invocation, record_of
from tui.recording.history import RunHistory


def save_screen(svg: str, stem: str) -> Path:
    """Write an SVG; returns its path."""
    return _write(Path(f"{stem}.svg"), svg)


def save_metrics(history: RunHistory, invocation: Invocation, stem: str) -> list[Path]:
    """Write the evaluations as CSV, and the run as a JSON array of the objects of --json."""
    events = [history.started, *history.rate_changes, *history.epochs, history.outcome()]
    objects = [record_of(event, invocation) for event in events if event is not None]
    return [
        _write(Path(f"{stem}.csv"), history.to_csv()),
        _write(Path(f"{stem}.json"), json.dumps(objects, indent=1, allow_nan=False) + "\n"),
    ]


def _write(path: Path, text: str) -> Path:
    with path.open("x", encoding="utf-8", newline="") as stream:  # never replaces a file
        stream.write(text)
    return path
