"""The user's own settings: theme, mouse and keys, from one small TOML file.

    theme = "textual-light"
    mouse = false
    [keys]
    "train.run" = "f5"          # the id of a binding, and one or more keys for it, comma-separated

The file is `config.toml` in the platform's configuration folder for mnist-tui
($XDG_CONFIG_HOME/mnist-tui or ~/.config/mnist-tui on Linux), or the file that MNIST_TUI_CONFIG
names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from nn.config import load_toml
from nn.errors import ConfigError, did_you_mean

VARIABLE = "MNIST_TUI_CONFIG"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the file sets; a `theme` of None is the default one.

    `keys` maps ids of bindings to keys. `path` is the file, for messages.
    """

    theme: str | None = None
    mouse: bool = True
    keys: dict[str, str] = field(default_factory=dict)
    path: Path | None = field(default=None, compare=False)


def load_preferences() -> Preferences:
    """Read the file if there is one; raises `ConfigError` for one that cannot be understood."""
    named = os.environ.get(VARIABLE)
    path = Path(named) if named else _default_path()
    # Unlike Path.exists, os.path.exists never raises.
    if path is None or (not named and not os.path.exists(path)):
        return Preferences()
    settings: dict[str, Any] = load_toml(path)
    kinds: dict[str, tuple[type, str]] = {
        "theme": (str, 'text, such as "textual-light"'),
        "mouse": (bool, "true or false"),
        "keys": (dict, "a table, which begins with the line [keys]"),
    }
    for name, value in settings.items():
        if name not in kinds:
            raise ConfigError(f"{path}: unknown setting {name!r}{did_you_mean(name, kinds)}")
        kind, wanted = kinds[name]
        if not isinstance(value, kind):
            raise ConfigError(f"{path}: {name}={value!r}: must be {wanted}")
    for binding, keys in settings.get("keys", {}).items():
        if not isinstance(keys, str):
            raise ConfigError(
                f'{path}: keys: {binding}={keys!r}: must be text, such as "p" or "ctrl+p,f2"'
            )
    return Preferences(**settings, path=path)


def _default_path() -> Path | None:
    """Where the file would be, None for a user without a home directory, as in some containers."""
    try:
        return user_config_path("mnist-tui") / "config.toml"
    except RuntimeError:
        return None
