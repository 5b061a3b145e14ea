"""The entry point of `mnist-tui` and `python -m tui`: signals, unforeseen errors, the exit code.

It imports next to nothing, so that a Ctrl-C or an error during the real imports also ends in one
line.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from nn.errors import NNError, WorkerError, WriteError
from tui.system.exits import CommandError, ExitCode
from tui.system.quota import limit_products_to_quota
from tui.system.signals import Interrupted, raise_on_signals

DEBUG_FLAG = "--debug"
DEBUG_VARIABLE = "MNIST_TUI_DEBUG"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code and lets no exception through."""
    # Starting up makes many objects and hardly any garbage. Python would look for it after every
    # 700 objects, which takes longer than all else here.
    gc.set_threshold(50_000, 20, 50)
    raise_on_signals()
    _prepare_streams()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG_FLAG in arguments or os.environ.get(DEBUG_VARIABLE, "0") not in ("", "0")
    arguments = [argument for argument in arguments if argument != DEBUG_FLAG]
    try:
        code = _run(arguments)
        sys.stdout.flush()  # while a failure can still be reported
    except CommandError as error:
        code = error.code
        _print_error(f"error: {error}")
    except NNError as error:
        failed = isinstance(error, WorkerError | WriteError)
        code = ExitCode.FAILURE if failed else ExitCode.USAGE
        _print_error(f"error: {error}")
    except Interrupted as interrupted:
        code = interrupted.code
        _print_error(f"stopped by {interrupted}")
    except MemoryError as error:
        code = ExitCode.FAILURE
        _print_error(f"error: not enough memory{f': {error}' if str(error) else ''}")
    except OSError as error:
        code = ExitCode.FAILURE
        if not _reader_has_gone(error):
            full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
            name = error.filename or ("standard output" if full else "")  # the file without a name
            _print_error(f"error: {name}{': ' if name else ''}{error.strerror or error}")
    except Exception as error:
        code = ExitCode.FAILURE
        if debug:
            import traceback

            traceback.print_exc()
        _print_error(
            f"internal error: {type(error).__name__}: {' '.join(str(error).split())}"
            f" (set {DEBUG_VARIABLE}=1 for the traceback)"
        )
    _silence_shutdown()
    return code


def _run(arguments: list[str]) -> ExitCode:
    if arguments:
        from tui.cli.parser import run

        return run(arguments)
    # Nothing to parse: the parser would take longer to import than the first screen to draw.
    from tui.cli.launch import open_screen

    return open_screen()


def _print_error(line: str) -> None:
    with suppress(OSError):  # standard error may have no reader either
        sys.stderr.write(f"mnist-tui: {line}\n")


def _reader_has_gone(error: OSError) -> bool:
    """Whether nobody reads standard output any more, which is no error worth a message.

    Windows reports a pipe without a reader as an invalid argument.
    """
    broken_on_windows = sys.platform == "win32" and error.errno == errno.EINVAL
    return isinstance(error, BrokenPipeError) or (broken_on_windows and error.filename is None)


def _prepare_streams() -> None:
    """Open the standard streams that the caller closed, and let any text be written to them.

    A file that is opened later would otherwise take the place of a stream closed with `>&-`.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            # Open as long as the process lives.
            stream = open(null, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    # Names of files may hold what the encoding of a terminal, such as cp1252, cannot write.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _silence_shutdown() -> None:
    """Keep the interpreter from reporting an error as it flushes a stream whose reader has gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def script() -> NoReturn:
    """`main` as a process, which ends without taking its objects apart.

    Everything is saved and printed by then, and taking apart NumPy and Textual, object by object,
    takes longer than saving the run.
    """
    limit_products_to_quota()
    try:
        code = main()
    except Interrupted as interrupted:  # before its first line in `try`, or after its last
        code = interrupted.code
    os._exit(code)


if __name__ == "__main__":
    script()
