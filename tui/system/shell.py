"""Command lines that are printed to be copied."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence


def command_line(words: Sequence[str]) -> str:
    """The words quoted as the system's shell reads them."""
    if sys.platform == "win32":
        import subprocess

        return subprocess.list2cmdline(words)
    return shlex.join(words)
