"""The form, key by key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.app import App, ComposeResult
from textual.widgets import Input, Static

from nn.config import FIELDS, TrainConfig
from nn.recipes import load_recipe
from tui.app.themes import default_variables
from tui.app.widgets.config_form import ConfigForm
from tui.app.widgets.field_list import ENTRIES, RECIPE, FieldList
from tui.recording.experiment import Experiment

BASE = TrainConfig()


class FormApp(App[None]):
    def __init__(self, config: TrainConfig, width: int) -> None:
        super().__init__()
        self.form = ConfigForm(Experiment(config, None, BASE))
        self.form.styles.width = width
        self.told: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return default_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.form

    def on_mount(self) -> None:
        self.form.take_focus()

    def on_config_form_left(self) -> None:
        self.told.append("left")

    def on_config_form_closed(self) -> None:
        self.told.append("closed")

    def on_field_list_recipe_wanted(self) -> None:
        self.told.append("recipe")

    @property
    def at(self) -> str:
        return self.form.query_one(FieldList).name_at_cursor

    def go(self, name: str) -> None:
        self.form.query_one(FieldList).move_to(ENTRIES.index(name))

    @property
    def note(self) -> str:
        return str(self.form.query_one(Static).render())

    def line(self, name: str) -> str:
        strips = self.form.query_one(FieldList)._strips
        return next(s.text.rstrip() for s in strips if s.text[2:].split(" ")[0] == name)


def play(
    scenario: Callable[[FormApp, Callable[..., Awaitable[None]]], Awaitable[None]],
    *,
    size: tuple[int, int] = (80, 70),
    width: int = 80,
    config: TrainConfig = BASE,
) -> None:
    async def main() -> None:
        app = FormApp(config, width)
        async with app.run_test(size=size) as pilot:

            async def press(*keys: str) -> None:
                await pilot.press(*keys)
                await pilot.pause()

            await pilot.pause()
            await scenario(app, press)

    asyncio.run(main())


def test_the_recipe_comes_first_then_every_field_in_order() -> None:
    async def scenario(app: FormApp, press: Callable[..., Awaitable[None]]) -> None:
        assert app.at == RECIPE
        shown = [s.text.split()[0] for s in app.form.query_one(FieldList)._strips]
        groups = {option.group for option in FIELDS.values()}
        assert [name for name in shown if name not in groups] == list(ENTRIES)

    play(scenario)


def test_moving_between_fields_and_groups() -> None:
    async def scenario(app: FormApp, press: Callable[..., Awaitable[None]]) -> None:
        seen = []
        for key in ("down", "tab", "enter", "up", "shift+tab", "up", "up", "tab"):
            await press(key)
            seen.append(app.at)
        names = list(FIELDS)
        assert seen == [names[0], names[1], names[2], names[1], names[0], RECIPE, names[-1], RECIPE]
        await press("pagedown", "pagedown")
        assert app.at == "hidden"
        await press("down", "pageup")
        assert app.at == "hidden"
        await press("pageup", "pageup", "pageup")
        assert app.at == RECIPE

    play(scenario)


def test_typing_is_checked_at_every_key() -> None:
    async def scenario(app: FormApp, press: Callable[..., Awaitable[None]]) -> None:
        app.go("learning_rate")
        await press("minus")
        assert app.note == "! learning_rate=-: must be a number, above 0"
        assert app.line("learning_rate").startswith("! learning_rate")
        await press("1")
        assert app.note == "! learning_rate=-1.0: must be above 0"
        await press("left", "left", "delete")
        assert app.form.draft.config == TrainConfig(learning_rate=1.0)
        assert app.note.startswith("* recipe: 0.008. Learning rate")
        assert app.line("learning_rate").startswith("* learning_rate")
        await press("ctrl+r")
        assert app.form.draft.config == BASE
        assert app.form.query_one(Input).value == "0.008"
        assert app.line("learning_rate").startswith("  learning_rate")

    play(scenario)


def test_an_error_elsewhere_is_still_told() -> None:
    async def scenario(app: FormApp, press: Callable[..., Awaitable[None]]) -> None:
        app.go("limit")
        await press("x", "down")
        assert app.note == "! limit=x: must be a whole number, at least 0"

    play(scenario)


def test_few_values_are_changed_by_left_right_space_and_their_first_letter() -> None:
    async def scenario(app: FormApp, press: Callable[..., Awaitable[None]]) -> None:
        app.go("activation")
        assert "< relu >" in app.line("activation")
        seen = []
        for key in ("right", "space", "left", "t", "s", "q"):
            await press(key)
            assert app.form.draft.config is not None
            seen.append(app.form.draft.config.activation)
        assert seen == ["identity", "sigmoid", "identity", "tanh", "sigmoid", "sigmoid"]
        assert "One of sigmoid, tanh, relu, identity" in app.note

    play(scenario)


def test_switches_are_true_or_false() -> None:
    async def scenario(app: FormApp, press: Callable[..., Awaitable[None]]) -> None:
        app.go("eval_train")
        await press("right")
        assert app.form.draft.config == TrainConfig(eval_train=False)
        await press("t")
        assert app.form.draft.config == BASE

    play(scenario)


def test_the_recipe_row_asks_for_the_list() -> None:
    async def scenario(app: FormApp, press: Callable[..., Awaitable[None]]) -> None:
        await press("enter", "right", "left", "space")
        assert app.told == ["recipe"] * 4
        app.form.choose("two-layer-net")
        assert app.form.draft.config == load_recipe("two-layer-net").config
        await press("down")
        await press("up")
        assert app.note == load_recipe("two-layer-net").description

    play(scenario)


def test_a_chosen_recipe_replaces_what_stands_in_the_input() -> None:
    async def scenario(app: FormApp, press: Callable[..., Awaitable[None]]) -> None:
        app.go("hidden")
        await press(*"7")
        app.form.choose("two-layer-net")
        await press("down")
        assert app.form.draft.texts["hidden"] == "50"

    play(scenario)


def test_leaving_a_field_and_closing_are_told() -> None:
    async def scenario(app: FormApp, press: Callable[..., Awaitable[None]]) -> None:
        await press("down")
        assert "left" in app.told
        await press("escape")
        assert app.told[-1] == "closed"

    play(scenario)


def test_a_click_goes_to_its_row() -> None:
    async def main() -> None:
        app = FormApp(BASE, 80)
        async with app.run_test(size=(80, 60)) as pilot:
            await pilot.pause()
            await pilot.click(FieldList, offset=(3, 3))
            assert app.at == "limit"
            assert app.form.query_one(Input).has_focus
            await pilot.click(FieldList, offset=(3, 1))
            assert app.at == "limit", "a heading is no field"

    asyncio.run(main())


def test_the_current_row_stays_in_sight_and_long_values_are_cut() -> None:
    long = TrainConfig(loss="squared-error-normalized", output_activation="sigmoid")

    async def scenario(app: FormApp, press: Callable[..., Awaitable[None]]) -> None:
        for name in ENTRIES:
            app.go(name)
            assert name in app.line(name)
            assert len(app.line(name)) <= 40

    play(scenario, size=(40, 15), width=40, config=long)


def test_ctrl_c_is_left_to_the_application() -> None:
    class Quitting(FormApp):
        BINDINGS = [("ctrl+c", "leave", "Quit")]  # noqa: RUF012

        def action_leave(self) -> None:
            self.told.append("quit")

    async def main() -> None:
        app = Quitting(BASE, 80)
        async with app.run_test() as pilot:
            await pilot.press("down", "ctrl+c")
            assert app.told[-1] == "quit"

    asyncio.run(main())
