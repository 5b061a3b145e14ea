"""Hypothesis strategies: configurations by the declarations of the fields, and points of curves."""

from __future__ import annotations

import math
import sys
from typing import Any

from hypothesis import strategies as st

from nn.config import (
    ALTERNATIVES,
    DEFAULTS,
    FIELDS,
    REQUIRED_OUTPUT,
    TrainConfig,
    choices,
    field_types,
)
from nn.options import MAX_WIDTHS, Value

# Of several planes and widths. Where it has not yet done so, Hypothesis takes seconds of each
# process to sort all that Unicode has.
CHARACTERS = st.characters(max_codepoint=0x2FFF, include_characters="\uffff\U0001f600")
# Points that a curve may be given, of which nothing is certain.
ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)
WEIRD = st.lists(st.tuples(ANY_FLOAT, ANY_FLOAT), max_size=40)


def values_of(name: str) -> st.SearchStrategy[Value]:
    """Any value that a field admits by itself."""
    option, kind = FIELDS[name], field_types()[name]
    if admitted := choices(name):
        return st.sampled_from(admitted)
    if kind is bool:
        return st.booleans()
    if kind is str:
        return st.text(CHARACTERS, max_size=20).filter(str.isprintable)
    if kind is float:
        return st.floats(
            option.minimum,
            sys.float_info.max if option.maximum is None else option.maximum,
            exclude_min=option.open_minimum,
            exclude_max=option.open_maximum,
            allow_subnormal=None if option.minimum else True,
        )
    low = None if option.minimum is None else math.ceil(option.minimum)
    high = None if option.maximum is None else math.floor(option.maximum)
    whole = st.integers(low, high)
    if kind is int:
        return whole
    return st.lists(whole, max_size=MAX_WIDTHS).map(tuple)


@st.composite
def configs(draw: st.DrawFn) -> TrainConfig:
    """Any valid configuration: some fields are drawn, the others keep their defaults.

    Fields that contradict each other are put right.
    """
    names = draw(st.sets(st.sampled_from(list(FIELDS))))
    fields: dict[str, Any] = DEFAULTS | {name: draw(values_of(name)) for name in names}
    if fields["batch_norm"]:
        fields |= {
            "processes": min(fields["processes"], 1),
            "batch_size": max(2, fields["batch_size"]),
        }
    for first, second in ALTERNATIVES:
        if fields[second]:
            fields[first] = 0
        elif not fields[first]:
            fields[first] = 1
    if required := REQUIRED_OUTPUT.get(fields["loss"]):
        fields["output_activation"] = required[0]
    if fields["schedule"] in ("linear", "exponential"):
        fields["final_learning_rate"] = fields["final_learning_rate"] or 1e-4
    if fields["schedule"] != "cosine":
        fields["warmup_steps"] = 0
    if fields["validation"] == 0 and fields["patience"]:
        fields["stop_on"] = "test"
    if fields["threads"]:
        fields["processes"] = min(fields["processes"], fields["threads"])
    return TrainConfig(**fields)
