"""The command line: its commands, and one line for every error a user can make."""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import App, CycloptsError, Group, Parameter, UnknownOptionError, UnusedCliTokensError

from nn.config import did_you_mean
from tui.cli.commands.runs import runs
from tui.cli.commands.train import train
from tui.system.exits import CommandError, ExitCode
from tui.system.versions import version

# What every switch and option is unless it says otherwise: no --no-..., no mention of an empty default.
PLAIN = Parameter(negative=(), show_default=False)

USAGE = """\
Usage: mnist-tui [OPTIONS]
       mnist-tui COMMAND [OPTIONS]"""

EXAMPLES = """\
Examples:
  mnist-tui --headless
  mnist-tui --headless --hidden 64-16 --lr 0.01 --epochs 5 --save model.npz
  mnist-tui --headless --recipe two-layer-net --seed 1 --json > run.jsonl
  mnist-tui --recipe lincoln-tanh --print-config > mine.toml
  mnist-tui --headless --config mine.toml
  mnist-tui --headless --resume last --epochs 20

Exit codes: 0 success, 1 the run failed, 2 bad usage, configuration or data,
130 and 143 interrupted by SIGINT and SIGTERM.
--debug, or MNIST_TUI_DEBUG=1, adds the traceback to an internal error.
"""

app = App(
    name="mnist-tui",
    usage=USAGE,
    version=version,
    default_command=train,
    default_parameter=PLAIN,
    group_parameters=Group("Options", sort_key=1),
    help_epilogue=EXAMPLES,
    help_format="plaintext",
    help_on_error=False,
    print_error=False,
    exit_on_error=False,
    verbose=False,
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)

# Function, help and examples of each; the function's module is imported when the command is called.
COMMANDS = {
    "recipes": (
        "List the named experiments, or show one in full",
        "Examples:\n  mnist-tui recipes\n  mnist-tui recipes two-layer-net",
    ),
    "reproduce": (
        "Run recipes and compare with the published results",
        "Examples:\n  mnist-tui reproduce two-layer-net lincoln-tanh\n  mnist-tui reproduce --all --json",
    ),
    "predict": (
        "Classify images of digits with a saved model",
        """\
Prints image, digit and probability. Images are cropped, scaled and centred the
way MNIST was made.

Examples:
  mnist-tui predict --model model.npz seven.png two.pgm
  mnist-tui predict --model model.npz --json < grid.txt""",
    ),
    "attach": (
        "Follow a saved run as it goes on, from another shell",
        "Examples:\n  mnist-tui attach\n  mnist-tui attach 20261121-194501",
    ),
    "export": (
        "Write a saved run's weights as npz, safetensors or ONNX",
        "Examples:\n  mnist-tui export last --format safetensors -o model.safetensors",
    ),
    "lr-find": (
        "Find a learning rate in a few seconds",
        """\
The rate grows at every step until the loss blows up (Smith 2017). Nothing is saved.

Examples:
  mnist-tui lr-find
  mnist-tui lr-find --hidden 64-16 --optimizer sgd --activation sigmoid""",
    ),
    "summary": (
        "Print the layers of a network",
        "Examples:\n  mnist-tui summary --hidden 64-16 --dropout 0.2",
    ),
    "bench": (
        "Measure how fast this machine trains",
        "Examples:\n  mnist-tui bench\n  mnist-tui bench --threads 1 --seconds 20 --json",
    ),
    "check": (
        "Compare a network that you wrote with the reference",
        """\
The file is executed, in a process of its own with limits of time and memory.
Exit code 0: nothing departs; 1: something does; 2: the file could not be checked.

Examples:
  mnist-tui check my_network.py
  mnist-tui check --template > adapter.py
  mnist-tui check --export reference""",
    ),
    "gradcheck": ("Compare analytical with numerical gradients", ""),
    "completion": (
        "Print a shell's completion script",
        """\
Examples:
  eval "$(mnist-tui completion bash)"                          this session
  mnist-tui completion fish > ~/.config/fish/completions/mnist-tui.fish
  mnist-tui completion zsh > ~/.zfunc/_mnist-tui      where fpath has ~/.zfunc""",
    ),
}
RUNS_COMMANDS = {
    "show": ("Print all that is known of a run", "runs:show", ""),
    "compare": (
        "Compare runs: metrics, configuration, curves, and digit by digit",
        "compare:compare",
        "Examples:\n  mnist-tui runs compare 20261121-194501 last",
    ),
    "rm": ("Remove runs for good", "runs:rm", ""),
    "export": (
        "Print a run's evaluations as CSV",
        "runs:export",
        "Examples:\n  mnist-tui runs export last > metrics.csv",
    ),
}

for _name, (_help, _examples) in COMMANDS.items():
    _function = _name.replace("-", "_")
    app.command(
        f"tui.cli.commands.{_function}:{_function}",
        name=_name,
        help=_help,
        help_epilogue=_examples,
    )

runs_app = App(
    name="runs",
    default_command=runs,
    help="List the saved runs, the newest first",
    help_epilogue=(
        "RUN is the name of a run, the beginning of one, its folder, or last.\n\n"
        "Examples:\n  mnist-tui runs\n  mnist-tui runs show last\n  mnist-tui runs rm 20261121 --yes"
    ),
)
for _name, (_help, _function, _examples) in RUNS_COMMANDS.items():
    runs_app.command(
        f"tui.cli.commands.{_function}", name=_name, help=_help, help_epilogue=_examples
    )
app.command(runs_app)


def run(arguments: Sequence[str]) -> ExitCode:
    """Run one command; a command line that cannot be understood raises `CommandError`."""
    try:
        code = app(_with_last_run(arguments))
    except CycloptsError as error:
        raise CommandError(_in_one_line(error), ExitCode.USAGE) from error
    return ExitCode.SUCCESS if code is None else ExitCode(code)  # None: --help and --version


def _with_last_run(arguments: Sequence[str]) -> list[str]:
    """The words with `last` after a --resume that names no run, which the parser cannot leave out."""
    words = list(arguments)
    for position, word in enumerate(words):
        if word == "--resume" and [*words[position + 1 :], "-"][0].startswith("-"):
            words.insert(position + 1, "last")
            break
    return words


def _in_one_line(error: CycloptsError) -> str:
    """The parser's message, in the words of our own where we know better what was meant."""
    if isinstance(error, UnknownOptionError):
        name = error.token.keyword or error.token.value
        known = [name for argument in error.argument_collection for name in argument.names]
        return f"unknown option {name}{did_you_mean(name, known)}"
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        word = error.unused_tokens[0]
        if not error.command_chain:
            commands = [*COMMANDS, "runs"]
            suggestion = did_you_mean(word, commands) or f"; the commands are {', '.join(commands)}"
            return f"unknown command {word!r}{suggestion}"
        return f"unexpected argument {word!r}"
    message = " ".join(str(error).split()).rstrip(".")
    return message[:1].lower() + message[1:]
