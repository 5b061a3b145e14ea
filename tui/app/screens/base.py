"""What every mode's screen has in common."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widgets import Static

from tui.app.state.workbench import Workbench
from tui.app.widgets.strips import printable
from tui.app.widgets.text import set_text
from tui.system.terminal import Terminal


class LatestSize:
    """Mixed into a screen: of the sizes a terminal had in quick succession only the last one is laid out.

    A layout of another size than the one before makes Textual tell the screen of that size again. With two sizes on
    their way each calls forth the other for ever: a window dragged wide while it was busy once kept the
    application so busy that it heard neither keys nor signals.
    """

    app: App[Any]

    def on_resize(self, event: events.Resize) -> None:
        """Let Textual see sizes only that are still those of the terminal."""
        if event.size != self.app.size:
            event.stop()
            event.prevent_default()


class Dialog(LatestSize, ModalScreen[ScreenResultType]):
    """A screen over another one that asks for a result, and takes the first it is given.

    Keys that arrive together, a second Enter say, may still call for another when it has gone.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Leave with this result."""
        return super().dismiss(result) if self.is_current else AwaitComplete()


class ModeScreen(LatestSize, Screen[None]):
    """A screen over the workbench; the application tells it when there is something new.

    `show_progress` follows after events of the run came in, `show_snapshot` after the weights moved on,
    `show_configuration` after the configuration was replaced. All three are called only while the
    screen is shown, and once when it comes back, so a hidden screen costs nothing.
    """

    DEFAULT_CSS = """
    #opened { dock: top; width: 1fr; height: 1; background: $warning; color: $background; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    # Instance variables in Textual's eyes, hence no ClassVar.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (120, "-wide"), (180, "-huge")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-medium"), (40, "-tall")]  # noqa: RUF012

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__()
        self.bench, self.terminal = bench, terminal
        self._opened: Static | None = None

    def show_progress(self) -> None:
        """Draw what the run's history now says."""

    def show_snapshot(self) -> None:
        """Draw what the newest weights predict."""

    def show_configuration(self) -> None:
        """Draw the configuration that is now in force."""

    def show_opened(self) -> None:
        """Say at the top which saved run is shown in place of the present one, if one is."""
        opened = self.bench.opened
        if self._opened is None:
            if opened is None:
                return
            self._opened = Static(id="opened", markup=False)
            self.mount(self._opened)
        self._opened.display = opened is not None
        if opened is not None:
            name = printable(opened.history.label, ascii_only=self.terminal.ascii_only)
            status = opened.saved.record.status
            wide = f" 0: back   Saved run {name}, {status}, read only"
            self._opened.update(wide if self.app.size.width >= 80 else f"0: back  {name}")

    def put(self, selector: str, text: str) -> None:
        """Replace a text if it changed."""
        set_text(self.query_one(selector, Static), text)

    def tell(self, text: str, selector: str = "#note") -> None:
        """Put a text on a line that is there only with one."""
        self.put(selector, text)
        self.query_one(selector).display = bool(text)

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was shown."""
        self.show_opened()
        self.show_configuration()
        self.show_progress()
        self.show_snapshot()
