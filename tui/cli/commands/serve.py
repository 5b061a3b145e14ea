"""`mnist-tui serve`: the application in a browser on this machine."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated

from cyclopts import Parameter, validators

from nn.errors import ConfigError
from tui.cli.flags import WHOLE, RunsDirFlag
from tui.recording.folder import runs_folder
from tui.system.exits import CommandError, ExitCode
from tui.system.python import module_command

PORT = 8000


def serve(
    *,
    port: Annotated[
        int,
        WHOLE,
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
    for each in name:
        if not _is_host(each):
            raise ConfigError(
                f"--name {each}: must be a host alone, such as digits.example.org, in ASCII,"
                " without https:// and port"
            )
    try:
        from tui.serving.server import serve as serve_until_stopped
    except ImportError as error:
        raise CommandError(
            "serve needs the package textual-serve: pip install 'mnist-tui[serve]'", ExitCode.USAGE
        ) from error
    visitor = module_command("tui", "--runs-dir", str(runs_folder(runs_dir)))
    serve_until_stopped(visitor, port, name)
    return ExitCode.SUCCESS


def _is_host(name: str) -> bool:
    """Whether a text is a host as browsers send it: a name of ASCII letters, or an address."""
    try:
        ip_address(name)
    except ValueError:
        return re.fullmatch(r"[A-Za-z0-9._-]+", name) is not None
    return True
