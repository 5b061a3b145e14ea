"""The picture of gradient norms: vanishing is seen, and no number of a run breaks it."""

from __future__ import annotations

import math

import pytest

from nn.config import TrainConfig
from nn.events import RateChanged
from tests.support.training_script import epoch, started, step
from tui.app.widgets.gradient_flow import EMPTY, flow_strips
from tui.recording.experiment import Experiment
from tui.recording.history import MAX_GRADIENT_POINTS, RunHistory
from tui.system.terminal import Terminal

ASCII = Terminal(True, "none")


def history_of(*norms: tuple[float, ...]) -> RunHistory:
    config = TrainConfig(epochs=4)
    history = RunHistory("run", Experiment(config))
    history.add(started(config))
    for number, each in enumerate(norms, 1):
        history.add(step(number, norms=each))
    return history


def drawn(history: RunHistory, width: int = 80, height: int = 9, cursor: int | None = None) -> str:
    strips = flow_strips(history, None, cursor, width, height, ASCII)
    assert [strip.cell_length for strip in strips] == [width] * height
    assert all(strip.text.isascii() for strip in strips)
    return "\n".join(strip.text.rstrip() for strip in strips)


def test_a_gradient_that_vanishes_towards_the_input_is_seen_and_later_comes_back() -> None:
    history = history_of(*[(1e-4, 1e-2, 1.0)] * 10, *[(1.0, 1.0, 1.0)] * 10)
    history.add(RateChanged(10, 1.25))
    head, *layers, ticks = drawn(history, height=5).split("\n")
    assert head.split()[:3] == ["1e-4", "..::++**##", "1"]
    assert [line[:6].split() for line in layers] == [["out", "3"], ["2"], ["in", "1"]]
    output, hidden, first = (line[7:60].rstrip() for line in layers)
    assert set(output) == {"#"}
    assert set(hidden) == {"+", "#"}
    assert first == "." * first.index("#") + "#" * first.count("#")
    assert "^" in ticks
    early = drawn(history, height=5, cursor=5).split("\n")
    assert [line.split()[-2:] for line in early[1:4]] == [
        ["1.0e+00", "1.0"],
        ["1.0e-02", "1/100"],
        ["1.0e-04", "1/10000"],
    ]


@pytest.mark.parametrize("bad", [0.0, math.nan, math.inf, 1e308, 5e-324])
def test_any_norm_can_be_drawn(bad: float) -> None:
    for width, height in ((80, 9), (38, 6), (12, 3), (1, 1), (0, 0)):
        drawn(history_of((bad, 1.0), (bad, bad), (0.5, bad)), width, height)
    assert EMPTY in drawn(history_of())


def test_layers_without_room_are_left_out_evenly() -> None:
    text = drawn(history_of(tuple(10.0**-i for i in range(9))), height=5)
    assert [line[:6].split()[-1] for line in text.split("\n")[1:4]] == ["9", "5", "1"]


def test_the_history_thins_gradients_and_forgets_those_that_a_resumed_run_makes_again() -> None:
    history = history_of(*[(1.0,)] * (MAX_GRADIENT_POINTS + 10))
    assert len(history.gradients) < MAX_GRADIENT_POINTS
    assert history.gradients[0][0] == 1
    history.add(epoch(1))
    steps = [number for number, _ in history.gradients]
    assert len(set(steps)) == len(steps), "an epoch repeats the norms of its last step"
