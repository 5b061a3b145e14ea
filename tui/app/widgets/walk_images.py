"""The images of a walk side by side, each with its probabilities, and the losses so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain, zip_longest
from textwrap import wrap
from typing import get_args

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nn.analysis.stage import Part, Stage
from nn.spec import DataSpec
from tui.app.state.walking import Pick, WalkView, walk_config
from tui.app.widgets.colors import Role, role_style
from tui.app.widgets.layer_table import visible_range
from tui.app.widgets.legend import shorten
from tui.app.widgets.probabilities import shown_classes
from tui.app.widgets.raster import fitting, image_strips
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.formatting import bar, layer_widths, number
from tui.system.terminal import DrawingMode, Terminal

_COLUMN = 13  # least cells of an image, with the gap after it
_WIDEST = 34
_ROOMY = 17  # cells from which on the change of every probability is written out
_SIDE, _WIDE_SIDE = 14, 30
_MOST_BARS = 10
_BESIDE_BARS = 2  # caption and verdict
_LEAST_PICTURE = 5  # lines below which a picture shows nothing
_CHANGED = 0.0005
_FORMULA = 38  # least cells of a column of formulas


def walk_title(view: WalkView, width: int) -> str:
    """The step, its loss, and as much about the network as fits."""
    config = view.wanted.config
    place = f"Walk  step {view.step}  loss {number(view.taken.loss, 8, '.4f')}"
    sizes = layer_widths(config, view.wanted.dataset.spec)
    whose = "network of Train" if view.wanted.of_train else "lesson's network"
    if config == walk_config(None):
        whose = "notes' network"
    rate = f"{config.optimizer} {config.learning_rate:g}"
    texts = (
        f"{place}   {whose}: {sizes} {config.activation}, {config.loss}, {rate}",
        f"{place}  {sizes} {config.activation}, {rate}",
        f"{place}  {sizes}",
        place,
    )
    text = next((text for text in texts if len(text) <= width), place)
    return f"{text}  diverged" if view.diverged else text


def walk_strips(
    view: WalkView,
    chosen: int,
    width: int,
    height: int,
    terminal: Terminal,
    mode: DrawingMode = "half",
) -> list[Strip]:
    """As many images as fit, the chosen one among them, and beside them losses and gradients."""
    side = _WIDE_SIDE if width >= 110 else _SIDE
    fitting = max(1, (width - side) // _COLUMN)
    shown = visible_range(len(view.picks), fitting, chosen)
    column = min(_WIDEST, (width - side) // len(shown))
    inner = column - 1
    bars = min(view.wanted.dataset.spec.classes, _MOST_BARS)
    words = 2 if _loss_words(view) else 1  # lines for what the marks and the loss mean
    picture = min(inner // 2, height - bars - _BESIDE_BARS - words)
    picture = picture if picture >= _LEAST_PICTURE else 0
    columns = [_column(view, i, i == chosen, inner, picture, terminal, mode) for i in shown]
    rows = [list(row) for row in zip(*columns, strict=True)]
    beside = [
        text_strip(line, width - column * len(shown))
        for line in side_lines(view, width - column * len(shown), len(rows), terminal)
    ]
    gap = Strip([Segment(" ", PLAIN)])
    lines = []
    for row, at_side in zip(rows, beside, strict=True):
        lines.append(Strip.join([*(piece for cell in row for piece in (cell, gap)), at_side]))
    lines += [text_strip(line, width) for line in _below(view, width, height - len(lines))]
    return [line.simplify() for line in lines[:height]]


def _column(
    view: WalkView,
    i: int,
    chosen: bool,
    width: int,
    picture: int,
    terminal: Terminal,
    mode: DrawingMode,
) -> list[Strip]:
    """The picture, its caption, the bars and the verdict."""
    pick, spec = view.picks[i], view.wanted.dataset.spec
    lines = []
    if picture:
        image = pick.image.reshape(spec.shape)
        across, down = fitting(image, 2 * picture, picture)
        margin = Strip([Segment(" " * ((width - across) // 2), PLAIN)])
        drawn = image_strips(image, across, down, terminal.drawable(mode), terminal.colors)
        lines += [Strip.join([margin, strip]).adjust_cell_length(width, PLAIN) for strip in drawn]
        lines += [Strip.blank(width, PLAIN)] * (picture - down)
    caption = f"{'>' if chosen else ' '}{_name(spec, pick.label)}  {_short(pick)}"
    lines.append(text_strip(caption, width, Style(bold=True, reverse=chosen)))
    row = view.taken.probabilities[i]
    before = None if view.before is None else view.before[i]
    top = int(view.predicted[i])
    values = row.tolist()
    for digit in shown_classes(values, pick.label, _MOST_BARS):
        probability = values[digit]
        change = None if before is None else probability - float(before[digit])
        marks = f"{'*' if digit == pick.label else ' '}{'>' if digit == top else ' '}"
        name = shorten(_name(spec, digit), _NAME).ljust(_NAME) if spec.has_names else str(digit)
        name = name.rjust(len(str(spec.classes - 1)))
        lines.append(_bar(name, marks, probability, change, width, terminal))
    verdict = "right" if top == pick.label else f"wrong: {_name(spec, top)}"
    weight = Style(bold=top != pick.label)
    role: Role = "right" if top == pick.label else "wrong"
    lines.append(text_strip(f"  {verdict}", width, role_style(role, terminal.colors) + weight))
    return lines


def _name(spec: DataSpec, label: int) -> str:
    return spec.names[label]


_NAME = 3  # cells of a name before a bar


def _short(pick: Pick) -> str:
    return f"#{pick.index}" if pick.split == "train" else f"{pick.split[:4]} {pick.index}"


def _bar(
    name: str,
    marks: str,
    probability: float,
    change: float | None,
    width: int,
    terminal: Terminal,
) -> Strip:
    """A line of a probability: marks, class, bar, per cent, and how that changed."""
    known = math.isfinite(probability)
    text = f"{100 * probability:5.1f}" if known else "    -"
    if change is None or not math.isfinite(change) or abs(change) < _CHANGED:
        changed = ""
    elif width >= _ROOMY:
        changed = number(100 * change, 5, "+.1f")
    else:
        changed = "+" if change > 0 else "-"
    changed = changed.rjust(6 if width >= _ROOMY else 1)
    room = width - 2 - len(name) - len(text) - len(changed)
    drawn = bar(probability if known else 0.0, room, ascii_only=terminal.ascii_only)
    weight = Style(bold="*" in marks or ">" in marks)
    role: Role = "right" if "*" in marks else "wrong" if ">" in marks else "muted"
    return Strip(
        [
            Segment(f"{marks}{name}", weight),
            Segment(drawn, role_style(role, terminal.colors)),
            Segment(text, weight),
            Segment(changed, PLAIN),
        ]
    )


def side_lines(view: WalkView, width: int, height: int, terminal: Terminal) -> list[str]:
    """The loss of every step with a bar, what is right, and the gradients, in `height` lines."""
    norms = [(name, norm) for name, norm in view.taken.gradient_norms.items() if name[0] == "W"]
    norms = [norms[i] for i in visible_range(len(norms), 3, len(norms) - 1)]
    right = sum(int(p) == pick.label for p, pick in zip(view.predicted, view.picks, strict=True))
    below = ["", f" right {right} of {len(view.picks)}", " |gradient|"]
    below += [f"  {name} {norm:.3g}" for name, norm in norms]
    rows = max(0, height - 1 - len(below))
    losses = [" step  loss", *loss_lines(view.losses, width - 1, rows, terminal.ascii_only)]
    lines = [*losses, *below]
    return [*lines, *[""] * (height - len(lines))][:height]


def loss_lines(losses: Sequence[float], width: int, rows: int, ascii_only: bool) -> list[str]:
    """The losses of the last steps, each with a bar whose full length is the highest of them."""
    first = max(0, len(losses) - rows)
    shown = losses[first:]
    highest = max((loss for loss in shown if math.isfinite(loss)), default=0.0) or 1.0
    lines = []
    for step, loss in enumerate(shown, first):
        text = f"{step:>3} {number(loss, 6, '.3f'):>6} "
        share = loss / highest if math.isfinite(loss) else 0.0
        lines.append(" " + text + bar(share, width - len(text), ascii_only=ascii_only).rstrip())
    return lines


def _loss_words(view: WalkView) -> str:
    """Where a step computes otherwise than predictions: which of the two is shown."""
    config = view.wanted.config
    if not config.hidden:
        return "bars without noise, loss with it" if config.noise else ""
    if config.batch_norm or (config.noise and config.dropout):
        return "bars as predicted, loss as trained"
    if config.noise:
        return "bars without noise, loss with it"
    return "bars without dropout, loss with it" if config.dropout else ""


def _below(view: WalkView, width: int, rows: int) -> list[str]:
    """What a step consists of, in the lines that are left."""
    legend = "* target   > most probable   + - change since the last step"
    lines = [legend if width >= len(legend) else "* target  > most probable  + - change"]
    lines.append(_loss_words(view))
    lines += _stages(view.taken.stages, width, rows - len(lines))
    lines = [line if len(line) <= width else f"{line[: width - 3]}..." for line in lines]
    return lines[:rows]


def _stages(stages: Sequence[Stage], width: int, rows: int) -> list[str]:
    """A column of formulas for each part of a step; where there is no room, a line of names."""
    parts = {part: [each for each in stages if each.part == part] for part in get_args(Part)}
    cell = width // len(parts)
    if cell >= _FORMULA:
        columns = [
            [part, *chain(*(wrap(each.formula, cell - 2, subsequent_indent="  ") for each in own))]
            for part, own in parts.items()
        ]
        if max(map(len, columns)) <= rows:
            lines = zip_longest(*columns, fillvalue="")
            return ["".join(text.ljust(cell) for text in line) for line in lines]
    names = (" ".join(each.name for each in own) for own in parts.values())
    return [f"{part:<9}{named}" for part, named in zip(parts, names, strict=True)]


class WalkImages(StripWidget):
    """Shows a step of a walk, one of its images chosen."""

    _view: WalkView | None = None
    _chosen = 0
    _mode: DrawingMode = "half"

    def show(self, view: WalkView | None, chosen: int, mode: DrawingMode) -> None:
        """Show this step, or nothing, its images drawn in this mode."""
        self._view, self._chosen, self._mode = view, chosen, mode
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        if self._view is None:
            return []
        return walk_strips(self._view, self._chosen, *self.size, self.terminal, self._mode)
