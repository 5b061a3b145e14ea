"""Pictures as files: labelled, the same each time, and readable by other programs."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nn.errors import StorageError
from tui.figures import functions
from tui.figures.picture import Picture
from tui.lessons.figures import Bars, Chart, Curve, Digits, Histogram, Lines, Table

if TYPE_CHECKING:
    from tui.figures.files import Format

pytestmark = pytest.mark.skipif(
    find_spec("matplotlib") is None, reason="the extra figures is not installed"
)


def write_picture(folder: Path, picture: Picture, kind: Format) -> Path:
    """With matplotlib, whose import takes long, so that each worker of pytest would be late."""
    from tui.figures import files

    return files.write_picture(folder, picture, kind)


def texts(path: Path) -> list[str]:
    """The texts of an SVG."""
    return [
        "".join(element.itertext())
        for element in ET.parse(path).iter()
        if element.tag.endswith("}text")
    ]


def test_a_chart_has_title_labels_ticks_and_legend(tmp_path: Path) -> None:
    path = write_picture(tmp_path, functions.tangents(), "svg")
    found = texts(path)
    assert path.name == "tangent.svg"
    assert any("f(x) = 0.01 x^2 + 0.1 x" in text for text in found)
    wanted = {"x", "f(x)", "tangent at 5", "tangent at 10", "15.0"}
    assert wanted <= set(found)


def test_the_same_picture_is_the_same_file(tmp_path: Path) -> None:
    first = write_picture(tmp_path, functions.contour(), "svg").read_bytes()
    assert write_picture(tmp_path, functions.contour(), "svg").read_bytes() == first


@pytest.mark.parametrize("kind", ["svg", pytest.param("png", marks=pytest.mark.slow)])
def test_every_kind_of_panel_is_drawn(tmp_path: Path, kind: Format) -> None:
    curve = Curve("a $curve_1$", [1, 2, 3], [0.1, np.nan, 10])
    images = np.zeros((3, 28, 28), np.uint8)
    panels = (
        Chart("chart", (curve, Curve("", [1, 3], [1, 1])), "x", "y", y_log=True, cursor=2),
        Histogram("histogram", [1, 2], [0, 1, 2], "value"),
        Digits(images, ("1, 2", "3, 4", "한글, 가"), 2),
        Bars(("a", "b"), (0.5, float("nan")), ("half", "-")),
        Table(("layer", "parameters"), (("Linear", "10"), ("total", "10"))),
        Lines(("one line",)),
        *functions.surface().panels,
    )
    path = write_picture(tmp_path, Picture("all", "All kinds", panels), kind)
    if kind == "png":
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert min(image.size) > 400
        return
    found = texts(path)
    for text in ("All kinds", "a $curve_1$", "3, 4", "half", "Linear", "one line", "x1", "value"):
        assert text in found


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "tangent.svg").mkdir()
    with pytest.raises(StorageError, match=r"tangent.svg: cannot write"):
        write_picture(tmp_path, functions.tangents(), "svg")
    assert [path.name for path in tmp_path.iterdir()] == ["tangent.svg"]
