"""`mnist-tui serve`: the application in a browser on this machine."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter, validators

from tui.cli.flags import RunsDirFlag
from tui.recording.folder import runs_folder
from tui.system.exits import CommandError, ExitCode

PORT = 8000


def serve(
    *,
    port: Annotated[
        int,
        Parameter(
            help="Where to listen", metavar="N", validator=validators.Number(gte=1, lte=65535)
        ),
    ] = PORT,
    name: Annotated[
        tuple[str, ...],
        Parameter(
            help="A name by which a proxy with a password of its own offers this server; may be"
            " repeated",
            metavar="HOST",
        ),
    ] = (),
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Start the application for each visitor, until Ctrl-C."""
    try:
        from tui.serving.server import serve as serve_until_stopped
    except ImportError as error:
        raise CommandError(
            "serve needs the package textual-serve: pip install 'mnist-tui[serve]'", ExitCode.USAGE
        ) from error
    # -P: no module is taken from the folder in which the server was started.
    visitor = [sys.executable, "-P", "-m", "tui", "--runs-dir", str(runs_folder(runs_dir))]
    serve_until_stopped(visitor, port, name)
    return ExitCode.SUCCESS
