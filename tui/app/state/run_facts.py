"""What is to be said of a saved run, in lines."""

from __future__ import annotations

from nn.config import DEFAULTS, MACHINE_FIELDS, TrainConfig
from nn.events import Evaluation, Score
from nn.options import format_value
from nn.spec import MNIST
from nn.storage.runs import SavedRun
from tui.app.state.catalogue import Entry
from tui.formatting import count, duration, percent
from tui.recording.finding import member_lines, short_name


def short_facts(entry: Entry, differing: str) -> list[str]:
    """How it ended, with what differs from the other runs, and what repeats it."""
    state = _state(entry)
    return [f"{state}; {differing}" if differing else state, entry.run.record.command]


def results(entry: Entry) -> list[str]:
    """What it came to."""
    record = entry.run.record
    lines = _results("best", entry.best)
    if record.imported_from is None:
        lines += _results("last", entry.final)
        lines += [
            f"epochs     {record.epoch:.4g} of {record.total_steps / record.steps_per_epoch:.4g}",
            f"steps      {record.step:,} of {record.total_steps:,}",
            f"time       {duration(record.seconds)}, {record.samples_per_second:,.0f} images/s",
        ]
    lines += [
        f"weights    {record.parameters:,}",
        f"data       {record.data_name}",
    ]
    if entry.started:
        began = "imported" if entry.state == "imported" else "started"
        lines.append(f"{began:<10} {entry.started:%Y-%m-%d %H:%M:%S}")
    return lines


def changed_values(config: TrainConfig) -> list[tuple[str, str]]:
    """The short names of the hyperparameters that are not the default, with their values."""
    return [
        (short_name(name), format_value(value))
        for name, value in config.to_dict().items()
        if value != DEFAULTS[name] and name not in MACHINE_FIELDS
    ]


def changes(entry: Entry) -> list[str]:
    """What it was trained with, as far as that is not the default; of a committee its members."""
    record = entry.run.record
    if record.members:
        return [count(len(record.members), "member"), *member_lines(record.members)]
    changed = [f"{name:<18} {value}" for name, value in changed_values(record.config)]
    if changed:
        differ = "differs" if len(changed) == 1 else "differ"
        lines = [f"{count(len(changed), 'hyperparameter')} {differ} from the defaults:", *changed]
    else:
        lines = ["All hyperparameters have their defaults."]
    if record.recipe:
        lines.append(f"{'recipe':<18} {record.recipe}")
    if record.init_from:
        lines.append(f"{'first weights of':<18} {record.init_from}")
    return lines


def in_place_of_curves(run: SavedRun) -> list[str]:
    """What is to be said of a run that was not trained, the first line as its title.

    Empty for others.
    """
    record = run.record
    if record.imported_from is None:
        return []
    score = record.best.test if record.best else None
    result = "" if score is None else f"{percent(score.accuracy)}, loss {score.loss:.4f}"
    if not record.members:
        come = record.reason or record.imported_from
        return ["A network that was not trained here: no curves", come, f"Test: {result}"]
    known = all((run.path.parent / each.name).is_dir() for each in record.members)
    curves = "the curves of its members are in Runs." if known else "it has no curves."
    return [
        f"A {(record.reason or 'committee').partition(':')[0]}",
        "Its answer is the mean of their probabilities.",
        f"It was not trained itself: {curves}",
        f"Test: {result}. Each alone:",
        *member_lines(record.members),
    ]


def _state(entry: Entry) -> str:
    record = entry.run.record
    reason = None if record.reason in (entry.status, "completed") else record.reason
    status = entry.status if record.imported_from is None else None  # which the reason tells
    what = ": ".join(part for part in (status, reason, record.save_error) if part)
    if record.spec != MNIST:
        names = ", ".join(record.spec.names)
        what += f", {record.data_name}: {record.spec.size}, {record.spec.classes} classes"
        what += f" ({names})" if record.spec.has_names else ""
    return what


def _results(name: str, evaluation: Evaluation | None) -> list[str]:
    if evaluation is None:
        return []
    splits = ("train", "validation", "test")
    known = [(split, getattr(evaluation, split)) for split in splits]
    after = f", epoch {evaluation.epoch:.4g}" if evaluation.step else ""
    return [
        f"{f'{name} {split}':<16} {_score(score)}{after}"
        for split, score in known
        if score is not None
    ]


def _score(score: Score) -> str:
    return f"{percent(score.accuracy):>7}, loss {score.loss:.4f}"
