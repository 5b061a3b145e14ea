"""The configuration: its bounds, its words, and that text and TOML read back what was written."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.config import (
    DEFAULTS,
    FIELDS,
    MACHINE_FIELDS,
    RESUMABLE_FIELDS,
    TrainConfig,
    check_value,
    choices,
    flag,
)
from nn.errors import ConfigError
from nn.options import Value, format_value
from nn.toml import load_toml
from tests.support.strategies import CHARACTERS, configs, values_of


@given(configs())
def test_toml_reads_back_what_was_written(config: TrainConfig) -> None:
    assert TrainConfig.layered(tomllib.loads(config.to_toml())) == config
    assert TrainConfig.layered(config.to_dict()) == config


@given(configs(), configs())
def test_flags_read_back_what_was_written(base: TrainConfig, config: TrainConfig) -> None:
    """Typed over another configuration, with the rules that a command line follows."""
    typed: dict[str, object] = {}
    for argument in config.to_flags(base=base):
        name, equals, text = argument.removeprefix("--").partition("=")
        field = name.removeprefix("no-").replace("-", "_")
        assert flag(field) in (f"--{name}", f"--{name.removeprefix('no-')}")
        typed[field] = check_value(field, text) if equals else not name.startswith("no-")
    assert TrainConfig.layered(base.to_dict(), typed) == config


@given(st.data())
def test_a_value_reads_back_from_its_text(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(FIELDS)))
    value = check_value(name, data.draw(values_of(name)))
    again = check_value(name, format_value(value))
    assert again == value
    assert type(again) is type(value)


def outcome(name: str, value: object) -> Value | ConfigError:
    """The value read, or the error in its place."""
    try:
        return check_value(name, value)
    except ConfigError as error:
        return error


def assert_names_the_field(error: ConfigError, name: str) -> None:
    """In one line of bearable length, with the rule."""
    assert error.field == name
    assert str(error).startswith(f"{name}=")
    assert "must" in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 400


@given(st.sampled_from(list(FIELDS)), st.text(CHARACTERS) | st.text("a1\n\x1b -."))
def test_any_text_is_a_value_or_refused(name: str, text: str) -> None:
    value = outcome(name, text)
    if isinstance(value, ConfigError):
        assert_names_the_field(value, name)
    else:
        assert check_value(name, value) == value


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(CHARACTERS) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(CHARACTERS), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.sampled_from(list(FIELDS)), ANYTHING)
def test_any_object_is_a_value_or_refused(name: str, value: object) -> None:
    checked = outcome(name, value)
    if isinstance(checked, ConfigError):
        assert_names_the_field(checked, name)
    elif isinstance(value, str):  # of which the test before this one is
        assert check_value(name, checked) == checked
    else:
        expected = tuple(value) if isinstance(value, list) else value
        if name == "hidden" and isinstance(value, int):
            expected = (value,)
        # A whole number too long for a float is rounded in a field of that type.
        assert checked == (float(value) if isinstance(checked, float) else expected)  # type: ignore[arg-type]


def test_the_default_of_every_field_is_admitted() -> None:
    for name, value in DEFAULTS.items():
        assert check_value(name, value) == value
    assert TrainConfig().to_dict() == DEFAULTS
    assert all(option.help and option.group for option in FIELDS.values())


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("learning_rate", "0", "above 0"),
        ("learning_rate", "nan", "finite"),
        ("learning_rate", "inf", "finite"),
        ("learning_rate", "fast", "must be a number, above 0"),
        ("dropout", "1", "at least 0 and below 1"),
        ("dropout", "-0.1", "at least 0"),
        ("batch_size", "0", "at least 1"),
        ("batch_size", "1.5", "whole number"),
        ("batch_size", "9" * 5000, "at most 1,000,000|whole number"),
        ("hidden", "64-x", "joined by dashes"),
        ("hidden", "64-0", "at least 1"),
        ("hidden", "-".join(["9"] * 101), "at most 100 layers"),
        ("activation", "rleu", "did you mean 'relu'"),
        ("optimizer", "adamm", "one of sgd, momentum, nesterov, adam, adamw"),
        ("eval_train", "maybe", "true or false"),
        ("seed", "-1", "at least 0"),
        ("data_dir", "a\nb", "printable"),
    ],
)
def test_a_refusal_names_field_value_and_rule(name: str, text: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule) as caught:
        check_value(name, text)
    assert caught.value.field == name
    assert str(caught.value).startswith(f"{name}=")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("hidden", "64-16", (64, 16)),
        ("hidden", "64, 16", (64, 16)),
        ("hidden", "64 16", (64, 16)),
        ("hidden", "none", ()),
        ("hidden", "", ()),
        ("eval_train", "Yes", True),
        ("eval_train", "off", False),
        ("learning_rate", "1e-3", 0.001),
        ("epochs", " 7 ", 7),
    ],
)
def test_values_as_people_type_them(name: str, text: str, value: object) -> None:
    assert check_value(name, text) == value


@pytest.mark.parametrize(
    ("toml", "values"),
    [
        ('hidden = "64-16"', {"hidden": (64, 16)}),
        ('hidden = "64, 16"', {"hidden": (64, 16)}),
        ('hidden = "none"', {"hidden": ()}),
        ("hidden = 64", {"hidden": (64,)}),
        ("hidden = []", {"hidden": ()}),
        ('epochs = "3"', {"epochs": 3}),
        ('learning_rate = "1e-3"', {"learning_rate": 0.001}),
        ('eval_train = "off"', {"eval_train": False}),
        ('activation = " tanh "', {"activation": "tanh"}),
    ],
)
def test_a_file_takes_the_text_that_a_flag_takes(toml: str, values: dict[str, Value]) -> None:
    """`hidden = "64-16"` was refused in a file with words that demanded just that."""
    config = TrainConfig.layered(tomllib.loads(toml))
    assert {name: getattr(config, name) for name in values} == values


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("64-x", "joined by dashes, such as 64-16"),
        ([64, "x"], r"such as \[64, 16\]"),
        ([64, 16.0], r"such as \[64, 16\]"),
        ([[64, 16]], r"such as \[64, 16\]"),
        (True, r"such as \[64, 16\]"),
        (64.5, r"such as \[64, 16\]"),
        (0, "at least 1"),
        ({"a": 1}, r"such as \[64, 16\]"),
    ],
)
def test_refused_widths_are_shown_the_form_that_was_used(value: object, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        check_value("hidden", value)


def test_fields_of_the_machine_and_fields_that_may_change_on_resuming() -> None:
    assert MACHINE_FIELDS == ("data_dir", "threads", "processes")
    assert RESUMABLE_FIELDS == ("data_dir", "epochs", "steps", "threads", "processes")


@pytest.mark.parametrize(
    ("fields", "at_fault", "rule"),
    [
        ({"epochs": 3, "steps": 100}, "epochs", "steps=100"),
        ({"epochs": 0}, "epochs", "contradicts steps=0"),
        ({"eval_epochs": 0}, "eval_epochs", "eval_steps"),
        ({"output_activation": "sigmoid"}, "output_activation", "takes logits"),
        (
            {"loss": "binary-cross-entropy", "output_activation": "sigmoid"},
            "output_activation",
            "contradicts loss=binary-cross-entropy, which takes logits; use identity",
        ),
        (
            {"loss": "squared-error-normalized"},
            "output_activation",
            "contradicts loss=squared-error-normalized, which needs positive outputs; use sigmoid",
        ),
        ({"schedule": "linear"}, "final_learning_rate", "above 0"),
        ({"schedule": "step", "warmup_steps": 5}, "warmup_steps", "use cosine"),
        ({"patience": 1}, "patience", "validation=0.1, or stop_on=test"),
    ],
)
def test_contradictions_are_refused(fields: dict[str, Any], at_fault: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule) as caught:
        dataclasses.replace(TrainConfig(), **fields)
    assert caught.value.field == at_fault


def test_layers_overlay_each_other() -> None:
    config = TrainConfig.layered({"epochs": 3, "seed": 1}, {"steps": 50}, {"seed": 2})
    assert (config.epochs, config.steps, config.seed) == (0, 50, 2)
    assert TrainConfig.layered({"steps": 50}, {"epochs": 4}).steps == 0
    assert TrainConfig.layered({"eval_steps": 5}).eval_epochs == 0
    with pytest.raises(ConfigError, match="contradicts"):
        TrainConfig.layered({"steps": 50, "epochs": 4})


def test_unknown_fields_are_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'learning_rate'") as caught:
        TrainConfig.layered({"learning_rat": 0.1})
    assert caught.value.field == "learning_rat"


def test_config_files(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("epochs = 3\nhidden = [64, 16]\n")
    assert TrainConfig.layered(load_toml(path)).hidden == (64, 16)
    for content, reason in (
        (b"epochs = ", "not valid TOML"),
        (b"\xff", "not UTF-8"),
        (b"seed = " + b"1" * 5000, "a whole number has more digits"),
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=f"{path}: {reason}"):
            load_toml(path)
    with pytest.raises(ConfigError, match="No such file"):
        load_toml(tmp_path / "absent.toml")


def test_a_config_file_of_another_kind_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("epochs = 3\n" + "#" * 2**20)
    with pytest.raises(ConfigError, match="more than the 1,048,576 bytes allowed"):
        load_toml(path)


def test_a_whole_number_beyond_all_floats_is_refused() -> None:
    with pytest.raises(ConfigError, match="finite"):
        TrainConfig(learning_rate=10**400)


def test_whole_numbers_become_floats() -> None:
    config = TrainConfig(learning_rate=1)
    assert type(config.learning_rate) is float
    assert math.isclose(config.learning_rate, 1)


@pytest.mark.parametrize("name", [name for name, option in FIELDS.items() if option.needs])
def test_what_a_field_needs_exists_and_makes_a_difference(name: str) -> None:
    values = TrainConfig().to_dict()
    needs = FIELDS[name].needs
    assert needs is not None
    for other, admitted in needs.items():
        assert not admitted or set(admitted) <= set(choices(other))
        met = {other: admitted[0] if admitted else 1}
        assert FIELDS[name].has_effect(values | met)
    unmet = {other: "sgd" if admitted else 0 for other, admitted in needs.items()}
    assert not FIELDS[name].has_effect(values | unmet)


def test_every_number_whose_zero_means_something_says_so() -> None:
    for name, option in FIELDS.items():
        if "; 0:" in option.help:
            assert option.zero, name
        if option.zero:
            assert option.admits(0), name
