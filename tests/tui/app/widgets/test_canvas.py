"""The drawing board and the bars of probabilities in cells of the terminal."""

from __future__ import annotations

import numpy as np
import pytest

from tui.app.widgets.canvas import canvas_strips
from tui.app.widgets.probabilities import probability_strips
from tui.system.terminal import Terminal


def test_every_pixel_and_the_cursor_are_seen() -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[0, 0] = pixels[3, 1] = pixels[4, 2] = pixels[5, 2] = 255
    halves = [s.text for s in canvas_strips(pixels, (9, 5), 28, 14, Terminal(False, "16"))]
    assert [halves[0][0], halves[1][1], halves[2][2], halves[4][5]] == ["▀", "▄", "█", "v"]
    plain = [s.text for s in canvas_strips(pixels, (8, 5), 28, 14, Terminal(True, "none"))]
    assert [plain[0][0], plain[1][1], plain[2][2], plain[4][5]] == ['"', "_", "#", "^"]
    for ascii_only, ink in ((True, "@@"), (False, "██")):
        pairs = [
            s.text for s in canvas_strips(pixels, (8, 5), 56, 28, Terminal(ascii_only, "none"))
        ]
        assert len(pairs) == 28
        assert (pairs[3][2:4], pairs[8][10:12]) == (ink, "[]")
    low = [s.text for s in canvas_strips(pixels, (0, 0), 28, 6, Terminal(False, "16"), 4)]
    assert (len(low), low[0][2]) == (6, "█")
    for width, height in ((56, 28), (28, 14)):
        strips = canvas_strips(pixels, (0, 0), width, height, Terminal(False, "full"))
        assert [strip.cell_length for strip in strips] == [width] * height


@pytest.mark.parametrize("width", [12, 18, 40])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_bars_are_as_long_as_the_probabilities(width: int, ascii_only: bool) -> None:
    values = [0.0, 0.25, 0.5, 1.0, float("nan")]
    strips = probability_strips(values, width, terminal=Terminal(ascii_only, "none"))
    lines = [strip.text for strip in strips]
    assert all(len(line) == width for line in lines)
    lengths = [sum(c in "#█▏▎▍▌▋▊▉" for c in line) for line in lines]
    assert lengths == [*sorted(lengths[:4]), 0]
    assert lengths[3] == width - 9 - (width >= 18)
    assert lines[3].startswith(">3")
    assert lines[3].rstrip().endswith("100.0%" if width >= 18 else "100%")
    assert lines[4].endswith("-")
