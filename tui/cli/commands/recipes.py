"""`mnist-tui recipes`: the named experiments."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from nn.recipes import load_recipe, recipe_names
from tui.cli.flags import recipe_completions
from tui.system.exits import ExitCode


def recipes(
    name: Annotated[
        str | None, Parameter(help="Show this one in full", completer=recipe_completions)
    ] = None,
    /,
) -> ExitCode:
    """List the recipes, or print one of them as TOML."""
    if name is not None:
        sys.stdout.write(load_recipe(name).text)
        return ExitCode.SUCCESS
    names = recipe_names()
    width = max(map(len, names))
    for each in names:
        sys.stdout.write(f"{each:<{width}}  {load_recipe(each).description}\n")
    return ExitCode.SUCCESS
