"""The entry point of `mnist-tui` and `python -m tui`: signals, the last line of defence, the exit code.

It imports next to nothing, so that a Ctrl-C or an error during the real imports ends in one line too.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from nn.errors import NNError, WorkerError
from tui.system.exits import CommandError, ExitCode
from tui.system.signals import Interrupted, raise_on_signals

DEBUG_FLAG = "--debug"
DEBUG_VARIABLE = "MNIST_TUI_DEBUG"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code and lets no exception through."""
    # Starting up makes many objects and hardly any garbage: look for it less often than after every 700.
    gc.set_threshold(50_000, 20, 50)
    raise_on_signals()
    _prepare_streams()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG_FLAG in arguments or os.environ.get(DEBUG_VARIABLE, "0") not in ("", "0")
    arguments = [argument for argument in arguments if argument != DEBUG_FLAG]
    try:
        code = _run(arguments)
        sys.stdout.flush()  # here, where a failure can still be told
    except CommandError as error:
        code = error.code
        _complain(f"error: {error}")
    except NNError as error:
        code = ExitCode.FAILURE if isinstance(error, WorkerError) else ExitCode.USAGE
        _complain(f"error: {error}")
    except Interrupted as interrupted:
        code = interrupted.code
        _complain(f"stopped by {interrupted}")
    except BrokenPipeError:
        code = ExitCode.FAILURE  # the reader of stdout has gone and wants no more words
    except MemoryError as error:
        code = ExitCode.FAILURE
        _complain(f"error: not enough memory{f': {error}' if str(error) else ''}")
    except OSError as error:
        code = ExitCode.FAILURE
        _complain(
            f"error: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}"
        )
    except Exception as error:
        code = ExitCode.FAILURE
        if debug:
            import traceback

            traceback.print_exc()
        _complain(
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
    from tui.recording.experiment import Experiment

    return open_screen(Experiment())


def _complain(line: str) -> None:
    with suppress(OSError):  # nobody may be listening on stderr either
        sys.stderr.write(f"mnist-tui: {line}\n")


def _prepare_streams() -> None:
    """Give Python what it needs of the standard streams, whatever the caller did to them."""
    # Where the caller closed one (`>&-`), no file opened later may take its place.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(null, mode, closefd=False))  # noqa: SIM115 - as long as we live
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for names of files in any encoding


def _silence_shutdown() -> None:
    """Keep the interpreter from complaining when it flushes a stream whose reader has gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def script() -> NoReturn:
    """`main` as a process: everything is saved and told by its end, so nothing is taken apart after it.

    Taking apart NumPy and Textual, object by object, takes longer than saving the run.
    """
    os._exit(main())


if __name__ == "__main__":
    script()
