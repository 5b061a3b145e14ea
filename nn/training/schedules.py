"""The learning rate of every step.

A schedule is a function from the step, counted from 0, to the rate. With E epochs in the run:

* constant: lr.
* linear, exponential: once an epoch, by equal differences or equal ratios from lr in the first
  epoch to final_learning_rate in the last.
* step: lr * decay_factor^(epoch // decay_every).
* cosine: each step, from lr down half a cosine to final_learning_rate at the last step, after
  `warmup_steps` of linear rise to lr. Loshchilov & Hutter, "SGDR", ICLR 2017, one period.
* one-cycle: each step, half a cosine up from lr / 25 to lr over the first 30% of the run, then half
  a cosine down to lr / 250,000 at the last step. Smith & Topin, "Super-convergence", 2018, as
  PyTorch's OneCycleLR (without its cycling of the momentum).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from nn.config import TrainConfig
from nn.errors import ConfigError

RateFunction = Callable[[int], float]

ONE_CYCLE_RISE = 0.3
ONE_CYCLE_START = 25.0
ONE_CYCLE_FINAL = 1e4


def make_schedule(config: TrainConfig, steps_per_epoch: int, total_steps: int) -> RateFunction:
    """The schedule that a configuration names; raises `ConfigError` if warm-up outlasts the run."""
    start, final = config.learning_rate, config.final_learning_rate
    last_epoch = max(1, math.ceil(total_steps / steps_per_epoch) - 1)

    def constant(step: int) -> float:
        return start

    def linear(step: int) -> float:
        return start + (final - start) * (step // steps_per_epoch) / last_epoch

    def exponential(step: int) -> float:
        return start * math.pow(final / start, step // steps_per_epoch / last_epoch)

    def stepwise(step: int) -> float:
        return start * config.decay_factor ** (step // steps_per_epoch // config.decay_every)

    def cosine(step: int) -> float:
        if step < config.warmup_steps:
            return start * (step + 1) / config.warmup_steps
        last = max(1, total_steps - 1 - config.warmup_steps)
        return _half_cosine(start, final, (step - config.warmup_steps) / last)

    def one_cycle(step: int) -> float:
        low, end = start / ONE_CYCLE_START, start / ONE_CYCLE_START / ONE_CYCLE_FINAL
        peak = max(1e-9, ONE_CYCLE_RISE * total_steps - 1)
        if step <= peak:
            return _half_cosine(low, start, step / peak)
        return _half_cosine(start, end, (step - peak) / max(1e-9, total_steps - 1 - peak))

    if config.warmup_steps >= total_steps:
        raise ConfigError(
            f"warmup_steps={config.warmup_steps}: must be below the {total_steps:,} steps of the"
            " run",
            field="warmup_steps",
        )
    functions: dict[str, RateFunction] = {
        "constant": constant,
        "linear": linear,
        "exponential": exponential,
        "step": stepwise,
        "cosine": cosine,
        "one-cycle": one_cycle,
    }
    return functions[config.schedule]


def _half_cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2
