"""Keys for the lessons screen, which computes what it shows on a thread."""

from __future__ import annotations

import asyncio

from textual.pilot import Pilot

from tui.app.screens.lessons import LessonsScreen
from tui.system.exits import ExitCode


async def press(pilot: Pilot[ExitCode], *keys: str) -> None:
    """Press keys, and wait until what they move is computed."""
    await pilot.press(*keys)
    for _ in range(3000):
        await pilot.pause()
        screen = pilot.app.screen
        if not isinstance(screen, LessonsScreen) or screen._computing is None:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the lesson is still computing")
