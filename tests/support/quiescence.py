"""What a pilot waits for, and what is drawn meanwhile, where nobody sees the frames.

A pilot waits until the application has nothing left to do, not until the processor is idle.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from textual._compositor import Compositor
from textual._context import active_app, visible_screen_stack
from textual.app import App
from textual.geometry import Region
from textual.pilot import Pilot

PATIENCE = 1.0  # seconds for threads, as many as Textual waits for an idle processor
MESSAGES = 3.0  # seconds of the processor, after which messages that beget messages are left to it
HUNG = 120.0  # seconds after which a condition will never hold
STEP = 0.002  # seconds from one look at a thread that computes to the next
WINDOW = 0.02  # seconds in which a thread that waits for something has used no processor
LASTING = ("training", "sweep process")
"""Threads that go on while the user works, so nobody waits for their end."""


def _computing() -> bool:
    """Whether a thread computes something that a screen will show."""
    return any(
        getattr(getattr(thread, "_target", None), "__module__", "") == "tui.app.state.background"
        and thread.name not in LASTING
        for thread in threading.enumerate()
    )


def _begin_delayed() -> bool:
    """Begin what Textual leaves to timers of a few milliseconds; whether there was any."""
    app = active_app.get()
    if app._resize_event is not None and app.screen_stack:
        app._check_resize()
        return True
    if app.screen_stack and app.screen._update_timer._active.is_set():
        app.screen._on_timer_update()
        return True
    return False


async def _settle() -> bool:
    """Let all messages be handled and what they changed be drawn; whether there came an end."""
    ready: Any = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    limit = time.process_time() + MESSAGES
    while time.process_time() < limit:
        await asyncio.sleep(0)
        if not ready and not _begin_delayed():
            return True
    return False


async def wait_for_quiescence(_min_sleep: float = 0, _max_sleep: float = 0) -> None:
    """Wait until nothing is left to do, in place of Textual's `wait_for_idle`.

    That one sleeps for 20 ms at least, twice a key. A thread that computes what a screen will show
    is waited for while this process uses the processor; a test that depends on it waits for a
    condition with `until`, since a thread that gets no processor looks like one that waits.
    """
    await _settle()
    limit = time.monotonic() + PATIENCE
    looked, used = time.monotonic(), time.process_time()
    while _computing() and time.monotonic() < limit:
        await asyncio.sleep(STEP)
        await _settle()
        if time.monotonic() - looked > WINDOW:
            if time.process_time() - used < WINDOW / 20:
                break
            looked, used = time.monotonic(), time.process_time()
    await _settle()


async def all_handled(_pilot: Pilot[Any], timeout: float = 0) -> bool:
    """In place of `Pilot._wait_for_screen`, which sends a message to every widget."""
    return await _settle()


def refresh_soon(app: App[Any], delay: float = 0) -> None:
    """In place of `App.delay_update`, which has a change of modes drawn 50 ms later.

    A test that looked before saw a screen without what has just come onto it.
    """
    app.call_later(app.refresh)


async def until(
    pilot: Pilot[Any], condition: Callable[[], object], shown: Callable[[], str] = lambda: ""
) -> None:
    """Let the application go on until something holds; fails rather than hangs."""
    limit = time.monotonic() + HUNG
    while True:
        await pilot.pause()
        if condition():
            return
        assert time.monotonic() < limit, f"timed out\n{shown()}"
        await asyncio.sleep(0.01)


render_whole = Compositor.render_update


def render_first_lines(
    compositor: Compositor,
    full: bool = False,
    screen_stack: list[Any] | None = None,
    simplify: bool = False,
) -> Any:
    """In place of `Compositor.render_update`: of each widget to be painted, its first line only.

    An application without a terminal throws its frames away. Rendering them took a quarter of the
    time of the tests. What a test looks at, and every snapshot, is rendered whole, and all frames
    of a test that uses the fixture `whole_frames`.
    """
    if full:
        return render_whole(compositor, full, screen_stack, simplify)
    visible_screen_stack.set(screen_stack or [])
    if compositor._dirty_regions:
        dirty = Region.from_union(list(compositor._dirty_regions))
        compositor._dirty_regions.clear()
        for widget, (region, clip) in compositor.visible_widgets.items():
            if dirty.overlaps(clip):
                widget.render_lines(Region(0, 0, region.width, 1))
    return None
