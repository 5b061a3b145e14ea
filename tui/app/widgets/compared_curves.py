"""The curves of two runs on one chart: A and B by colour and name, training by its dashes."""

from __future__ import annotations

from collections.abc import Sequence

from tui.app.state.comparison import Side
from tui.app.state.comparison_words import Axis
from tui.app.widgets.charts import ChartKind
from tui.app.widgets.compared_rows import LETTER_ROLES
from tui.app.widgets.series import Series

_STYLES = {"A": {"test": 0, "train": 1}, "B": {"test": 2, "train": 3}}


def compared_series(sides: Sequence[Side], kind: ChartKind, axis: Axis) -> list[Series]:
    """Training and test curves of both runs, those of A on top."""
    series = []
    for split in ("train", "test"):
        for side in reversed(sides):
            points = [
                (getattr(e, axis), kind.factor * getattr(getattr(e, split), kind.name))
                for e in side.history.evaluations
                if getattr(e, split)
            ]
            if points:
                xs, ys = zip(*points, strict=True)
                name = f"{side.letter} {'training' if split == 'train' else split}"
                style, role = _STYLES[side.letter][split], LETTER_ROLES[side.letter]
                series.append(Series(name, xs, ys, style, role))
    return series
