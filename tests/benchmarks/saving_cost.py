"""The cost of saving: python -m tests.benchmarks.saving_cost [field=value ...]

The default recipe is trained with and without saving, each first in turn. Printed are the median
and the quartiles of the pairs' ratios, by the clock and in processor time; the time that training
stood still in the recorder's calls; and how much longer than usual the steps took during which a
file was written, which other programs on the machine disturb least. OPENBLAS_CORETYPE, which makes
NumPy use the products of an older processor, is kept: slower training makes saving's share smaller.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nn.config import TrainConfig, check_value
from nn.data.dataset import Dataset, load_dataset
from tui.recording.experiment import Experiment
from tui.recording.recorder import Recorder
from tui.system.sharing import make_trainer

REPEATS = 21


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of a run: clock, processors, the recorder's calls, and steps beyond the usual."""

    whole: float
    processor: float
    recorder: float
    delayed: float


Spans = list[tuple[float, float]]


def note_spans(owner: Any, name: str, spans: Spans) -> None:
    """Note when each call of a method begins and ends."""
    original = getattr(owner, name)

    def call(*arguments: Any) -> Any:
        begin = time.perf_counter()
        result = original(*arguments)
        spans.append((begin, time.perf_counter()))
        return result

    setattr(owner, name, call)


def delay(steps: Spans, writes: Spans) -> float:
    """Seconds by which the steps that overlap with a write exceed the median step."""
    usual = statistics.median(end - begin for begin, end in steps)
    return sum(
        end - begin - usual
        for begin, end in steps
        if any(begin < stopped and started < end for started, stopped in writes)
    )


def train(config: TrainConfig, dataset: Dataset, root: Path | None) -> Times:
    trainer = make_trainer(config, dataset)
    if root is None:
        recorder = Recorder.unsaved(trainer, Experiment(trainer.config))
    else:
        recorder = Recorder.start(trainer, root, Experiment(trainer.config))
    trainer.engine.score("test")  # waits until all of its processes are there
    steps: Spans = []
    writes: Spans = []
    note_spans(trainer.engine, "step", steps)
    if root is not None:
        note_spans(recorder._saver, "_write", writes)
    inside = 0.0
    begin, processor = time.perf_counter(), time.process_time()
    for event in trainer.events():
        start = time.perf_counter()
        recorder.follow(trainer, event)
        inside += time.perf_counter() - start
    start = time.perf_counter()
    outcome = recorder.finish(trainer)
    end = time.perf_counter()
    trainer.close()
    assert outcome.save_error is None
    processor = time.process_time() - processor
    return Times(end - begin, processor, inside + end - start, delay(steps, writes))


def main() -> None:
    changes = dict(argument.split("=", 1) for argument in sys.argv[1:])
    config = TrainConfig.layered({name: check_value(name, text) for name, text in changes.items()})
    dataset = load_dataset(config.data_dir)
    saved: list[Times] = []
    unsaved: list[Times] = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("MNIST_TUI_RUNS_DIR")) as name:
        train(config, dataset, None)  # warms up
        kinds: list[tuple[list[Times], Path | None]] = [(unsaved, None), (saved, Path(name))]
        for _ in range(REPEATS):
            for times, root in kinds:
                times.append(train(config, dataset, root))
            kinds.reverse()
    for what, measure in (
        ("whole run", lambda times: times.whole),
        ("processor time", lambda times: times.processor),
    ):
        without, with_saving = ([measure(times) for times in kind] for kind in (unsaved, saved))
        ratios = [b / a - 1 for a, b in zip(without, with_saving, strict=True)]
        low, middle, high = statistics.quantiles(ratios)
        sys.stdout.write(
            f"{what:<15} {statistics.median(without):7.2f} s, saved"
            f" {statistics.median(with_saving):7.2f} s, {middle:+.2%} ({low:+.2%} to {high:+.2%})\n"
        )
    inside = statistics.median(times.recorder for times in saved)
    share = inside / statistics.median(times.whole for times in unsaved)
    sys.stdout.write(f"in the recorder {inside * 1e3:7.1f} ms, {share:.2%} of a whole run\n")
    delayed = statistics.median(times.delayed for times in saved)
    share = delayed / statistics.median(times.whole for times in unsaved)
    sys.stdout.write(f"delayed steps   {delayed * 1e3:7.1f} ms, {share:.2%} of a whole run\n")


if __name__ == "__main__":
    main()
