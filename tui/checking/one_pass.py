"""A mistake in only one of the two forward passes that learners write.

The function that predicts and the function of the gradient often compute the same forward pass
each. Where only one of them is wrong, outputs and loss belong to one network and the gradients to
another, which may also take its outputs y from the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from nn.arrays import Array
from tui.checking.departure import outcome_matches
from tui.checking.forward_mistakes import FORWARD
from tui.checking.mistake import Mistake
from tui.checking.reference import ACTIVATIONS, Model, Problem, Steps, evaluate

_PREDICTION = ("y", "loss")


def find_in_one_pass(
    problem: Problem, models: tuple[Model, ...], given: Mapping[str, Array]
) -> Mistake | None:
    """The mistake of one pass that explains every outcome, its name with the pass, or None."""
    gradients = [name for name in given if name not in _PREDICTION]
    if "y" not in given or not any(name.startswith("d") for name in gradients):
        return None
    for model in models:
        reference = evaluate(problem, model)
        for mistake in _candidates(model):
            mistaken = evaluate(problem, model, mistake.replaced)
            for place, prediction, other in (
                ("predict", mistaken, {}),
                ("gradient", reference, mistake.replaced),
            ):
                if not _all_match(_PREDICTION, given, prediction, problem):
                    continue
                for passes in _gradient_passes(prediction, other):
                    arrays = evaluate(problem, model, passes)
                    if _all_match(gradients, given, arrays, problem):
                        return _placed(mistake, place)
    return None


def _gradient_passes(prediction: Mapping[str, Array], steps: Steps) -> Iterator[Steps]:
    """The steps behind the gradients: all their own, or with the outputs of the prediction."""
    yield steps
    if "y" in prediction:
        yield {**steps, "y": lambda v: prediction["y"]}


def _candidates(model: Model) -> Iterator[Mistake]:
    yield from (mistake for mistake in FORWARD if mistake.applies_to(model))
    for name, activation in ACTIVATIONS.items():
        if name != model.activation:
            yield Mistake(
                "another hidden activation",
                f"The hidden layer has {name} here and {model.activation} in the rest.",
                "z1 = s(a1), with the same s in both",
                {"z1": lambda v, activation=activation: activation.function(v.a1)},  # type: ignore[misc]
            )


def _placed(mistake: Mistake, place: str) -> Mistake:
    other = {"predict": "gradient", "gradient": "predict"}[place]
    return replace(
        mistake,
        name=f"{mistake.name}, in {place} only",
        sentence=f"{mistake.sentence} The forward pass of {other} is right.",
    )


def _all_match(
    names: tuple[str, ...] | list[str],
    given: Mapping[str, Array],
    arrays: Mapping[str, Array],
    problem: Problem,
) -> bool:
    """Whether these outcomes, as far as they were given, are those of a computation."""
    return all(
        outcome_matches(name, np.asarray(given[name]), arrays, problem)
        for name in names
        if name in given
    )
