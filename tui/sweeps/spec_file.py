"""The specification of a sweep as a TOML file."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from nn.errors import ConfigError, did_you_mean
from nn.toml import load_toml
from tui.sweeps.space import Space
from tui.sweeps.spec import SweepSpec

_TABLES = ("base", "vary")
# The entries that are not tables, in their order in the file.
_SETTINGS = tuple(each.name for each in fields(SweepSpec) if each.name not in ("space", "fields"))


def require_same(path: Path, begun: SweepSpec, name: str) -> None:
    """Raise `ConfigError` where a file does not hold the sweep that was begun under this name.

    A file that names no sampler is also that of a random sweep: earlier versions made any such
    sweep random, and a sweep goes on with what it was begun with.
    """
    table = load_toml(path, "sweep")
    names = begun.differences(_spec_of(table, str(path)))
    if "sampler" not in table and begun.sampler == "random":
        names = [name for name in names if name != "sampler"]
    if names:
        raise ConfigError(
            f"--resume {name}: {path} is of another sweep, which differs in"
            f" {', '.join(names)}; leave the file out, or leave --resume out to begin it"
        )


def to_toml(spec: SweepSpec) -> str:
    """A file that `load_spec` reads back."""
    lines = [
        f"{name} = {_toml(getattr(spec, name))}"
        for name in _SETTINGS
        if getattr(spec, name) is not None
    ]
    for title, table in (("base", dict(spec.fields)), ("vary", spec.space.to_dict())):
        lines += ["", f"[{title}]"]
        lines += [f"{name} = {_toml(value)}" for name, value in table.items()]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """A value in TOML, whose strings, lists and numbers are those of JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def load_spec(path: Path) -> SweepSpec:
    """Read a TOML file; raises `ConfigError` naming the file, the entry and the remedy."""
    return _spec_of(load_toml(path, "sweep"), str(path))


def _spec_of(table: dict[str, Any], path: str) -> SweepSpec:
    known = (*_SETTINGS, *_TABLES)
    for name in table:
        if name not in known:
            raise ConfigError(f"sweep {path}: unknown entry {name!r}{did_you_mean(name, known)}")
    try:
        for name in _TABLES:
            if not isinstance(table.get(name, {}), dict):
                raise ConfigError(f"{name}: must be a table, [{name}]")
        settings = {name: table[name] for name in _SETTINGS if name in table}
        return SweepSpec(
            space=Space.of(table.get("vary", {})), fields=table.get("base", {}), **settings
        )
    except ConfigError as error:
        raise ConfigError(f"sweep {path}: {error}", field=error.field) from error
