"""The arrays that a learner's functions compute on the way to what they return."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from nn.arrays import Array

_MOST_SEEN = 200


class Recorder:
    """Keeps the arrays among the local variables of the learner's functions as they return."""

    def __init__(self, path: Path) -> None:
        self._folder = str(path.parent)
        self.seen: list[tuple[str, Array]] = []

    def __enter__(self) -> Recorder:
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *exception: object) -> None:
        sys.setprofile(None)

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        if event != "return" or not frame.f_code.co_filename.startswith(self._folder):
            return
        for name, value in [*frame.f_locals.items(), (f"{frame.f_code.co_name}()", argument)]:
            self._keep(name, value)
            if name == "self":
                for attribute, held in vars(value).items() if hasattr(value, "__dict__") else ():
                    self._keep(attribute, held)

    def _keep(self, name: str, value: Any) -> None:
        if isinstance(value, np.ndarray) and 0 < value.ndim <= 2 and len(self.seen) < _MOST_SEEN:
            self.seen.append((re.sub(r"\W", "", name), np.array(value)))
