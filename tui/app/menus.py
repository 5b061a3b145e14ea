"""What is the same on every screen: the palette, the help, and files of what is shown."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from nn.errors import reason_of
from tui.app.screens import MODES
from tui.app.state.workbench import Workbench
from tui.app.terminal_app import TerminalApp

if TYPE_CHECKING:
    from tui.app.screens.finding import Entry

_ROOM_FOR_PATHS = 80
"""Cells of the screen from which on a notification names the folder of a file."""


class MenuApp(TerminalApp):
    """Has the actions that are not of one screen; a subclass binds keys to them."""

    bench: Workbench

    def notify(self, message: str, **options: Any) -> None:
        """Show a notification in place of earlier ones, of which errors and warnings stay.

        Its text may name paths, runs and classes, so that no bracket in it is markup.
        """
        for earlier in list(self._notifications):
            if earlier.severity == "information":
                self._unnotify(earlier, refresh=False)
        for screen in self.screen_stack[-1:]:
            for toast in screen.query("Toast.-information"):
                if isinstance(toast.parent, Widget):  # Textual would leave its empty place
                    toast.parent.remove()
        super().notify(message, **options | {"markup": False})

    # Palette and help

    def commands(self) -> list[Entry[Callable[[], object]]]:
        """The entries of the palette: what the shown screen and the application can do.

        Of the shown screen, what the footer names comes first; the other screens follow, and what
        the application can do on all of them. What only moves the cursor is left out, for nobody
        looks for it by its name.
        """
        from tui.app.screens.finding import Entry
        from tui.app.screens.help import MOVING, shown_bindings

        bindings = list(shown_bindings(self.screen))
        moving = {binding.action for _, binding in bindings if binding.key in MOVING}
        moving |= {"palette"}
        found: dict[str, tuple[int, Entry[Callable[[], object]]]] = {}
        for namespace, binding in bindings:
            if binding.action not in moving and binding.action not in found:
                run = partial(self.run_action, binding.action, namespace)
                key = self.get_key_display(binding)
                going = binding.action.startswith("switch_mode(")
                title = f"Go to {binding.description}" if going else binding.description
                place = (2 if going else 3) if namespace is self else int(not binding.show)
                found[binding.action] = place, Entry(run, title, key)
        if self.terminal.colors != "none":
            found["theme"] = 3, Entry(self._pick_theme, "Colours: another theme")
        return [entry for _, entry in sorted(found.values(), key=lambda one: one[0])]

    def action_palette(self) -> None:
        """List the commands and run the one that is chosen."""
        self._pick(self.commands(), "Commands")

    def _pick_theme(self) -> None:
        from tui.app.screens.finding import Entry

        names = sorted(
            self.available_themes, key=lambda name: (not name.startswith("mnist-"), name)
        )
        self._pick([Entry(partial(setattr, self, "theme", name), name) for name in names], "Themes")

    def _pick(self, entries: list[Entry[Callable[[], object]]], title: str) -> None:
        from tui.app.screens.finding import FindScreen

        async def run(chosen: Callable[[], object] | None) -> None:
            if chosen is not None:
                done = chosen()
                if inspect.isawaitable(done):
                    await done

        self.push_screen(FindScreen(entries, title, ascii_only=self.terminal.ascii_only), run)

    def action_help(self) -> None:
        """Say what is seen on the shown screen, and list its keys."""
        from tui.app.screens.about import ABOUT
        from tui.app.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            mode = self.current_mode
            self.push_screen(HelpScreen(self.screen, MODES[mode].title, ABOUT[mode]))

    # Files

    def action_save_screen(self) -> None:
        """Write a picture of the screen (SVG) into the working directory."""
        from tui.recording.export import save_screen

        self.clear_notifications()  # which would be in the picture
        self._export(lambda stem: [save_screen(self.export_screenshot(), stem)])

    def action_export_metrics(self) -> None:
        """Write the run's metrics (CSV and JSON) into the working directory."""
        from tui.recording.export import save_metrics

        history = self.bench.history
        if history is None or not history.evaluations:
            self.notify("Nothing measured yet: train for an epoch first.", severity="warning")
            return
        self._export(lambda stem: save_metrics(history, self.bench.invocation, stem))

    def _export(self, write: Callable[[str], list[Path]]) -> None:
        try:
            paths = write(str(_free_stem(Path.cwd())))
        except OSError as error:
            where = error.filename or "into the working directory"
            text = f"Cannot write {where}: {reason_of(error)}"
            self.notify(text, severity="error")
        else:
            first, *others = (path.absolute() for path in paths)
            beside = "".join(f" and {path.suffix}" for path in others)
            # Where there is little room a path would be broken within its words.
            name = under_home(first) if self.size.width >= _ROOM_FOR_PATHS else first.name
            self.notify(f"Saved as {name}{beside}.")


def _free_stem(folder: Path) -> Path:
    """A name by the time, without a suffix, that no file has yet; several may be of one second."""
    stem = folder / f"mnist-tui-{time.strftime('%Y%m%d-%H%M%S')}"
    taken = {path.stem for path in folder.glob(f"{stem.name}*")}
    numbered = (stem.with_name(f"{stem.name}-{number}") for number in count(2))
    return next(path for path in chain([stem], numbered) if path.name not in taken)


def under_home(path: Path) -> str:
    """A path, with a tilde for the user's own folder."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # it is elsewhere, or no home is known
        return str(path)
