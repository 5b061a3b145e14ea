"""A checker of the JSON Lines that `nn.storage.records` documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from nn.config import FIELDS

Check = Callable[[Any], bool]


def _whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def _number(value: Any) -> bool:
    return type(value) in (int, float)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _object(**fields: Check) -> Check:
    def check(value: Any) -> bool:
        assert isinstance(value, dict), value
        assert value.keys() == fields.keys(), value.keys() ^ fields.keys()
        for name, allowed in fields.items():
            assert allowed(value[name]), f"{name}: {value[name]!r}"
        return True

    return check


_SCORE = _object(loss=_optional(_number), accuracy=lambda value: 0 <= value <= 1)
_EVALUATION = _object(
    step=_whole,
    epoch=_number,
    train=_optional(_SCORE),
    validation=_optional(_SCORE),
    test=_SCORE,
    improved=lambda value: isinstance(value, bool),
    seconds=_number,
    raw=_optional(_SCORE),
)
_PROGRESS: dict[str, Check] = {
    "step": _whole,
    "epoch": _whole,
    "learning_rate": _number,
    "gradient_norms": _list_of(_optional(_number)),
    "samples_per_second": _number,
    "seconds": _number,
    "evaluation": _optional(_EVALUATION),
}
_EVENTS: dict[str, Check] = {
    "run_started": _object(
        event=_text,
        schema=lambda value: value == 1,
        config=lambda value: list(value) == list(FIELDS),
        recipe=_optional(_text),
        command=_text,
        layers=_list_of(_object(name=_text, output_shape=_list_of(_whole), parameters=_whole)),
        parameters=_whole,
        train_images=_whole,
        validation_images=_whole,
        test_images=_whole,
        steps_per_epoch=_whole,
        total_steps=_whole,
        start_step=_whole,
        data_name=_text,
        data_sha256=lambda value: len(value) == 64,
        threads=_optional(_whole),
        processes=_whole,
        versions=_object(
            **{"mnist-tui": _text}, python=_text, numpy=_text, blas=_text, platform=_text
        ),
        run=_optional(_text),
        cores=_object(
            by=lambda value: value in ("rule", "given", "saved", "measured", "remembered"),
            timings=_list_of(_object(processes=_whole, threads=_whole, step_seconds=_number)),
        ),
    ),
    "step": _object(event=_text, loss=_optional(_number), **_PROGRESS),
    "epoch": _object(event=_text, train_loss=_optional(_number), **_PROGRESS),
    "rate_changed": _object(event=_text, step=_whole, factor=_number),
    "cores_reduced": _object(event=_text, step=_whole, slowdown=_number),
    "run_finished": _object(
        event=_text,
        reason=lambda value: value in ("completed", "early-stopped", "diverged", "interrupted"),
        step=_whole,
        epoch=_number,
        kept_step=_whole,
        evaluation=_optional(_EVALUATION),
        best=_optional(_EVALUATION),
        samples_per_second=_number,
        seconds=_number,
        saved=_optional(_text),
        run=_optional(_text),
        save_error=_optional(_text),
        warping=_optional(_number),
    ),
}


def _refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is not strict JSON")


def check_stream(text: str) -> list[dict[str, Any]]:
    """The events of a whole run, each one checked: its names, types and place."""
    events = [json.loads(line, parse_constant=_refuse_constant) for line in text.splitlines()]
    for event in events:
        _EVENTS[event["event"]](event)
    names = [event["event"] for event in events]
    assert names[0] == "run_started"
    assert names[-1] == "run_finished"
    assert names.count("run_started") == names.count("run_finished") == 1
    steps = [event["step"] for event in events[1:]]
    assert steps == sorted(steps)
    return events
