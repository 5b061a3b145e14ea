"""Numbers too small for full precision, taken as zero while a step of training is computed.

A number of float32 below 1.2e-38 is subnormal: it has fewer digits, and Intel's processors take a
hundred times as long to compute with it. A network that has learned its training images has many
of them, as probabilities of the wrong classes and as moments of Adam, and its steps took four times
as long. None of them can change a parameter that is not as small itself.

Source: Intel 64 and IA-32 architectures software developer's manual, volume 1, sections 10.2.3.3
(flush to zero) and 10.2.3.4 (denormals are zeros); `fegetenv` and `fesetenv` are functions of C.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable
from typing import Any

_FLUSH = 0x8000 | 0x0040  # bits of the register MXCSR: results, and operands
_MXCSR, _WORDS = 7, 8  # the place of that register in C's `fenv_t`, and the size of this


def flush_subnormals() -> None:
    """Take subnormal numbers as zero, in this thread and in those that it starts."""
    if _set is not None:
        _set(_flushing)


def keep_subnormals() -> None:
    """Compute with them again, in this thread."""
    if _set is not None:
        _set(_usual)


def _find() -> Callable[[Any], Any] | None:
    """C's function that sets the floating-point environment of a thread, where its layout is known.

    That is on Linux on x86-64. Elsewhere subnormal numbers stay as they are: other processors
    compute with them about as fast as with others.
    """
    if sys.platform != "linux" or platform.machine().lower() not in ("x86_64", "amd64"):
        return None
    return getattr(ctypes.CDLL(None), "fesetenv", None)


_set = _find()
_usual, _flushing = ((ctypes.c_uint32 * _WORDS)() for _ in range(2))
if _set is not None:
    ctypes.CDLL(None).fegetenv(_usual)
    ctypes.memmove(_flushing, _usual, ctypes.sizeof(_usual))
    _flushing[_MXCSR] |= _FLUSH
