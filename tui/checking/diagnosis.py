"""The diagnosis of a learner's code: the first array that is wrong, and the mistake behind it.

Every array that the code computed is compared with the reference, in the order of computation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from nn.arrays import Array
from tui.checking.departure import close, departure, outcome_matches
from tui.checking.mistake import Mistake
from tui.checking.mistakes import CATALOGUE
from tui.checking.one_pass import find_in_one_pass
from tui.checking.penalty import find_penalty
from tui.checking.reference import (
    MODELS,
    PARAMETERS,
    Model,
    Problem,
    Steps,
    evaluate,
    evaluate_by_steps,
)
from tui.checking.request import MANY
from tui.checking.sandbox import Observation

FORMULAS = {
    "a1": "x W1 + b1",
    "z1": "s(a1)",
    "a2": "z1 W2 + b2",
    "y": "probabilities",
    "loss": "mean loss of the batch",
    "dy": "gradient of the outputs",
    "dW2": "z1^T dy",
    "db2": "sum of dy over the images",
    "dz1": "dy W2^T",
    "da1": "dz1 s'(a1)",
    "dW1": "x^T da1",
    "db1": "sum of da1 over the images",
    "one update": "W - rate dW",
    "five updates": "the same, five times",
}


@dataclass(frozen=True)
class Row:
    """One array of the table: `state` is "right", "wrong" or "not seen"."""

    name: str
    state: str
    note: str = ""


@dataclass
class Diagnosis:
    """The table, the first array that departs, what is wrong, and the known mistake's name."""

    model: Model
    rows: list[Row] = field(default_factory=list)
    mistake: str | None = None
    sentence: str | None = None
    formula: str | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether nothing departs."""
        return self.sentence is None


def diagnose(observation: Observation, request: Mapping[str, Array]) -> Diagnosis:
    """Compare every array that was seen with the reference, in the order of the computation."""
    arrays = observation.arrays
    problem = Problem(request["x"], request["t"], {name: arrays[name] for name in PARAMETERS})
    given = _outcomes(arrays)
    seen = [value for name, value in arrays.items() if name.startswith("seen.")]
    model = max(MODELS, key=lambda each: _agreement(problem, evaluate(problem, each), given, seen))
    penalty = find_penalty(problem, model, given, arrays.get("loss elsewhere"))
    reference = evaluate(problem, model, penalty.steps)
    diagnosis = Diagnosis(model, remarks=[penalty.remark] if penalty.remark else [])
    wrong = [name for name in given if not outcome_matches(name, given[name], reference, problem)]
    updated = [name for name in given if name.startswith("new ")]
    if len(updated) == len(PARAMETERS) and not any(name in wrong for name in updated):
        if observation.facts.get("own update"):
            # The gradients follow another convention, such as t - y in place of y - t or sums in
            # place of means, and the learner's update makes up for it.
            gradients = [name for name in wrong if name[0] == "d"]
            if gradients:
                diagnosis.remarks.append(
                    "the gradients follow another convention than (y - t) / n, and the update"
                    " makes up for it"
                )
            wrong = [name for name in wrong if name[0] != "d"]
    elif not observation.facts.get("own update") and not any(name[0] == "d" for name in wrong):
        wrong = [name for name in wrong if not name.startswith("new ")]
    if wrong:
        mistake = (
            penalty.mistake
            or _recognized(problem, model, given, seen)
            or find_in_one_pass(problem, _tried(model), given)
        )
        first = mistake.step if mistake else wrong[0]
        if mistake:
            diagnosis.mistake, diagnosis.sentence = mistake.name, mistake.sentence
            diagnosis.formula = mistake.formula
        else:
            diagnosis.sentence = departure(
                wrong[0],
                given[wrong[0]],
                reference.get(wrong[0], np.empty(0)),
                images=len(problem.x),
            )
            diagnosis.formula = f"{wrong[0]} = {FORMULAS.get(wrong[0], 'W - rate dW')}"
        wrong = [first, *wrong]
    diagnosis.rows = _table(given, seen, reference, wrong)
    if f"{MANY} updates W1" in arrays:
        _check_many(diagnosis, problem, penalty.steps, arrays)
    return diagnosis


def _check_many(
    diagnosis: Diagnosis, problem: Problem, penalty: Steps, arrays: Mapping[str, Array]
) -> None:
    """Compare the weights after several updates on the same batch."""
    want = problem
    for _ in range(MANY):
        after = evaluate(want, diagnosis.model, penalty)
        want = replace(want, parameters={name: after[f"new {name}"] for name in PARAMETERS})
    same = all(
        close(arrays[f"{MANY} updates {name}"] - before, want.parameters[name] - before)
        for name, before in problem.parameters.items()
    )
    if same:
        diagnosis.rows.append(Row("five updates", "right"))
    elif diagnosis.right:
        diagnosis.rows.append(Row("five updates", "wrong"))
        diagnosis.mistake = "something is carried from update to update"
        diagnosis.sentence = (
            "One update is right, but five on the same batch are not: the gradients may add up from"
            " update to update, or the update may have momentum."
        )
        diagnosis.formula = "W <- W - rate dW, with the gradient of this step alone"
    else:
        diagnosis.rows.append(Row("five updates", "wrong", "follows from the above"))


def _outcomes(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """What a network's functions returned, in the order of the steps."""
    names = ["outputs", "loss", "dW2", "db2", "dW1", "db1", *(f"new {n}" for n in PARAMETERS)]
    return {("y" if name == "outputs" else name): arrays[name] for name in names if name in arrays}


def _agreement(
    problem: Problem, arrays: Mapping[str, Array], given: Mapping[str, Array], seen: list[Array]
) -> float:
    """How many arrays a kind of network explains; outcomes count for more than the others."""
    outcomes = sum(outcome_matches(name, value, arrays, problem) for name, value in given.items())
    inner = sum(
        any(close(each, arrays[n]) for each in seen)
        for n in ("z1", "a2", "y", "dy", "da1")
        if n in arrays
    )
    return 2 * outcomes + inner


def _recognized(
    problem: Problem, model: Model, given: Mapping[str, Array], seen: list[Array]
) -> Mistake | None:
    """The mistake that explains every outcome, or None.

    Of several, it is the one that also explains most of the intermediate arrays that were seen.
    The kind of network is tried anew with each mistake, because a mistake early on may hide it.
    """
    best: tuple[float, Mistake] | None = None
    for candidate in _tried(model):
        for mistake in _hypotheses(candidate):
            arrays = _arrays_of_an_explanation(problem, candidate, mistake, given)
            if arrays is None:
                continue
            score = _agreement(problem, arrays, given, seen) + (0.5 if candidate == model else 0)
            if len(list(_comparable(given, arrays))) >= 2 and (best is None or score > best[0]):
                best = score, mistake
    return best[1] if best else None


def _arrays_of_an_explanation(
    problem: Problem, model: Model, mistake: Mistake, given: Mapping[str, Array]
) -> dict[str, Array] | None:
    """The arrays of a network with this mistake, or None if it does not explain every outcome.

    Most mistakes do not even explain the outputs, so that the rest is not computed.
    """
    arrays: dict[str, Array] = {}
    for name, arrays in evaluate_by_steps(problem, model, mistake.replaced):
        if name in given and not outcome_matches(name, given[name], arrays, problem):
            return None
    # Where shapes that do not fit ended the steps before the outputs, these may be the logits.
    if "y" in given and "y" not in arrays:
        return arrays if outcome_matches("y", given["y"], arrays, problem) else None
    return arrays


def _tried(model: Model) -> tuple[Model, ...]:
    """The kinds of network that a mistake is looked for in: the likeliest, then the usual ones."""
    return tuple(dict.fromkeys([model, *MODELS[:3]]))


def _hypotheses(model: Model) -> list[Mistake]:
    """Every mistake that this kind of network can have.

    A mistake that replaces several steps may also be made in one of them alone.
    """
    found = []
    for mistake in CATALOGUE:
        if mistake.applies_to(model):
            found.append(mistake)
            if len(mistake.replaced) > 1:
                found += [
                    replace(mistake, replaced={name: step})
                    for name, step in mistake.replaced.items()
                ]
    return found


def _comparable(given: Mapping[str, Array], arrays: Mapping[str, Array]) -> list[tuple[str, Array]]:
    """The outcomes up to the step at which a mistake makes the shapes incompatible."""
    return [(name, value) for name, value in given.items() if name in arrays or name == "y"]


def _table(
    given: Mapping[str, Array], seen: list[Array], reference: Mapping[str, Array], wrong: list[str]
) -> list[Row]:
    rows = []
    for name in list(FORMULAS)[:12]:
        want = reference.get(name)
        if wrong and name == wrong[0]:
            rows.append(Row(name, "wrong"))
        elif name in wrong:
            rows.append(Row(name, "wrong", "follows from the above"))
        elif want is None:
            rows.append(Row(name, "not seen"))
        elif (name in given and name not in wrong) or any(close(each, want) for each in seen):
            rows.append(Row(name, "right"))
        else:
            rows.append(Row(name, "not seen"))
    updates = [name for name in given if name.startswith("new ")]
    if updates:
        state = "wrong" if any(name in wrong for name in updates) else "right"
        follows = state == "wrong" and not wrong[0].startswith("new ")
        rows.append(Row("one update", state, "follows from the above" if follows else ""))
    return rows
