"""Which tests belong to the quick tier, decided from the code that each test runs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from hypothesis import is_hypothesis_test

from tests.support.slow import SLOW_FILES, SLOW_FOLDERS, SLOW_TESTS

TESTS = Path(__file__).parents[1]

# Pictures of screens, and lessons that train, if only on few images.
SLOW_FIXTURES = frozenset({"snap_compare", "small_training"})
# These put functions in the place of others, and call none.
PATCHING_FIXTURES = frozenset({"quick_pilots"})
# A test that reaches one of these names starts a process or plays the application.
SLOW_NAMES = frozenset(
    {"subprocess", "run_command", "call_command", "Process", "Popen", "Tmux", "asyncio", "run_test"}
    | {"fork", "kill", "mkfifo", "setrlimit"}
    | {"File"}  # of h5py, which is read in a process of its own
)
_POSIX_IMPORT = re.compile(r"^import (fcntl|pty|pwd|resource|termios)$", re.MULTILINE)


def needs_a_missing_module(path: Path) -> bool:
    """Whether a file of tests imports a POSIX module that this machine does not have."""
    return not all(
        _is_importable(name) for name in _POSIX_IMPORT.findall(path.read_text(encoding="utf-8"))
    )


def _is_importable(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


@cache
def is_never_quick(path: Path) -> bool:
    """Whether the quick tier leaves out a file or a folder of tests as a whole."""
    parts = path.relative_to(TESTS).parts
    return not SLOW_FOLDERS.isdisjoint(parts[:1]) or "/".join(parts) in SLOW_FILES


def is_quick(item: pytest.Function) -> bool:
    """Whether a test runs in milliseconds, in this process alone and without a screen.

    A test marked `quick` by hand belongs to the tier whatever this function returns. Tests with
    generated examples are left out, so that the quick tier runs the same cases each time.
    """
    if is_never_quick(item.path):
        return False
    if item.get_closest_marker("slow") or item.originalname in SLOW_TESTS:
        return False
    if SLOW_FIXTURES & set(item.fixturenames) or is_hypothesis_test(item.function):
        return False
    functions = [item.function, *_fixture_functions(item)]
    return not any(_reaches_a_slow_name(function) for function in functions)


def _fixture_functions(item: pytest.Function) -> Iterator[Callable[..., Any]]:
    # Private to pytest; without it a test would count as quick although its fixture starts a
    # process, and test_tiers.py would fail.
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():
        if name not in PATCHING_FIXTURES:
            yield definitions[-1].func


@cache
def _reaches_a_slow_name(function: Callable[..., Any]) -> bool:
    return not SLOW_NAMES.isdisjoint(_names(function, set()))


def _names(function: object, seen: set[FunctionType]) -> Iterator[str]:
    """Every name in the code of a function of the tests and of the helpers that it reaches."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    if isinstance(function, type) and function.__module__.startswith("tests."):
        for method in vars(function).values():
            yield from _names(method, seen)
    if not isinstance(function, FunctionType) or function in seen:
        return
    if not function.__code__.co_filename.startswith(f"{TESTS}{os.sep}"):
        return
    seen.add(function)
    for name in _names_in_code(function.__code__):
        yield name
        yield from _names(function.__globals__.get(name), seen)


def _names_in_code(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in_code(constant)
