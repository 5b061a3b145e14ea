"""Versions of what a result may depend on, looked up only when asked for."""

from __future__ import annotations


def version() -> str:
    """Our own, as installed; "unknown" where the sources run without being installed."""
    from importlib import metadata

    try:
        return metadata.version("mnist-tui")
    except metadata.PackageNotFoundError:
        return "unknown"


def versions() -> dict[str, str]:
    """Besides configuration, data and threads, all that decides on the numbers of a run."""
    import platform

    import numpy as np

    from tui.system.cores import blas

    return {
        "mnist-tui": version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": blas(),
        "platform": platform.platform(),
    }
