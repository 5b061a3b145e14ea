"""Ctrl-C and SIGTERM: a clean end, reported and saved; a second one ends at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from nn.events import Event, StepCompleted
from nn.storage.model_file import read_model
from nn.storage.records import Outcome, Recorded
from nn.training.trainer import Trainer
from tests.support.commands import Process, command, environment
from tests.support.json_schema import check_stream
from tests.support.recorded import MakeTrainer, unsaved
from tui.cli.headless import train
from tui.cli.reporters.base import Silence
from tui.recording.advising import Advising
from tui.system.exits import ExitCode
from tui.system.signals import GracefulStop, Interrupted, raise_on_signals

BOTH = pytest.mark.parametrize(
    ("signum", "code"),
    [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)],
)


@BOTH
def test_the_end_is_told_saved_and_in_the_exit_code(
    signum: int, code: ExitCode, small_run: Sequence[str], tmp_path: Path
) -> None:
    model = tmp_path / "model.npz"
    with Process(*small_run, "--epochs=1000000", "--json", "--save", model) as process:
        lines = process.read_until("epoch")
        process.send_signal(signum)
        rest, err = process.communicate(timeout=30)
    events = check_stream("".join(lines) + rest)
    finished = events[-1]
    assert (process.returncode, err) == (code, "")
    assert finished["reason"] == "interrupted"
    assert finished["step"] == finished["kept_step"] >= events[-2]["step"] > 0
    assert finished["epoch"] == pytest.approx(finished["step"] / 3)
    assert finished["saved"] == str(model)
    assert read_model(model).config.epochs == 1_000_000


@BOTH
def test_the_narration_ends_with_the_command_that_repeats_the_run(
    signum: int, code: ExitCode, small_run: Sequence[str]
) -> None:
    with Process(*small_run, "--epochs=1000000") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.split()[:1] == ["1"]:  # the row of the first epoch
                break
        process.send_signal(signum)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert any(line.startswith("interrupted after ") for line in err.splitlines())
    assert err.splitlines()[-1].startswith("repeat: mnist-tui --headless")
    assert "Traceback" not in err


@BOTH
def test_other_commands_end_at_once(signum: int, code: ExitCode, model_file: Path) -> None:
    with Process("predict", "--model", model_file) as process:
        assert process.stdin is not None
        process.stdin.write("0 " * 40_000)  # more than a pipe holds: returns once the command reads
        process.stdin.flush()
        time.sleep(
            0.3
        )  # until it waits for more: Python sees a signal before that only after the wait
        process.send_signal(signum)
        process.wait(timeout=30)
        assert process.stderr is not None
        assert process.stderr.read() == f"mnist-tui: stopped by {signal.Signals(signum).name}\n"
    assert process.returncode == code


def test_a_model_that_cannot_be_saved_in_the_end_is_told(
    small_run: Sequence[str], tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with Process(*small_run, "--epochs=1000000", "--json", "--save", folder / "m.npz") as process:
        lines = process.read_until("epoch")
        shutil.rmtree(folder)
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=30)
    assert check_stream("".join(lines) + rest)[-1]["saved"] is None
    assert process.returncode == ExitCode.FAILURE
    assert (
        err == f"mnist-tui: error: {folder / 'm.npz'}: cannot write: there is no folder {folder}\n"
    )


def test_an_ignored_interrupt_stays_ignored(small_run: Sequence[str]) -> None:
    """`nohup`, and `&` in a script, start a process with SIGINT ignored."""
    words = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command(*small_run, "--json")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment(), text=True) as process:
        assert process.stdout is not None
        started = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        events = check_stream(started + process.stdout.read())
    assert (process.returncode, events[-1]["reason"]) == (0, "completed")


class Recorder(Silence):
    """Remembers what it was shown, and sends this process a signal at each of some events."""

    def __init__(self, *signals_at: int) -> None:
        self.shown: list[Recorded] = []
        self._signals_at = signals_at

    def show(self, event: Recorded) -> None:
        self.shown.append(event)
        if len(self.shown) in self._signals_at:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(autouse=True)
def _restore_handlers() -> Iterator[None]:
    handlers = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)}
    for signum in handlers:
        signal.signal(signum, signal.default_int_handler)
    yield
    for signum, handler in handlers.items():
        signal.signal(signum, handler)


def test_the_step_under_way_is_finished_and_no_other_begun(make_trainer: MakeTrainer) -> None:
    trainer, recorder = make_trainer(), Recorder(3)
    outcome, code = train(
        trainer, recorder, Advising(trainer), save=None, recorder=unsaved(trainer)
    )
    assert code is ExitCode.INTERRUPTED
    assert [type(event) for event in recorder.shown[1:]] == [StepCompleted, StepCompleted, Outcome]
    assert (outcome.reason, outcome.step, trainer.step) == ("interrupted", 2, 2)


def test_an_interrupt_does_not_wait_for_the_step_interval(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(epochs=1000)
    trainer.step_interval = 1000.0
    recorder = Recorder(1)  # at RunStarted
    original = trainer.engine.step

    def step(*arguments: Any) -> float:
        if trainer.step == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return original(*arguments)

    trainer.engine.step = step  # type: ignore[method-assign]
    recorder = Recorder()
    outcome, _ = train(trainer, recorder, Advising(trainer), save=None, recorder=unsaved(trainer))
    assert (outcome.reason, outcome.step) == ("interrupted", 3)


def test_a_signal_at_the_last_event_does_not_turn_a_complete_run_into_an_interrupted_one(
    make_trainer: MakeTrainer,
) -> None:
    class Late(Silence):
        def show(self, event: Recorded) -> None:
            if isinstance(event, Outcome):
                os.kill(os.getpid(), signal.SIGINT)

    trainer = make_trainer()
    outcome, code = train(trainer, Late(), Advising(trainer), save=None, recorder=unsaved(trainer))
    assert (outcome.reason, code) == ("completed", ExitCode.SUCCESS)


@pytest.mark.usefixtures("reported")
def test_the_second_signal_ends_at_once(make_trainer: MakeTrainer) -> None:
    class Stubborn(Trainer):
        """Asks for two signals within one step and would go on for ever."""

        def events(self) -> Iterator[Event]:
            yield next(super().events())
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("went on after the second signal")

    stubborn = Stubborn(make_trainer().config, make_trainer().dataset)
    with pytest.raises(Interrupted) as stop:
        train(stubborn, Silence(), Advising(stubborn), save=None, recorder=unsaved(stubborn))
    assert stop.value.code is ExitCode.INTERRUPTED


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What Python could not raise; `raise_on_signals` has been called, and is undone at the end."""
    reported: list[Any] = []
    monkeypatch.setattr(Interrupted, "raised", False)
    monkeypatch.setattr(sys, "unraisablehook", reported.append)
    raise_on_signals()
    return reported


def test_a_signal_in_a_destructor_is_not_lost(reported: list[Any]) -> None:
    class HalfMade:
        def __del__(self) -> None:
            _ = self.missing  # type: ignore[attr-defined]

    class Slow:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("went on after the signal")

    def interrupted_in_a_destructor() -> None:
        Slow()
        time.sleep(60)

    HalfMade()
    assert [each.exc_type for each in reported] == [AttributeError]
    with pytest.raises(Interrupted):
        interrupted_in_a_destructor()
    HalfMade()
    assert len(reported) == 1


@pytest.mark.usefixtures("reported")
def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with GracefulStop(lambda: None) as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.code is ExitCode.TERMINATED
    assert signal.getsignal(signal.SIGTERM) is before
    with pytest.raises(Interrupted):
        os.kill(os.getpid(), signal.SIGTERM)
