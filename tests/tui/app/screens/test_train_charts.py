"""The train screen: the curves, numbers, gradients and table of epochs of its runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nn.config import TrainConfig
from nn.events import RateChanged
from tests.support.training_screen import Sitting
from tests.support.training_script import epoch, epochs, finished, step
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.app.widgets.epoch_table import EpochTable
from tui.app.widgets.gradient_flow import GradientFlow
from tui.app.widgets.numbers import Numbers, gradient_lines
from tui.recording.experiment import Experiment


def test_reset_keeps_the_curves_of_the_run_before(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, *epochs(3))
        first = at.run
        await at.press("r")
        assert first.goal is Goal.STOP
        assert at.run.goal is Goal.PAUSE
        await at.tell(Status.READY)
        assert at.names("accuracy") == ["1:default epochs=4"]
        await at.tell(Status.FINISHED, *epochs(2))
        assert at.names("accuracy") == ["1:default epochs=4", "training", "test"]
        assert at.names("loss") == ["1:default epochs=4", "batch", "training", "test"]
        await at.press("v")
        assert at.names("accuracy") == ["training", "test"]
        await at.press("v", "c")
        assert at.names("accuracy") == ["training", "test"]
        assert len(at.bench.histories) == 1

    play(scenario)


def test_losses_of_another_function_stay_off_the_loss_chart(play: Callable[..., None]) -> None:
    """Mean squared error against cross-entropy: comparable in accuracy only."""

    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, *epochs(2))
        other = TrainConfig(loss="squared-error")
        at.bench.configure(Experiment(other))
        await at.press("r")
        await at.tell(Status.FINISHED, *epochs(2))
        assert "1:default epochs=4" in at.names("accuracy")
        assert at.names("loss") == ["batch", "training", "test"]
        assert at.curves.charts["loss"].note == ": squared error, summed over the outputs"

    play(scenario)


def test_the_learning_rate_is_changed_while_training_and_marked(
    play: Callable[..., None],
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, step(5))
        await at.press("plus")
        assert at.run.rate_factor == 1.25
        assert "Rate   0.125 (x1.25)" in at.lines(Numbers)
        await at.tell(Status.PAUSED, RateChanged(5, 1.25), step(6))
        expected = ((0.5, "lr x1.25"),)
        assert at.curves.charts["loss"].marks == at.curves.charts["accuracy"].marks == expected
        await at.press("minus", "minus")
        assert at.run.rate_factor == pytest.approx(0.8)

    play(scenario)


def test_log_scale_smoothing_and_zoom_go_round(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, *epochs(3))
        await at.press("y", "S", "z")
        loss, accuracy = at.curves.charts["loss"], at.curves.charts["accuracy"]
        assert (loss.y_log, loss.smoothing, loss.zoom) == (True, 0.6, 0.5)
        assert (accuracy.y_log, accuracy.smoothing, accuracy.zoom) == (False, 0.6, 0.5)
        assert loss.note == ", log scale, smoothed 0.6, last 50%: cross-entropy of an image"
        await at.press("y", *"SSS", *"zzzz")
        assert (loss.y_log, loss.smoothing, loss.zoom) == (False, 0.0, 1.0)
        assert accuracy.note == ""

    play(scenario)


def test_the_value_cursor_of_the_focused_chart(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, *epochs(3))
        await at.press("left")
        assert at.curves.charts["loss"].cursor_x == 3
        await at.press("tab", "left", "left")
        assert at.curves.charts["accuracy"].cursor_x == 1
        assert at.curves.charts["loss"].cursor_x == 1, "all charts are read at the same epoch"
        await at.press("escape")
        assert at.curves.charts["accuracy"].cursor_x is None

    play(scenario)


def test_the_running_loss_moves_within_the_epoch(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, step(1), step(2))
        assert at.names("loss") == ["batch"]
        await at.tell(Status.RUNNING, step(4))
        assert list(at.curves.charts["loss"]._series[0].points[0]) == [0.1, 0.2, 0.4]

    play(scenario)


def test_steps_within_an_epoch_do_not_move_the_curves_of_earlier_ones(
    play: Callable[..., None],
) -> None:
    """The x axis reaches to the end of the epoch under way; what has not changed is not sent."""

    async def scenario(at: Sitting) -> None:
        chart = at.curves.charts["accuracy"]

        def drawn() -> list[str]:
            chart.redraw()
            return [strip.text for strip in chart._strips]

        await at.tell(Status.RUNNING, epoch(1), epoch(2), step(21))
        before = drawn()
        assert before[-1].split()[-2:] == ["3", "epoch"]
        for done in range(22, 30):
            await at.tell(Status.RUNNING, step(done))
            assert drawn() == before
        await at.press("z")
        assert "3" not in drawn()[-1].split(), "a zoomed chart ends with its data"
        await at.press("z", "z", "z", "z")
        assert drawn() == before

    play(scenario)


def test_gradients_by_layer_take_the_place_of_the_charts_and_stay_after_the_end(
    play: Callable[..., None],
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.FINISHED, *epochs(4), finished(4))
        await at.press("G")
        at.curves.flow.redraw()
        lines = at.lines(GradientFlow)
        assert next(line.split()[:2] for line in lines if "e-0" in line[60:]) == ["out", "2"]
        assert not at.curves.charts["loss"].display
        assert at.app.focused is at.curves.flow
        await at.press("left", "left", "escape", "tab")
        assert at.app.focused is at.curves.charts["accuracy"], "a pane that is gone to is seen"
        await at.press("G", "G")
        assert at.app.focused is at.curves.charts["loss"]

    play(scenario)


def test_numbers(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, epoch(1), step(14, norms=(1e-7, 1.0)))
        assert [line.rstrip("█░ ") for line in at.lines(Numbers)] == [
            "Epoch   40% of 2/4",
            "Run     35%",
            "Step   14 of 40",
            "Speed  12,345 images/s",
            "Time   7s, 13s left",
            "Rate   0.1",
            "Grad 1 1.00e-07",
            "Grad 2 1.00e+00",
        ]

    play(scenario)


def test_a_vanishing_gradient_is_seen() -> None:
    lines = gradient_lines((1e-7, 1e-3, 1.0), rows=9, width=37, ascii_only=True)
    assert [line.count("#") for line in lines] == [2, 10, 16]
    weird = gradient_lines(
        (0.0, float("nan"), float("inf"), 1e9), rows=9, width=37, ascii_only=True
    )
    assert [line.count("#") for line in weird] == [0, 0, 20, 20]


def test_of_many_layers_an_even_choice_with_both_ends() -> None:
    lines = gradient_lines([0.1] * 100, rows=4, width=30, ascii_only=True)
    assert [line.split()[1] for line in lines] == ["1", "34", "67", "100"]
    assert [line.split()[0] for line in lines] == ["Grad", "..", "..", ".."]
    assert gradient_lines([0.1] * 5, rows=0, width=30, ascii_only=True) == []


def test_the_table_of_epochs_marks_the_best(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        heading = at.lines(EpochTable)[0]  # there are no validation images, and no rows yet
        assert heading == " epoch train loss test loss train acc test acc"
        await at.tell(
            Status.PAUSED, epoch(1, accuracy=0.9), epoch(2, accuracy=0.95), epoch(3, accuracy=0.93)
        )
        assert at.lines(EpochTable) == [
            " epoch train loss test loss train acc test acc",
            "     1     0.5000    0.6500    92.00%   90.00%",
            "     2     0.3333    0.4333    97.00%  *95.00%",
            "     3     0.2500   *0.3250    95.00%   93.00%",
        ]

    play(scenario)


def test_the_table_has_every_column_where_there_is_room(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, epoch(1, validation=True))
        assert at.lines(EpochTable)[0].lstrip() == (
            "epoch    loss train loss val loss test loss train acc val acc test acc     rate   time"
        )

    play(scenario, size=(180, 24), config=TrainConfig(epochs=4, validation=0.1))


def test_the_table_scrolls_and_follows(play: Callable[..., None]) -> None:
    config = TrainConfig(epochs=30)

    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, *epochs(20))
        await at.press("tab", "tab")
        assert at.app.focused is at.screen.query_one(EpochTable)
        first = lambda: int(at.lines(EpochTable)[1].split()[0])  # noqa: E731
        assert first() == 13
        await at.press("up", "up")
        assert first() == 11
        await at.tell(Status.PAUSED, epoch(21))
        assert first() == 11, "it stays where it was scrolled to"
        await at.press("pageup", "pagedown", "home")
        assert first() == 1
        await at.press("end")
        await at.tell(Status.PAUSED, epoch(22))
        assert first() == 15, "at the end it follows again"
        await at.press("down")
        assert first() == 15

    play(scenario, config=config)
