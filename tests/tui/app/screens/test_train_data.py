"""The train screen while data are read: what is wanted meanwhile, and data that come too late."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from nn.config import TrainConfig
from tests.support.messages import notes
from tests.support.training_screen import Sitting
from tui.app.state.messages import DataFailed, DataLoaded
from tui.app.state.steered_run import Goal
from tui.recording.experiment import Experiment

OTHER = Experiment(TrainConfig(epochs=4, data_dir="other"))
REMARKED: Any = SimpleNamespace(remark="60 images were left out", name="the first data")


def test_space_while_the_data_load_is_remembered_and_can_be_taken_back(
    play: Callable[..., None],
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("space")
        await at.press("space")
        await at.press("space")
        await at.load()
        assert at.run.goal is Goal.RUN

    play(scenario, loaded=False)


def test_stop_while_the_data_load_takes_the_start_back(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("space", "x")
        await at.load()
        assert at.run.goal is Goal.PAUSE

    play(scenario, loaded=False)


def test_data_that_cannot_be_read_are_told(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        at.app.post_message(DataFailed("", ValueError("no such [data]")))
        await at.pilot.pause()
        assert "no such [data]" in notes(at.app)
        assert at.status == "failed: no such [data]"
        assert not at.bench.loading

    play(scenario, loaded=False)


def test_what_becomes_of_data_that_are_no_longer_awaited_does_not_matter(
    play: Callable[..., None],
) -> None:
    """Their failure was once that of the new run, whose own data were then not taken."""

    async def scenario(at: Sitting) -> None:
        at.bench.configure(OTHER)
        await at.press("space")
        at.app.post_message(DataFailed("", ValueError("no such data")))
        at.app.post_message(DataLoaded("", REMARKED))
        await at.pilot.pause()
        assert notes(at.app) == ""
        assert (at.bench.loading, at.bench.error, at.bench.run) == (True, None, None)
        await at.load()
        assert at.bench.data_dir == "other"
        assert at.run.goal is Goal.RUN

    play(scenario, loaded=False)


def test_a_run_of_the_data_in_memory_is_not_replaced_by_those_that_were_wanted_in_between(
    play: Callable[..., None],
) -> None:
    async def scenario(at: Sitting) -> None:
        first = at.bench.experiment
        at.bench.configure(OTHER)
        at.bench.configure(first)
        await at.press("space")
        assert at.run.goals == [Goal.RUN]
        at.app.post_message(DataLoaded("other", REMARKED))
        await at.pilot.pause()
        assert at.bench.data_dir == ""
        assert at.run.goals == [Goal.RUN]

    play(scenario)
