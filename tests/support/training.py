"""Trainers followed event by event, and configurations to try them with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import strategies as st

from nn.config import TrainConfig, choices
from nn.data.dataset import Dataset
from nn.events import EpochCompleted, Event, RunFinished, StepCompleted
from nn.training.progress import TrainerState
from nn.training.trainer import Trainer

Kind = TypeVar("Kind")

QUICK = TrainConfig(hidden=(16,), learning_rate=1e-3, schedule="constant", epochs=3, batch_size=50)


def of_type(events: Sequence[Event], kind: type[Kind]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def events_of(dataset: Dataset, config: TrainConfig = QUICK, **changes: object) -> list[Event]:
    """All events of a run, one for every step."""
    trainer = Trainer(replace(config, **changes), dataset, step_interval=0)
    return list(trainer.events())


def through_json(state: TrainerState) -> TrainerState:
    """As it comes back from a checkpoint, which holds losses that are not finite too."""
    return TrainerState(
        {name: array.copy() for name, array in state.arrays.items()},
        json.loads(json.dumps(state.values)),
    )


def timeless(event: Event) -> Any:
    """An event without the times, which no two runs share."""
    clocks = {"seconds": 0.0, "samples_per_second": 0.0}
    if isinstance(event, StepCompleted | EpochCompleted | RunFinished):
        if event.evaluation is not None:
            evaluation = replace(event.evaluation, seconds=0.0)
            clocks |= {"evaluation": evaluation}  # type: ignore[dict-item]
        return replace(event, **clocks)  # type: ignore[arg-type]
    return event


@st.composite
def configurations(draw: st.DrawFn) -> TrainConfig:
    """Every optimizer, schedule, sampling, warp, noise, dropout, budget, evaluation, stopping."""
    by_steps, eval_by_steps = draw(st.booleans()), draw(st.booleans())
    schedule = draw(st.sampled_from(choices("schedule")))
    validation = draw(st.sampled_from([0.0, 0.2]))
    layer: dict[str, object] = {
        "hidden": draw(st.sampled_from([(), (5,), (6, 4)])),
        "activation": draw(st.sampled_from(choices("activation"))),
        "loss": draw(st.sampled_from(["cross-entropy", "binary-cross-entropy", "squared-error"])),
        "dropout": draw(st.sampled_from([0.0, 0.4])),
        "deskew": draw(st.booleans()),
        "augment_rotation": draw(st.sampled_from([0.0, 10.0])),
        "elastic_alpha": draw(st.sampled_from([0.0, 20.0])),
        "batch_norm": draw(st.booleans()),
        "noise": draw(st.sampled_from([0.0, 0.3])),
        "average_decay": draw(st.sampled_from([0.0, 0.9])),
        "dtype": draw(st.sampled_from(choices("dtype"))),
        "optimizer": draw(st.sampled_from(choices("optimizer"))),
        "learning_rate": draw(st.sampled_from([0.001, 0.05, 30.0])),
        "eps_placement": draw(st.sampled_from(choices("eps_placement"))),
        "weight_decay": draw(st.sampled_from([0.0, 0.01])),
        "max_norm": draw(st.sampled_from([0.0, 1.0])),
        "clip_norm": draw(st.sampled_from([0.0, 0.1])),
        "schedule": schedule,
        "final_learning_rate": 0.0005,
        "warmup_steps": 1 if schedule == "cosine" else 0,
        "decay_every": 1,
        "sampling": draw(st.sampled_from(choices("sampling"))),
        "batch_size": draw(st.sampled_from([32, 70, 90])),
        "validation": validation,
        "patience": draw(st.sampled_from([0, 1, 2])),
        "stop_on": "validation" if validation else "test",
        "restore": draw(st.sampled_from(choices("restore"))),
        "eval_train": draw(st.booleans()),
        "seed": draw(st.integers(0, 3)),
        **({"steps": draw(st.integers(3, 9))} if by_steps else {"epochs": draw(st.integers(1, 3))}),
        **({"eval_steps": 3} if eval_by_steps else {"eval_epochs": draw(st.integers(1, 2))}),
    }
    return TrainConfig.layered(layer)


def follow(trainer: Trainer, changed_at: int, count: int | None = None) -> list[Any]:
    """The first `count` events without times; after step `changed_at` the rate is halved."""
    seen = []
    for event in trainer.events():
        seen.append(timeless(event))
        if isinstance(event, StepCompleted) and event.step == changed_at:
            trainer.rate_factor *= 0.5
        if len(seen) == count:
            break
    return seen
