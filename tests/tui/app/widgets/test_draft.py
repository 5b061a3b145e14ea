"""The draft of a configuration: the words of the flags, and what differs from the recipe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nn.config import FIELDS, TrainConfig, check_value, choices, field_types
from nn.errors import ConfigError
from nn.recipes import load_recipe, recipe_names
from tui.app.widgets.draft import Draft, options
from tui.recording.experiment import Experiment

BASE = TrainConfig()


def draft(**fields: object) -> Draft:
    return Draft(Experiment(TrainConfig.layered(fields), None, BASE))


def test_a_draft_of_any_recipe_is_that_recipe() -> None:
    for name in recipe_names():
        recipe = load_recipe(name)
        chosen = draft()
        chosen.choose(name)
        assert chosen.config == recipe.config
        assert chosen.recipe == name
        assert not any(chosen.is_changed(field) for field in FIELDS)
        for field, text in list(chosen.texts.items()):
            chosen.edit(field, text)
        assert chosen.config == recipe.config, "the texts read back to the same values"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("learning_rate", "-1"),
        ("learning_rate", "fast"),
        ("batch_size", "0"),
        ("hidden", "64-x"),
        ("dropout", "1"),
        ("activation", "gelu"),
        ("eval_train", "perhaps"),
        ("epochs", ""),
    ],
)
def test_a_wrong_value_is_refused_in_the_words_of_the_flag(name: str, text: str) -> None:
    edited = draft()
    edited.edit(name, text)
    with pytest.raises(ConfigError) as refusal:
        check_value(name, text)
    assert edited.errors == {name: str(refusal.value)}
    assert edited.config is None
    assert edited.is_changed(name)
    edited.restore(name)
    assert edited.config == BASE


def test_fields_that_contradict_each_other_are_refused_in_the_words_of_the_flags() -> None:
    edited = draft()
    edited.edit("patience", "3")
    with pytest.raises(ConfigError) as refusal:
        TrainConfig(patience=3)
    assert edited.errors == {"patience": str(refusal.value)}
    assert edited.problem == str(refusal.value)
    edited.edit("validation", "0.1")
    assert edited.config == TrainConfig(patience=3, validation=0.1)
    assert edited.problem is None


def test_steps_and_epochs_replace_each_other_as_with_the_flags() -> None:
    edited = draft()
    edited.edit("steps", "1000")
    assert edited.config == TrainConfig.layered({"steps": 1000})
    assert edited.texts["epochs"] == "0"
    edited.edit("epochs", "3")
    assert edited.config == TrainConfig(epochs=3)
    edited.edit("epochs", "0")
    assert "contradicts steps=0" in edited.errors["epochs"]


def test_a_recipe_leaves_alone_where_the_run_takes_place() -> None:
    edited = draft(data_dir="/data/mnist", threads=2, seed=7, limit=500)
    edited.choose("sigmoid-mse")
    recipe = load_recipe("sigmoid-mse").config
    assert edited.config is not None
    assert edited.config.to_dict(base=recipe) == {"data_dir": "/data/mnist", "threads": 2}


def test_what_stays_beside_a_recipe_may_contradict_and_is_told() -> None:
    edited = draft()
    edited.edit("threads", "1")
    edited.edit("processes", "5")
    edited.choose("two-layer-net")
    with pytest.raises(ConfigError) as refusal:
        TrainConfig(threads=1, processes=5)
    assert edited.problem == str(refusal.value)
    assert edited.experiment is None
    edited.edit("processes", "1")
    assert edited.config == replace(load_recipe("two-layer-net").config, threads=1, processes=1)


def test_every_field_of_few_values_offers_them() -> None:
    for name in FIELDS:
        few = bool(choices(name)) or field_types()[name] is bool
        assert bool(options(name)) == few


def test_fields_that_have_no_effect_are_dimmed_and_zeros_are_told_in_words() -> None:
    edited = draft(optimizer="sgd", schedule="constant")
    for name in ("momentum", "beta1", "eps", "warmup_steps", "decay_factor", "restore"):
        assert not edited.has_effect(name), name
    for name in ("learning_rate", "weight_decay", "epochs", "hidden"):
        assert edited.has_effect(name), name
    edited.edit("optimizer", "nesterov")
    edited.edit("schedule", "step")
    assert edited.has_effect("momentum")
    assert edited.has_effect("decay_factor")
    assert not edited.has_effect("beta1")
    edited.edit("init_bias", "normal")
    assert edited.has_effect("init_std")
    edited.edit("learning_rate", "none")
    assert edited.has_effect("beta1"), "nothing is said while a field is wrong"
