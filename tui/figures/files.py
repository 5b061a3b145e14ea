"""Pictures as SVG or PNG files, drawn by matplotlib: the only module that imports it."""

from __future__ import annotations

import textwrap
import warnings
from pathlib import Path
from typing import Any, BinaryIO, Literal

import matplotlib
import numpy as np
from matplotlib.figure import Figure as Canvas

from nn.storage.files import write_atomically
from tui.figures.picture import Picture
from tui.lessons.figures import Bars, Chart, Digits, Figure, Histogram, Lines, Surface, Table

Format = Literal["svg", "png"]

# Colours that can be distinguished with the common colour blindnesses; the dashes differ as well.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_DASHES = ("solid", "dashed", "dashdot", "dotted")
_BACKGROUND = "#999999"
_CAPTION = 16  # characters in a line of a caption
_DOTTED = 60  # points up to which each of them is marked
_SETTINGS: Any = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "DejaVu Sans",
    "grid.alpha": 0.3,
    "lines.markersize": 3,
    "savefig.dpi": 150,
    # Texts of an SVG stay texts, which can be searched, and the same picture is the same file.
    "svg.fonttype": "none",
    "svg.hashsalt": "mnist-tui",
    "text.parse_math": False,
}


def write_picture(folder: Path, picture: Picture, kind: Format) -> Path:
    """Write a picture into a folder, and return the file; raises `WriteError`."""
    path = folder / f"{picture.name}.{kind}"
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever the user's own settings are
        matplotlib.rcParams.update(_SETTINGS)
        canvas = _draw(picture)

        def save(stream: BinaryIO) -> None:
            metadata = {"Title": picture.title} | ({"Date": None} if kind == "svg" else {})
            with warnings.catch_warnings():
                # Names of classes may be of any script. An SVG has them all the same.
                warnings.filterwarnings("ignore", "Glyph .* missing from font")
                canvas.savefig(stream, format=kind, metadata=metadata)

        write_atomically(path, save)
    return path


def _draw(picture: Picture) -> Any:
    """The panels side by side, below their title."""
    sizes = [_size(panel) for panel in picture.panels]
    width = sum(size[0] for size in sizes)
    canvas: Any = Canvas(figsize=(width, max(size[1] for size in sizes)), layout="constrained")
    canvas.suptitle("\n".join(textwrap.wrap(picture.title, int(width * 11))))
    parts = canvas.subfigures(
        1, len(sizes), width_ratios=[size[0] for size in sizes], squeeze=False
    )
    for part, panel in zip(parts[0], picture.panels, strict=True):
        _panel(part, panel)
    return canvas


def _size(panel: Figure) -> tuple[float, float]:
    """Width and height in inches."""
    match panel:
        case Digits():
            rows = -(-len(panel.images) // panel.columns)
            return 1.2 * panel.columns, 1.4 * rows + 0.5
        case Table():
            return 6.4, 0.4 * len(panel.rows) + 1.2
        case Lines():
            return 6.4, 0.3 * len(panel.lines) + 1.0
        case Chart(plane=True) | Surface():
            return 6.0, 6.0
        case _:
            return 6.4, 4.8


def _panel(part: Any, panel: Figure) -> None:
    match panel:
        case Chart():
            _chart(part.subplots(), panel)
        case Surface():
            _surface(part.add_subplot(projection="3d"), panel)
        case Digits():
            _digits(part, panel)
        case Table():
            _table(part.subplots(), panel)
        case Histogram():
            axes = part.subplots()
            axes.stairs(panel.counts, panel.edges, fill=True, color=_COLOURS[0])
            axes.set(title=panel.title, xlabel=panel.x_label, ylabel="count")
        case Bars():
            axes = part.subplots()
            axes.bar_label(axes.barh(panel.names, np.nan_to_num(panel.shares)), panel.texts)
            axes.invert_yaxis()
        case Lines():
            axes = part.subplots()
            axes.set_axis_off()
            axes.text(0.5, 0.5, "\n".join(panel.lines), ha="center", va="center")


def _chart(axes: Any, chart: Chart) -> None:
    named = 0
    for curve in chart.curves:
        x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
        if not curve.name:
            axes.plot(x, y, color=_BACKGROUND, linewidth=0.8)
            continue
        marker = "o" if curve.dotted and (chart.plane or len(x) <= _DOTTED) else None
        style = {"color": _COLOURS[named % 4], "linestyle": _DASHES[named % 4], "marker": marker}
        axes.plot(x, y, label=curve.name, linewidth=0.8 if len(x) > 2000 else 1.6, **style)
        named += 1
    if chart.arrows is not None:
        arrows = chart.arrows
        axes.quiver(arrows.x, arrows.y, arrows.dx, arrows.dy, color=_COLOURS[0], angles="xy")
    axes.set(title=chart.title, xlabel=chart.x_label, ylabel=chart.y_label)
    if chart.y_log:
        axes.set_yscale("log")
    if chart.plane:
        axes.set_aspect("equal")
        axes.set(xlim=chart.x_range, ylim=chart.y_range)
    elif chart.y_range is not None:
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, chart.y_range[0]), max(high, chart.y_range[1]))
    if chart.cursor is not None:
        axes.axvline(chart.cursor, color=_BACKGROUND, linewidth=0.8)
    if named:
        axes.legend()


def _surface(axes: Any, surface: Surface) -> None:
    x, y = np.meshgrid(surface.x, surface.y)
    axes.plot_surface(x, y, surface.z, cmap="viridis", edgecolor="black", linewidth=0.2)
    axes.set(title=surface.title, xlabel=surface.x_label, ylabel=surface.y_label)
    axes.set_zlabel(surface.z_label)
    axes.set_box_aspect(None, zoom=0.85)


def _digits(part: Any, digits: Digits) -> None:
    rows = -(-len(digits.images) // digits.columns)
    grid = part.subplots(rows, digits.columns, squeeze=False).flat
    for axes in grid:
        axes.set_axis_off()
    for axes, image, caption in zip(grid.base.flat, digits.images, digits.captions, strict=False):
        axes.imshow(image, cmap="binary", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title("\n".join(textwrap.wrap(caption, _CAPTION)), fontsize="small")


def _table(axes: Any, table: Table) -> None:
    axes.set_axis_off()
    drawn = axes.table(
        cellText=table.rows,
        colLabels=table.header,
        loc="center",
        cellLoc="right",
        edges="horizontal",
    )
    drawn.auto_set_font_size(False)
    drawn.scale(1, 1.6)
    for (row, column), cell in drawn.get_celld().items():
        if column == 0:
            cell.set_text_props(ha="left")
        if row in (0, len(table.rows)):
            cell.set_text_props(weight="bold")
