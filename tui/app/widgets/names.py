"""Names in less room than they take: by what differs between them, then cut in the middle."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui.formatting import cut_middle

CUT = "~"
"""Stands for what was left out."""

_WORD = re.compile(r"[^-_ ]+[-_ ]*")


def fit_names(names: Sequence[str], longest: int) -> list[str]:
    """The names in at most `longest` characters each, different ones staying different if possible.

    If one is too long, a tilde replaces the words that all of them begin with; what is still too
    long is cut in the middle.
    """
    if any(len(name) > longest for name in names) and len(set(names)) > 1:
        words = [_WORD.findall(name) or [name] for name in names]
        shared = 0
        for same in zip(*(each[:-1] for each in words), strict=False):
            if len(set(same)) > 1:
                break
            shared += 1
        if shared:
            names = [CUT + "".join(each[shared:]) for each in words]
    return [cut_middle(name, longest) for name in names]
