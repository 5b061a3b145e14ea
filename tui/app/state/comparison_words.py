"""A comparison of two runs in words and numbers, without a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from tui.app.state.comparison import ComparedDigits, Comparison, Side
from tui.app.state.seed_pairs import MORE, SeedPairs
from tui.app.state.seed_training import SeedTraining
from tui.formatting import count, duration, layer_widths, number, percent
from tui.recording.finding import short_name, short_text, value_text

if TYPE_CHECKING:
    from nn.analysis.disagreement import Disagreement
    from nn.analysis.paired import PairedDifference
    from nn.events import Evaluation

Axis = Literal["epoch", "step", "seconds"]
AXES: tuple[Axis, ...] = ("epoch", "step", "seconds")
"""Attributes of an evaluation that the curves may be drawn over."""
Row = tuple[str, str, str]
"""What is compared, then A's and B's value."""

DOUBT = 0.05
"""The p value from which on a difference counts as one that may be chance."""
_LEVELS = (0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99)


def evaluation_at(side: Side, axis: Axis, x: float | None) -> Evaluation | None:
    """The last evaluation that is not later than `x`; without `x`, the last one."""
    evaluations = side.history.evaluations
    past = [e for e in evaluations if x is None or getattr(e, axis) <= x]
    return past[-1] if past else None


def value_rows(comparison: Comparison, axis: Axis, x: float | None) -> list[Row]:
    """The scores of both at a place of the curves, and those of their best weights."""
    at = [evaluation_at(side, axis, x) for side in comparison.sides]

    def scores(split: str, metric: str) -> list[str]:
        values = [getattr(getattr(e, split), metric, None) if e else None for e in at]
        if metric == "accuracy":
            return [percent(value) or "-" for value in values]
        return ["-" if value is None else number(value, 7, ".4f") for value in values]

    def row(name: str, cells: Sequence[str]) -> Row:
        return (name, cells[0], cells[1])

    losses = ["train loss", "test loss"] if comparison.same_loss else []
    rows = [
        row("epoch", [number(e.epoch, 7) if e else "-" for e in at]),
        row("train acc", scores("train", "accuracy")),
        row("test acc", scores("test", "accuracy")),
        row("gap", [_gap(e) for e in at]),
        *(row(name, scores(name.split()[0], "loss")) for name in losses),
        row("best test", [_best(side) for side in comparison.sides]),
        row("best epoch", [_best_epoch(side) for side in comparison.sides]),
    ]
    if level := _level(comparison.sides):
        rows.append(row(f"{level:.0%} after", [_reached(side, level) for side in comparison.sides]))
    rows.append(
        row("time", [duration(side.run.record.seconds, whole=True) for side in comparison.sides])
    )
    rows.append(row("weights", [f"{side.run.record.parameters:,}" for side in comparison.sides]))
    return rows


def epoch_rows(comparison: Comparison, room: int) -> list[Row]:
    """The test accuracies after epochs of either run, as many of them, evenly, as fit in so many
    rows below a blank one and a heading.
    """
    known = [
        {e.epoch: percent(e.test.accuracy) for e in side.history.evaluations if e.epoch % 1 == 0}
        for side in comparison.sides
    ]
    epochs = sorted({*known[0], *known[1]})
    most = min(room - 2, len(epochs))
    if most < 3:  # the first and the last tell little
        return []
    shown = [epochs[i * (len(epochs) - 1) // (most - 1)] for i in range(most)]
    rows = [(f"epoch {e:g}", known[0].get(e) or "-", known[1].get(e) or "-") for e in shown]
    return [("", "", ""), ("test acc", "", ""), *rows]


def _gap(evaluation: Evaluation | None) -> str:
    """By how many percentage points the network is better at what it was trained on."""
    if evaluation is None or evaluation.train is None:
        return "-"
    return f"{100 * (evaluation.train.accuracy - evaluation.test.accuracy):.2f}"


def _best(side: Side) -> str:
    best = side.history.best
    return percent(best.test.accuracy) if best else "-"


def _best_epoch(side: Side) -> str:
    best = side.history.best
    return number(best.epoch, 7) if best else "-"


def _level(sides: Sequence[Side]) -> float | None:
    """The highest round accuracy that both came to."""
    highest = [
        max((e.test.accuracy for e in side.history.evaluations), default=0.0) for side in sides
    ]
    return max((level for level in _LEVELS if level <= min(highest)), default=None)


def _reached(side: Side, level: float) -> str:
    """The epoch of the first evaluation with this test accuracy."""
    first = next(e for e in side.history.evaluations if e.test.accuracy >= level)
    return number(first.epoch, 7)


def differing_rows(comparison: Comparison) -> list[Row]:
    """The hyperparameters that differ, by the names of their flags; rounded where that shows."""
    rows = []
    for name in comparison.differing:
        values = [side[name] for side in comparison.values]
        short = [short_text(value) for value in values]
        first, second = short if len(set(short)) > 1 else map(value_text, values)
        rows.append((short_name(name), first, second))
    return rows


def same_words(comparison: Comparison) -> str:
    """The most telling of what is the same."""
    config = comparison.sides[0].run.record.config
    spec = comparison.sides[0].run.record.spec
    layers = layer_widths(config, spec)
    texts = {
        "hidden": layers,
        "activation": config.activation,
        "loss": config.loss,
        "optimizer": config.optimizer,
        "learning_rate": f"lr {config.learning_rate:g}",
        "batch_size": f"batch {config.batch_size}",
        "epochs": count(config.epochs, "epoch") if config.epochs else "",
        "seed": f"seed {config.seed}",
    }
    shown = [text for name, text in texts.items() if name not in comparison.differing and text]
    return "the same: " + ", ".join(shown) if shown else ""


def chance_words(found: Disagreement, *, short: bool) -> str:
    """Whether the difference may be chance, by McNemar's test, in words that explain it."""
    b, c = len(found.first_only), len(found.second_only)
    points = 100 * found.accuracy_difference
    if b + c == 0:
        return "Both are right on the same digits."
    verdict = "may be chance" if found.p_value >= DOUBT else "hardly chance"
    if short:
        return f"B {points:+.2f}: {verdict} (p {_p(found.p_value)})"
    ahead = "B" if c > b else "A"
    lead = f"{ahead} is right on {abs(c - b):,} more of {found.total:,} digits"
    lead = f"{lead}, {abs(points):.2f} points." if b != c else "Both are right on as many digits."
    return (
        f"{lead} Were both equally good, the {b + c:,} digits on which only one is right would fall"
        f" as unevenly as {b:,} to {c:,} in {_cases(found.p_value)}: it {_is(verdict)}"
        f" (McNemar's test, p {_p(found.p_value)})."
    )


def _is(verdict: str) -> str:
    return verdict if verdict.startswith("may") else f"is {verdict}"


def _p(p: float) -> str:
    return f"= {p:.2f}" if p >= 0.1 else f"= {p:.3f}" if p >= 0.001 else "< 0.001"


def _cases(p: float) -> str:
    if p >= 0.01:
        return f"{round(100 * p)} of 100 cases"
    return f"{round(1000 * p)} of 1,000 cases" if p >= 0.001 else "fewer than 1 of 1,000 cases"


def seeds_words(seeds: SeedPairs) -> str:
    """What several seeds of both say, as far as they are trained."""
    pairs, found = len(seeds.differences), seeds.difference
    if seeds.refusal and not pairs:
        return ""
    if found is None:
        known = f"{count(pairs, 'seed')} of both so far" if pairs else "No seed of both yet"
        return f"{known}; other seeds give other networks."
    return (
        f"{pairs} seeds in pairs: B has {100 * found.mean:+.2f} points on average, 95% interval"
        f" {_interval(found, ' to ')}: it {_is(_verdict(found))}."
    )


def _interval(found: PairedDifference, between: str) -> str:
    return between.join(f"{100 * end:+.2f}" for end in found.interval)


def _verdict(found: PairedDifference) -> str:
    return "more than the seed" if found.decided else "may be the seed"


def more_words(seeds: SeedPairs, key: str) -> str:
    """What the key for more seeds would do, or why it does nothing."""
    return seeds.refusal or f"{key} trains {MORE} more of both: about {_seconds(seeds)}."


def _seconds(seeds: SeedPairs) -> str:
    return duration(sum(task.seconds for task in seeds.missing()), whole=True)


def short_seed_lines(seeds: SeedPairs, training: SeedTraining | None, key: str) -> list[str]:
    """The same as `seeds_words` and `more_words`, or how far training is, in two short lines."""
    pairs, found = len(seeds.differences), seeds.difference
    text = f"{count(pairs, 'seed')} of both so far"
    if found is not None:
        text = f"{pairs} seeds: B {100 * found.mean:+.2f} [{_interval(found, ', ')}]"
    more = seeds.refusal or f"{key} {MORE} more: {_seconds(seeds)}"
    doing = training_words(training) if training else ""
    if seeds.refusal and not pairs:
        return [doing or seeds.refusal]
    if not doing and found is not None:
        return [text, f"{_verdict(found).capitalize()}. {more}"]
    return [text, doing or more_words(seeds, key)]


def training_words(training: SeedTraining, stop: str = "") -> str:
    """How far the training of more seeds has come; nothing where none was begun.

    With the key that stops it, or without one in short words.
    """
    if training.error is not None:
        return f"More seeds failed: {training.error}"
    task = training.task
    if task is None:
        return ""
    place = f"{training.ended + 1} of {len(training.tasks)}"
    left = duration(training.seconds_left, whole=True)
    if not stop:
        return f"{place}: {task.letter} seed {task.seed}, {left} left"
    return (
        f"Training {place}: {task.letter} with seed {task.seed}, about {left} left; {stop} stops."
    )


def seed_list(seeds: SeedPairs) -> str:
    """By how many points B is better with each seed; nothing where there is none of both."""
    each = seeds.differences.items()
    words = ", ".join(f"{100 * difference:+.2f} with seed {seed}" for seed, difference in each)
    return f"Points of B more than of A: {words}." if words else ""


def confusion_words(digits: ComparedDigits, side: int, most: int, arrow: str) -> str:
    """The most frequent mistakes of one network."""
    found = digits.confusions(side, most)
    return ", ".join(f"{label}{arrow}{said} {times:,}" for label, said, times in found)
