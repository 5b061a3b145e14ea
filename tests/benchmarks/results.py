"""Results of a benchmark in a file that is whole whenever the benchmark is interrupted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nn.storage.files import write_atomically


def save_results(path: Path, results: Sequence[Any]) -> None:
    """Write all results so far, as JSON, in the place of those before."""
    text = json.dumps(results, indent=1) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))
