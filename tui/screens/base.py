"""What every mode's screen has in common."""

from __future__ import annotations

from textual.screen import Screen

from tui.terminal import Terminal
from tui.workbench import Workbench


class ModeScreen(Screen[None]):
    """A screen over the workbench; the application tells it when there is something new.

    `show_progress` follows after events of the run came in, `show_snapshot` after the weights moved on,
    `show_configuration` after the configuration was replaced. All three are called only while the
    screen is shown, and once when it comes back, so a hidden screen costs nothing.
    """

    # Instance variables in Textual's eyes, hence no ClassVar.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (120, "-wide"), (180, "-huge")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-medium"), (40, "-tall")]  # noqa: RUF012

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__()
        self.bench, self.terminal = bench, terminal

    def show_progress(self) -> None:
        """Draw what the run's history now says."""

    def show_snapshot(self) -> None:
        """Draw what the newest weights predict."""

    def show_configuration(self) -> None:
        """Draw the configuration that is now in force."""

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was shown."""
        self.show_configuration()
        self.show_progress()
        self.show_snapshot()
