"""Finding saved runs by what distinguishes them, from words as they are typed.

`lr=0.1 momentum 64-64 early` keeps the runs that every word is true of. A word with a sign compares
a hyperparameter, by the name of its flag, the beginning of that, or its short form; any other
word is looked for in the name of a run, its recipe, how it stands or ended, its layers, and what is
chosen in its configuration.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isclose
from typing import Any

from nn.config import DEFAULTS, FIELDS, TrainConfig, check_value, choices, field_types, flag
from nn.errors import ConfigError
from nn.options import Value, format_value
from nn.storage.run_record import Member, RunRecord
from nn.storage.runs import SavedRun
from tui.formatting import layer_widths, percent

CHOSEN = ("activation", "init", "loss", "optimizer", "schedule")
"""Fields whose value is a word of every run; that of another field only where it was changed."""

_LONG = 8
"""Characters of a number in words at most, unless it is written in full."""
_COMPARISON = re.compile(r"-{0,2}([a-z][a-z0-9_-]*)(<=|>=|!=|=|<|>)(.*)")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Values = Mapping[str, Value | None]
"""The hyperparameters of a run by their fields; None where a field has no effect."""
_Condition = Callable[[Values], bool]


def short_name(name: str) -> str:
    """The shortest flag of a field without its dashes, such as `lr`."""
    return min((flag(name), *FIELDS[name].flags), key=len).lstrip("-")


def effective_values(config: TrainConfig) -> Values:
    """The values of all fields, None for those without an effect, as Adam's for another rule."""
    values = config.to_dict()
    return {
        name: value if FIELDS[name].has_effect(values) else None for name, value in values.items()
    }


def values_of(record: RunRecord) -> Values:
    """The values that a run was trained with; None of a committee, whose members differ."""
    return dict.fromkeys(FIELDS) if record.members else effective_values(record.config)


def differing_fields(runs: Iterable[Values]) -> list[str]:
    """The fields that are not the same in all of these, but for those of the machine.

    Where a field has no effect it counts as its default, so that a hyperparameter of one rule is
    not told beside the rule unless it was changed.
    """
    known = [{n: DEFAULTS[n] if v is None else v for n, v in values.items()} for values in runs]
    names = (name for name, option in FIELDS.items() if not option.machine)
    return [name for name in names if len({values[name] for values in known}) > 1]


def value_text(value: Value | None) -> str:
    """A value in words, a dash where the field has no effect."""
    return "-" if value is None else format_value(value)


def short_text(value: Value | None) -> str:
    """A value in words, a number of many digits rounded to four of them."""
    text = value_text(value)
    return f"{value:.4g}" if isinstance(value, float) and len(text) > _LONG else text


def state_of(run: SavedRun, status: str) -> str:
    """The status of a run, or what it is if it was not trained: imported, or a committee."""
    record = run.record
    if record.imported_from is None:
        return status
    return "committee" if record.members else "imported"


def member_lines(members: Sequence[Member]) -> list[str]:
    """A line for each member: its name, and its test accuracy alone."""
    width = max((len(member.name) for member in members), default=0)
    return [f"{each.name:<{width}}  {percent(each.test.accuracy):>7}" for each in members]


def words_of(run: SavedRun, status: str) -> str:
    """Everything that a word without a sign is looked for in, in lower case."""
    record = run.record
    config, spec = record.config, record.spec
    words = [run.name, record.recipe or "", state_of(run, status), record.reason or ""]
    if record.members:
        return " ".join([*words, *(member.name for member in record.members)]).lower()
    words.append(layer_widths(config, spec))
    words += [str(getattr(config, name)) for name in CHOSEN]
    for name, value in effective_values(config).items():
        if value is not None and value != DEFAULTS[name]:
            words += [flag(name)[2:], format_value(value)]
    if config.patience:
        words.append("early-stopping")
    return " ".join(words).lower()


class Search:
    """What a run must be like.

    Attributes:
        problem: Why a word can find nothing, in words; empty where all is well.
    """

    def __init__(self, text: str) -> None:
        self.problem = ""
        self._words: list[str] = []
        self._conditions: list[_Condition] = []
        for word in text.lower().split():
            if compared := _COMPARISON.fullmatch(word):
                self._compare(*compared.groups())
            else:
                self._words.append(word)

    def matches(self, values: Values, words: str) -> bool:
        """Whether a run with these `effective_values` and these words of `words_of` is wanted."""
        return all(word in words for word in self._words) and all(
            condition(values) for condition in self._conditions
        )

    def _compare(self, typed: str, sign: str, text: str) -> None:
        names = _fields(typed)
        if not names:
            self.problem = f"no hyperparameter begins with {typed}"
        elif text:  # as long as no value is typed, every run may be meant
            conditions = [_condition(name, sign, text) for name in names]
            known = [condition for condition in conditions if condition is not None]
            if not known:
                self.problem = f"{flag(names[0])[2:]}{sign}{text} compares with nothing"
            self._conditions.append(lambda values: any(each(values) for each in known))
            return
        if self.problem:
            self._conditions.append(lambda values: False)


def _fields(typed: str) -> list[str]:
    """The fields that a name means: the one with that flag, or those whose flag begins so."""
    typed = typed.replace("_", "-")
    flags = {name: [flag(name)[2:], *(f[2:] for f in FIELDS[name].flags)] for name in FIELDS}
    exact = [name for name, known in flags.items() if typed in known]
    return exact or [name for name, known in flags.items() if known[0].startswith(typed)]


def _condition(name: str, sign: str, text: str) -> _Condition | None:
    """The condition that a field stands in this relation to a value; None where none can.

    A field without an effect equals nothing.
    """
    kind = field_types()[name]
    if kind in (int, float):
        return _number_condition(name, sign, text)
    if sign in _ORDERS:
        return None
    value: Value | None = None
    if kind is not str:
        try:
            value = check_value(name, text)
        except ConfigError:
            if not choices(name):
                return None

    def equals(values: Values) -> bool:
        own = values[name]
        # A word that is no value is the beginning of one, such as that of a choice half typed.
        same = own == value if value is not None else str(own).lower().startswith(text)
        return same == (sign == "=")

    return equals


def _number_condition(name: str, sign: str, text: str) -> _Condition | None:
    try:
        number = float(text)
    except ValueError:
        return None
    compare = _ORDERS.get(sign, isclose)

    def holds(values: Values) -> bool:
        own = values[name]
        if own is None:
            return sign == "!="
        return compare(own, number) == (sign != "!=")

    return holds
