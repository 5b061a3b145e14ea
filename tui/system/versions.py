"""Versions of what a result may depend on, looked up only where they are used."""

from __future__ import annotations


def version() -> str:
    """The installed version of this package; "unknown" where its sources run uninstalled."""
    from importlib import metadata

    try:
        return metadata.version("mnist-tui")
    except metadata.PackageNotFoundError:
        return "unknown"


def versions() -> dict[str, str]:
    """Everything besides configuration, data and threads that decides on a run's numbers."""
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
