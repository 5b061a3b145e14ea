"""Commands that start another Python with the modules of this one."""

from __future__ import annotations

import sys


def python_command(statement: str, *arguments: str) -> list[str]:
    """The command that executes a statement; `arguments` follow it in `sys.argv`.

    Modules come from where this process has them. `python -m` and `python -c` alone would take
    them from the working directory first, whatever is there.
    """
    program = f"import sys; sys.path[:] = {sys.path!a}; {statement}"
    return [sys.executable, "-c", program, *arguments]


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module, as `python -m MODULE ARGUMENTS`."""
    call = f"runpy.run_module({module!a}, run_name='__main__', alter_sys=True)"
    return python_command(f"import runpy; {call}", *arguments)
