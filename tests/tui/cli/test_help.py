"""The help of every command, word by word, and the generated page of all commands."""

from __future__ import annotations

import re

import pytest

from nn.data.preprocessing import PREPROCESSING
from nn.network.initializers import INITIALIZERS
from nn.network.layers import ACTIVATIONS
from nn.network.losses import LOSSES
from nn.training.optimizers import RULES
from nn.training.schedules import SCHEDULES
from tests.support.reference import (
    ALL_COMMANDS,
    HELP,
    PAGE,
    command_reference,
    help_file,
    help_of,
)
from tui.cli.catalogue import COMMANDS
from tui.cli.parser import GROUPS, app
from tui.system.exits import MEANINGS, ExitCode

AGAIN = "if the change is meant: python -m tests.support.reference"


@pytest.mark.parametrize("command", ALL_COMMANDS, ids=lambda command: command or "mnist-tui")
def test_help(command: str) -> None:
    assert help_of(command) == help_file(command).read_text(encoding="utf-8"), AGAIN


def test_no_file_of_help_is_left_of_a_command_that_is_gone() -> None:
    assert sorted(HELP.iterdir()) == sorted(map(help_file, ALL_COMMANDS))


def test_every_registered_command_is_listed() -> None:
    own = {name for name in app if not name.startswith("-")}
    below = {
        f"{group} {name}" for group in GROUPS for name in app[group] if not name.startswith("-")
    }
    assert own | below == {*COMMANDS, *GROUPS}


def test_the_command_reference_is_current() -> None:
    assert command_reference() == PAGE.read_text(encoding="utf-8"), AGAIN


def test_every_exit_code_is_documented() -> None:
    assert set(MEANINGS) == set(ExitCode)
    assert all(f"| {code:d} | {MEANINGS[code]} |" in PAGE.read_text("utf-8") for code in ExitCode)
    assert all(meaning in help_file("").read_text("utf-8") for meaning in MEANINGS.values())


TABLES = {
    "activation": ACTIVATIONS,
    "output-activation": ACTIVATIONS,
    "init": INITIALIZERS,
    "loss": LOSSES,
    "optimizer": RULES,
    "preprocessing": PREPROCESSING,
    "schedule": SCHEDULES,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_choices_of_an_option_are_the_names_in_its_table(name: str) -> None:
    """In every help that has the option; that of training has all of them."""
    found = {}
    for path in HELP.iterdir():
        text = " ".join(path.read_text(encoding="utf-8").replace("│", " ").split())
        for choices in re.findall(rf" --{name} CHOICE (?:(?! --).)*?\[choices: ([^]]*)\]", text):
            found[path.stem] = choices.split(", ")
    assert "mnist-tui-lr-find" in found
    assert {tuple(choices) for choices in found.values()} == {tuple(TABLES[name])}
