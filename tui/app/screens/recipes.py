"""The list of recipes to choose from."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from nn.recipes import load_recipe, recipe_names
from tui.app.screens.base import Dialog
from tui.app.widgets.options import Options


class RecipesScreen(Dialog[str | None]):
    """Every recipe with its description below; ends with the name of the chosen one, or None."""

    DEFAULT_CSS = """
    RecipesScreen { align: center middle; }
    RecipesScreen Vertical {
        width: 72; max-width: 100%; height: 30; max-height: 100%; border: round $primary;
    }
    RecipesScreen OptionList, RecipesScreen OptionList:focus { height: 1fr; border: none; }
    RecipesScreen Static { height: 4; padding: 0 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", id="recipes.close"),
    ]

    def __init__(self, current: str | None) -> None:
        super().__init__()
        self._names = recipe_names()
        self._current = self._names.index(current or "default")

    def compose(self) -> ComposeResult:
        names = Options(*(Option(name, id=name) for name in self._names), markup=False)
        names.highlighted = self._current
        with Vertical() as box:
            box.border_title = "Recipes"
            yield names
            yield Static(markup=False)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show what the recipe under the cursor is about."""
        recipe = load_recipe(self._names[event.option_index])
        self.query_one(Static).update(f"{recipe.description}\n{recipe.source}")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose it."""
        self.dismiss(self._names[event.option_index])

    def action_close(self) -> None:
        """Choose none."""
        self.dismiss(None)
