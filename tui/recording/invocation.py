"""How a run was started: the command that repeats it, and what its numbers may depend on."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from nn.config import TrainConfig
from nn.storage.records import Invocation
from tui.system.versions import versions

if TYPE_CHECKING:
    from nn.parallel.process_group import Cores


def invocation_of(
    config: TrainConfig,
    recipe: str | None,
    base: TrainConfig,
    cores: Cores | None,
    *,
    run: Path | None = None,
) -> Invocation:
    """Of a run of `config`, made from the recipe's configuration or the defaults, `base`."""
    start = ["mnist-tui", "--headless", *(["--recipe", recipe] if recipe else [])]
    command = shlex.join([*start, *config.to_flags(base=base)])
    return Invocation(
        recipe=recipe,
        command=command,
        threads=cores.total_threads if cores else None,
        processes=cores.processes if cores else 1,
        versions=versions(),
        run=None if run is None else str(run),
    )
