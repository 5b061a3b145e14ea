"""TOML files and texts, refused by name when they are malformed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from nn.errors import ConfigError, reason_of

_MAX_BYTES = 2**20


def load_toml(path: Path, kind: str = "config file") -> dict[str, Any]:
    """The content of a TOML file; `kind` names it with its path in the `ConfigError` raised."""
    source = f"{kind} {path}"
    try:
        with path.open("rb") as stream:  # perhaps a pipe, or a device without an end
            content = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{source}: {reason_of(error)}") from error
    if len(content) > _MAX_BYTES:
        raise ConfigError(f"{source}: more than the {_MAX_BYTES:,} bytes allowed")
    try:
        text = content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source}: not UTF-8 text") from error
    return parse_toml(text, source)


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """Parse TOML text; `source` names it in the `ConfigError` raised for malformed text."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{source}: not valid TOML: {error}") from error
    except ValueError as error:  # whose words are for programmers
        raise ConfigError(f"{source}: a whole number has more digits than can be read") from error
