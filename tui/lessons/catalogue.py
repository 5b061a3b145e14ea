"""The lessons that there are: every module of `tui.lessons.course` is one."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from nn.errors import ConfigError, did_you_mean
from tui.lessons import course
from tui.lessons.lesson import Lesson


@cache
def lessons() -> tuple[Lesson, ...]:
    """One of each, in the order of their numbers."""
    found = []
    for module in pkgutil.iter_modules(course.__path__, f"{course.__name__}."):
        for member in vars(importlib.import_module(module.name)).values():
            own = inspect.isclass(member) and member.__module__ == module.name
            if own and issubclass(member, Lesson):
                found.append(member())
    return tuple(sorted(found, key=lambda lesson: lesson.number))


def find_lesson(word: str) -> Lesson:
    """The lesson of this name or number; raises `ConfigError` where there is none."""
    for lesson in lessons():
        if word in (lesson.name, str(lesson.number)):
            return lesson
    names = [lesson.name for lesson in lessons()]
    near = did_you_mean(word, names) or f"; the lessons are {', '.join(names)}"
    raise ConfigError(f"no lesson {word!r}{near}")
