"""`mnist-tui summary`: the layer table."""

from __future__ import annotations

import sys
from typing import Any

from nn.data.preprocessing import edges_of
from nn.spec import MNIST
from tui.cli.flags import ConfigFlag, RecipeFlag, config_flags, experiment_of
from tui.figures.training import layer_rows
from tui.images.datasets import load_dataset
from tui.system.exits import ExitCode


@config_flags
def summary(*, recipe: RecipeFlag = None, config: ConfigFlag = None, **flags: Any) -> ExitCode:
    """Print name, output shape and number of parameters of every layer."""
    effective = experiment_of(recipe, config, flags).config
    spec = load_dataset(effective.data_dir).spec if effective.data_dir else MNIST
    edges_of(effective.preprocessing, spec.shape)  # refuses images that the network cannot be fed
    sys.stdout.write(f"{'layer':<10} {'output':>8} {'parameters':>14}\n")
    for name, output, parameters in layer_rows(effective, spec):
        sys.stdout.write(f"{name:<10} {output:>8} {parameters:>14}\n")
    return ExitCode.SUCCESS
