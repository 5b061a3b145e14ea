"""`mnist-tui completion`: a script that teaches a shell to complete the command line."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from tui.system.exits import ExitCode

Shell = Literal["bash", "zsh", "fish"]


def completion(
    shell: Annotated[Shell, Parameter(help="The shell to write it for")],
    /,
) -> ExitCode:
    """Print a shell's completion script, to be evaluated or saved where the shell looks for it."""
    from tui.cli.parser import app  # which imports this module

    sys.stdout.write(app.generate_completion(shell=shell))
    return ExitCode.SUCCESS
