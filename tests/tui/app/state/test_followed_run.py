"""A saved run as the screens see it: what keeps its network from being shown is a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nn.storage.runs import SavedRun
from tests.support.messages import Inbox, wait
from tests.support.recorded import MakeTrainer, record_run
from tui.app.state.followed_run import FollowedRun


def without_file(folder: Path) -> None:
    (folder / "best.npz").unlink()


def damaged(folder: Path) -> None:
    (folder / "best.npz").write_bytes(b"x")


@pytest.mark.parametrize(
    ("meddle", "said"), [(without_file, "best.npz is missing"), (damaged, "damaged")]
)
@pytest.mark.parametrize("killed", [False, True])
def test_a_network_that_cannot_be_shown(
    make_trainer: MakeTrainer,
    tmp_path: Path,
    meddle: Callable[[Path], None],
    said: str,
    killed: bool,
) -> None:
    folder, _ = record_run(make_trainer(epochs=5), tmp_path, events=9)
    if killed:
        text = (folder / "run.json").read_text()
        (folder / "run.json").write_text(text.replace('"interrupted"', '"running"', 1))
    meddle(folder)
    run = FollowedRun(SavedRun.read(folder), Inbox(), models=True, dataset=make_trainer().dataset)
    wait(lambda: run.error is not None)
    assert said in str(run.error)
    assert run.snapshot is None


@pytest.mark.parametrize(
    ("learning_rate", "kind"), [(1e30, "diverged"), (1e-9, "nothing learned"), (0.01, None)]
)
def test_advice_on_a_run_that_has_ended(
    make_trainer: MakeTrainer, tmp_path: Path, learning_rate: float, kind: str | None
) -> None:
    trainer = make_trainer(epochs=8, learning_rate=learning_rate, optimizer="sgd", momentum=0.0)
    folder, _ = record_run(trainer, tmp_path)
    inbox = Inbox()
    run = FollowedRun(SavedRun.read(folder), inbox, models=True, dataset=trainer.dataset)
    wait(lambda: inbox.messages)
    wait(lambda: (run.advice and run.advice.kind) == kind)
