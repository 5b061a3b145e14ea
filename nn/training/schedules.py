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
    if config.warmup_steps >= total_steps:
        raise ConfigError(
            f"warmup_steps={config.warmup_steps}: must be below the {total_steps:,} steps of the"
            " run",
            field="warmup_steps",
        )
    return SCHEDULES[config.schedule](config, steps_per_epoch, total_steps)


def _constant(config: TrainConfig, steps_per_epoch: int, total_steps: int) -> RateFunction:
    return lambda step: config.learning_rate


def _linear(config: TrainConfig, steps_per_epoch: int, total_steps: int) -> RateFunction:
    start, final = config.learning_rate, config.final_learning_rate
    last_epoch = _last_epoch(steps_per_epoch, total_steps)
    return lambda step: start + (final - start) * (step // steps_per_epoch) / last_epoch


def _exponential(config: TrainConfig, steps_per_epoch: int, total_steps: int) -> RateFunction:
    start, ratio = config.learning_rate, config.final_learning_rate / config.learning_rate
    last_epoch = _last_epoch(steps_per_epoch, total_steps)
    return lambda step: start * math.pow(ratio, step // steps_per_epoch / last_epoch)


def _step(config: TrainConfig, steps_per_epoch: int, total_steps: int) -> RateFunction:
    start, factor, every = config.learning_rate, config.decay_factor, config.decay_every
    return lambda step: start * factor ** (step // steps_per_epoch // every)


def _cosine(config: TrainConfig, steps_per_epoch: int, total_steps: int) -> RateFunction:
    start, final, warmup = config.learning_rate, config.final_learning_rate, config.warmup_steps
    last = max(1, total_steps - 1 - warmup)

    def rate(step: int) -> float:
        if step < warmup:
            return start * (step + 1) / warmup
        return _half_cosine(start, final, (step - warmup) / last)

    return rate


def _one_cycle(config: TrainConfig, steps_per_epoch: int, total_steps: int) -> RateFunction:
    start = config.learning_rate
    low, end = start / ONE_CYCLE_START, start / ONE_CYCLE_START / ONE_CYCLE_FINAL
    peak = max(1e-9, ONE_CYCLE_RISE * total_steps - 1)

    def rate(step: int) -> float:
        if step <= peak:
            return _half_cosine(low, start, step / peak)
        return _half_cosine(start, end, (step - peak) / max(1e-9, total_steps - 1 - peak))

    return rate


SCHEDULES: dict[str, Callable[[TrainConfig, int, int], RateFunction]] = {
    "constant": _constant,
    "linear": _linear,
    "exponential": _exponential,
    "step": _step,
    "cosine": _cosine,
    "one-cycle": _one_cycle,
}


def _last_epoch(steps_per_epoch: int, total_steps: int) -> int:
    """The number of the last epoch, from 0, and at least 1."""
    return max(1, math.ceil(total_steps / steps_per_epoch) - 1)


def _half_cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2
