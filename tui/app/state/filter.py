"""The words that a table is narrowed down by, as they are typed."""

from __future__ import annotations

from textual import events


class Filter:
    """A text, edited key by key while `typing`."""

    def __init__(self) -> None:
        self.text = ""
        self.typing = False

    def take(self, key: events.Key) -> bool:
        """Edit the text, keep it with enter or drop it with escape; False for a key that does none
        of it.
        """
        if key.key in ("enter", "escape"):
            self.typing = False
            self.text = self.text if key.key == "enter" else ""
        elif key.key == "backspace":
            self.text = self.text[:-1]
        elif key.is_printable and key.character:
            self.text += key.character
        else:
            return key.key in ("ctrl+h", "delete")  # of use elsewhere, but not while one types
        return True

    @property
    def words(self) -> str:
        """What to show of it, nothing where there is none."""
        return (
            f"filter: {self.text}{'_' if self.typing else ''}" if self.text or self.typing else ""
        )
