"""What the terminal can do, found out from its environment and its encoding."""

from __future__ import annotations

import codecs
import os
import select
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TextIO, get_args

ColorMode = Literal["none", "16", "full"]
DrawingMode = Literal["ascii", "half", "braille"]
"""What pictures are drawn with: characters by brightness, half blocks, or dots of braille."""
DRAWING_MODES: tuple[DrawingMode, ...] = get_args(DrawingMode)


_WIDEST = 100  # columns in which charts and texts are printed at most


@dataclass(frozen=True, slots=True)
class Terminal:
    """`ascii_only`: nothing beyond ASCII can be shown. `colors`: how many colours to use.

    `braille`: braille patterns may be used, of which the font of a Linux console has none.
    """

    ascii_only: bool
    colors: ColorMode
    braille: bool = True

    @property
    def modes(self) -> tuple[DrawingMode, ...]:
        """What pictures can be drawn with."""
        if self.ascii_only:
            return ("ascii",)
        return tuple(mode for mode in DRAWING_MODES if self.braille or mode != "braille")

    def drawable(self, mode: DrawingMode) -> DrawingMode:
        """What a picture is drawn with for which this mode is chosen: the finest there is."""
        return mode if mode in self.modes else self.modes[-1]

    @property
    def thin_lines(self) -> bool:
        """Whether the lines of charts are drawn in braille dots."""
        return self.braille and not self.ascii_only


FULL = Terminal(ascii_only=False, colors="full")
"""A terminal with UTF-8 and exact colours."""


def detect(environ: Mapping[str, str] = os.environ, stream: TextIO | None = None) -> Terminal:
    """Read off the environment and the encoding of standard error, where Textual draws."""
    encoding = getattr(stream or sys.__stderr__, "encoding", None) or "ascii"
    term = _term(environ)
    colors: ColorMode = "full"
    if environ.get("NO_COLOR"):
        colors = "none"
    elif environ.get("COLORTERM", "") not in ("truecolor", "24bit") and "256" not in term:
        colors = "16"
    ascii_only = codecs.lookup(encoding).name not in ("utf-8", "utf-16")
    return Terminal(ascii_only, colors, braille=term != "linux")


def is_live(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is a terminal on which lines can be redrawn."""
    return stream.isatty() and not _is_dumb(environ)


def of_output() -> tuple[Terminal, int]:
    """The terminal of standard output, and in how many columns to print on it.

    It has colours only if it is live. Where there is none, its width is that of COLUMNS, else 80.
    """
    terminal = detect(stream=sys.stdout)
    if not is_live(sys.stdout):
        terminal = replace(terminal, colors="none")
    return terminal, min(shutil.get_terminal_size().columns, _WIDEST)


def is_lost(stream: TextIO | None) -> bool:
    """Whether the terminal of a stream has gone without a signal: it has no foreground group.

    A pipe to a browser has gone when nobody is left to write into it. Always False where processes
    have no groups; the end of the terminal ends the process there.
    """
    if stream is None or not hasattr(os, "tcgetpgrp"):
        return False
    if not stream.isatty():
        watched = select.poll()
        watched.register(stream, 0)
        return any(events & select.POLLHUP for _, events in watched.poll(0))
    try:
        os.tcgetpgrp(stream.fileno())
    except OSError:
        return True
    return False


def in_browser(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether Textual draws for a browser, through a pipe to the server that started this."""
    return environ.get("TEXTUAL_DRIVER", "").startswith("textual.drivers.web_driver:")


def refusal(environ: Mapping[str, str] = os.environ) -> str | None:
    """Why the screen application cannot run here, in one line, or None where it can.

    Standard output may be a file: Textual draws on standard error. Standard input must be a
    terminal, because Textual would read its end of file over and over. In a browser neither is one.
    """
    if in_browser(environ):
        return None
    for stream, name in ((sys.__stdin__, "standard input"), (sys.__stderr__, "standard error")):
        if stream is None or stream.closed or not stream.isatty():
            return f"{name} is not a terminal; train without a screen with --headless"
    if _is_dumb(environ):
        term = environ.get("TERM", "")
        return f"TERM={term} cannot show the application; train without a screen with --headless"
    return None


def _is_dumb(environ: Mapping[str, str]) -> bool:
    return _term(environ) in ("", "dumb", "unknown")


def _term(environ: Mapping[str, str]) -> str:
    """The kind of terminal; Windows names none, and its consoles have all colours."""
    return environ.get("TERM", "windows-256color" if sys.platform == "win32" else "")
