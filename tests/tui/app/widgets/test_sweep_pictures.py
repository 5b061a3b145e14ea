"""Pictures of a sweep: their sizes, and where they put what was written down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.sweeps import WrittenSweep, finished_sweep, spec_of
from tui.app.state.sweep_reader import SweepReader
from tui.app.state.sweep_view import SweepView
from tui.app.widgets.parallel_coordinates import parallel
from tui.app.widgets.sweep_pictures import Picture, fitting, pictures
from tui.app.widgets.trials_table import columns_of
from tui.system.terminal import FULL, Terminal

ASCII = Terminal(ascii_only=True, colors="none")


@pytest.fixture
def view(tmp_path: Path) -> SweepView:
    finished_sweep(tmp_path / "runs")
    return read(tmp_path)


def read(folder: Path) -> SweepView:
    look = SweepReader(folder / "runs").look(None)
    assert look.view is not None, look.error
    return look.view


def drawn(view: SweepView, number: int, width: int, height: int) -> list[str]:
    return [strip.text for strip in pictures(view)[number].draw(view, width, height, ASCII)]


@pytest.mark.parametrize("size", [(1, 1), (8, 3), (38, 11), (80, 9), (200, 50)])
@pytest.mark.parametrize("terminal", [FULL, ASCII], ids=["full", "ascii"])
@pytest.mark.parametrize("results", [True, False], ids=["results", "none"])
def test_every_picture_has_exactly_its_size(
    tmp_path: Path, size: tuple[int, int], terminal: Terminal, results: bool
) -> None:
    if results:
        finished_sweep(tmp_path / "runs")
    else:
        WrittenSweep(tmp_path / "runs", "empty")
    view = read(tmp_path)
    for draw in (*(picture.draw for picture in pictures(view)), parallel):
        strips = draw(view, *size, terminal)
        assert [strip.cell_length for strip in strips] == [size[0]] * size[1]
        text = "".join(strip.text for strip in strips)
        assert text.isascii() or terminal is FULL


def test_values_of_a_choice_have_a_line_each(view: SweepView) -> None:
    # After the first rung: 60, 82, 64, 86 % with 16 hidden units; 71, 93, 75, 97 % with 32-16.
    first, second, ends, *rest = drawn(view, 2, 60, 8)
    assert pictures(view)[2].title(view).startswith("val. accuracy % by hidden, epoch 1")
    assert first.split()[:2] == ["16", "73"]
    assert second.split()[:2] == ["32-16", "84"]
    assert ends.split() == ["60", "97"]
    room = first[14:]
    assert room.index("O") == pytest.approx((73 - 60) / (97 - 60) * 45, abs=1)
    assert room[0] == "."
    assert second.rstrip().endswith(".")
    assert not "".join(rest).strip()


def test_importance_is_sorted_or_not_known_yet(view: SweepView, tmp_path: Path) -> None:
    lines = drawn(view, 4, 60, 5)
    shares = [int(line.split()[1].rstrip("%")) for line in lines if line.strip()]
    assert len(shares) == 3
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 50
    young = WrittenSweep(tmp_path / "other" / "runs", "young")
    young.begin(0)
    assert "known after eight trials" in "".join(drawn(read(tmp_path / "other"), 4, 60, 6))


def test_the_best_so_far_never_gets_worse_for_a_loss_either(tmp_path: Path) -> None:
    written = WrittenSweep(tmp_path / "runs", "loss", spec_of(objective="loss", halving=False))
    for number, accuracy in enumerate((0.5, 0.8, 0.6)):
        written.begin(number)
        written.result(number, accuracy, epochs=3)
    view = read(tmp_path)
    assert view.best == 1
    assert [row.compared for row in view.rows] == pytest.approx([1.0, 0.4, 0.8])
    lines = drawn(view, 0, 60, 11)
    assert pictures(view)[0].title(view) == "val. loss by trial, epoch 3"
    *_, lowest = [line for line in lines if "*" in line]
    assert lowest.split()[-4:] == ["best", "so", "far", "0.4"], "it ends lowest"


def test_parallel_coordinates_join_the_values_of_a_trial(tmp_path: Path) -> None:
    vary = ("hidden=8,16", "weight_decay=0..1")
    written = WrittenSweep(tmp_path / "runs", "two", spec_of(vary=vary, trials=2, halving=False))
    for number, (hidden, rate, accuracy) in enumerate((((8,), 1.0, 0.9), ((16,), 0.5, 0.7))):
        written.begin(number, {"hidden": hidden, "weight_decay": rate})
        written.result(number, accuracy, epochs=3)
    strips = parallel(read(tmp_path), 61, 11, ASCII)
    names, high, *plot, low = [strip.text for strip in strips]
    assert names.split() == ["hidden", "weight_decay", "accuracy"]
    assert high.split() == ["16", "1", "90"]
    assert low.split() == ["8", "0", "70"]
    columns = [names.index("hidden") + 3, 30, 53]
    # The best trial is drawn in #: from the lowest number of units, over the highest rate.
    assert plot[-1][columns[0]] == "#"
    assert plot[0][columns[1]] == plot[0][columns[2]] == "#"
    assert plot[-1][columns[2] - 1] == "."
    assert plot[0][columns[0] + 1] == "."
    console = parallel(read(tmp_path), 61, 11, replace(FULL, braille=False))
    assert not any("\u2800" <= c <= "\u28ff" for strip in console for c in strip.text)
    assert any("\u2800" <= c <= "\u28ff" for c in parallel(read(tmp_path), 61, 11, FULL)[4].text)


def test_as_many_pictures_as_there_is_room_for() -> None:
    def draw(*_: object) -> list[object]:
        return []

    flexible, small = Picture(str, draw), Picture(str, draw, 5)  # type: ignore[arg-type]
    found = [flexible, flexible, small, small, flexible]
    for height, lines in {
        8: [8],
        16: [16],
        17: [8, 8],
        23: [8, 8, 5],
        38: [8, 8, 5, 5, 8],
    }.items():
        assert [each for _, each in fitting(found, height)] == lines, height
    assert [each for _, each in fitting([small, flexible], 3)] == [3]


def test_columns_leave_the_least_important_out_first() -> None:
    fields = ("learning_rate", "hidden", "optimizer", "loss")

    def titles(width: int) -> list[str]:
        return [column.title for column in columns_of(fields, width)]

    assert titles(200) == ["trial", "state", "accuracy", "epochs", "rung", "loss", *fields]
    assert "loss" not in titles(77)
    assert titles(60)[:5] == ["trial", "state", "accuracy", "epochs", "learning_rate"]
    assert titles(37) == ["trial", "state", "accuracy"]
    assert titles(20) == ["trial", "accuracy"]


def test_nothing_new_is_the_same_view(tmp_path: Path) -> None:
    written = finished_sweep(tmp_path / "runs")
    reader = SweepReader(tmp_path / "runs")
    first = reader.look(None).view
    assert reader.look(None).view is first
    written.claim(0)
    assert reader.look(None).view is not first
    assert reader.look("written").view == reader.look("absent").view
