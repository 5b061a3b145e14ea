"""Numbers in cells of a fixed width: none is cut, pushes its neighbours aside or touches them."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.config import TrainConfig
from nn.events import RateChanged
from tests.support.training_script import epoch, started, step
from tui.app.state.catalogue import Entry
from tui.app.widgets import epoch_table, layer_table, runs_table
from tui.app.widgets.columns import Column, fitting, total_width
from tui.app.widgets.confusion import ConfusionMatrix
from tui.app.widgets.legend import legend, readout, run_glyph
from tui.app.widgets.numbers import progress_lines
from tui.app.widgets.plot import render_chart
from tui.app.widgets.series import Series
from tui.formatting import clock, number
from tui.recording.experiment import Experiment
from tui.recording.history import RunHistory
from tui.system.terminal import FULL

REALS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(REALS, st.integers(6, 14), st.sampled_from([".4f", ".3g", ".4g", ".1e"]))
def test_a_number_that_fits_is_the_number_rounded(value: float, width: int, spec: str) -> None:
    text = number(value, width, spec)
    assert len(text) <= width
    assert float(text) == pytest.approx(value, rel=0.5, abs=0.001)


@given(REALS, st.integers(0, 5))
def test_a_number_without_room_has_no_wrong_digits(value: float, width: int) -> None:
    text = number(value, width)
    assert len(text) <= width
    if set(text) - {"#"}:
        assert float(text) == pytest.approx(value, rel=0.5, abs=1)


def test_numbers_are_written_shorter_not_cut() -> None:
    assert number(579.4594, 7, ".4f") == "579.46"
    assert number(62139983619.0, 7, ".4f") == "6.21e10"
    assert number(1.837e7, 7, ".3g") == "1.837e7"
    assert [number(v, 7, ".4f") for v in (0.25, math.inf, math.nan)] == ["0.2500", "inf", "nan"]
    assert (number(123456, 5, "d"), number(-1e-30, 3), number(-1e30, 3)) == ("1.2e5", "0", "###")
    assert [clock(3600 * 123 + 60, w) for w in (9, 6, 4)] == ["123:01:00", "123h01", "123h"]


LOSSES = [0.0, 0.0123, 2.3025, 579.4594, 12345.678, 62139983619.0, 1e38, math.nan, math.inf]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("rate", [1e-12, 0.1, 1.84e7, 3.3e38])
def test_columns_of_epochs_stand_under_their_titles(loss: float, rate: float) -> None:
    done = replace(epoch(3, validation=True), train_loss=loss, learning_rate=rate, seconds=4e5)
    evaluation = done.evaluation
    assert evaluation is not None
    scores = {
        split: replace(getattr(evaluation, split), loss=loss)
        for split in ("train", "validation", "test")
    }
    row = replace(done, evaluation=replace(evaluation, **scores))
    cells = {column.title: column.cell(row) for column in epoch_table.COLUMNS}
    assert [len(cell) for cell in cells.values()] == [c.width for c in epoch_table.COLUMNS]
    assert not any("~" in cell for cell in cells.values())
    for title in ("loss", "train loss", "val loss", "test loss"):
        assert float(cells[title]) == pytest.approx(loss, rel=0.05, abs=1e-4, nan_ok=True)
    assert float(cells["rate"]) == pytest.approx(rate, rel=0.05)


class Record:
    """The part of a run's record that the table shows."""

    def __init__(self, loss: float, epochs: int) -> None:
        self.recipe, self.seconds = "a recipe with a very long name indeed", 4e6
        self.imported_from = None
        self.epoch, self.total_steps, self.steps_per_epoch = float(epochs), epochs + 1, 1
        self.created = datetime(2026, 11, 25).isoformat()
        evaluation = epoch(1).evaluation
        assert evaluation is not None
        self.best = self.latest = replace(evaluation, test=replace(evaluation.test, loss=loss))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("epochs", [9, 1234, 99_999, 1_000_000])
def test_columns_of_runs_stand_under_their_titles(loss: float, epochs: int) -> None:
    class Run:
        record = Record(loss, epochs)

    entry = Entry(cast(Any, Run()), "interrupted")
    columns = (*runs_table.COLUMNS, *runs_table.ORIGIN)
    cells = {column.title: column.cell(entry) for column in columns}
    assert [len(cell) for cell in cells.values()] == [column.width for column in columns]
    assert float(cells["test loss"]) == pytest.approx(loss, rel=0.05, abs=1e-4, nan_ok=True)
    done, total = cells["epochs"].split("/")
    assert (float(done), float(total)) == (
        pytest.approx(epochs, rel=0.5),
        pytest.approx(epochs + 1, rel=0.5),
    )
    assert [title for title, cell in cells.items() if "~" in cell] == ["recipe"]


def test_columns_are_left_out_by_rank_and_equal_ranks_together() -> None:
    columns = [
        Column[str](title, 4, rank, lambda row, _: row)
        for title, rank in zip("abcd", (0, 2, 1, 2), strict=True)
    ]
    assert total_width(columns) == 19
    assert [c.title for c in fitting(columns, 19)] == ["a", "b", "c", "d"]
    assert [c.title for c in fitting(columns, 18)] == ["a", "c"]
    assert [c.title for c in fitting(columns, 8)] == ["a"]
    assert fitting(columns, 3) == []


def test_the_layer_table_leaves_out_a_column_before_it_cuts_a_count() -> None:
    import numpy as np

    from nn.analysis.inspection import LayerStatistics

    names = LayerStatistics.__dataclass_fields__
    values: dict[str, Any] = dict.fromkeys(names, 0.25)
    values |= {
        "in_features": 784,
        "out_features": 4096,
        "parameters": 3_215_360,
        "activation": "leaky_relu",
        "dead": np.ones(4096, bool),
        "counts": np.ones(3),
        "edges": np.arange(4.0),
        "norm": {"scale": (0.5, 1.5), "shift": (-1.0, 2.0), "mean": (0, 1), "variance": (0.1, 9)},
    }
    layer = LayerStatistics(**{name: values[name] for name in names})
    for width in (40, 60, 80):
        lines = [s.text for s in layer_table.table_strips([layer], [1e-12], 0, width, 7, "none")]
        assert "!4096/4096" in lines[1]
        below = " ".join(" ".join(lines[2:]).split())
        expected = "normalized: scale 0.5..1.5 shift -1..2 mean 0..1 variance 0.1..9"
        assert below == expected
        assert all(len(line) == width for line in lines)


# Charts


def overlaid(count: int) -> list[Series]:
    runs = [
        Series(f"run-{n}", [1, 2], [0.5, n], 0, "warning", tag=run_glyph(n))
        for n in range(1, count + 1)
    ]
    return [*runs, Series("trn", [1, 2], [1, 2], 1), Series("tst", [1, 2], [1, 3], 0)]


@pytest.mark.parametrize("count", [1, 3, 4, 9, 20])
@pytest.mark.parametrize("width", [20, 39, 80])
def test_the_title_stays_and_runs_have_glyphs_of_their_own(count: int, width: int) -> None:
    glyphs = {run_glyph(n) for n in range(1, count + 1)}
    assert len(glyphs) == count
    assert not glyphs & set("ox")
    line = legend("Accuracy %", overlaid(count), width)
    assert line.cell_length == width
    assert line.text.startswith("Accuracy %")
    if width == 80:
        assert count not in (3, 4, 9) or "3:" in line.text


@pytest.mark.parametrize("width", [12, 20, 39, 80])
def test_no_number_of_a_readout_is_cut(width: int) -> None:
    series = [replace(one, ys=[0.125, 123456.0]) for one in overlaid(7)]
    text = readout(series, 2, width, x_label="epoch")
    assert len(text) <= width
    numbers = [word for word in text.split() if word[0].isdigit() and ":" not in word]
    assert set(numbers[1:]) <= {"1.235e+05", "1.23e+05"}, text
    assert numbers[0] == "2"
    assert width < 20 or text.endswith(("1.235e+05", "1.23e+05"))


def test_labels_of_marks_do_not_overlap_and_the_last_is_there() -> None:
    series = [Series("a", range(21), [20.0 - i for i in range(21)], 1)]
    marks = [(8 + i / 4, f"lr x{1.25 ** (i + 1):.3g}") for i in range(16)]
    top = render_chart(series, 80, 12, marks=marks)[0].text
    words = [word for word in re.sub("[┊┼┈]", " ", top).split() if word.startswith("x")]
    expected = {label.split()[1] for _, label in marks}
    assert words
    assert set(words) <= expected
    assert top.count("lr") == len(words)
    assert marks[-1][1] in top


@pytest.mark.parametrize("low", [94.33, 1.2345, 1234.5])
def test_a_chart_does_not_touch_the_labels_of_the_one_at_its_left(low: float) -> None:
    ticks = (0.05, 0.001, 1000.0)
    lines = [
        strip.text
        for step in ticks
        for strip in render_chart([Series("a", range(3), [low, low + step, low], 0)], 50, 20)
    ]
    assert any(line.lstrip()[:1].isdigit() for line in lines)
    assert all(line.startswith(" ") for line in lines)


def test_charts_of_one_axis_have_their_ticks_in_the_same_columns() -> None:
    import numpy as np

    batches = Series("batch", np.arange(1, 201) / 10, np.ones(200), 5)
    tests = Series("tests", [10, 20], [97.0, 98.0], 0)
    axis = np.concatenate([batches.points[0], tests.points[0]])
    above, below = (
        [strip.text for strip in render_chart([one], 60, 12, axis=axis)] for one in (batches, tests)
    )
    assert [c for c in above[-1] if c.isdigit()] == [c for c in below[-1] if c.isdigit()]
    assert [i for i, c in enumerate(above[-2]) if c == "┬"] == [
        i for i, c in enumerate(below[-2]) if c == "┬"
    ]


# Numbers


def progress(done: int, epochs: int, *, evaluated: bool, width: int = 30) -> dict[str, str]:
    config = TrainConfig(epochs=epochs)
    history = RunHistory("run", Experiment(config))
    history.add(started(config))
    history.add(epoch(done // 10) if evaluated else step(done))
    lines = progress_lines(history, 1.0, width, ascii_only=True)
    assert all(len(line) <= width for line in lines)
    return {line.split()[0]: line for line in lines}


def test_what_was_trained_elsewhere_has_no_progress() -> None:
    """A committee and the weights of another program are evaluated without a step."""
    lines = progress(0, 10, evaluated=True)
    assert {lines[name].split()[1] for name in ("Epoch", "Run", "Step")} == {"-"}


def test_bars_keep_their_width() -> None:
    for epochs in (10, 100, 1000):
        bars = {
            len(line) - len(line.rstrip("#."))
            for done in (1, 5, 10 * (epochs - 1), 10 * epochs - 1, 10 * epochs)
            for line in [progress(done, epochs, evaluated=False)["Epoch"]]
        }
        lengths = {
            len(progress(done, epochs, evaluated=False)[name])
            for done in (1, 95, 10 * epochs)
            for name in ("Epoch", "Run")
        }
        assert len(bars) == 1
        assert lengths == {30}


def test_an_evaluated_epoch_is_over() -> None:
    assert "  0% of 4/5" in progress(30, 5, evaluated=True)["Epoch"]
    assert "100% of 3/5" in progress(30, 5, evaluated=False)["Epoch"], "it is being evaluated"
    assert "100% of 5/5" in progress(50, 5, evaluated=True)["Epoch"]
    assert " 50% of 1/5" in progress(5, 5, evaluated=False)["Epoch"]


@pytest.mark.parametrize("epochs", [10**5, 10**6])
def test_long_runs_have_no_cut_numbers(epochs: int) -> None:
    lines = progress(7, epochs, evaluated=False)
    done, total = lines["Step"].removeprefix("Step").split(" of ")
    assert float(done.replace(",", "")) == 7
    assert float(total.replace(",", "")) == pytest.approx(10 * epochs, rel=0.05)
    assert float(lines["Epoch"].split("/")[1].split()[0].replace(",", "")) == pytest.approx(epochs)


def test_the_rate_goes_with_its_factor() -> None:
    history = RunHistory("run", Experiment(TrainConfig()))
    history.add(started(TrainConfig()))
    history.add(step(5))

    def rate(factor: float) -> str:
        return progress_lines(history, factor, 30, ascii_only=True)[-1]

    assert rate(1.0) == "Rate   0.1"
    assert rate(3.052) == "Rate   0.3052 (x3.052)"
    history.add(RateChanged(5, 3.052))
    history.add(replace(step(6), learning_rate=0.3052))
    assert rate(3.052) == "Rate   0.3052 (x3.052)"
    assert rate(1.526) == "Rate   0.1526 (x1.526)"


@pytest.mark.parametrize("width", [40, 50, 60, 80, 120])
def test_counts_of_a_confusion_matrix_do_not_touch(width: int) -> None:
    import numpy as np

    class Sized(ConfusionMatrix):
        size = property(lambda self: type("Size", (), {"width": width, "height": 11})())  # type: ignore[assignment]

        def _style(self, label: int, predicted: int, level: int) -> Any:
            return None

        def redraw(self) -> None:
            pass

    for scale in (1, 10, 100, 1000, 6000):
        matrix = Sized(FULL)
        matrix.set_counts(np.full((10, 10), 99 * scale // 100 + 1))
        matrix.cursor = (9, 9)
        for strip in matrix._lay_out()[1:10]:
            words = strip.text.replace("true ", "").translate(dict.fromkeys(map(ord, ":*#"), " "))
            assert len(words.split()[:11]) == 11, strip.text
