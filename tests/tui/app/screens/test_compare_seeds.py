"""Training more seeds of two settings on the screen that compares them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from nn.data.dataset import Dataset
from nn.storage.run_writer import RunWriter
from nn.storage.runs import list_runs
from tests.support.compared import NAMES, compare_screen, open_pair, save_pair
from tests.support.messages import notes
from tests.support.saved_runs import Sitting, play, runs_app
from tui.cli.launch import _finish


def test_no_seeds_beside_a_run_that_goes_on(tmp_path: Path, small: Dataset) -> None:
    pair = save_pair(tmp_path, small)

    async def scenario(at: Sitting) -> None:
        await open_pair(at)
        assert compare_screen(at).comparison.live  # type: ignore[union-attr]
        await at.press("plus")
        assert "B is being trained; more seeds can be trained after it." in notes(at.app)
        assert at.bench.seeds is None

    with closing(RunWriter.reopen(pair[1].path)):
        play(runs_app(tmp_path), scenario, dataset=small)


def of_seeds(root: Path) -> dict[str, str]:
    """The statuses of the runs that were trained with further seeds, for a step at least."""
    runs = (run for run in list_runs(root)[0] if run.name not in NAMES and run.record.step)
    return {run.name[16:]: run.status for run in runs}


@pytest.mark.parametrize("stopped", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_more_seeds_are_trained_and_saved(
    tmp_path: Path, small: Dataset, monkeypatch: pytest.MonkeyPatch, *, stopped: bool
) -> None:
    monkeypatch.setattr("tui.app.screens.comparing.LOOK_INTERVAL", 0.05)
    save_pair(tmp_path, small, epochs=100_000 if stopped else 1)

    async def scenario(at: Sitting) -> None:
        await open_pair(at)
        await at.press("plus")
        training = at.bench.seeds
        assert training is not None
        if stopped:
            await at.until(lambda: training.ended == 1)
            await at.until(at.shows("2 of 8: B seed 1"))
            await at.press("plus")
            assert "x stops that" in notes(at.app)
            await at.until(lambda: "good-net-seed-1" in of_seeds(tmp_path))
            await at.press("x")
        await at.until(lambda: not training.active)
        assert training.error is None
        statuses = of_seeds(tmp_path)
        if stopped:
            assert statuses == {"poor-net-seed-1": "finished", "good-net-seed-1": "interrupted"}
            await at.until(at.shows("1 seed of both"))
        else:
            assert list(statuses.values()) == ["finished"] * 8
            assert "8 runs with other seeds are trained and saved." in notes(at.app)
            await at.until(at.shows("5 seeds: B"))
            differences = compare_screen(at).comparison.seeds.differences  # type: ignore[union-attr]
            assert list(differences) == [0, 1, 2, 3, 4]
            assert np.isfinite(list(differences.values())).all()

    play(runs_app(tmp_path), scenario, dataset=small)


def test_leaving_saves_the_run_of_a_further_seed(tmp_path: Path, small: Dataset) -> None:
    """It was once removed without a question."""
    save_pair(tmp_path, small, epochs=100_000, learning_rate=0.05)

    async def scenario(at: Sitting) -> None:
        await open_pair(at)
        await at.press("plus")
        await at.until(lambda: "good-net-seed-1" in of_seeds(tmp_path))
        await at.press("q")
        await at.until(lambda: at.app.return_value is not None)

    app = runs_app(tmp_path)
    play(app, scenario, dataset=small)
    assert _finish(app.bench) == []
    assert of_seeds(tmp_path) == {"poor-net-seed-1": "finished", "good-net-seed-1": "interrupted"}
