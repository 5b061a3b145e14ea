"""The large figures of a prediction, and the words beside them."""

from __future__ import annotations

import pytest

from tui.app.widgets.headline import Headline, headline_strips
from tui.system.terminal import ColorMode, Terminal


def lines(said: Headline, width: int, height: int, terminal: Terminal | None = None) -> list[str]:
    strips = headline_strips(said, width, height, terminal or Terminal(False, "none"))
    assert len(strips) <= height
    assert all(strip.cell_length == width for strip in strips)
    return [strip.text for strip in strips]


def said(predicted: str, label: str | None) -> Headline:
    return Headline(predicted, label, ["99.0% for it", "loss 0.1"], "in brief\nand more")


def test_every_class_has_a_figure_of_its_own() -> None:
    for scale, height in ((1, 5), (2, 10)):
        figures = {tuple(lines(said(str(d), None), 60, height)) for d in range(10)}
        assert len(figures) == 10
        assert all(len(figure) == 5 * scale for figure in figures)


@pytest.mark.parametrize("colors", ["none", "16", "full"])
def test_the_verdict_is_a_word(colors: ColorMode) -> None:
    terminal = Terminal(False, colors)
    right, wrong = (lines(said("4", label), 36, 6, terminal) for label in ("4", "9"))
    assert (" RIGHT " in right[0], " WRONG " in wrong[0]) == (True, True)
    assert "99.0% for it" in right[2]
    assert right[5].split() == ["predicted", "label"]
    assert right[0].count("██   ██") == 2, "predicted and label look alike"
    assert wrong[0].count("██   ██") == 1


def test_ascii_only() -> None:
    drawn = "".join(lines(said("4", "9"), 36, 6, Terminal(True, "none")))
    assert drawn.isascii()
    assert "##   ##" in drawn


@pytest.mark.parametrize(
    ("predicted", "width", "height"), [("4", 36, 2), ("4", 16, 9), ("cat", 80, 20), ("", 80, 20)]
)
def test_without_room_or_figures_it_is_brief(predicted: str, width: int, height: int) -> None:
    drawn = lines(said(predicted, "9"), width, height)
    assert [line.strip() for line in drawn] == ["in brief", "and more"]
