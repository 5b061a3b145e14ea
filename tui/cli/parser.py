"""The command line: its commands, and one line for every error of usage."""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import App, CycloptsError, Group, Parameter, UnknownOptionError, UnusedCliTokensError

from nn.errors import did_you_mean
from tui.cli.catalogue import COMMANDS
from tui.cli.commands.runs import runs
from tui.cli.commands.sweeps import sweeps
from tui.cli.commands.train import train
from tui.system.exits import MEANINGS, CommandError, ExitCode
from tui.system.versions import version

_PATHS = ("--config", "--export", "--output", "-o", "--runs-dir", "--save")

# Of every switch and option unless it declares otherwise: no --no-..., no empty default shown.
PLAIN = Parameter(negative=(), show_default=False)

USAGE = """\
Usage: mnist-tui [OPTIONS]
       mnist-tui COMMAND [OPTIONS]"""

_EXIT_CODES = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())
EPILOGUE = f"""\
Examples:
  mnist-tui --headless
  mnist-tui --headless --hidden 64-16 --lr 0.01 --epochs 5 --save model.npz
  mnist-tui --headless --recipe two-layer-net --seed 1 --json > run.jsonl
  mnist-tui --recipe lincoln-tanh --print-config > mine.toml
  mnist-tui --headless --config mine.toml
  mnist-tui --headless --resume last --epochs 20

Exit codes:
{_EXIT_CODES}

--debug, or MNIST_TUI_DEBUG=1, adds the traceback to an internal error.
"""

app = App(
    name="mnist-tui",
    usage=USAGE,
    version=version,
    default_command=train,
    default_parameter=PLAIN,
    group_parameters=Group("Options", sort_key=1),
    help_epilogue=EPILOGUE,
    help_format="plaintext",
    help_on_error=False,
    print_error=False,
    exit_on_error=False,
    verbose=False,
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)

runs_app = App(
    name="runs",
    default_command=runs,
    default_parameter=PLAIN,
    help="List the saved runs, the newest first",
    help_epilogue="""\
RUN is the name of a run, a part of it, its folder, or last.

Examples:
  mnist-tui runs
  mnist-tui runs show last
  mnist-tui runs rm 20261121 --yes""",
)
sweeps_app = App(
    name="sweeps",
    default_command=sweeps,
    default_parameter=PLAIN,
    help="List the sweeps, the newest first",
    help_epilogue="""\
SWEEP is the name of a sweep, a part of it, or last.

Examples:
  mnist-tui sweeps
  mnist-tui sweeps show last""",
)
GROUPS = {"runs": runs_app, "sweeps": sweeps_app}
for _words, _command in COMMANDS.items():
    _group, _, _name = _words.rpartition(" ")
    _examples = f"Examples:\n{_command.examples}" if _command.examples else ""
    (GROUPS[_group] if _group else app).command(
        f"tui.cli.commands.{_command.function}",
        name=_name,
        help=_command.help,
        help_epilogue="\n\n".join(filter(None, (_command.about, _examples))),
    )
for _app in GROUPS.values():
    app.command(_app)


def run(arguments: Sequence[str]) -> ExitCode:
    """Run one command; a command line that cannot be understood raises `CommandError`."""
    _require_paths(arguments)
    try:
        code = app(_with_last_run(arguments))
    except CycloptsError as error:
        raise CommandError(_in_one_line(error), ExitCode.USAGE) from error
    return ExitCode.SUCCESS if code is None else ExitCode(code)  # None: --help and --version


def _require_paths(arguments: Sequence[str]) -> None:
    """Refuse an empty path, as a script's variable that is not set gives; it would be here."""
    for word, following in zip(arguments, [*arguments[1:], "-"], strict=True):
        name, equals, value = word.partition("=")
        if name in _PATHS and not (value if equals else following):
            raise CommandError(f"{name}: empty; a path is wanted", ExitCode.USAGE)


def _with_last_run(arguments: Sequence[str]) -> list[str]:
    """The words with `last` after a --resume that names no run; the parser demands a value."""
    words = list(arguments)
    for position, word in enumerate(words):
        if word == "--resume" and [*words[position + 1 :], "-"][0].startswith("-"):
            words.insert(position + 1, "last")
            break
    return words


def _in_one_line(error: CycloptsError) -> str:
    """The parser's message, or a clearer one where the known names allow it."""
    if isinstance(error, UnknownOptionError):
        name = error.token.keyword or error.token.value
        known = [name for argument in error.argument_collection for name in argument.names]
        return f"unknown option {name}{did_you_mean(name, known) or _see_help(error)}"
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        word = error.unused_tokens[0]
        if not error.command_chain:
            commands = [*(name for name in COMMANDS if " " not in name), *GROUPS]
            suggestion = did_you_mean(word, commands) or f"; the commands are {', '.join(commands)}"
            return f"unknown command {word!r}{suggestion}"
        names = [name.rpartition(" ")[2] for name in COMMANDS if _is_in(name, error)]
        if names:
            group = error.command_chain[-1]
            possible = f"{', '.join(names)}, and `mnist-tui {group}` alone lists all"
            suggestion = did_you_mean(word, names) or f"; the commands are {possible}"
            return f"unknown command {word!r} of {group}{suggestion}"
        return f"unexpected argument {word!r}{_see_help(error)}"
    message = " ".join(str(error).split()).rstrip(".")
    return message[:1].lower() + message[1:]


def _is_in(command: str, error: CycloptsError) -> bool:
    """Whether a command is one of the group in which the error occurred."""
    return command.split()[:-1] == [*(error.command_chain or ())]


def _see_help(error: CycloptsError) -> str:
    """The command that lists what would have been understood."""
    return f"; see `{' '.join(['mnist-tui', *(error.command_chain or ()), '--help'])}`"
