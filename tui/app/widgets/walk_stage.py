"""One stage of a step: its formula in plain words, its array as a picture, one element as a sum."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nn.analysis.stage import Index, Stage, Written
from nn.arrays import Array
from nn.spec import MNIST, DataSpec
from tui.app.state.places import Places, image_axis
from tui.app.state.walking import Extent, WalkView
from tui.app.widgets.heat import Place, heat_size, heat_strips
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.formatting import number
from tui.system.terminal import Terminal

_TEXT = 32  # least cells of a text beside a picture
_GAP = 2
_LOW = 6  # rows of a matrix that lies above the text, however narrow it is
_SHORT = 10  # lines at or below which a caption has one line
_ROWS_WITH_FORMULA = 6  # below, the lines are needed for terms


def grid_of(stage: Stage, index: Index, spec: DataSpec) -> tuple[Array, Place, str]:
    """The matrix to draw with its cursor, and what it is.

    Where one axis is the inputs, the elements along it are drawn as an image, for one place on the
    other axis.
    """
    array = stage.array
    if (inputs := image_axis(stage)) is not None:
        other = 1 - inputs
        line = array.take(index[other], axis=other).reshape(spec.shape)
        axis, which = stage.axes[other], f"{index[other]} of {array.shape[other]}"
        by, after = "by pixel", "pixel by pixel"
        if stage.axes[inputs] == "edge":
            by = after = "edges in 8 directions"
        title = f"{axis} {which}, {after}"
        if axis.startswith("unit "):
            title = f"layer {axis[5:]}, unit {which}, {by}"
        return line, divmod(index[inputs], spec.columns), title
    matrix = array.reshape(1, -1) if array.ndim < 2 else array
    place = (0, index[0] if index else 0) if array.ndim < 2 else (index[0], index[1])
    titles = [_axis_words(axis, size) for axis, size in zip(stage.axes, array.shape, strict=True)]
    return (
        matrix,
        place,
        " down, ".join([*titles[:-1], ""]) + (f"{titles[-1]} across" if titles else ""),
    )


def _axis_words(axis: str, size: int) -> str:
    plural = {"image": "images", "class": "classes"}
    return f"{size} {plural.get(axis, f'units of layer {axis[5:]}')}"


def parts_line(stages: Sequence[Stage], chosen: int, width: int) -> Strip:
    """The names of all stages in their order, the chosen one in brackets; it is always seen."""
    words: list[str] = []
    for i, stage in enumerate(stages):
        new_part = i > 0 and stage.part != stages[i - 1].part
        words.append(
            ("| " if new_part else "") + (f"[{stage.name}]" if i == chosen else stage.name)
        )
    first, last = chosen, chosen + 1
    while True:
        if last < len(words) and len(" ".join(words[first : last + 1])) <= width - 4:
            last += 1
        elif first > 0 and len(" ".join(words[first - 1 : last])) <= width - 4:
            first -= 1
        else:
            break
    before, mark, after = (
        " ".join(words[first:chosen]),
        words[chosen],
        " ".join(words[chosen + 1 : last]),
    )
    parts = [Segment(f"{'< ' if first else ''}{before}{' ' if before else ''}")]
    parts.append(Segment(mark, Style(bold=True, reverse=True)))
    parts.append(Segment(f" {after}{' >' if last < len(words) else ''}"))
    return Strip(part for part in parts if part.text).adjust_cell_length(width, PLAIN)


def sum_lines(stage: Stage, index: Index, width: int, rows: int) -> list[str]:
    """The value of an element, and the terms that it is the sum of, the largest of them."""
    written = stage.write(index)
    value = float(stage.array[index])
    name = stage.name + (f"[{','.join(map(str, index))}]" if index else "")
    lines = [f"{name} = {value:.6g}"]
    if rows >= _ROWS_WITH_FORMULA:
        lines += textwrap.wrap(written.formula, width, subsequent_indent="  ")
    if len(written.values) == 1:
        term = written.term(0)
        return [*lines, *textwrap.wrap(f"= {term.numbers}", width), f"= {term.value:.6g}"][:rows]
    return [*lines, *_term_lines(written, width, rows - len(lines))][:rows]


def _term_lines(written: Written, width: int, rows: int) -> list[str]:
    """A line for each of the largest terms, one for the others together, one for the sum."""
    count = len(written.values)
    nonzero = int(np.count_nonzero(written.values))
    fitting = min(nonzero, rows - 1)
    if fitting < nonzero:
        fitting = max(0, fitting - 1)
    terms, others, rest = written.largest(fitting)
    rows_of_words: tuple[list[tuple[str, ...]], ...] = (
        [(term.symbols, term.numbers) for term in terms],
        [(term.numbers,) for term in terms],
        [(term.symbols,) for term in terms],
    )
    fitting_words = (row for row in map(_columns, rows_of_words) if _width(row) + 13 <= width)
    words = next(fitting_words, [""] * len(terms))
    lines = [
        f"  {text} {number(term.value, 10, '+.4g'):>10}"
        for text, term in zip(words, terms, strict=True)
    ]
    if others:
        lines.append(f"  and {others:,} more terms: {rest:+.4g}")
    zeros = f"; {count - nonzero:,} of {count:,} terms are 0" if nonzero < count else ""
    total = f"sum {written.total:.6g}"
    lines.append(total + zeros if len(total + zeros) <= width else total)
    return lines


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Texts side by side, each as wide as the widest of its column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{text:<{w}}" for text, w in zip(row, widths, strict=True)) for row in rows]


def _width(lines: Sequence[str]) -> int:
    return max(map(len, lines), default=0)


def stage_strips(
    stages: Sequence[Stage],
    chosen: int,
    extent: Extent,
    places: Places,
    width: int,
    height: int,
    *,
    shaded: bool,
    terminal: Terminal,
    spec: DataSpec = MNIST,
    hidden: bool = False,
) -> list[Strip]:
    """The stages in a line, the words about the chosen one, its picture and one of its elements.

    Where `hidden` is set, nothing but the name and the formula is shown.
    """
    stage = stages[chosen]
    formula = textwrap.wrap(stage.formula, width, subsequent_indent="  ")
    if len(formula[-1]) + 3 + len(stage.shapes) <= width:
        formula[-1] = f"{formula[-1]}   {stage.shapes}"
    elif height >= 20:
        formula.append(stage.shapes)
    strips = [parts_line(stages, chosen, width)]
    strips += [text_strip(line, width, Style(bold=True)) for line in formula]
    if hidden:
        return [*strips, text_strip("(the numbers follow your prediction)", width)][:height]
    strips += [text_strip(line, width) for line in textwrap.wrap(stage.meaning, width)]
    if height >= 20:
        strips.append(Strip.blank(width, PLAIN))
    body = _body(stage, extent, places, width, height - len(strips), shaded, terminal, spec)
    return [*strips, *body][:height]


def _body(
    stage: Stage,
    extent: Extent,
    places: Places,
    width: int,
    height: int,
    shaded: bool,
    terminal: Terminal,
    spec: DataSpec,
) -> list[Strip]:
    index = places.index(stage)
    if not index or height < 2:
        return [text_strip(line, width) for line in sum_lines(stage, index, width, height)]
    matrix, place, title = grid_of(stage, index, spec)
    largest, signed = extent.largest, extent.signed
    rows, columns = matrix.shape

    def heat(across: int, down: int) -> list[Strip]:
        return heat_strips(
            matrix,
            place,
            across,
            down,
            largest=largest,
            signed=signed,
            shaded=shaded,
            terminal=terminal,
        )

    captions = _captions(title, _short_title(stage, index), largest, signed, shaded)
    if rows > _LOW and columns + _GAP + _TEXT <= width:
        wide, high = heat_size(rows, columns, width - _TEXT - _GAP, height - 1, shaded=shaded)
        picture = heat(wide, high)
        room = width - wide - _GAP
        words = textwrap.wrap(captions[0], room)
        lines = [*words, *sum_lines(stage, index, room, height - len(words))]
        texts = [text_strip(line, room) for line in lines]
        gap = Strip([Segment(" " * _GAP, PLAIN)])
        empty = Strip.blank(wide, PLAIN)
        return [
            Strip.join(
                [
                    (picture[y] if y < len(picture) else empty).adjust_cell_length(wide, PLAIN),
                    gap,
                    texts[y] if y < len(texts) else Strip([]),
                ]
            )
            for y in range(max(len(picture), len(texts)))
        ]
    below = max(4, height // 2)
    wide, high = heat_size(rows, columns, width, max(1, height - below - 1), shaded=shaded)
    picture = heat(wide, high)
    words = textwrap.wrap(captions[0], width)
    if height <= _SHORT:
        words = [next((each for each in captions if len(each) <= width), captions[-1])]
    lines = [*words, *sum_lines(stage, index, width, height - len(picture) - len(words))]
    return [*picture, *(text_strip(line, width) for line in lines)]


def _short_title(stage: Stage, index: Index) -> str:
    """`unit 3` where its inputs are drawn as an image, and else the shape of the matrix."""
    if (inputs := image_axis(stage)) is None:
        return " x ".join(map(str, stage.array.shape))
    other = 1 - inputs
    return f"{stage.axes[other].split()[0]} {index[other]}"


def _captions(title: str, short: str, largest: float, signed: bool, shaded: bool) -> list[str]:
    """What a picture shows and how; every text is shorter than the one before."""
    if not signed:
        mark = "strongest" if shaded else "@ is"
        return [f"{title}; {mark} {largest:.3g}", f"{short}; {mark} {largest:.3g}"]
    if shaded:
        legend, signs = "blue above 0, orange below", "blue +, orange -"
    else:
        legend, signs = ".:+# above 0, '-=% below", ".:+# / '-=%"
    return [
        f"{title}; {legend}, to {largest:.3g}",
        f"{short}; {signs}, to {largest:.3g}",
        f"{signs}, to {largest:.3g}",
    ]


class StageView(StripWidget):
    """Shows a stage of a step, with one element chosen."""

    shaded = True
    _stages: Sequence[Stage] = ()
    _chosen = 0
    _extents: Sequence[Extent] = ()
    _places = Places()
    _spec = MNIST
    _hidden = False

    def show(self, view: WalkView, chosen: int, places: Places, *, hidden: bool = False) -> None:
        """Show this stage and the element at these places, or only what the stage is."""
        self._stages, self._extents = view.taken.stages, view.extents
        self._chosen, self._places, self._hidden = chosen, Places(places), hidden
        self._spec = view.wanted.dataset.spec
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        if not self._stages:
            return []
        colourful = self.terminal.colors == "full" and not self.terminal.ascii_only
        return stage_strips(
            self._stages,
            self._chosen,
            self._extents[self._chosen],
            self._places,
            *self.size,
            shaded=self.shaded and colourful,
            terminal=self.terminal,
            spec=self._spec,
            hidden=self._hidden,
        )
