"""The space of a sweep: parsed from text, sampled within its bounds, counted without being made."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tui.sweeps
from nn.errors import ConfigError
from tui.cli.reporters.sweep import plan
from tui.sweeps.space import (
    Choice,
    Range,
    Space,
    arguments_of,
    describe,
    dimension_of,
    parse_dimension,
)
from tui.sweeps.spec import SamplerName, SweepSpec
from tui.sweeps.spec_file import load_spec, to_toml

EXAMPLES = Path(tui.sweeps.__file__).with_name("examples")
RATE = parse_dimension("learning_rate=0.001..0.1:log")


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("learning_rate=0.01..0.5:log", Range("learning_rate", 0.01, 0.5, log=True)),
        ("lr=0.01..0.5", Range("learning_rate", 0.01, 0.5)),
        ("--learning-rate=0.01..0.5", Range("learning_rate", 0.01, 0.5)),
        ("batch_size=16..256:log", Range("batch_size", 16, 256, log=True, whole=True)),
        ("hidden=64,128,64-16,none", Choice("hidden", ((64,), (128,), (64, 16), ()))),
        ("activation=relu,tanh,relu", Choice("activation", ("relu", "tanh"))),
        ("eval_train=true,false", Choice("eval_train", (True, False))),
    ],
)
def test_dimensions_from_text(text: str, dimension: object) -> None:
    assert parse_dimension(text) == dimension
    assert isinstance(dimension, Choice | Range)
    assert parse_dimension(str(dimension)) == dimension


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learning_rate", "must be FIELD=VALUE"),
        ("learnin_rate=1,2", "did you mean 'learning_rate'"),
        ("lr=0.5..0.1", "an empty range"),
        ("lr=0.1..0.1", "an empty range"),
        ("momentum=0..0.9:log", "begins above 0"),
        ("lr=0..1", "learning_rate"),
        ("lr=0.1..1:cubic", "must be log or linear"),
        ("hidden=16..64", "only numbers have ranges"),
        ("activation=relu,gelu", "gelu"),
        ("batch_size=0,3", "batch_size"),
        ("seed=1,2", "--seeds"),
        ("lr=a..b", "learning_rate"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_dimension(text)


@given(st.integers(0, 2**32 - 1))
def test_samples_lie_within_the_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rate = RATE.sample(rng)
    batch = Range("batch_size", 3, 5, log=True, whole=True).sample(rng)
    assert isinstance(rate, float)
    assert 0.001 <= rate <= 0.1
    assert batch in (3, 4, 5)


def test_a_logarithmic_range_is_even_in_the_logarithm() -> None:
    rng = np.random.default_rng(0)
    drawn = np.log10([RATE.sample(rng) for _ in range(4000)])
    counts, _ = np.histogram(drawn, 4, (-3, -1))
    assert abs(counts / 1000 - 1).max() < 0.1


def test_the_ends_of_a_range_of_whole_numbers_are_as_likely_as_the_rest() -> None:
    rng = np.random.default_rng(0)
    drawn = [Range("batch_size", 1, 4, whole=True).sample(rng) for _ in range(4000)]
    assert all(abs(drawn.count(n) / 1000 - 1) < 0.1 for n in (1, 2, 3, 4))


def test_a_grid_has_every_combination_and_is_counted_without_being_made() -> None:
    space = Space((RATE, parse_dimension("hidden=16,32")))
    settings = list(space.grid(3))
    assert len(settings) == space.grid_size(3) == 6
    assert [s["learning_rate"] for s in settings[::2]] == pytest.approx([0.001, 0.01, 0.1])
    assert describe(settings[0]) == "learning_rate=0.001 hidden=16"


def test_a_field_is_varied_once() -> None:
    with pytest.raises(ConfigError, match="more than once"):
        Space((RATE, dimension_of("lr", [0.1])))


def test_a_specification_and_its_file(tmp_path: Path) -> None:
    spec = SweepSpec(
        Space((RATE, parse_dimension("hidden=16,64-16"))),
        recipe="lincoln-momentum",
        fields={"epochs": 9},
        sampler="tpe",
        seeds=3,
        objective="loss",
    )
    (tmp_path / "sweep.toml").write_text(to_toml(spec), encoding="utf-8")
    assert load_spec(tmp_path / "sweep.toml") == spec


def test_every_trial_is_judged_on_images_that_are_held_out() -> None:
    spec = SweepSpec(Space((RATE,)), recipe="lincoln-tanh", fields={})
    config = spec.config_of({"learning_rate": 0.01}, 2)
    assert (config.validation, config.stop_on, config.seed) == (0.1, "validation", 2)
    assert (config.threads, config.processes, config.eval_epochs) == (1, 1, 1)
    kept = SweepSpec(Space((RATE,)), fields={"validation": 0.25}).config_of({}, 0)
    assert kept.validation == 0.25


@pytest.mark.parametrize(
    ("trials", "epochs", "rungs"),
    [
        (9, 9, (1, 3, 9)),
        (3, 9, (3, 9)),
        (2, 9, (9,)),
        (100, 10, (1, 3, 10)),
        (9, 2, (2,)),
        (30, 50, (2, 6, 17, 50)),
    ],
)
def test_rungs(trials: int, epochs: int, rungs: tuple[int, ...]) -> None:
    assert SweepSpec(Space((RATE,)), trials=trials).rungs(epochs) == rungs
    assert SweepSpec(Space((RATE,)), trials=trials, halving=False).rungs(epochs) == (epochs,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("trials = 3", "at least one field"),
        ("trial = 3\n[vary]\nlr = '1,2'", "did you mean 'trials'"),
        ("trials = 0\n[vary]\nlr = '1,2'", "trials = 0"),
        ("seeds = true\n[vary]\nlr = '1,2'", "seeds = True"),
        ("sampler = 'tpr'\n[vary]\nlr = '1,2'", "did you mean 'tpe'"),
        ("[base]\nlearning_rate = 1\n[vary]\nlr = '1,2'", "both fixed and varied"),
        ("[base]\nepoch = 1\n[vary]\nlr = '1,2'", "epoch"),
        ("vary = 3", "must be a table"),
        ("[vary]\nlr = 3", "must be a list"),
        ("recipe = 'nope'\n[vary]\nlr = '1,2'", "nope"),
        ("[vary", "not valid TOML"),
    ],
)
def test_files_that_are_refused_by_name(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "sweep.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words) as refused:
        load_spec(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trials": 2.5}, "trials = 2.5: must be a whole number"),
        ({"trials": 10**12}, "must be a whole number from 1 to 1,000,000"),
        ({"minutes": math.nan}, "minutes"),
        ({"minutes": "3"}, "minutes = '3': must be a number"),
        ({"halving": 3}, "halving = 3: must be true or false"),
        ({"recipe": 3}, "must be the name of a recipe"),
        ({"brackets": True, "halving": False}, "made of halvings"),
        ({"brackets": True, "sampler": "grid"}, "take --sampler random"),
    ],
)
def test_settings_that_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        SweepSpec(Space((RATE,)), **changes)


@pytest.mark.parametrize("name", ["threads", "validation", "eval_train", "stop_on"])
def test_what_makes_trials_incomparable_is_not_varied(name: str) -> None:
    values = {"eval_train": "true,false", "stop_on": "test,validation"}.get(name, "1,2")
    if name == "validation":
        values = "0.1,0.2"
    with pytest.raises(ConfigError, match=f"vary {name}: it is the same in all trials"):
        SweepSpec(Space((parse_dimension(f"{name}={values}"),)))


@given(
    st.floats(1e-8, 1.0, exclude_max=True),
    st.integers(1, 10**5),
    st.text("abc/. é\x7f\U0001f600", max_size=8),
)
def test_a_file_of_a_sweep_keeps_every_digit(
    tmp_path_factory: pytest.TempPathFactory, low: float, count: int, folder: str
) -> None:
    space = Space(
        (
            Range("learning_rate", low, 1.0),
            Range("batch_size", count, count + 1000, whole=True),
            Choice("activation", ("relu", "tanh")),
        )
    )
    fields = {"data_dir": folder} if folder.isprintable() else {}
    spec, file = SweepSpec(space, fields=fields), tmp_path_factory.getbasetemp() / "sweep.toml"
    file.write_text(to_toml(spec), encoding="utf-8")
    assert load_spec(file) == spec


def test_the_grid_by_number_is_the_grid_in_order() -> None:
    space = Space((RATE, parse_dimension("hidden=16,32"), parse_dimension("momentum=0..0.9")))
    settings = list(space.grid(3))
    assert [space.of_grid(3, number) for number in range(len(settings))] == settings
    assert all(setting in space for setting in settings)
    assert {**settings[0], "learning_rate": 0.5} not in space
    assert {"learning_rate": 0.01} not in space


def test_recipes_are_varied_like_a_field(tmp_path: Path) -> None:
    space = Space((parse_dimension("recipe=lincoln-tanh,lincoln-momentum"), RATE))
    spec = SweepSpec(space, fields={"epochs": 9}, trials=9)
    file = tmp_path / "sweep.toml"
    file.write_text(to_toml(spec), encoding="utf-8")
    assert load_spec(file) == spec
    experiment = spec.experiment_of({"recipe": "lincoln-momentum", "learning_rate": 0.05}, 1)
    assert experiment.recipe == "lincoln-momentum"
    assert (experiment.config.optimizer, experiment.config.learning_rate) == ("momentum", 0.05)
    assert [len(rungs) for _, _, rungs in spec.brackets_of_trials()] == [3]
    with pytest.raises(ConfigError, match="recipe: both fixed and varied"):
        SweepSpec(space, recipe="lincoln-tanh")
    with pytest.raises(ConfigError, match="lincoln-tan"):
        parse_dimension("recipe=lincoln-tan")


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.stem)
def test_the_examples_are_sweeps(path: Path) -> None:
    spec = load_spec(path)
    assert spec.size * spec.seeds > 1


def test_early_stopping_is_on_the_images_that_are_held_out() -> None:
    """Patience alone is refused without a validation split; a sweep makes one."""
    config = SweepSpec(Space((RATE,)), fields={"patience": 3}).config_of({}, 0)
    assert (config.patience, config.validation) == (3, 0.1)
    named = SweepSpec(Space((RATE,)), recipe="lincoln-momentum").config_of({}, 0)
    assert (named.patience, named.eval_epochs) == (10, 1)  # one evaluation in ten epochs before


def test_a_grid_of_a_billion_is_refused_at_once() -> None:
    fields = ("learning_rate", "momentum", "beta1", "beta2", "eps", "dropout", "weight_decay")
    space = Space(tuple(parse_dimension(f"{field}=0.1..0.9") for field in fields))
    with pytest.raises(ConfigError, match="a grid of 1,280,000,000 settings"):
        SweepSpec(space, sampler="grid", grid_points=20)


def test_a_space_is_not_refused_for_a_first_value_that_contradicts() -> None:
    """Its first 64 corners, and many more, have that value of its first field."""
    names = ("learning_rate", "momentum", "beta1", "beta2", "eps", "weight_decay", "dropout")
    others = tuple(Choice(name, (0.1, 0.2)) for name in names)
    space = Space((Choice("output_activation", ("sigmoid", "identity")), *others))
    assert SweepSpec(space).example.output_activation == "identity"


@pytest.mark.parametrize(
    "vary", ["loss=cross-entropy,squared-error", "label_smoothing=0..0.1", "recipe=lincoln-mse,"]
)
def test_the_values_of_different_losses_are_not_compared(vary: str) -> None:
    space = Space((parse_dimension(vary + "default" * vary.endswith(",")),))
    SweepSpec(space)
    with pytest.raises(ConfigError, match="whose losses cannot be compared"):
        SweepSpec(space, objective="loss")


def test_the_arguments_of_a_setting_are_those_of_a_run() -> None:
    setting = {"recipe": "default", "hidden": (), "batch_norm": False, "learning_rate": 0.1}
    found = arguments_of(setting)
    assert found == ["--recipe=default", "--hidden=none", "--no-batch-norm", "--learning-rate=0.1"]


@pytest.mark.parametrize(
    ("vary", "sampler", "said"),
    [
        ("lr=0.1,0.2", "random", ", of which 2 differ at most: --sampler grid tries each once"),
        ("lr=0.1..0.2", "random", ""),
        (f"batch_size={','.join(map(str, range(1, 31)))}", "random", ""),
    ],
)
def test_settings_that_repeat_are_told(vary: str, sampler: SamplerName, said: str) -> None:
    spec = SweepSpec(space=Space((parse_dimension(vary),)), sampler=sampler)
    settings = f"{spec.size} settings ({sampler})"
    assert plan(spec).startswith(f"{settings}{said}, ")
    assert ("of which" in plan(spec)) is bool(said)


@pytest.mark.parametrize(
    ("vary", "settings", "chosen", "size"),
    [
        ("lr=0.1,0.2", {}, "grid", 2),
        ("lr=0.1,0.2 hidden=16,32", {"trials": 4}, "grid", 4),
        ("lr=0.1,0.2 hidden=16,32", {"trials": 3}, "random", 3),
        ("lr=0.1,0.2", {"sampler": "random"}, "random", 20),
        ("lr=0.1,0.2", {"brackets": True}, "random", 20),
        ("lr=0.1..0.2 hidden=16,32", {}, "random", 20),
        ("", {"seeds": 3}, "random", 1),
    ],
)
def test_listed_values_that_are_few_make_a_grid_of_themselves(
    vary: str, settings: dict[str, Any], chosen: str, size: int, tmp_path: Path
) -> None:
    spec = SweepSpec(Space(tuple(map(parse_dimension, vary.split()))), **settings)
    assert (spec.sampler, spec.size) == (chosen, size)
    assert plan(spec).startswith(f"{size} setting")
    assert ("(grid: all that the listed values make)" in plan(spec)) is (chosen == "grid")
    (tmp_path / "sweep.toml").write_text(to_toml(spec), encoding="utf-8")
    assert f'sampler = "{chosen}"' in (tmp_path / "sweep.toml").read_text()
    assert load_spec(tmp_path / "sweep.toml") == spec
