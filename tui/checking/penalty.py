"""An L2 penalty, or weight decay, in a learner's gradients, loss or update.

With the term lambda / 2 sum p^2 in the loss for a parameter p, the gradient of p has the term
lambda p. Both together are a right network of another loss, and are compared with the reference of
that loss. One without the other is a mistake. A factor lambda is recognized by its numbers: what a
gradient has too much is the same multiple of every element of its parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from nn.arrays import Array
from tui.checking.departure import TOLERANCE, close
from tui.checking.mistake import Mistake
from tui.checking.reference import (
    PARAMETERS,
    Model,
    Problem,
    Step,
    Steps,
    evaluate,
    steps_of,
)

OTHER_WEIGHTS = 1.5
"""Factor of all parameters at which the loss is looked at a second time."""


@dataclass(frozen=True)
class Penalty:
    """What was found: the `steps` of the reference with it, the mistake in it, and a remark."""

    steps: Steps = field(default_factory=dict)
    mistake: Mistake | None = None
    remark: str | None = None


def find_penalty(
    problem: Problem, model: Model, given: Mapping[str, Array], other_loss: Array | None
) -> Penalty:
    """The penalty in what a network returned; `other_loss` is its loss at `OTHER_WEIGHTS`."""
    reference = evaluate(problem, model)
    factors = {
        name: factor
        for name in PARAMETERS
        if (factor := _factor(f"d{name}", given, reference, problem.parameters[name]))
    }
    if factors:
        return _in_gradients(factors, problem, model, given)
    decay = {
        name: -factor / problem.rate
        for name in PARAMETERS
        if (factor := _factor(f"new {name}", given, reference, problem.parameters[name]))
    }
    if decay and _alike(list(decay.values())) and min(decay.values()) > 0:
        return Penalty(
            {f"new {name}": _decayed(name, factor) for name, factor in decay.items()},
            remark=f"the update has a weight decay of {_listed(decay)}",
        )
    return _in_loss_alone(problem, model, given, other_loss)


def _factor(
    name: str, given: Mapping[str, Array], reference: Mapping[str, Array], parameter: Array
) -> float:
    """The factor k where an array is its reference plus k times its parameter, otherwise 0."""
    if name not in given or name not in reference or given[name].shape != parameter.shape:
        return 0.0
    excess = np.asarray(given[name], float) - reference[name]
    largest = float(np.abs(reference[name]).max())
    if not np.isfinite(excess).all() or np.abs(excess).max() <= TOLERANCE * largest:
        return 0.0
    factor = float((excess * parameter).sum() / (parameter**2).sum())
    left = np.abs(excess - factor * parameter).max()
    return factor if left <= TOLERANCE * max(largest, float(np.abs(excess).max())) else 0.0


def _in_gradients(
    factors: Mapping[str, float], problem: Problem, model: Model, given: Mapping[str, Array]
) -> Penalty:
    """A penalty that gradients have; the loss has it too, or another, or none."""
    steps = {f"d{name}": _penalized(name, factor, model) for name, factor in factors.items()}
    listed, first = (
        _listed(factors),
        f"d{next(n for n in ('W2', 'b2', 'W1', 'b1') if n in factors)}",
    )
    formula = "loss + lambda/2 sum W^2, and with it dW + lambda W for every W"
    ordered = {first: steps[first], **steps}

    def mistake(name: str, sentence: str) -> Penalty:
        return Penalty(mistake=Mistake(name, sentence, formula, ordered))

    if max(factors.values()) < 0:
        return mistake(
            "L2 term with the wrong sign",
            f"The L2 term of the gradient is subtracted, {listed}: the weights grow in place of"
            " shrinking.",
        )
    whole = {**steps, "loss": _penalized_loss(factors, model)}
    if "loss" not in given:
        return Penalty(whole, remark=f"the gradients have an L2 term, {listed}")
    loss, plain = float(given["loss"]), float(evaluate(problem, model)["loss"])
    expected = float(evaluate(problem, model, whole)["loss"]) - plain
    share = (loss - plain) / expected if expected else 0.0
    if abs(share - 1) < 0.01:
        if len({name for name in ("W1", "W2") if name in factors}) == 1:
            remark = f"only one layer has an L2 penalty, in loss and gradient: {listed}"
        else:
            remark = f"loss and gradients have an L2 penalty, {listed}, and were compared with it"
        return Penalty(whole, remark=remark)
    if abs(share) < 0.01:
        return mistake(
            "L2 term in the gradient alone",
            f"The gradients have the term of an L2 penalty, {listed}, which the loss lacks: a"
            " numerical gradient of this loss is another one.",
        )
    for several in (2.0, 0.5):
        if abs(share - several) < 0.01:
            return mistake(
                "L2 term without its factor",
                f"The L2 term of the gradient is {'half' if several > 1 else 'twice'} the"
                f" derivative of that in the loss: {listed} in the gradient.",
            )
    return Penalty()


def _in_loss_alone(
    problem: Problem, model: Model, given: Mapping[str, Array], other_loss: Array | None
) -> Penalty:
    """A penalty in the loss that no gradient has, seen by how it grows with the weights."""
    reference = evaluate(problem, model)
    gradients = [name for name in given if name.startswith("d")]
    if "loss" not in given or other_loss is None:
        return Penalty()
    if not all(close(given[name], reference[name]) for name in gradients):
        return Penalty()
    other = replace(
        problem, parameters={n: OTHER_WEIGHTS * p for n, p in problem.parameters.items()}
    )
    excess = [
        float(loss) - float(evaluate(each, model)["loss"])
        for loss, each in ((given["loss"], problem), (other_loss, other))
    ]
    if excess[0] <= TOLERANCE or abs(excess[1] / excess[0] - OTHER_WEIGHTS**2) > 0.01:
        return Penalty()
    weights = sum(float((problem.parameters[name] ** 2).sum()) for name in ("W1", "W2"))
    return Penalty(
        mistake=Mistake(
            "L2 term in the loss alone",
            "The loss has an L2 penalty, with lambda ="
            f" {2 * excess[0] / weights:.3g} if it is of all weights, and the gradients lack its"
            " derivative: the update does not follow it.",
            "dW = ... + lambda W for every W in loss = ... + lambda/2 sum W^2",
            {"loss": lambda v: np.asarray(given["loss"])},
        )
    )


def _penalized(name: str, factor: float, model: Model) -> Step:
    step = steps_of(model)[f"d{name}"]
    return lambda v: step(v) + factor * getattr(v, name)


def _penalized_loss(factors: Mapping[str, float], model: Model) -> Step:
    step = steps_of(model)["loss"]
    return lambda v: (
        step(v) + sum(factor / 2 * (getattr(v, n) ** 2).sum() for n, factor in factors.items())
    )


def _decayed(name: str, factor: float) -> Step:
    return lambda v: (
        getattr(v, name) - v.rate * (getattr(v, f"d{name}") + factor * getattr(v, name))
    )


def _alike(values: list[float]) -> bool:
    return max(values) - min(values) <= 0.01 * max(map(abs, values))


def _listed(factors: Mapping[str, float]) -> str:
    """The parameters and their factors in words."""
    values = [abs(factor) for factor in factors.values()]
    names = " and ".join(factors)
    if _alike(values):
        return f"lambda = {values[0]:.3g} of {names}"
    return "lambda = " + ", ".join(f"{v:.3g} of {n}" for n, v in zip(factors, values, strict=True))
