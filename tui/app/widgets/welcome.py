"""What to do first, in the empty place of the curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from tui.app.widgets.colors import role_style
from tui.system.terminal import Terminal

STEPS = (
    (
        "train.run",
        "Start",
        "Train this network: watch its mistakes become fewer.",
    ),
    ("app.digits", "Look", "The test digits, and what the network takes each of them for."),
    ("app.lessons", "Learn", "How a network works: predict, try it, and see why."),
    ("train.form", "Change", "The network, how it learns, or for how long."),
    ("app.help", "Help", "Every key of the screen that is shown, and what one sees on it."),
    ("app.quit", "Leave", "Whatever was trained is saved."),
)
"""Ids of bindings, in the order of a first visit, with a word and a sentence for each."""


class Welcome(Static):
    """Names the first keys, as long as there is no curve in their place."""

    DEFAULT_CSS = """
    Welcome { width: 1fr; height: 1fr; content-align: center middle; }
    """

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(id="welcome", markup=False)
        self._colors = terminal.colors
        self._shown: object = None

    def show(self, title: str, keys: Mapping[str, str], width: int, height: int) -> None:
        """Show the steps whose bindings have a key, on a screen of so many cells and lines."""
        bold = Style(bold=True)
        accent = role_style("accent", self._colors) + bold
        if self._shown == (shown := (title, dict(keys), width, height, accent)):
            return
        self._shown = shown
        rows = [(keys[name], word, text) for name, word, text in STEPS if name in keys]
        wide = max((len(key) for key, _, _ in rows), default=0)
        room = width - wide - 12
        text = Text().append(title, style=bold)
        text.append("\n" if height < 2 * len(rows) + 9 else "\n\n")
        for number, (key, word, sentence) in enumerate(rows):
            text.append("\n" if number else "")
            text.append(f"{key:>{wide}}", style=accent)
            text.append(f"  {word:<8}", style=bold)
            if len(sentence) <= room:
                text.append(sentence)
        self.update(text)

    def tell(self, lines: Sequence[str], height: int) -> None:
        """Show a title and lines below it, as many as there is room for."""
        if self._shown == (shown := (tuple(lines), height)):
            return
        self._shown = shown
        title, *rest = lines
        if (left := len(lines) - max(height, 2)) > 0:
            rest[-left - 1 :] = [f"and {left + 1} more"]
        self.update(Text().append(title, style=Style(bold=True)).append("\n" + "\n".join(rest)))
