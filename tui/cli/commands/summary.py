"""`mnist-tui summary`: the layer table."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from nn.network.model import build_model
from tui.cli.flags import ConfigFlag, RecipeFlag, config_flags, experiment_of
from tui.system.exits import ExitCode


@config_flags
def summary(*, recipe: RecipeFlag = None, config: ConfigFlag = None, **flags: Any) -> ExitCode:
    """Print name, output shape and number of parameters of every layer."""
    effective = experiment_of(recipe, config, flags).config
    layers = build_model(effective, rng=np.random.default_rng(effective.seed)).summary()
    rows = [
        (layer.name, "x".join(map(str, layer.output_shape)), layer.parameters) for layer in layers
    ]
    rows.append(("total", "", sum(layer.parameters for layer in layers)))
    sys.stdout.write(f"{'layer':<10} {'output':>8} {'parameters':>14}\n")
    for name, output, parameters in rows:
        sys.stdout.write(f"{name:<10} {output:>8} {parameters:>14,}\n")
    return ExitCode.SUCCESS
