"""Keys that come before the screen is complete: a moment after its first frame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.saved_runs import Sitting, play, runs_app
from tui.app.screens.finding import FindScreen
from tui.app.screens.train import TrainScreen
from tui.app.widgets.config_form import ConfigForm
from tui.app.widgets.curves import Curves


@pytest.fixture
def held_back(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Until this event is set, what Train imports on a thread is not there."""
    arrived, to_thread = asyncio.Event(), asyncio.to_thread

    async def later(work: Callable[..., Any], *arguments: Any) -> Any:
        await arrived.wait()
        return await to_thread(work, *arguments)

    monkeypatch.setattr(asyncio, "to_thread", later)
    return arrived


def test_the_form_takes_what_is_typed_after_its_key(
    tmp_path: Path, held_back: asyncio.Event
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("1", "f")
        screen = at.app.screen
        assert isinstance(screen, TrainScreen)
        assert not screen.query(Curves)
        assert screen.query_one(ConfigForm).has_focus_within
        held_back.set()
        await at.until(lambda: screen.query(Curves))
        await screen.workers.wait_for_complete()
        assert screen.query_one(ConfigForm).has_focus_within

    play(runs_app(tmp_path), scenario)


def test_a_recipe_is_found_by_what_is_typed_after_the_key(
    tmp_path: Path, held_back: asyncio.Event
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("1", "slash", *"two-layer-net")
        assert isinstance(at.app.screen, FindScreen)
        await at.press("enter")
        assert at.bench.experiment.recipe == "two-layer-net"
        held_back.set()
        await at.until(lambda: at.app.screen.query(Curves))
        assert at.bench.experiment.recipe == "two-layer-net"
        assert len(at.app.screen.query(ConfigForm)) == 1

    play(runs_app(tmp_path), scenario)
