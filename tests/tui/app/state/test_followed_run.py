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
