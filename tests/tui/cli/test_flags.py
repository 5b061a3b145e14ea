"""Flags are made from the fields of the configuration, and mean what its TOML form means."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from nn.config import DEFAULTS, FIELDS, TrainConfig, choices, flag
from nn.errors import ConfigError
from nn.options import format_value
from nn.recipes import load_recipe
from tests.support.strategies import configs
from tui.cli.catalogue import COMMANDS
from tui.cli.flags import experiment_of
from tui.cli.parser import app, run


def parse(arguments: list[str]) -> dict[str, Any]:
    """What the real parser passes to the command."""
    _, bound, _ = app.parse_args(arguments, print_error=False, exit_on_error=False)
    return dict(bound.kwargs)


def config_of(arguments: list[str]) -> TrainConfig:
    typed = parse(arguments)
    return experiment_of(typed.pop("recipe", None), typed.pop("config", None), typed).config


@given(configs(), configs())
def test_flags_turn_one_configuration_into_another(config: TrainConfig, base: TrainConfig) -> None:
    typed = parse(config.to_flags(base=base))
    assert TrainConfig.layered(base.to_dict(), typed) == config


@pytest.mark.slow
@given(configs(), st.booleans())
def test_flags_over_the_defaults_or_a_recipe_are_the_whole_configuration(
    config: TrainConfig, over_recipe: bool
) -> None:
    recipe = load_recipe("lincoln-tanh")
    base, words = (recipe.config, ["--recipe", recipe.name]) if over_recipe else (TrainConfig(), [])
    assert config_of([*words, *config.to_flags(base=base)]) == config


@given(configs())
def test_a_printed_configuration_is_read_back(config: TrainConfig) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.toml")
        path.write_text(config.to_toml(), encoding="utf-8")
        assert config_of(["--config", str(path)]) == config


@pytest.mark.parametrize("digit", range(len(FIELDS).bit_length()))
@pytest.mark.parametrize("bit", [0, 1])
def test_every_field_has_a_flag_and_only_typed_ones_arrive(digit: int, bit: int) -> None:
    """The fields whose number has this binary digit, so that any two are told apart."""
    typed = {
        name: DEFAULTS[name] if DEFAULTS[name] is not False else True
        for number, name in enumerate(FIELDS)
        if number >> digit & 1 == bit
    }
    words = [
        flag(name) if value is True else f"{flag(name)}={format_value(value)}"
        for name, value in typed.items()
    ]
    assert parse(words) == typed


def test_nothing_typed_is_an_empty_layer() -> None:
    assert parse(["--headless"]) == {"headless": True}


@pytest.mark.parametrize(
    ("words", "layer"),
    [
        (["--lr", "0.5"], {"learning_rate": 0.5}),
        (["--final-lr", "1e-3"], {"final_learning_rate": 0.001}),
        (["--hidden", "64-16"], {"hidden": (64, 16)}),
        (["--hidden", "64,16"], {"hidden": (64, 16)}),
        (["--hidden", "none"], {"hidden": ()}),
        (["--eval-train"], {"eval_train": True}),
        (["--no-eval-train"], {"eval_train": False}),
        (["--eval-train=false"], {"eval_train": False}),
        (["--optimizer", "adamw"], {"optimizer": "adamw"}),
        (["--data-dir=--odd name"], {"data_dir": "--odd name"}),
    ],
)
def test_spellings(words: list[str], layer: dict[str, Any]) -> None:
    assert parse(words) == layer


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lr", "-0.1"], "learning_rate=-0.1: must be above 0"),
        (["--lr", "nan"], "learning_rate=NaN: must be a finite number"),
        (
            ["--epochs", "ten"],
            "epochs=ten: must be a whole number, at least 0 and at most 1,000,000",
        ),
        (
            ["--hidden", "8-x"],
            "hidden=8-x: must be whole numbers joined by dashes, such as 64-16, or none",
        ),
        (
            ["--optimizer", "adm"],
            "optimizer=adm: must be one of sgd, momentum, nesterov, adam, adamw",
        ),
    ],
)
def test_values_are_refused_in_the_words_of_the_configuration(
    words: list[str], message: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse(words)
    assert str(refusal.value).startswith(message)


def test_precedence_is_default_recipe_file_flag(tmp_path: Path) -> None:
    recipe = load_recipe("lincoln-tanh").config
    file = tmp_path / "mine.toml"
    file.write_text('batch_size = 7\nactivation = "relu"\n')
    config = config_of(
        ["--recipe", "lincoln-tanh", "--config", str(file), "--activation", "sigmoid"]
    )
    assert config.preprocessing == recipe.preprocessing != TrainConfig().preprocessing
    assert config.batch_size == 7 != recipe.batch_size
    assert config.activation == "sigmoid"
    assert config.beta1 == TrainConfig().beta1


def test_a_bad_value_in_a_file_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("dropout = 2\n")
    with pytest.raises(
        ConfigError, match=r"^config file .*mine\.toml: dropout=2: must be at least 0"
    ):
        experiment_of(None, file, {})


def test_help_shows_flag_choices_default_and_group_of_every_field(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app(["--help"], console=Console(width=400))
    text = capsys.readouterr().out
    for name, option in FIELDS.items():
        line = next(
            line for line in text.splitlines() if line[1:].strip().startswith(flag(name) + " ")
        )
        assert option.help in line
        assert all(further in line for further in option.flags)
        if choices(name):
            assert f"[choices: {', '.join(choices(name))}]" in line
        if DEFAULTS[name] != "":
            shown = format_value(DEFAULTS[name])
            assert f"[default: {shown}]" in line
    groups = dict.fromkeys(option.group for option in FIELDS.values())
    places = [text.index(f"─ {group} ") for group in groups]
    assert places == sorted(places), "groups are in the order of the fields"


def test_every_flag_that_is_a_whole_number_is_read_as_one_and_not_rounded() -> None:
    of_fields, found = set(map(flag, FIELDS)), set()
    for words in COMMANDS:
        command = words.split()
        target = app.parse_commands(command)[1][-1]
        for argument in target.assemble_argument_collection():
            name = argument.name
            if argument.hint not in (int, int | None) or name in of_fields:
                continue
            found.add(name)
            for text in ("1.5", "1.0", "0x10", "many"):
                with pytest.raises(ConfigError, match=f"^{name} {text}: must be a whole number$"):
                    run([*command, f"{name}={text}"])
    assert {"--members", "--shift", "--seeds", "--trials", "--port"} <= found
