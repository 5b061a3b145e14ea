"""The application's tables name what there is: fields of scores, statuses of records, modes."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from nn.events import Score
from nn.recipes import recipe_names
from nn.storage.run_record import Status
from tui.__main__ import main
from tui.app.keymap import CONTEXTS
from tui.app.screens import MODES
from tui.app.screens.base import ModeScreen
from tui.app.state.followed_run import STATUSES
from tui.app.state.shown_run import Status as ShownStatus
from tui.app.widgets.charts import CHARTS


def test_charts_draw_every_field_of_a_score() -> None:
    assert {chart.name for chart in CHARTS} == {each.name for each in dataclasses.fields(Score)}


def test_every_status_of_a_record_is_shown() -> None:
    assert tuple(STATUSES) == get_args(Status)
    assert set(STATUSES.values()) <= set(ShownStatus)


def test_modes_have_the_digits_in_their_order_a_screen_and_a_group_of_keys() -> None:
    keys = [mode.key for mode in MODES.values() if mode.key]
    assert keys == [str(n) for n in range(1, len(keys) + 1)]
    assert all(mode.key or mode.within in MODES for mode in MODES.values())
    for name, mode in MODES.items():
        assert issubclass(mode.load(), ModeScreen)
        assert any(name in group for group in CONTEXTS), name


def test_the_listing_of_recipes_has_every_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.strip()] == list(recipe_names())
