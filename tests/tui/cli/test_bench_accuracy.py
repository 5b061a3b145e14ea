"""`mnist-tui bench --accuracy`: what is counted and told, not how fast anything was."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.data.deskew import deskew
from nn.recipes import Recipe, load_recipe, recipe_names
from nn.training.trainer import Trainer
from tests.support.commands import call_command, refused
from tui.cli.bench.accuracy import GOALS, Attempt, attempts, results
from tui.cli.bench.benchmark import ContenderError
from tui.cli.bench.recipe_contenders import Ours, Point, RecipeContender, ScikitLearn, obstacle
from tui.system.signals import Interrupted

ACCURACIES = (0.97, 0.98, 0.985, 0.9902)


def attempt(*accuracies: float, recipe: str = "sprint-98", seed: int = 0) -> Attempt:
    """A run of four epochs that took a second each."""
    points = (Point(epoch, float(epoch), each) for epoch, each in enumerate(accuracies, 1))
    return Attempt(recipe, "ours", seed, 4, 0.5, tuple(points))


def scripted(recipe: Recipe, contender: str, seed: int, environment: Any) -> Iterator[Attempt]:
    """In the place of `attempts`: runs of four epochs, of sprint-99 two until Ctrl-C."""
    for done in range(5):
        if recipe.name == "sprint-99" and done > 2:
            raise Interrupted(signal.SIGINT)
        yield replace(attempt(*ACCURACIES[:done], recipe=recipe.name), seed=seed)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.cli.bench.accuracy.attempts", scripted)


def test_the_first_evaluation_at_or_above_an_accuracy_counts() -> None:
    run = attempt(*ACCURACIES)
    assert (run.first(98.0), run.first(99.0), run.first(99.3)) == (2.0, 4.0, None)
    assert (run.seconds, run.accuracy, run.complete) == (4.0, 0.9902, True)


def test_the_mean_over_the_seeds_has_to_reach_the_goal() -> None:
    """A first evaluation that one run never had has no mean; nor has a run that is under way."""
    low, high = attempt(0.9, 0.979), attempt(0.9, 0.98, 0.981, 0.981, seed=1)
    (both,) = results([replace(low, points=(*low.points, Point(4, 5.0, 0.979))), high])
    assert both.first(98.0) is None
    assert not both.reaches_goal, "three of four epochs are no whole recipe"
    whole = attempt(0.9, 0.979, 0.979, 0.979)
    (both,) = results([whole, high])
    assert both.accuracy == pytest.approx(98.0)
    assert both.reaches_goal
    (alone,) = results([whole])
    assert not alone.reaches_goal


def test_goals_are_of_recipes_of_ours() -> None:
    assert set(GOALS) <= set(recipe_names())
    for name in GOALS:
        assert "held-out training images" in load_recipe(name).source


@pytest.mark.usefixtures("script")
def test_table() -> None:
    done = call_command(
        "bench", "--accuracy", "--recipe=sprint-98", "--seeds=2", "--no-peers", "--threads=1"
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    row = next(line for line in lines if line.startswith("sprint-98  "))
    assert row.split()[1:] == ["mnist-tui", "0.50", "4.00", "99.02%", "2.00", "4.00", "-", "-"]
    assert "sprint-98, mnist-tui: 98% in 4.0s (99.02%, mean of 2 seeds)" in lines
    assert max(map(len, lines)) <= 80


@pytest.mark.usefixtures("script")
def test_ctrl_c_tells_what_there_is() -> None:
    done = call_command("bench", "--accuracy", "--no-peers", "--threads=1")
    assert done.returncode == 130
    assert done.stderr == "mnist-tui: stopped by SIGINT\n"
    lines = done.stdout.splitlines()
    assert "? sprint-99, mnist-tui, seed 0: ended after 2 of 4 epochs" in lines
    row = next(line for line in lines if line.startswith("sprint-99  "))
    assert row.split()[1:] == ["mnist-tui", "0.50", "2.00", "98.00%?", "2.00", "-", "-", "-"]
    assert "sprint-98, mnist-tui: 98% in 4.0s (99.02%)" in lines


@pytest.mark.usefixtures("script")
def test_json_has_every_run_and_how_far_it_came() -> None:
    done = call_command("bench", "--accuracy", "--no-peers", "--threads=1", "--json")
    whole, part = (json.loads(line) for line in done.stdout.splitlines())
    assert (whole["recipe"], whole["complete"], len(whole["points"])) == ("sprint-98", True, 4)
    assert whole["first"] == {"98": 2.0, "99": 4.0, "99.3": None, "99.5": None}
    assert (part["recipe"], part["complete"], part["accuracy"]) == ("sprint-99", False, 0.98)
    assert whole["threads"] == 1


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--recipe=sprint-98"], "--recipe is for --accuracy"),
        (["--seeds=2"], "--seeds is for --accuracy"),
        (["--accuracy", "--seconds=5"], "--seconds contradicts --accuracy"),
        (["--cores"], "--threads contradicts --cores"),
        (["--accuracy", "--seeds=0"], "--seeds 0: must be at least 1"),
        (["--accuracy", "--recipe=sprint-97"], "unknown recipe 'sprint-97'"),
        (["--accuracy", "--recipe=record-committee"], "is a committee"),
        (["--accuracy", "--recipe=two-layer-net"], "has a budget of steps"),
    ],
)
def test_refusals(flags: list[str], message: str) -> None:
    result = call_command("bench", "--no-peers", "--threads=1", *flags)
    assert message in refused(result)


def test_ours_is_the_trainer(small: Dataset) -> None:
    config = TrainConfig(hidden=(8,), epochs=3, deskew=True, threads=1, processes=1)
    points = list(Ours(config, small).points())
    assert [point.epoch for point in points] == [1, 2, 3]
    assert points[0].seconds < points[1].seconds < points[2].seconds
    trainer = Trainer(config, small)
    list(trainer.events())
    assert points[-1].accuracy == trainer.predictor.score(small.test).accuracy


def test_a_contender_in_a_process_of_its_own() -> None:
    recipe = load_recipe("default")
    tiny = replace(recipe.config, hidden=(8,), limit=640, epochs=2, threads=1)
    seen = list(attempts(replace(recipe, config=tiny), "ours", 3, dict(os.environ)))
    assert [len(each.points) for each in seen] == [0, 1, 2]
    assert seen[-1].complete
    assert (seen[-1].recipe, seen[-1].contender, seen[-1].seed) == ("default", "ours", 3)


def test_a_contender_that_dies_is_an_error() -> None:
    with pytest.raises(ContenderError, match="nobody, sprint-98: ended with code 1"):
        list(attempts(load_recipe("sprint-98"), "nobody", 0, {}))


def test_what_a_peer_cannot_train_is_named() -> None:
    for name in GOALS:
        assert obstacle("pytorch", load_recipe(name).config) is None
    assert "loss" in str(obstacle("pytorch", load_recipe("lecun-300").config))
    assert "squared-error" in str(obstacle("sklearn", load_recipe("lecun-300").config))
    assert obstacle("ours", load_recipe("lecun-300").config) is None


FULL = TrainConfig(
    hidden=(32, 16), epochs=6, batch_size=20, deskew=True, batch_norm=True, noise=0.1, dropout=0.1,
    label_smoothing=0.05, average_decay=0.9, max_norm=3, clip_norm=5, augment_shift=0.5,
    augment_rotation=7.5, augment_scale=0.075, augment_shear=0.075, elastic_alpha=10,
)  # fmt: skip


@pytest.mark.parametrize("optimizer", ["adam", "nesterov"])
def test_pytorch_learns_the_same_recipe(small: Dataset, optimizer: str) -> None:
    pytest.importorskip("torch")
    from tui.cli.bench.torch_recipe import TorchRecipe

    fields: dict[str, Any] = {"optimizer": optimizer}
    if optimizer == "nesterov":
        fields |= {"learning_rate": 0.05, "schedule": "cosine", "warmup_steps": 10}
    config = replace(FULL, **fields)
    assert obstacle("pytorch", config) is None
    contenders: list[RecipeContender] = [TorchRecipe(config, small), Ours(config, small)]
    theirs, ours = ([point.accuracy for point in each.points()] for each in contenders)
    assert len(theirs) == 6
    assert theirs[-1] == pytest.approx(ours[-1], abs=0.1)
    assert theirs[-1] > 0.5


def test_pytorch_deskews_alike(small: Dataset) -> None:
    torch = pytest.importorskip("torch")
    from tui.cli.bench.torch_recipe import deskewed

    images = small.test.images
    theirs = deskewed(torch.from_numpy(images.astype(np.float32)).view(-1, 1, 28, 28))
    difference = abs(theirs.view(-1, 784).numpy() - deskew(images, (28, 28)))
    assert difference.max() <= 1.0, "but for the rounding to bytes"


def test_scikit_learn_learns_the_same_network(small: Dataset) -> None:
    pytest.importorskip("sklearn")
    points = list(ScikitLearn(replace(FULL, epochs=3), small).points())
    assert [point.epoch for point in points] == [1, 2, 3]
    assert points[-1].accuracy > 0.3
