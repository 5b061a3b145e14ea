"""Three saved runs, and what the screen of runs shows of them."""

from __future__ import annotations

from tests.support.saved_runs import Sitting
from tui.app.widgets.runs_table import RunsTable

FIRST, SECOND, THIRD = (
    "20261101-100000-sigmoid-net",
    "20261102-100000-relu-net",
    "20261103-100000-relu-net",
)


def rows(at: Sitting) -> list[str]:
    table = at.app.screen.query_one(RunsTable)
    return [strip.text for strip in table._strips[1:]]


def current(at: Sitting) -> str:
    entry = at.app.screen.query_one(RunsTable).current
    assert entry is not None
    return entry.name
