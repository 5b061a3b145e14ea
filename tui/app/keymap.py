"""The user's own keys, checked against all bindings of the application before they apply."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, key_to_character

from nn.errors import ConfigError
from tui.app import screens, widgets

CONTEXTS = (
    ("app", "train", "chart"),
    ("app", "train", "table"),
    ("app", "train", "flow"),
    ("app", "digits", "browse"),
    ("app", "confusion", "browse"),
    ("app", "model"),
    ("app", "draw"),
    ("app", "runs"),
    ("app", "compare", "chart"),
    ("app", "compare", "agreement"),
    ("app", "sweep"),
    ("app", "lessons"),
    ("app", "walk"),
    ("app", "tour"),
    ("form",),
    ("prompt",),
    ("quit",),
    ("delete",),
    ("path",),
    ("help",),
    ("rate",),
    ("start",),
    ("stop",),
    ("palette",),
)
"""Groups of bindings that share their keys; a group is the first part of an id.

The form and the prompt lie before their screen as a dialog does, and so do the questions of a
lesson that leads through the walk. A key of theirs, such as enter, may have another meaning on the
screen.
"""

TYPED = ("form", "path", "start", "palette")
"""Groups in which text is typed."""

RESERVED = ("ctrl+q", "ctrl+c")
"""Keys that always quit."""


def check_keys(keys: Mapping[str, str], app: type[App[Any]]) -> None:
    """Raise `ConfigError` for an unknown id, an unknown key, or a key with two meanings."""
    known = {binding.id: binding for binding in _bindings(app) if binding.id}
    used: dict[str, set[str]] = {}
    for binding in _bindings(app):
        if binding.id and binding.id not in keys:
            used.setdefault(binding.id, set()).add(binding.key)
    for name, text in keys.items():
        if name not in known:
            (nearest,) = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise ConfigError(f"{name!r}: no such id of a key; the nearest is {nearest!r}")
        wanted = {typed.strip(): _normal(typed) for typed in text.split(",")}
        for typed, key in wanted.items():
            if not _exists(key):
                raise ConfigError(f"{name!r}: {typed!r}: no such key")
            if name.split(".")[0] in TYPED and _is_letter(key):
                raise ConfigError(f"{name!r}: {typed} is typed as text there, choose another key")
            if key in RESERVED:
                raise ConfigError(f"{name!r}: {key} always quits, choose another key")
            for other, taken in used.items():
                if key in taken and _together(name, other):
                    raise ConfigError(
                        f"{name!r}: {typed} is already the key of {other!r}"
                        f" ({known[other].description}), choose another key for one of them"
                    )
        used[name] = set(wanted.values())


def _bindings(app: type[App[Any]]) -> Iterator[Binding]:
    """Every binding of the application, its screens and its widgets, one key each."""
    for package in (screens, widgets):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    for node in (app, *_subclasses(DOMNode)):
        if node is app or node.__module__.startswith((screens.__name__, widgets.__name__)):
            declared = node.__dict__.get("BINDINGS", ())
            yield from (binding for _, binding in BindingsMap(declared))


def _subclasses(node: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for one in type.__subclasses__(node):
        yield one
        yield from _subclasses(one)


def _together(one: str, other: str) -> bool:
    """Whether two bindings may be in force at the same time."""
    groups = {one.split(".")[0], other.split(".")[0]}
    return any(groups <= set(context) for context in CONTEXTS)


def _normal(key: str) -> str:
    """Textual's name of a key: "question_mark" for "?"."""
    normal = (
        [name for name, _ in BindingsMap([Binding(key.strip(), "", "")])] if key.strip() else []
    )
    return normal[0] if normal else ""


def _is_letter(key: str) -> bool:
    """Whether a key is typed into a text; a blank also chooses where there is nothing to type."""
    character = key_to_character(key)
    return character is not None and character.isprintable() and character != " "


def _exists(key: str) -> bool:
    """Whether any terminal can send a key of this name."""
    *modifiers, name = key.split("+")
    if not name or any(one not in ("ctrl", "shift", "alt", "super", "meta") for one in modifiers):
        return False
    named = {one.value for one in Keys} | set(KEY_NAME_REPLACEMENTS.values())
    return len(name) == 1 or name in named or key in named or key_to_character(name) is not None
