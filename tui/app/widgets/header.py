"""The first line of every screen: the screens with their keys, and how the run stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.strip import Strip

from tui.app.widgets.colors import InkRole, role_style
from tui.app.widgets.strips import PLAIN, StripWidget
from tui.formatting import clock, percent
from tui.system.terminal import FULL, Terminal

INTERVAL = 1.0
"""Least time in seconds between two drawings of a run that trains."""
LEFT_OUT = ("sweep", "walk", "draw", "model", "runs", "confusion lessons digits train")
"""The order in which titles are left out where they do not fit even shortened; their keys stay.

The last ones go together, since a single name among keys would seem to be a special one.
"""
_BLOCKS = "▁▂▃▄▅▆▇█"
_CLOCK = 7
_LEFT = _CLOCK + len(" left")


class Tab(NamedTuple):
    """A screen as the header names it, with the key that goes there."""

    name: str
    key: str
    title: str
    short: str = ""
    """A shorter title, if there is one."""


class RunState(NamedTuple):
    """How the present run stands.

    Attributes:
        word: The state, such as "training".
        sign: One character for it, and the same in ASCII.
        role: Its colour.
        epoch: The epoch under way, or the number of those done at the end; None before there is a
            run.
        epochs: How many there are to be.
        accuracy: The last test accuracy, None before there is one.
        left: Seconds to its end, None where that is not known or it has ended.
        curve: The test accuracies so far, oldest first.
    """

    word: str
    sign: tuple[str, str]
    role: InkRole
    epoch: int | None = None
    epochs: int = 0
    accuracy: float | None = None
    left: float | None = None
    curve: Sequence[float] = ()


class Header(Horizontal):
    """Both parts, of which the screens take what room the state leaves them.

    They are widgets of their own, because a line is sent to the terminal from its start: of what
    changes while a run trains only the state is sent.
    """

    DEFAULT_CSS = """
    Header { width: 1fr; height: 1; }
    """

    def __init__(self, tabs: Sequence[Tab], current: str, terminal: Terminal) -> None:
        """`current` is the name of the tab that is marked."""
        super().__init__()
        self._tabs = Tabs(tabs, current, terminal)
        self._state = StateLine(terminal)
        self._drawn_at = float("-inf")

    def compose(self) -> ComposeResult:
        yield self._tabs
        yield self._state

    def show(self, state: RunState) -> None:
        """Show how the run stands: at once if its state has changed, else once a second."""
        before, now = self._state.state, monotonic()
        if before is None or before.word != state.word or now - self._drawn_at >= INTERVAL:
            self._drawn_at = now
            self._state.state = state
            self._lay_out()

    def on_resize(self, _event: events.Resize) -> None:
        """Another width has room for other parts."""
        self._lay_out()

    def _lay_out(self) -> None:
        state = self._state.state
        if state is not None:
            width = self.app.size.width  # is known before the first layout, which needs the result
            self._state.form = form_that_fits(
                state, width - self._tabs.least, width - self._tabs.most
            )
            self._state.styles.width = self._state.form.width
            self._state.redraw()


class Tabs(StripWidget):
    """The screens; the present one is marked by colour or reversed, in ASCII also by brackets."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tabs--key", "tabs--current"}
    DEFAULT_CSS = """
    Tabs {
        height: 1; background: $footer-background; color: $readable-hint;
        & > .tabs--key { color: $readable-key; text-style: bold; }
        & > .tabs--current {
            background: $block-cursor-background; color: $readable-cursor;
            text-style: bold;
        }
        &:nocolor > .tabs--current { text-style: bold reverse; }
    }
    """

    def __init__(self, tabs: Sequence[Tab], current: str, terminal: Terminal) -> None:
        super().__init__(terminal)
        self.can_focus = False
        self._tabs, self._current = tabs, current
        self._ends: list[tuple[int, str]] = []

    @property
    def most(self) -> int:
        """The cells that all titles take."""
        return self._cells({tab.name: f" {tab.title}" for tab in self._tabs})

    @property
    def least(self) -> int:
        """The cells that all keys and the title of the present screen take."""
        return self._cells(
            {tab.name: f" {tab.title}" for tab in self._tabs if tab.name == self._current}
        )

    def _cells(self, titles: Mapping[str, str]) -> int:
        """The cells of all keys with these titles, and of the blank behind the last one."""
        return 1 + sum(1 + len(tab.key) + len(titles.get(tab.name, "")) for tab in self._tabs)

    def _titles(self) -> dict[str, str]:
        """What stands behind the key of each screen: the best form that fits.

        The titles first move up to their keys, then shorter ones take the place of some, and at
        last some are left out. That of the present screen always stays as it is.
        """
        titles = {tab.name: f" {tab.title}" for tab in self._tabs}
        others = [tab for tab in self._tabs if tab.name != self._current]
        forms = [
            {tab.name: tab.title for tab in others},
            *({tab.name: tab.short} for tab in reversed(others) if tab.short),
            *(
                dict.fromkeys(set(names.split()) & {tab.name for tab in others}, "")
                for names in LEFT_OUT
            ),
        ]
        for form in forms:
            if self._cells(titles) <= self.size.width:
                break
            titles |= form
        return titles

    def _lay_out(self) -> list[Strip]:
        titles = self._titles()
        key_style = self.get_component_rich_style("tabs--key", partial=True)
        here = self.get_component_rich_style("tabs--current")
        opening, closing = "[]" if self.terminal.ascii_only else "  "
        parts, self._ends, end, before = [], [], 0, ""
        for tab in self._tabs:
            title = titles[tab.name]
            end += 1 + len(tab.key) + len(title)
            self._ends.append((end, tab.name))
            if tab.name == self._current:
                parts.append(Segment(f"{opening}{tab.key}{title}{closing}", here))
            else:
                if before != self._current:
                    parts.append(Segment(" "))
                parts += [Segment(tab.key, key_style), Segment(title)]
            before = tab.name
        return [Strip(parts).adjust_cell_length(self.size.width, PLAIN).simplify()]

    async def on_click(self, event: events.Click) -> None:
        """Go to the screen under the mouse."""
        name = next((name for end, name in self._ends if event.x < end), None)
        if name is not None:
            await self.run_action(f"app.switch_mode('{name}')")


class Form(NamedTuple):
    """Which parts of the state are shown, in how many cells; `curve` is its width."""

    width: int = 0
    epoch: bool = True
    accuracy: bool = True
    words: bool = False
    left: bool = False
    curve: int = 0


class StateLine(StripWidget):
    """How the run stands, at the right end."""

    DEFAULT_CSS = """
    StateLine { height: 1; background: $footer-background; color: $readable-hint; }
    """

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal)
        self.can_focus = False
        self.state: RunState | None = None
        self.form = Form()

    def _lay_out(self) -> list[Strip]:
        if self.state is None:
            return []
        parts = state_parts(self.state, self.form, self.terminal)
        strip = Strip(parts)
        blank = max(self.size.width - strip.cell_length, 0)
        strip = Strip([Segment(" " * blank), *parts])
        return [strip.adjust_cell_length(self.size.width, PLAIN).simplify()]


def form_that_fits(state: RunState, most: int, spare: int) -> Form:
    """The longest form of the state.

    `spare` are the cells beside all titles; into `most` cells it fits when titles are left out,
    which only the epoch and the accuracy are worth.
    """
    forms = (
        (spare, Form(words=True, left=True, curve=16)),
        (spare, Form(words=True, left=True, curve=8)),
        (spare, Form(words=True, left=True)),
        (spare, Form(left=True, curve=8)),
        (spare, Form(left=True)),
        (most, Form()),
        (most, Form(accuracy=False)),
        (most, Form(epoch=False, accuracy=False)),
    )
    for room, form in forms:
        width = sum(len(segment.text) for segment in state_parts(state, form, FULL))
        if width <= room:
            return form._replace(width=width)
    return Form()


def state_parts(state: RunState, form: Form, terminal: Terminal) -> list[Segment]:
    """The text of a form of the state, from the first accuracy of a run on of the same length."""
    style, bold = role_style(state.role, terminal.colors), Style(bold=True)
    parts = [Segment(state.sign[terminal.ascii_only], style + bold)]
    if form.words or state.epoch is None:
        parts.append(Segment(f" {state.word}", style))
    if state.epoch is None:
        return parts
    if form.epoch:
        place = f"{state.epoch:>{len(str(state.epochs))}}/{state.epochs}"
        parts.append(Segment(f"  epoch {place}" if form.words else f" {place}"))
    if form.accuracy and state.accuracy is not None:
        parts.append(Segment(f" {percent(state.accuracy):>6}", bold))
    blank = 0  # The room of what is not known is at the left: the state stands at the right end.
    if form.left and state.left is not None:
        parts.append(Segment(f" {clock(state.left, _CLOCK) + ' left':>{_LEFT}}"))
    elif form.left:
        blank += 1 + _LEFT
    if form.curve and not terminal.ascii_only:
        if state.curve:
            parts += [Segment("  "), Segment(_curve(state.curve, form.curve), style)]
        else:
            blank += 2 + form.curve
    if blank:
        parts.insert(0, Segment(" " * blank))
    return parts


def _curve(values: Sequence[float], width: int) -> str:
    """The newest values as blocks, from the least to the greatest of them."""
    shown = [value for value in values if value == value][-width:]
    low, high = min(shown, default=0.0), max(shown, default=0.0)
    span = (high - low) or 1.0
    blocks = (_BLOCKS[round((value - low) / span * (len(_BLOCKS) - 1))] for value in shown)
    return "".join(blocks).rjust(width)
