"""The user's own settings: theme, mouse, drawing and keys, from one small TOML file.

    theme = "textual-light"
    mouse = false
    digit = "ascii"             # what the digit browser draws with: ascii, half (blocks) or braille
    pictures = "half"           # the same of all other pictures
    lines = "braille"           # the same of the lines of charts: half (blocks) or braille
    [keys]
    "train.run" = "f5"          # the id of a binding, and one or more keys for it, comma-separated

The file is `config.toml` in the platform's configuration folder for mnist-tui
($XDG_CONFIG_HOME/mnist-tui or ~/.config/mnist-tui on Linux), or the file that MNIST_TUI_CONFIG
names. A change of the drawing by its key is written there, so that it lasts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from nn.errors import ConfigError, did_you_mean
from tui.system.terminal import DRAWING_MODES, DrawingMode

VARIABLE = "MNIST_TUI_CONFIG"
_LINES = '"half" or "braille"'
_MODES = " or ".join(f'"{mode}"' for mode in DRAWING_MODES)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the file sets; a `theme` of None is the default one.

    `keys` maps ids of bindings to keys. `path` is the file, whether it is there or not, and None
    where there can be none.
    """

    theme: str | None = None
    mouse: bool = True
    digit: DrawingMode = "ascii"
    pictures: DrawingMode = "half"
    lines: DrawingMode = "braille"
    keys: dict[str, str] = field(default_factory=dict)
    path: Path | None = field(default=None, compare=False)


def load_preferences() -> Preferences:
    """Read the file if there is one; raises `ConfigError` for one that cannot be understood."""
    named = os.environ.get(VARIABLE)
    path = Path(named) if named else _default_path()
    # Unlike Path.exists, os.path.exists never raises.
    if path is None or (not named and not os.path.exists(path)):
        return Preferences(path=path)
    from nn.toml import load_toml  # not everybody has such a file

    settings: dict[str, Any] = load_toml(path)
    kinds: dict[str, tuple[type, str]] = {
        "theme": (str, 'text, such as "textual-light"'),
        "mouse": (bool, "true or false"),
        "digit": (str, _MODES),
        "pictures": (str, _MODES),
        "lines": (str, _LINES),
        "keys": (dict, "a table, which begins with the line [keys]"),
    }
    for name, value in settings.items():
        if name not in kinds:
            near = did_you_mean(name, kinds)
            if "." in name:  # an id of a binding
                near = "; ids of keys belong below the line [keys]"
            raise ConfigError(f"{path}: unknown setting {name!r}{near}")
        kind, wanted = kinds[name]
        unknown = wanted in (_MODES, _LINES) and f'"{value}"' not in wanted.split(" or ")
        if not isinstance(value, kind) or unknown:
            raise ConfigError(f"{path}: {name}={value!r}: must be {wanted}")
    for binding, keys in settings.get("keys", {}).items():
        if not isinstance(keys, str):
            raise ConfigError(
                f'{path}: keys: {binding}={keys!r}: must be text, such as "p" or "ctrl+p,f2"'
            )
    return Preferences(**settings, path=path)


def remember(path: Path, settings: Mapping[str, str]) -> None:
    """Write settings into the file, and leave the rest of it as it is, comments included.

    Raises `ConfigError` for a file in which they cannot be set so, `StorageError` or `OSError` for
    one that cannot be written.
    """
    import tomllib  # neither is needed for the first frame

    from nn.storage.files import write_atomically

    try:
        text = path.read_text(encoding="utf-8") if os.path.exists(path) else ""
        changed = _with(text, settings)
        agreed = tomllib.loads(changed) == tomllib.loads(text) | dict(settings)
    except ValueError:  # neither UTF-8 text nor TOML, or a number of too many digits
        agreed = False
    if not agreed:
        named = " and ".join(settings)
        raise ConfigError(f"{path}: {named} cannot be set in this file; set them by hand")
    path.parent.mkdir(parents=True, exist_ok=True)
    # A file that is a link, as where settings are kept together elsewhere, stays one.
    write_atomically(path.resolve(), lambda stream: stream.write(changed.encode()))


def _with(text: str, settings: Mapping[str, str]) -> str:
    """The text of the file with other settings above its tables."""
    table = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    head, rest = (text[: table.start()], text[table.start() :]) if table else (text, "")
    for name, value in settings.items():
        line = f'{name} = "{value}"'
        head, found = re.subn(rf"^{name}[ \t]*=.*$", line, head, flags=re.MULTILINE)
        if not found:
            head += ("" if not head or head.endswith("\n") else "\n") + f"{line}\n"
    return head + rest


def _default_path() -> Path | None:
    """Where the file would be, None for a user without a home directory, as in some containers."""
    try:
        return user_config_path("mnist-tui") / "config.toml"
    except RuntimeError:
        return None
