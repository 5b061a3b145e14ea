"""The form on a screen: its configuration is put in force, and other windows fill it in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.containers import Container

from nn.errors import DataError
from tui.app.screens.base import ModeScreen
from tui.app.state.workbench import Workbench
from tui.app.widgets.text import set_title
from tui.system.terminal import Terminal

if TYPE_CHECKING:
    from nn.training.rate_range import RatePoint
    from tui.app.widgets.config_form import ConfigForm
    from tui.recording.experiment import Experiment


class ConfiguringScreen(ModeScreen):
    """A screen with the form of the next run's configuration.

    Attributes:
        form: The form; None until `mount_form`, because a moment after the first frame is enough.
    """

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.form: ConfigForm | None = None
        # Kept, because a screen that is being removed no longer finds its parts by their names.
        self._place_of_form = Container(id="form", classes="panel")
        set_title(self._place_of_form, "Form")
        # The last one that the form was given or returned.
        self._in_force: Experiment | None = None

    async def mount_form(self) -> ConfigForm:
        """The form, put in its place at the first call: a key that needs it may come early."""
        from tui.app.widgets.config_form import ConfigForm

        if self.form is None:
            self._in_force = self.bench.experiment
            self.form = ConfigForm(self._in_force, self.terminal)
            await self._place_of_form.mount(self.form)
        return self.form

    def show_configuration(self) -> None:
        """Show the configuration in force in the form, unless the form is where it comes from."""
        bench = self.bench
        self.refresh_bindings()
        if self.form is not None and self._in_force != bench.experiment:
            self._in_force = bench.experiment
            self.form.load(self._in_force)

    def take_form(self, *, for_new_run: bool = False) -> bool:
        """Put the form's configuration in force; False, with a message, if it is wrong.

        A form that is wrong does not matter to a run that goes on, only to a new one.
        """
        if self.form is None:
            return True
        bench, draft = self.bench, self.form.draft
        if draft.experiment is None:
            if bench.training and not for_new_run:
                return True
            self.notify(str(draft.problem), severity="error")
            return False
        if self._in_force != draft.experiment:
            self._in_force = draft.experiment
            bench.configure(self._in_force)
        return True

    def on_config_form_left(self) -> None:
        """Put an edit in force as soon as its field is left; a wrong one once it is corrected.

        Data that are not there would replace the present run by an error; the form has it instead.
        """
        form = self.form
        if form is None or form.draft.config is None:
            return
        data_dir = form.draft.config.data_dir
        is_new = data_dir and data_dir != self.bench.config.data_dir
        if is_new and (reason := _why_missing(data_dir)) is not None:
            form.refuse("data_dir", reason)
            return
        if self.take_form():
            self.show_progress()

    async def on_field_list_recipe_wanted(self) -> None:
        """Open the list of recipes, as the key does."""
        await self.action_recipes()

    async def action_recipes(self) -> None:
        """Open the list of recipes."""
        from tui.app.screens.recipes import recipes_screen

        form = await self.mount_form()

        def choose(name: str | None) -> None:
            if name is not None:
                form.choose(name)
                self._tell_members(name)

        recipes = recipes_screen(form.draft.recipe, ascii_only=self.terminal.ascii_only)
        self.app.push_screen(recipes, choose)

    def _tell_members(self, recipe: str) -> None:
        """Of a recipe for a committee, say how the others are trained."""
        from nn.recipes import load_recipe

        if (members := load_recipe(recipe).members) > 1:
            join, runs = self.key_of("runs.committee", "C"), self.key_of("app.runs", "6")
            self.notify(
                f"{recipe} is a committee of {members}, and a run here is one of them."
                f" `mnist-tui committee --recipe {recipe}` trains all; {join} in Runs ({runs})"
                " joins those that are marked there.",
                timeout=15,
            )

    def on_config_form_field_wanted(self) -> None:
        """List the fields, with what each is for, and go to the one that is chosen."""
        if self.form is None:
            return
        from nn.config import FIELDS
        from tui.app.screens.finding import Entry, FindScreen

        form, texts = self.form, self.form.draft.texts
        entries = [
            Entry(name, name, detail=texts[name], group=option.group, about=option.help)
            for name, option in FIELDS.items()
        ]

        def go_to(name: str | None) -> None:
            if name is not None:
                form.go_to(name)

        ascii_only = self.terminal.ascii_only
        self.app.push_screen(FindScreen(entries, "Fields", ascii_only=ascii_only), go_to)

    async def action_find_rate(self) -> None:
        """Run the learning-rate range test on the form's configuration, and take its rate over."""
        form = await self.mount_form()
        if not self.take_form(for_new_run=True):
            return
        from nn.options import format_value
        from nn.training.rate_range import rate_points
        from tui.app.screens.rate_range import RateRangeScreen

        config = self.bench.config
        dataset = self.bench.dataset_of(config.data_dir)

        def points() -> Iterator[RatePoint]:
            from tui.images.datasets import load_dataset

            return rate_points(config, dataset or load_dataset(config.data_dir))

        def take(rate: float | None) -> None:
            if rate is not None:
                form.edit("learning_rate", format_value(rate))

        self.app.push_screen(RateRangeScreen(points, self.terminal), take)


def _why_missing(data_dir: str) -> str | None:
    """The reason why what was typed names no data at all, None where it may."""
    from nn.data.assembly import expanded
    from nn.data.layouts import why_missing

    try:
        return why_missing(expanded(data_dir))
    except DataError as error:
        return str(error)
