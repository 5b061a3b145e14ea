"""The table of saved runs. Only the visible rows are drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from operator import is_not
from pathlib import Path

from nn.config import field_types
from nn.events import Evaluation
from tui.app.state.catalogue import Entry
from tui.app.widgets.columns import Column, fitting, total_width
from tui.app.widgets.cursor_table import CursorTable
from tui.formatting import clock, cut_middle, number, percent
from tui.recording.finding import differing_fields, short_name, short_text
from tui.recording.folder import display_name

NAME_WIDTH = 24
"""Cells that a run's name has at least."""
WIDE = 110
"""Cells of a table from which on a name has its full length, though no more than half of them."""
YEAR_WIDTH = 29
"""Cells from which on a name that is cut keeps the year of its time."""
_BUDGET = ("epochs", "steps")
"""Fields that the column of epochs tells."""
_LONGEST_VALUE = 14
"""Cells of the value of a hyperparameter at most."""
_RANKS = (6, 7, 8)
"""Ranks of the hyperparameters that tell most runs apart, after those of the results; those of the
others follow from 10 on."""


def _accuracy(evaluation: Evaluation | None) -> str:
    return percent(evaluation.test.accuracy) if evaluation else "-"


def _epochs(entry: Entry, width: int) -> str:
    """The epochs done and those of the budget, each rounded where there is no room for both."""
    record = entry.run.record
    if record.imported_from is not None:
        return "-"
    pair = [round(n, 1) for n in (record.epoch, record.total_steps / record.steps_per_epoch)]
    text = "/".join(f"{n:.10g}" for n in pair)
    return text if len(text) <= width else "/".join(number(n, (width - 1) // 2) for n in pair)


def _loss(entry: Entry, width: int) -> str:
    return number(entry.final.test.loss, width, ".4f") if entry.final else "-"


def _started(entry: Entry, _width: int) -> str:
    return f"{entry.started:%Y-%m-%d %H:%M}" if entry.started else ""


COLUMNS: tuple[Column[Entry], ...] = (
    Column("status", 11, 2, lambda entry, _: entry.state, words=True),
    Column("epochs", 9, 3, _epochs),
    Column("best", 7, 1, lambda entry, _: _accuracy(entry.best)),
    Column("final", 7, 5, lambda entry, _: _accuracy(entry.final)),
    Column("test loss", 9, 4, _loss),
    Column("time", 8, 9, lambda entry, width: clock(entry.run.record.seconds, width)),
)
ORIGIN: tuple[Column[Entry], ...] = (
    Column("recipe", 20, 90, lambda entry, _: entry.run.record.recipe or "", words=True),
    Column("started", 16, 91, _started),
)
"""The columns to the right of the hyperparameters, each where any run has it."""


def hyperparameter_columns(entries: Sequence[Entry]) -> list[Column[Entry]]:
    """A column for each hyperparameter that differs; what tells most runs apart stays longest."""
    names = [n for n in differing_fields(entry.values for entry in entries) if n not in _BUDGET]
    values = {name: [getattr(entry.run.record.config, name) for entry in entries] for name in names}
    commonest = {name: max(Counter(values[name]).values()) for name in names}
    places = {name: at for at, name in enumerate(sorted(names, key=commonest.__getitem__))}
    columns = []
    for name in names:
        at = places[name]
        longest = max(len(short_text(value)) for value in set(values[name]))
        columns.append(
            Column(
                short_name(name),
                min(max(longest, len(short_name(name))), _LONGEST_VALUE),
                _RANKS[at] if at < len(_RANKS) else 10 + at,
                partial(_value, name),
                words=field_types()[name] not in (int, float),
            )
        )
    return columns


def _value(name: str, entry: Entry, width: int) -> str:
    return cut_middle(short_text(entry.values[name]), width)


class RunsTable(CursorTable[Entry]):
    """A row for each run; one has the cursor, `>`, and some have a mark.

    Hyperparameters that differ between the shown runs have columns, as many as fit.
    """

    _marks: Mapping[Path, str] = {}
    _differing: Sequence[Column[Entry]] = ()
    _origin: Sequence[Column[Entry]] = ()
    _columns: Sequence[Column[Entry]] = ()
    _name_width = 0
    _label_first = False
    """Whether the names are too long, so that each is shown with its label first."""

    def show(self, entries: Sequence[Entry], marks: Mapping[Path, str], *, empty: str) -> None:
        """Show these runs, or the text `empty` where there are none."""
        self._marks = marks
        if len(entries) != len(self._rows) or any(map(is_not, entries, self._rows)):
            self._differing = hyperparameter_columns(entries)
            self._origin = [c for c in ORIGIN if any(c.text(entry, c.width) for entry in entries)]
        self.show_rows(entries, empty)

    def values_of(self, entry: Entry) -> str:
        """The hyperparameters of a run that differ from those of other shown runs, in words.

        Those that are off, or have no effect, are left out.
        """
        texts = ((each.title, each.text(entry, 2 * _LONGEST_VALUE)) for each in self._differing)
        off = ("0", "0.0", "false", "-")
        return ", ".join(f"{title} {text}" for title, text in texts if text not in off)

    def _key(self, row: Entry) -> Path:
        return row.run.path

    def _mark(self, row: Entry) -> str:
        return self._marks.get(row.run.path, " ")

    def _prepare(self, width: int) -> str:
        longest = max((len(entry.name) for entry in self._rows), default=0)
        self._columns, self._name_width = fitting_columns(
            width + self.MARGIN,
            max(longest, NAME_WIDTH),
            (*COLUMNS, *self._differing, *self._origin),
        )
        self._label_first = longest > self._name_width
        titles = " ".join(column.heading for column in self._columns)
        return f"{'run':<{self._name_width}} {titles}"

    def _text(self, row: Entry) -> str:
        width = self._name_width
        name = label_first(row.name, width) if self._label_first else row.name
        cells = " ".join(column.cell(row) for column in self._columns)
        return f"{name:<{width}} {cells}"


def label_first(name: str, width: int) -> str:
    """A run's name in `width` cells, its label before its time.

    The label is cut in its middle rather than the time, which distinguishes runs of the same label.
    """
    label, _, time = display_name(name).rpartition(" ")
    if not label:
        return cut_middle(name, width)
    if width < YEAR_WIDTH:
        time = time[4:]  # The year is left out.
    return cut_middle(f"{cut_middle(label, max(2, width - len(time) - 1))} {time}", width)


def fitting_columns(
    width: int, longest: int, columns: Sequence[Column[Entry]]
) -> tuple[list[Column[Entry]], int]:
    """The columns that fit beside the name, and the cells for the name, `longest` at most."""
    room = width - 4  # without the cursor, the mark and the blanks around the name
    full = min(longest, room // 2) if width >= WIDE else 0
    shown = fitting(columns, room - max(NAME_WIDTH, full))
    return shown, max(1, min(room - total_width(shown), longest))
