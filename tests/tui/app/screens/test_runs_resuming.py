"""The runs screen: a saved run is resumed or its configuration trained anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from nn.data.dataset import Dataset
from nn.storage.runs import SavedRun
from tests.support.messages import notes
from tests.support.runs_screen import FIRST, SECOND, current
from tests.support.saved_runs import Sitting, play, runs_app, save_run
from tui.app.screens.runs import RunsScreen


@pytest.mark.parametrize("size", [(80, 24), (40, 15)])
def test_the_question_for_a_budget_names_the_run_and_keeps_the_list_still(
    root: Path, size: tuple[int, int]
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("end", "u")
        name = current(at)
        words = " ".join(at.text.split())
        assert "is complete. Go on to how many epochs, above 4: _" in words
        assert name in words
        await at.press("k", "up", "home", "space", "o", "x", "d", "v", "slash", "7")
        assert current(at) == name
        assert isinstance(at.app.screen, RunsScreen)
        assert not at.bench.overlays
        assert "above 4: 7_" in " ".join(at.text.split())
        await at.press("escape", "home")
        assert current(at) != name
        assert "is complete" not in at.text

    play(runs_app(root), scenario, size=size)


def test_resuming(root: Path, small: Dataset) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("j", "u")
        assert at.app.current_mode == "train"
        run = at.bench.run
        assert run is not None
        assert run.source.saved is not None
        assert run.source.saved.name == SECOND
        await at.press("6", "u")  # it is the present one now: back to it, not another one
        assert at.app.current_mode == "train"
        assert at.bench.run is run

    play(runs_app(root), scenario, dataset=small)


def test_its_configuration_is_trained_anew(root: Path, small: Dataset) -> None:
    async def scenario(at: Sitting) -> None:
        await at.until(lambda: at.bench.run is not None)
        await at.press("end", "t")
        assert at.app.current_mode == "train"
        assert at.bench.config == SavedRun.read(root / FIRST).record.config
        assert at.bench.experiment.recipe == "lincoln-sigmoid"
        assert at.bench.run is not None
        assert at.bench.run.source.saved is None

    play(runs_app(root), scenario, dataset=small)


def test_resuming_what_is_complete_asks_for_more(root: Path, small: Dataset) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("end", "u")
        assert "Go on to how many epochs, above 4" in at.text
        await at.press("4", "enter")
        assert "raise --epochs" in notes(at.app)
        await at.press("u", "escape", "u", "enter")
        assert at.app.current_mode == "runs"
        await at.press("u", "1", "2", "enter")
        assert at.app.current_mode == "train"
        assert at.bench.config.epochs == 12
        assert at.bench.run is not None
        assert at.bench.run.source.saved is not None

    play(runs_app(root), scenario, dataset=small)


def test_what_cannot_be_resumed_says_why(tmp_path: Path, small: Dataset) -> None:
    save_run(tmp_path, FIRST, reason="early-stopped")

    async def scenario(at: Sitting) -> None:
        await at.press("u")
        assert "early-stopped; it cannot be resumed" in notes(at.app)
        assert at.app.current_mode == "runs"

    play(runs_app(tmp_path), scenario, dataset=small)
