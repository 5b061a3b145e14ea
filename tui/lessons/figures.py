"""What a lesson or a picture of the notes shows, as plain records without any drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy.typing as npt

Values: TypeAlias = Sequence[float] | npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Curve:
    """Points joined by a line; a `y` of NaN is a gap. `glyph` is the character in ASCII.

    A curve without a name is drawn as a background, such as a contour. Where there is room,
    each point of a `dotted` curve is marked.
    """

    name: str
    x: Values
    y: Values
    glyph: str | None = None
    dotted: bool = False


@dataclass(frozen=True, eq=False)
class Arrows:
    """An arrow at each point (x, y), in the direction (dx, dy)."""

    x: Values
    y: Values
    dx: Values
    dy: Values


@dataclass(frozen=True, eq=False)
class Chart:
    """Curves on one pair of axes.

    `x_range` and `y_range` are the parts that the axes cover at least; None leaves that to the
    curves. `cursor` is the position of a vertical line. Where `plane` is set, both axes have the
    same unit, and a length is drawn alike along each of them where the shape of the chart is free.
    """

    title: str
    curves: tuple[Curve, ...]
    x_label: str = ""
    y_label: str = ""
    y_log: bool = False
    arrows: Arrows | None = None
    plane: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    cursor: float | None = None


@dataclass(frozen=True, eq=False)
class Histogram:
    """The counts of `numpy.histogram`, and its edges, which are one more."""

    title: str
    counts: Values
    edges: Values
    x_label: str = ""


@dataclass(frozen=True, eq=False)
class Surface:
    """The heights `z` (rows, columns) over a grid of `x` (columns,) and `y` (rows,)."""

    title: str
    x: Values
    y: Values
    z: npt.NDArray[Any]
    x_label: str = ""
    y_label: str = ""
    z_label: str = ""


@dataclass(frozen=True, eq=False)
class Digits:
    """Images of digits, uint8 of shape (n, 28, 28), in rows of `columns`, each with a caption.

    The parts of a caption, such as "7, 2", stand below one another where there is little room.
    """

    images: npt.NDArray[Any]
    captions: tuple[str, ...]
    columns: int


@dataclass(frozen=True)
class Bars:
    """A bar for each name, of a share from 0 to 1, with a text behind it; NaN has no bar."""

    names: tuple[str, ...]
    shares: tuple[float, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Lines:
    """Lines of text as they are, in ASCII."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Cells under a header; the first column is words, the others are numbers."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Figure: TypeAlias = Chart | Surface | Histogram | Digits | Bars | Table | Lines
