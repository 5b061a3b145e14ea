"""The help of every command, word by word, and the generated page of all commands."""

from __future__ import annotations

import pytest

from tests.support.reference import (
    ALL_COMMANDS,
    HELP,
    PAGE,
    command_reference,
    help_file,
    help_of,
)
from tui.cli.parser import COMMANDS, GROUPS, app
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
