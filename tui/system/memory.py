"""Memory that was freed goes back to the system."""

from __future__ import annotations

import ctypes

# The parameters of glibc's `mallopt`, from malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGE = 256 * 1024  # bytes


def return_freed_memory() -> None:
    """Have glibc return what is freed; without effect where the C library is another one.

    By default glibc gives each thread an arena of its own, and after the first free of a large
    array it takes the next ones from there too. The screens compute on many short threads, so that
    half of all arenas was free memory between what is still used. With one arena, and pages of its
    own for each large array, next to nothing of it is left. Training allocates nothing in a step,
    and the time of a prediction of 60,000 images is the same.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS and musl; Windows has no library `None`
        return
    mallopt(_ARENA_MAX, 1)
    mallopt(_MMAP_THRESHOLD, _LARGE)
    mallopt(_TRIM_THRESHOLD, _LARGE)
