"""The table of saved runs: which columns fit, and how a name is shortened."""

from __future__ import annotations

import pytest

from tui.app.widgets.runs_table import COLUMNS, ORIGIN, WIDE, fitting_columns, label_first


@pytest.mark.parametrize("width", range(1, 220, 7))
def test_columns_fit(width: int) -> None:
    known = (*COLUMNS, *ORIGIN)
    columns, name_width = fitting_columns(width, 60, known)
    assert name_width >= 1
    used = 3 + name_width + sum(column.width + 1 for column in columns)
    assert used <= max(width, 4)
    assert width < 200 or len(columns) == len(known)
    _, name_width = fitting_columns(width, 34, known)
    assert width < WIDE or name_width == 34


@pytest.mark.parametrize(
    ("width", "name", "shown"),
    [
        (40, "20261121-194501-relu-cross-entropy", "relu-cross-entropy 20261121-194501"),
        (31, "20261121-194501-relu-cross-entropy", "relu-cr~entropy 20261121-194501"),
        (17, "20261121-194501-relu-cross-entropy", "re~py 1121-194501"),
        (17, "my-renamed-run-of-yesterday", "my-renam~esterday"),
    ],
)
def test_a_name_without_room_keeps_its_time(width: int, name: str, shown: str) -> None:
    assert label_first(name, width) == shown
