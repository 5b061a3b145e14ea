"""The application in a real terminal: tmux, keys sent, the screen's text read back."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

APPLICATION = f"{shlex.quote(sys.executable)} -m tui"
PATIENCE = 60  # seconds: for a busy machine, not a requirement


class Tmux:
    """One window of a tmux server of its own, running a command line in `sh`.

    The server's socket is named relative to its folder, because the whole path of a socket may
    have no more than about a hundred characters.
    """

    def __init__(self, folder: Path, columns: int = 80, rows: int = 24, **environment: str) -> None:
        self._folder = folder
        variables = [f"{name}={shlex.quote(value)}" for name, value in environment.items()]
        shell = " ".join(["env", *variables, "PS1='shell> '", "sh"])
        unset = ("TMUX", "NO_COLOR", "COLORTERM", "COLUMNS", "LINES")
        clean = {name: value for name, value in os.environ.items() if name not in unset}
        size = ("-x", str(columns), "-y", str(rows))
        self._tmux(
            *("-f", "/dev/null", "new-session", "-d", "-c", os.getcwd(), *size, shell), env=clean
        )
        self.wait_for("shell>")

    def _tmux(self, *arguments: str, check: bool = True, **options: Any) -> str:
        return subprocess.run(
            ["tmux", "-S", "tmux", *arguments],
            cwd=self._folder,
            check=check,
            capture_output=True,
            text=True,
            **options,
        ).stdout

    def run(self, command: str) -> None:
        """Type a command line; its exit code is printed after it."""
        self._tmux("send-keys", "-l", f"clear; {command}; echo exit:$?")
        self._tmux("send-keys", "Enter")

    def press(self, *keys: str) -> None:
        """Send keys by tmux's names."""
        for key in keys:
            self._tmux("send-keys", key)

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self) -> str:
        """The text that is shown now."""
        return self._tmux("capture-pane", "-p")

    def wait_for(self, *texts: str) -> str:
        """The screen as soon as it shows all of these; fails with what it shows instead."""
        limit = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            if all(text in screen for text in texts):
                return screen
            assert time.monotonic() < limit, f"{texts} did not appear in:\n{screen}"
            time.sleep(0.05)

    def begin_training(self) -> None:
        """Start the run that the application has ready, and wait for its first measurements."""
        self.wait_for("ready")
        self.press("Space")
        self.wait_for("running", "Grad 2")

    def in_application(self) -> bool:
        """Whether the alternate screen is on."""
        return self._tmux("display-message", "-p", "#{alternate_on}").strip() == "1"

    def close(self) -> None:
        """End the server and what runs in it."""
        self._tmux("kill-server", check=False)


def child_of(window: Tmux) -> int:
    """The process of the application that runs in a window."""
    shell = window._tmux("display-message", "-p", "#{pane_pid}").strip()
    limit = time.monotonic() + PATIENCE
    while True:
        found = subprocess.run(
            ["pgrep", "-P", shell, "-f", "--", "-m tui"],
            capture_output=True,
            text=True,
            check=False,
        )
        if found.stdout.strip():
            return int(found.stdout.split()[0])
        assert time.monotonic() < limit
        time.sleep(0.05)


# The type of the fixture `window`.
Window = Callable[..., Tmux]
