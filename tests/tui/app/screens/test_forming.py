"""Marked runs that answer together: a committee is formed in Runs and shown on all screens."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.storage.model_file import write_model
from nn.storage.positions import FINAL_FILE
from nn.storage.runs import list_runs
from tests.support.messages import notes
from tests.support.networks import recognizer
from tests.support.saved_runs import Sitting, play, runs_app, save_run
from tui.app.screens.digits import DigitsScreen

NAMES = ("20261101-100000-one", "20261102-100000-two", "20261103-100000-other")


def save_two(root: Path, small: Dataset) -> list[float]:
    """Two runs, the second one untrained; returns the test accuracies."""
    accuracies = []
    for name, trained in zip(NAMES[:2], (True, False), strict=True):
        network = recognizer(TrainConfig(), small.train, trained=trained)
        save_run(root, name)
        write_model(root / name / FINAL_FILE, network, step=40)
        accuracies.append(network.score(small.test).accuracy)
    return accuracies


def test_marked_runs_answer_together_on_all_screens(tmp_path: Path, small: Dataset) -> None:
    accuracies = save_two(tmp_path, small)

    async def scenario(at: Sitting) -> None:
        await at.press("space", "down", "space", "C")
        await at.until(lambda: isinstance(at.app.screen, DigitsScreen) and at.bench.snapshot)
        assert "Test accuracy of the committee of 2: " in notes(at.app)
        assert f"Alone they have {min(accuracies):.2%} to {max(accuracies):.2%}." in notes(at.app)
        assert at.bench.snapshot is not None
        together = at.bench.snapshot.predictor
        assert together.kind == "committee of 2"
        probabilities = [member.probabilities(small.test.images) for member in together.members]
        np.testing.assert_allclose(
            together.probabilities(small.test.images), np.mean(probabilities, axis=0), atol=1e-6
        )
        await at.until(at.shows("committee of 2"))
        await at.press("3")
        await at.until(at.shows("committee of 2"))
        await at.press("4")
        await at.until(at.shows("first member"))
        await at.press("6")
        await at.press("up", "up")
        await at.until(at.shows("2 members"))
        for name, accuracy in zip(NAMES[:2], accuracies, strict=True):
            await at.until(at.shows(f"{name}  {accuracy:>7.2%}"))
        assert "epoch 0" not in at.text
        assert len(list_runs(tmp_path)[0]) == 3

    play(runs_app(tmp_path), scenario, size=(120, 40), dataset=small)


def test_in_place_of_curves_a_committee_tells_its_members(tmp_path: Path, small: Dataset) -> None:
    accuracies = save_two(tmp_path, small)

    async def scenario(at: Sitting) -> None:
        await at.press("space", "down", "space", "C")
        await at.until(lambda: isinstance(at.app.screen, DigitsScreen) and at.bench.snapshot)
        for saved in list(at.bench.overlays.values()):
            at.bench.overlay(saved.saved)
        await at.press("1")
        await at.until(at.shows("A committee of 2", "the curves of its members are in Runs"))
        for name, accuracy in zip(NAMES[:2], accuracies, strict=True):
            assert f"{name}  {accuracy:>7.2%}" in at.text
        assert "Form of the next run" in at.text
        assert "Log scale" not in at.text
        await at.press("0")
        assert "A committee of 2" not in at.text

    play(runs_app(tmp_path), scenario, size=(120, 40), dataset=small)


def test_with_the_configuration_of_a_committee_it_is_said_whose_it_is(
    tmp_path: Path, small: Dataset
) -> None:
    save_two(tmp_path, small)

    async def scenario(at: Sitting) -> None:
        await at.press("space", "down", "space", "C")
        await at.until(lambda: isinstance(at.app.screen, DigitsScreen) and at.bench.snapshot)
        await at.press("6")
        await at.until(at.shows("3 runs"))
        await at.press("up", "up", "t")
        await at.until(lambda: f"of its first member, {NAMES[1]}" in notes(at.app))

    play(runs_app(tmp_path), scenario, dataset=small)


def test_the_form_says_how_a_committee_is_trained(tmp_path: Path, small: Dataset) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("1", "slash", *"record-comm", "enter")
        await at.until(lambda: "`mnist-tui committee --recipe record-committee`" in notes(at.app))
        assert "a committee of 4, and a run here is one of them" in notes(at.app)

    play(runs_app(tmp_path), scenario, dataset=small)


def test_what_makes_no_committee_is_said(tmp_path: Path, small: Dataset) -> None:
    """Too few runs, and one whose weights are missing; nothing is left behind."""
    save_two(tmp_path, small)
    save_run(tmp_path, NAMES[2])

    async def scenario(at: Sitting) -> None:
        await at.press("C")
        assert "mark two or more with space" in notes(at.app)
        await at.press("space", "down", "space", "C")
        await at.until(lambda: NAMES[2] in notes(at.app))
        assert len(list_runs(tmp_path)[0]) == 3

    play(runs_app(tmp_path), scenario, dataset=small)
