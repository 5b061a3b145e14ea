"""What the reporters make of given events."""

from __future__ import annotations

import json
import math
import shlex
import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

from nn.config import TrainConfig
from nn.events import (
    EpochCompleted,
    Evaluation,
    LayerSummary,
    RateChanged,
    RunStarted,
    Score,
    StepCompleted,
)
from nn.storage.records import Invocation, Outcome, Recorded
from tests.support.json_schema import check_stream
from tests.support.recorded import MakeTrainer, unsaved
from tests.support.sweeps import WrittenSweep, spec_of
from tui.cli.headless import train
from tui.cli.reporters.base import Silence
from tui.cli.reporters.json_lines import JsonLines
from tui.cli.reporters.narration import Narration
from tui.cli.reporters.sweep import ResultReporter
from tui.recording.advising import Advising
from tui.sweeps.study import Study

CONFIG = TrainConfig(validation=0.1, epochs=2, eval_epochs=2, learning_rate=0.001)
STARTED = RunStarted(
    config=CONFIG,
    layers=(LayerSummary("Linear", (10,), 7850),),
    parameters=7850,
    train_images=54000,
    validation_images=6000,
    test_images=10000,
    steps_per_epoch=422,
    total_steps=844,
    start_step=0,
    data_name="MNIST",
    data_sha256="a" * 64,
)
FINAL = Evaluation(844, 2.0, Score(0.1, 0.97), Score(0.2, 0.96), Score(0.21, 0.955), True, 12.0)
BETTER = Evaluation(
    433, 433 / 422, Score(0.1, 0.98), Score(0.2, 0.97), Score(0.2, 0.965), True, 6.0
)
EVENTS: list[Recorded] = [
    STARTED,
    StepCompleted(100, 1, 1.5, 0.001, (1.0,), 1000.0, 2.0, None),
    EpochCompleted(1, 422, 0.75, 0.0005, (1.0,), 123456.0, 5.0, None),
    StepCompleted(433, 2, 0.7, 0.0005, (1.0,), 1000.0, 6.0, BETTER),
    RateChanged(500, 0.5),
    EpochCompleted(2, 844, 0.5, 0.00025, (1.0,), 98765.4, 125.0, FINAL),
]
VERSIONS = dict.fromkeys(("mnist-tui", "python", "numpy", "blas", "platform"), "1")
OUTCOME = Outcome("completed", 844, 2.0, 844, FINAL, BETTER, 110000.0, 125.0, None)


def narrate(*events: Recorded) -> list[str]:
    stream = StringIO()
    with Narration(Invocation(None, "mnist-tui --headless", 2), stream) as reporter:
        for event in events:
            reporter.show(event)
    return stream.getvalue().splitlines()


def test_the_bar_of_a_sweep_shows_paths_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands in brackets was taken for markup, which ended the sweep where it was none."""
    written = WrittenSweep(tmp_path / "runs", "paths", spec_of(vary=("data_dir=a[/b],c",)))
    written.begin(0, {"data_dir": "a[/b]"})
    written.result(0, 0.9, epochs=3)
    study, terminal = Study.read(written.path), StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with ResultReporter(as_json=False) as reporter:
        reporter.show(study, study.trials[0].results[0, 0])
    assert "data_dir=a[/b]" in terminal.getvalue()


def test_narration() -> None:
    assert narrate(*EVENTS, OUTCOME) == [
        "MNIST: 54,000 training, 6,000 validation, 10,000 test images",
        "784-128-10 relu, 7,850 parameters, float32, cross-entropy",
        "adam, learning rate 0.001 (one-cycle), 2 epochs of batch 128, seed 0, 2 threads",
        "",
        "  epoch      step     loss   train  valid.    test     rate   images/s    time",
        "      1       422   0.7500                           0.0005    123,456    5.0s",
        "   1.03       433   0.7000  98.00%  97.00%  96.50%   0.0005      1,000    6.0s",
        "learning rate x 0.5 from step 500",
        "      2       844   0.5000  97.00%  96.00%  95.50%  0.00025     98,765    2:05",
        "",
        "completed after 2 epochs, 844 steps, 2:05 (110,000 images/s)",
        "test accuracy 95.50% (loss 0.2100), best 96.50% after 1.03 epochs",
        "repeat: mnist-tui --headless",
    ]


def test_a_loss_that_is_too_wide_for_its_column_is_rounded() -> None:
    rows = [
        narrate(STARTED, EpochCompleted(2, 844, loss, 0.5, (1.0,), 98765.4, 125.0, FINAL))[-1]
        for loss in (0.5, 24562328655826576.0, 5543.2177, math.inf, math.nan)
    ]
    assert [row[17:26] for row in rows] == [
        *("   0.5000", " 2.456e16", "   5543.2", "      inf", "      nan"),
    ]
    assert {row[26:] for row in rows} == {rows[0][26:]}


def test_the_summary_names_what_was_restored_and_saved() -> None:
    outcome = Outcome("early-stopped", 844, 2.0, 433, BETTER, BETTER, 110000.0, 125.0, "m.npz")
    assert narrate(STARTED, outcome)[5:] == [
        "",
        "early-stopped after 2 epochs, 844 steps, 2:05 (110,000 images/s)",
        "weights restored from step 433",
        "test accuracy 96.50% (loss 0.2000), the best of the run",
        "model saved to m.npz",
        "repeat: mnist-tui --headless",
    ]


def test_what_could_not_be_saved_can_be_done_again(tmp_path: Path) -> None:
    failed = "saving failed after step 422: disk full"
    outcome = Outcome(
        "completed", 844, 2.0, 844, None, None, 1.0, 1.0, None, str(tmp_path), save_error=failed
    )
    (tmp_path / "last.npz").touch()
    assert narrate(STARTED, outcome)[7:] == [
        f"warning: {failed}",
        f"run saved in part in {tmp_path}",
        f"resume: mnist-tui --headless --resume {shlex.quote(str(tmp_path))}",
        "repeat: mnist-tui --headless",
    ]


def test_the_summary_of_a_run_that_was_never_evaluated() -> None:
    outcome = Outcome("interrupted", 1, 1 / 422, 1, None, None, 128.0, 0.1, None)
    assert narrate(STARTED, outcome)[6:] == [
        "interrupted after 0 epochs, 1 step, 0.1s (128 images/s)",
        "repeat: mnist-tui --headless",
    ]


def test_json_lines_have_null_for_what_is_not_finite() -> None:
    stream = StringIO()
    broken = StepCompleted(7, 1, math.nan, 0.1, (math.inf, 1.0), 1.0, 1.0, None)
    with JsonLines(Invocation(None, "mnist-tui", None, versions=VERSIONS), stream) as reporter:
        for event in (STARTED, broken, RateChanged(8, 2.0), OUTCOME):
            reporter.show(event)
    events = check_stream(stream.getvalue())
    assert events[0]["threads"] is None
    assert (events[1]["loss"], events[1]["gradient_norms"]) == (None, [None, 1.0])
    assert events[2] == {"event": "rate_changed", "step": 8, "factor": 2.0}


def test_json_lines_do_not_wait_in_a_buffer() -> None:
    file = BytesIO()
    with JsonLines(Invocation(None, "mnist-tui", None), TextIOWrapper(file)) as reporter:
        reporter.show(STARTED)
        assert file.getvalue().endswith(b"}\n")


def test_json_lines_of_a_real_run(make_trainer: MakeTrainer) -> None:
    stream, trainer = StringIO(), make_trainer(validation=0.2, steps=7, eval_steps=2)
    with JsonLines(Invocation("mine", "mnist-tui", 1, versions=VERSIONS), stream) as reporter:
        outcome, _ = train(
            trainer, reporter, Advising(trainer), save=None, recorder=unsaved(trainer)
        )
    events = check_stream(stream.getvalue())
    assert json.loads(json.dumps(events[-1]["evaluation"])) == events[-1]["evaluation"]
    assert outcome.best is not None
    assert events[-1]["best"]["step"] == outcome.best.step
    assert [event["evaluation"]["step"] for event in events if event.get("evaluation")][:-1] == [
        1,
        3,
        5,
        7,
    ]


def test_a_rate_changed_by_hand_is_passed_on(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    shown: list[Recorded] = []

    class Hand(Silence):
        def show(self, event: Recorded) -> None:
            shown.append(event)
            trainer.rate_factor = 0.5

    train(trainer, Hand(), Advising(trainer), save=None, recorder=unsaved(trainer))
    assert RateChanged(0, 0.5) in shown
