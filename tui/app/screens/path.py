"""A dialog in which the path of a file is typed."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.app.screens.dialog import Dialog


class PathScreen(Dialog[Path | None]):
    """Dismissed with the path, or with None.

    The screen itself takes what is typed, so that nothing is lost of keys that arrive before its
    widgets.
    """

    DEFAULT_CSS = """
    PathScreen {
        .dialog { width: 70; height: auto; }
        #path { height: auto; max-height: 4; text-style: bold; }
        #about { height: auto; color: $text-muted; }
    }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open the file", id="path.open"),
        Binding("escape", "close", "Close", id="path.close"),
        Binding("backspace,ctrl+h", "erase", "Erase", id="path.erase", show=False),
        Binding("ctrl+u", "clear", "Erase all", id="path.clear", show=False),
    ]

    def __init__(self, title: str, about: str) -> None:
        super().__init__()
        self._title, self._about, self._path = title, about, ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = self._title
            take, close = self.key_of("path.open", "enter"), self.key_of("path.close", "escape")
            box.border_subtitle = f"{take} open  {close} close"
            yield Static(id="path", markup=False)
            yield Static(self._about, id="about", markup=False)

    def on_mount(self) -> None:
        self._put("")

    def _put(self, path: str) -> None:
        self._path = "".join(filter(str.isprintable, path))
        for shown in self.query("#path").results(Static):  # none before the first layout
            shown.update(f"> {self._path}_")

    def on_key(self, event: events.Key) -> None:
        """Append what is typed to the path."""
        if event.is_printable and event.character:
            event.stop()
            self._put(self._path + event.character)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._put(self._path + event.text)

    def action_choose(self) -> None:
        """Take the path; a file that was dragged into a terminal may come in quotes."""
        path = self._path.strip()
        if len(path) > 1 and path[0] == path[-1] and path[0] in "'\"":
            path = path[1:-1]
        if path:
            self.dismiss(_expanded(path))

    def action_erase(self) -> None:
        """Remove the last character."""
        self._put(self._path[:-1])

    def action_clear(self) -> None:
        """Remove all of the path."""
        self._put("")

    def action_close(self) -> None:
        """Open nothing."""
        self.dismiss(None)


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # no home of such a user
        return Path(path)
