"""The train screen: the form, its fields and the list of recipes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import OptionList, Static

from nn.config import TrainConfig
from tests.support.training_screen import Sitting
from tests.support.training_script import epochs, step
from tui.app.screens.finding import FindScreen
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.app.widgets.config_form import ConfigForm
from tui.app.widgets.field_list import FieldInput, FieldList
from tui.recording.experiment import Experiment


def test_the_form_is_a_pane_of_its_own_and_escape_closes_it(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        form = at.screen.query_one(ConfigForm)
        assert not form.region
        await at.press("f")
        assert form.region.width == 80
        assert not at.curves.region
        assert form.has_focus_within
        await at.press("escape")
        assert not form.region
        assert at.app.focused is at.curves.charts["loss"]

    play(scenario)


def test_wide_screens_show_the_form_beside_the_charts(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        form = at.screen.query_one(ConfigForm)
        assert form.region
        await at.tell(Status.PAUSED, *epochs(1))
        assert at.curves.region
        assert len(at.lines(FieldList)) == form.query_one(FieldList).size.height
        await at.press("f")
        assert form.has_focus_within
        await at.press("escape")
        assert form.region
        assert not form.has_focus_within

    play(scenario, size=(120, 40))


def test_an_edited_field_makes_a_new_run_ready(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        first = at.run
        await at.press("f", *["down"] * 2, *"500", "enter")
        assert at.bench.config.limit == 500
        assert at.run is not first
        assert at.run.config.limit == 500

    play(scenario)


def test_a_run_that_has_begun_goes_on_with_its_own_configuration(
    play: Callable[..., None],
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, step(3))
        first = at.run
        await at.press("f", *["down"] * 2, *"500", "escape")
        assert at.bench.config.limit == 500
        assert at.run is first
        assert "form changed, r: new run" in at.status
        await at.press("r")
        assert at.run.config.limit == 500
        assert "form changed" not in at.status

    play(scenario)


def test_a_wrong_form_starts_nothing_but_does_not_stop_a_run(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("f", *["down"] * 2, *"x", "escape", "space")
        assert at.run.goals == []
        message = "limit=x: must be a whole number, at least 0"
        assert [n.message for n in at.app._notifications] == [message]
        await at.tell(Status.RUNNING, step(3))
        await at.press("space")
        assert at.run.goals == [Goal.RUN]
        run = at.run
        await at.press("r")
        assert at.run is run, "there is nothing to make a new run of"

    play(scenario)


def test_letters_in_the_form_are_no_commands(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        run = at.run
        await at.press("f", *"qersx12?")
        assert at.app.is_running
        assert at.app.screen is at.screen
        assert (at.run, at.run.goals) == (run, [])

    play(scenario)


def test_a_recipe_is_chosen_from_the_list(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("slash")
        assert isinstance(at.app.screen, FindScreen)
        prompts = [str(option.prompt) for option in at.app.screen.query_one(OptionList).options]
        assert prompts[:2] == ["the defaults of this program", "  default"]
        assert sum("published" in prompt for prompt in prompts) >= 20
        await at.press("down", "enter")
        assert at.bench.experiment.recipe == "two-layer-net"
        assert at.bench.config.hidden == (50,)
        assert at.run.config.hidden == (50,)
        assert at.status.startswith("ready: run 1, two-layer-net")
        await at.press("slash", "escape")
        await at.press("f", "home", "enter")
        assert isinstance(at.app.screen, FindScreen)
        await at.press(*"keras", "enter")
        assert at.bench.experiment.recipe == "keras-adam"

    play(scenario)


def test_a_field_is_found_by_what_it_does(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("f", "slash", *"overfit")
        assert isinstance(at.app.screen, FindScreen)
        await at.press("escape", "slash", *"l2 penalty")
        options = at.app.screen.query_one(OptionList)
        assert [str(option.prompt).split()[0] for option in options.options] == ["weight_decay"]
        await at.press("enter", *"0.5", "enter")
        assert at.bench.config.weight_decay == 0.5
        await at.press("slash", *"data_dir", "enter", "slash")
        assert at.app.focused.value == "/", "a slash is typed where the field is a path"

    play(scenario)


def test_data_that_are_not_there_leave_the_present_run(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        status, run = at.status, at.run
        await at.press("f", "down", *"q/z", "down")
        note = at.app.screen.query_one("ConfigForm > Static", Static)
        assert str(note.content) == "! data folder q/z: no such folder or file"
        assert at.bench.error is None
        assert (at.status, at.run, at.bench.config.data_dir) == (status, run, "")
        await at.press("up", "ctrl+r", "down", *"500", "down")
        assert "no such folder" not in str(note.content)
        assert at.bench.config.limit == 500

    play(scenario)


def test_data_in_the_home_are_there(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "digits").mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))

    async def scenario(at: Sitting) -> None:
        await at.press("f", "down", *"~/digits", "down")
        note = at.app.screen.query_one("ConfigForm > Static", Static)
        assert "data folder" not in str(note.content)
        assert at.bench.config.data_dir == "~/digits"

    play(scenario)


def test_a_second_enter_that_was_on_its_way_chooses_nothing(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("slash", "down")
        recipes = at.app.screen.query_one(OptionList)
        recipes.action_select()
        recipes.action_select()
        await at.pilot.pause()
        assert at.app.screen is at.screen
        assert at.bench.experiment.recipe == "two-layer-net"

    play(scenario)


def test_a_configuration_from_elsewhere_is_shown_on_return(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        at.bench.configure(Experiment(TrainConfig(seed=7)))
        at.screen.show_configuration()
        assert at.screen.query_one(ConfigForm).draft.texts["seed"] == "7"

    play(scenario)


def test_no_hint_is_a_key_that_is_typed_into_a_field(play: Callable[..., None]) -> None:
    from tui.app.widgets.hints import KeyHints

    async def scenario(at: Sitting) -> None:
        await at.press("f", "down")
        assert isinstance(at.app.focused, FieldInput)
        keys = [key for _, key in at.screen.query_one(KeyHints).shown]
        assert keys
        assert all(len(key) > 1 for key in keys), f"no letter, digit or sign: {keys}"
        assert " Quit" in at.lines(KeyHints)[0]

    play(scenario, size=(80, 24))
