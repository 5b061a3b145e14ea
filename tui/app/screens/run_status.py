"""The texts about the state of a run, and its learning rate's factor, for the screens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui.app.state.shown_run import Status
from tui.app.state.workbench import Workbench
from tui.app.widgets.colors import InkRole
from tui.app.widgets.header import RunState
from tui.formatting import count, in_lines

if TYPE_CHECKING:
    from nn.training.advice import Advice

DIVERGED = "diverged: the loss is no longer a number"
_BACK = {True: "back to its best epoch", False: "again from random weights"}


def describe(bench: Workbench, told: str, new_run: str) -> str:
    """The state of the shown run, and the name of the present one.

    Of a saved run it is what is not `told` at the top of the screen. `new_run` is the key that
    makes a new run of a changed form.
    """
    if (opened := bench.opened) is not None:
        parts = ("" if opened.title in told else opened.state, opened.facts)
        return "; ".join(part for part in parts if part)
    history = bench.history
    if bench.loading or (history is None and bench.error is None):
        return "loading data"
    if bench.error is not None or history is None:
        return f"failed: {bench.error}"
    state = bench.status.value if bench.status else ""
    if (end := history.finished) is not None:
        state = DIVERGED if history.diverged else f"finished ({end.reason})"
    elif bench.pace is not None and bench.training:
        state += f", {bench.pace:g} {'step' if bench.pace == 1 else 'steps'} a second"
    if (played := bench.played) is not None:
        when = "before training" if played.untrained else f"at {played.name}"
        state = f"played back: the network as it was {when}"
    hint = f"; form changed, {new_run}: new run" if history.config != bench.config else ""
    return f"{state}: run {len(bench.histories)}, {history.label}{hint}"


_TRAINING, _WAITING, _ENDED, _FAILED = ("▸", ">"), ("‖", "="), ("■", "#"), ("!", "!")


def run_state(bench: Workbench) -> RunState:
    """How the present run stands, for the header of every screen."""
    history, status = bench.history, bench.status
    if bench.error is not None:
        return RunState("failed", _FAILED, "wrong")
    if bench.loading or history is None or status is None:
        return RunState("loading", _WAITING, "muted")
    word, sign = status.value, _WAITING
    role: InkRole = "muted"
    if history.finished is not None or status in (Status.FINISHED, Status.STOPPED):
        word, sign = "stopped" if history.finished is None else "finished", _ENDED
        if history.diverged:
            word, sign, role = "diverged", _FAILED, "wrong"
    elif status is Status.FAILED:
        sign, role = _FAILED, "wrong"
    elif status is Status.RUNNING:
        word, sign, role = "training", _TRAINING, "accent"
    started = history.started
    if bench.played is not None:
        word = "played back"
    epochs, done = history.config.epochs, 0
    if started is not None:
        epochs = math.ceil(started.total_steps / started.steps_per_epoch)
        done = math.ceil(history.step / started.steps_per_epoch)
    running = status is Status.RUNNING and history.finished is None
    curve = [each.test.accuracy for each in history.evaluations]
    present = history.present
    return RunState(
        word,
        sign,
        role,
        epoch=done,
        epochs=epochs,
        accuracy=present.test.accuracy if present is not None else None,
        left=history.seconds_left(bench.pace) if running else None,
        curve=curve,
    )


def trouble(bench: Workbench) -> str | None:
    """What part of the shown run is not saved; None if all is well."""
    if (opened := bench.opened) is not None:
        return opened.trouble
    return bench.run.trouble if bench.run else None


def advice_on(bench: Workbench) -> Advice | None:
    """The newest advice on the shown run; None if all is well."""
    return bench.shown.advice if bench.shown else None


def way_back(bench: Workbench) -> str:
    """What the key that goes back does to the present run, where it is lost; empty where not."""
    history, advice = bench.history, bench.run.advice if bench.run else None
    if history is None or not (history.diverged or (advice is not None and _leads_back(advice))):
        return ""
    return "Back to the best" if history.has_learned else "Again, slower"


def _leads_back(advice: Advice) -> bool:
    """Whether a run is lost, so that only going back or beginning again is of use."""
    return advice.back or advice.kind == "dead units"


def binding_for(advice: Advice, *, running: bool) -> str:
    """The id of the binding that does what is advised, or else leads to the field to change."""
    if _leads_back(advice):
        return "train.best"
    if running and advice.factor is not None:
        return "train.rate-up" if advice.factor > 1 else "train.rate-down"
    return "train.stop" if running and advice.field == "patience" else "train.form"


def rate_factor(bench: Workbench) -> float:
    """The factor of the shown run's learning rate."""
    if (opened := bench.opened) is not None:
        changes = opened.history.rate_changes
        return changes[-1].factor if changes else 1.0
    return bench.run.rate_factor if bench.run else 1.0


def layout_words(bench: Workbench) -> str:
    """What the shown run computes with, such as `2 processes x 1 thread`; empty before a step."""
    history, opened, run = bench.shown_history, bench.opened, bench.run
    if history is None or not history.step:
        return ""
    processes, threads = (
        (run.cores.processes, run.cores.threads) if run and run.cores else (0, None)
    )
    if opened is not None:
        from tui.app.state.followed_run import FollowedRun
        from tui.recording.resumption import saved_layout

        reduced = [history.cores_reduced] if history.cores_reduced else []
        saved = opened.saved.record if isinstance(opened, FollowedRun) else None
        processes, threads = (saved and saved_layout(saved, reduced)) or (0, None)
    if not processes:
        return ""
    shared = f"{processes} process{'' if processes == 1 else 'es'}"
    return shared if threads is None else f"{shared} x {count(threads, 'thread')}"


def next_step(bench: Workbench, keys: Mapping[str, str], width: int) -> str:
    """What can be done with the present run, which has ended, with the keys for it."""
    history = bench.history
    if bench.opened is not None or history is None:
        return ""
    offers = [
        ("train.best", f"{_BACK[history.has_learned]}, at a tenth of the learning rate")
        if way_back(bench)
        else ("train.more", "more epochs" if history.finished else "go on to its end"),
        ("train.reset", "a new run"),
        ("app.digits", "its mistakes"),
        ("app.runs", "compare runs") if len(bench.histories) > 1 else ("app.draw", "draw a digit"),
    ]
    known = [f"{keys[name]} {words}" for name, words in offers if name in keys]
    return in_lines([f"Next:  {known[0]}", *known[1:]], width) if known else ""
