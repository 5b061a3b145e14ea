"""The recipes, to choose one from."""

from __future__ import annotations

from nn.recipes import Published, Recipe, load_recipe, recipe_names
from tui.app.screens.finding import Entry, FindScreen


def recipes_screen(current: str | None, *, ascii_only: bool) -> FindScreen[str]:
    """The list of recipes, those of one source together, with what was published for each."""
    recipes = [load_recipe(name) for name in recipe_names()]
    recipes.sort(key=lambda recipe: (recipe.name != "default", _group(recipe), recipe.name))
    entries = [
        Entry(
            recipe.name,
            recipe.name,
            detail=_result(recipe.published),
            group=_group(recipe),
            about=f"{recipe.description}. Source: {recipe.source}.",
        )
        for recipe in recipes
    ]
    return FindScreen(entries, "Recipes", current=current or "default", ascii_only=ascii_only)


def _group(recipe: Recipe) -> str:
    """Where a recipe comes from, without what is said of its numbers."""
    return recipe.source.partition(";")[0]


def _result(published: tuple[Published, ...]) -> str:
    """The last published test accuracy."""
    results = [one for one in published if one.metric == "test_accuracy"]
    if not results:
        return ""
    low, high = 100 * results[-1].low, 100 * results[-1].high
    return f"published {low:.2f}%" if low == high else f"published {low:.2f} to {high:.2f}%"
