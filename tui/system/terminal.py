"""What the terminal can do, found out once before the application starts."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO

ColorMode = Literal["none", "16", "full"]


@dataclass(frozen=True, slots=True)
class Terminal:
    """`ascii_only`: nothing beyond ASCII can be shown. `colors`: how many colours to use."""

    ascii_only: bool
    colors: ColorMode


FULL = Terminal(ascii_only=False, colors="full")
"""A terminal with UTF-8 and exact colours."""


def detect(environ: Mapping[str, str] = os.environ, stream: TextIO | None = None) -> Terminal:
    """Judge from the environment, and from the encoding of standard error, where Textual draws."""
    encoding = getattr(stream or sys.__stderr__, "encoding", None) or "ascii"
    term = environ.get("TERM", "")
    colors: ColorMode = "full"
    if environ.get("NO_COLOR"):
        colors = "none"
    elif environ.get("COLORTERM", "") not in ("truecolor", "24bit") and "256" not in term:
        colors = "16"
    return Terminal(codecs.lookup(encoding).name not in ("utf-8", "utf-16"), colors)


def refusal(environ: Mapping[str, str] = os.environ) -> str | None:
    """Why the screen application cannot run here, in one line, or None where it can.

    Standard output may be a file: Textual draws on standard error. End of file on standard input would keep it
    busy for ever, so both others must be a terminal.
    """
    for stream, name in ((sys.__stdin__, "standard input"), (sys.__stderr__, "standard error")):
        if stream is None or stream.closed or not stream.isatty():
            return f"{name} is not a terminal; train without a screen with --headless"
    if environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        term = environ.get("TERM", "")
        return f"TERM={term} cannot show the application; train without a screen with --headless"
    return None
