"""The table of epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from tui.app.widgets.columns import Column, fitting
from tui.app.widgets.strips import StripWidget, text_strip
from tui.formatting import clock, number, percent

if TYPE_CHECKING:
    from nn.config import TrainConfig
    from nn.events import EpochCompleted, Evaluation, Score, StepCompleted

WHEEL = 3
"""Rows that one notch of the mouse wheel scrolls by."""
Row: TypeAlias = "StepCompleted | EpochCompleted"


def _score(split: str, text: Callable[[Score, int], str]) -> Callable[[Row, int], str]:
    """The text of a split's score; empty where the split was not evaluated."""

    def cell(row: Row, width: int) -> str:
        score: Score | None = getattr(row.evaluation, split) if row.evaluation else None
        return text(score, width) if score else ""

    return cell


def _loss(score: Score, width: int) -> str:
    return number(score.loss, width, ".4f")


def _accuracy(score: Score, _width: int) -> str:
    return percent(score.accuracy)


def _epoch(row: Row, width: int) -> str:
    from nn.events import EpochCompleted  # not needed for the first frame

    if isinstance(row, EpochCompleted):
        return number(row.epoch, width, "d")
    return number(row.evaluation.epoch, width) if row.evaluation else ""


def _batch_loss(row: Row, width: int) -> str:
    from nn.events import EpochCompleted

    if not row.step:  # imported weights and committees were not trained here
        return "-"
    loss = row.train_loss if isinstance(row, EpochCompleted) else row.loss
    return number(loss, width, ".4f")


def _rate(row: Row, width: int) -> str:
    return number(row.learning_rate, width, ".3g") if row.step else "-"


def _time(row: Row, width: int) -> str:
    return clock(row.seconds, width) if row.step else "-"


COLUMNS: tuple[Column[Row], ...] = (
    Column("epoch", 5, 0, _epoch),
    Column("loss", 7, 9, _batch_loss),
    Column("train loss", 10, 6, _score("train", _loss)),
    Column("val loss", 8, 5, _score("validation", _loss)),
    Column("test loss", 9, 4, _score("test", _loss)),
    Column("train acc", 9, 3, _score("train", _accuracy)),
    Column("val acc", 7, 2, _score("validation", _accuracy)),
    Column("test acc", 8, 1, _score("test", _accuracy)),
    Column("rate", 8, 7, _rate),
    Column("time", 6, 8, _time),
)


class EpochTable(StripWidget, can_focus=True):
    """A row for each epoch and each evaluation, the newest below.

    A `*` stands before the highest test accuracy and before the lowest test loss.

    The table follows the newest row until it is scrolled up, and again once it is scrolled to the
    end. Columns that do not fit are left out, and so are columns without any value.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll(-1)", "Row up", id="table.up", show=False),
        Binding("down", "scroll(1)", "Row down", id="table.down", show=False),
        Binding("pageup", "scroll(-10)", "Ten rows up", id="table.page-up", show=False),
        Binding("pagedown", "scroll(10)", "Ten rows down", id="table.page-down", show=False),
        Binding("home", "scroll(-1000000)", "First row", id="table.first", show=False),
        Binding("end", "scroll(1000000)", "Last row", id="table.last", show=False),
    ]

    _rows: Sequence[Row] = ()
    _config: TrainConfig | None = None
    _highest: Evaluation | None = None
    _lowest: Evaluation | None = None
    _above: int | None = None
    """The number of rows above the first one shown, None while the newest row is followed."""

    def show(
        self,
        rows: Sequence[Row],
        highest: Evaluation | None,
        lowest: Evaluation | None,
        config: TrainConfig | None,
    ) -> None:
        """Show these rows: `highest` by its test accuracy, `lowest` by its test loss.

        `config` is that of the run, which says what there will be before there is a row; without
        one the columns are those of the default configuration.
        """
        self._rows, self._highest, self._lowest = rows, highest, lowest
        self._config = config
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        width, room = self.size.width, max(0, self.size.height - 1)
        last = max(0, len(self._rows) - room)
        above = last if self._above is None else min(self._above, last)
        columns = shown_columns(self._rows, self._config, width)
        titles = " ".join(column.heading for column in columns)
        lines = [text_strip(f" {titles}", width, Style(bold=True, underline=True))]
        lines += [self._line(row, columns) for row in self._rows[above : above + room]]
        if not self._rows:
            lines.append(text_strip(" no epoch yet", width))
        return lines[: self.size.height]

    def _line(self, row: Row, columns: Sequence[Column[Row]]) -> Strip:
        marked = {"test acc": self._highest, "test loss": self._lowest}
        line = ""
        for column in columns:
            cell = f" {column.cell(row)}"
            if row.evaluation is not None and row.evaluation is marked.get(column.title):
                text = cell.lstrip()
                cell = f"{'*':>{len(cell) - len(text)}}{text}"
            line += cell
        best = row.evaluation is not None and row.evaluation is self._highest
        return text_strip(line, self.size.width, Style(bold=best))

    def action_scroll(self, by: int) -> None:
        """Move the rows shown; at the end, follow the newest again."""
        last = max(0, len(self._rows) - max(0, self.size.height - 1))
        above = max(0, (last if self._above is None else min(self._above, last)) + by)
        self._above = above if above < last else None
        self.redraw()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel."""
        self.action_scroll(-WHEEL)
        event.stop()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel."""
        self.action_scroll(WHEEL)
        event.stop()


def shown_columns(rows: Sequence[Row], config: TrainConfig | None, width: int) -> list[Column[Row]]:
    """The columns with a value in any of the last ten rows, as far as they fit.

    Before the first row these are the columns that the run will have values for.
    """
    evaluated = {
        "train": config is None or config.eval_train,
        "val": config is not None and bool(config.validation),
    }
    if rows:
        known = [c for c in COLUMNS if any(c.text(row, c.width) for row in rows[-10:])]
    else:
        known = [c for c in COLUMNS if evaluated.get(c.title.split()[0], True)]
    return fitting(known, width - 1)
