"""What the dialogs have in common."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.content import Content
from textual.screen import ModalScreen, ScreenResultType
from textual.widget import Widget

from tui.app.screens.latest_size import LatestSize
from tui.app.screens.own_keys import OwnKeys


class Dialog(OwnKeys, LatestSize, ModalScreen[ScreenResultType]):
    """A screen over another one that ends with a result, the first that it is given.

    Keys and clicks that arrive together may call for a second result when the dialog has gone.

    All have one look: a border with the title, and with the keys as its subtitle. The screen
    beneath is left as it is: to dim it would send all of it to the terminal, twice.
    """

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: transparent;
        & > .dialog {
            max-width: 100%; max-height: 100%;
            border: round $readable-border; padding: 0 1;
            border-title-color: $readable-accent; border-title-style: bold;
            border-subtitle-color: $text-muted;
            background: $surface;
        }
        & > .dialog.-warning {
            border: round $readable-warning-border; border-title-color: $readable-warning;
        }
        & > .dialog.-error {
            border: round $readable-error-border; border-title-color: $readable-error;
        }
        .dialog OptionList > .option-list--option-disabled { color: $text-muted; }
        .dialog OptionList > .option-list--option-highlighted {
            background: $block-cursor-background; color: $readable-cursor; text-style: bold;
        }
        .dialog Button {
            width: 100%; height: 1; border: none; min-width: 0;
            content-align: left middle; text-align: left;
            &:focus {
                background: $block-cursor-background; color: $readable-cursor;
                background-tint: transparent; text-style: bold;
            }
            &:focus:nocolor { text-style: bold reverse; }
        }
    }
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Leave with this result."""
        if not self.is_current:
            return AwaitComplete()
        # Textual keeps the drawn lines of the last 1,024 widgets, removed or not, unless they are
        # out of date.
        for widget in self.walk_children(Widget, with_self=True):
            widget.refresh()
        return super().dismiss(result)

    def labelled(self, binding: str, usual: str, words: str) -> Content:
        """The label of a button: the key that presses it, and what it does."""
        return Content.assemble((self.key_of(binding, usual), "underline"), f"  {words}")

    def show_progress(self) -> None:
        """Draw what has changed of the run since the dialog was opened."""
