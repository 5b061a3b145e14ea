"""The memory of a process: what is freed goes back to the system, and soon; what may be taken."""

from __future__ import annotations

import ctypes
import gc

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


def collect_garbage_often() -> None:
    """Look for garbage at a pace that suits screens that come and go; what there is now, stays.

    A screen that was left is a cycle of thousands of objects. Python looks for garbage after so
    many new objects, and `tui.__main__` has that number high for the start, which makes hardly any.
    Measured over 300 dialogs: with this pace a third less memory is in use, half as much time is
    spent on looking, and a look takes 1 ms as a rule, where one at the pace of the start takes 70.
    """
    gc.freeze()
    gc.set_threshold(5_000, 10, 10)


def limit_address_space(most: int) -> None:
    """Let this process have at most so many bytes of addresses; a lower limit stays in force."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY or soft > most:
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
