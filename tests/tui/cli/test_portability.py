"""What this project needs of a system beyond the ones it is tested on: Windows has far less.

`tests/support/without_posix` hides from `nn` and `tui` the modules and names that Windows lacks.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.commands import ROOT, call_command, command, environment
from tests.support.json_schema import check_stream

WITHOUT_POSIX = str(ROOT / "tests" / "support" / "without_posix")

# The same names, taken from the real modules, as far as the standard library and platformdirs
# (getuid) run without them.
REMOVED = """
import os, select, signal, sys
sys.modules |= dict.fromkeys(("fcntl", "termios", "tty", "resource", "pwd", "grp", "pty"))
for module, names in {
    os: "O_NONBLOCK O_NOFOLLOW fork forkpty killpg register_at_fork sched_getaffinity sysconf "
        "sched_setaffinity memfd_create tcgetpgrp getpgrp setsid pread pwrite",
    signal: "SIGHUP SIGKILL SIGTSTP SIGCONT SIGSTOP SIGWINCH SIGQUIT SIGCHLD",
    select: "poll epoll",
}.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
"""

# Each list of words in turn in one process, as a run of the command for each would be; the output
# of each ends in a line of its own.
ONE_BY_ONE = """
import json, sys
from tui.__main__ import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["mnist-tui", *words]
    if code := main(words):
        sys.exit(code)
    print("\\x1e")
"""

IMPORT_ALL = """
import importlib, pkgutil, sys, nn, tui
failed = {}
for package in (nn, tui):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        try:
            importlib.import_module(module.name)
        except Exception as error:
            if getattr(error, "name", None) == "torch":
                continue  # a contender of the benchmarks, and no dependency
            failed[module.name] = repr(error)
sys.exit(str(failed) if failed else 0)
"""


def run_without_posix(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=ROOT,
        env=environment(PYTHONPATH=os.pathsep.join((WITHOUT_POSIX, str(ROOT)))),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_names_are_hidden_from_nn_and_tui_alone() -> None:
    script = (
        "import os, signal, fcntl; from tui.system.signals import HAS_HANGUP;"
        "from tui.system import signals, terminal;"
        "assert os.fork and signal.SIGHUP and not HAS_HANGUP;"
        "assert not hasattr(signals.signal, 'SIGHUP');"
        "assert not hasattr(terminal.os, 'tcgetpgrp') and terminal.os.environ is os.environ"
    )
    done = run_without_posix(sys.executable, "-c", script)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_module_can_be_imported() -> None:
    done = run_without_posix(sys.executable, "-W", "error", "-c", IMPORT_ALL)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "before", ["", pytest.param(REMOVED, marks=pytest.mark.slow)], ids=["hidden", "removed"]
)
def test_a_run_is_made_saved_resumed_and_used(
    before: str, small_run: Sequence[str], tmp_path: Path
) -> None:
    runs, model = f"--runs-dir={tmp_path}", tmp_path / "model.npz"
    commands = [
        [*small_run, "--epochs=2", "--json", runs],
        ["--headless", "--resume", "last", "--epochs=3", "--json", runs],
        ["runs", "--json", runs],
        ["export", "last", "-o", str(model), runs],
        ["runs", "rm", "--yes", "last", runs],
    ]
    done = run_without_posix(sys.executable, "-c", before + ONE_BY_ONE, json.dumps(commands))
    assert done.returncode == 0, done.stderr
    first, resumed, listed, *_ = done.stdout.split("\x1e\n")
    check_stream(first)
    check_stream(resumed)
    (record,) = map(json.loads, listed.splitlines())
    assert (record["status"], record["epoch"]) == ("finished", 3)
    assert model.stat().st_size > 1000
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_an_interrupt_ends_a_run(small_run: Sequence[str]) -> None:
    words = command(*small_run, "--epochs=1000000", "--json")
    env = environment(PYTHONPATH=os.pathsep.join((WITHOUT_POSIX, str(ROOT))))
    with subprocess.Popen(
        words,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        # A test run in the background inherits SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        events = check_stream("".join(lines) + process.stdout.read())
    assert (process.returncode, events[-1]["reason"]) == (130, "interrupted")


def test_a_lost_terminal_that_sends_no_signal_is_no_choice() -> None:
    done = run_without_posix(sys.executable, "-m", "tui", "--on-hangup=continue")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "mnist-tui: error: --on-hangup continue: this system ends a program with its terminal\n"
    )


@pytest.mark.slow
def test_the_quick_tier_passes() -> None:
    """Continuous integration runs this one by itself: it is the quick tier once more."""
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "0",
        "-m",
        "quick",
        "-p",
        "no:cacheprovider",
    ]
    done = run_without_posix(*words)
    assert done.returncode == 0, done.stdout[-5000:]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_printed_configuration_is_read_back_in_every_encoding(
    encoding: str, tmp_path: Path
) -> None:
    """TOML is UTF-8 by its definition, whatever the encoding of the terminal or the pipe."""
    name = "données→數\U0001f600"
    first = _printed(encoding, "--data-dir", name)
    file = tmp_path / "mine.toml"
    file.write_bytes(first)
    second = call_command("--print-config", "--config", file)
    assert f'data_dir = "{name}"' in second.stdout


def _printed(encoding: str, *arguments: str) -> bytes:
    words = command("--print-config", *arguments)
    env = environment(PYTHONIOENCODING=encoding)
    return subprocess.run(words, env=env, capture_output=True, check=True).stdout


@pytest.mark.parametrize("encoding", ["cp437", "ascii"])
def test_a_console_of_few_characters_gets_all_of_the_output(
    encoding: str, small_run: Sequence[str], tmp_path: Path
) -> None:
    """Nor is a text file opened in the encoding of the locale, which Python would warn of."""
    runs, file = f"--runs-dir={tmp_path / 'données→'}", tmp_path / "mine.toml"
    file.write_text("epochs = 2\n", encoding="utf-8")
    commands = [
        [*small_run, "--config", str(file), runs],
        ["--headless", "--resume", "last", "--epochs=3", runs],
        ["runs", runs],
        ["runs", "show", runs],
        ["runs", "export", "last", runs],
        ["recipes", "two-layer-net"],
        ["--help"],
    ]
    strict = ("-X", "warn_default_encoding", "-W", "error")
    done = subprocess.run(
        [sys.executable, *strict, "-c", ONE_BY_ONE, json.dumps(commands)],
        env=environment(PYTHONIOENCODING=encoding),
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    (done.stdout + done.stderr).decode(encoding)
