"""One sitting at the application: the inputs it gets, and what must hold meanwhile and after it."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.monkey.background import Background
from tests.monkey.home import environment, template_run
from tests.monkey.inputs import Action
from tests.monkey.process import MARK, Usage, marked_processes, stacks
from tests.monkey.terminal import PATIENCE, FaultError, PseudoTerminal

CONSEQUENCES, SECONDS = 15, 5.0
"""Inputs, and seconds if these are more, in which one that leaves may have its effect."""
# Modes after the application: alternate screen, mouse, focus and paste off, the cursor on.
_MODES_AFTER = {
    1049: False,
    1000: False,
    1003: False,
    1006: False,
    1004: False,
    2004: False,
    25: True,
}
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)|internal error: [^\r\n]*")
_ERROR = re.compile(r"^(\w[\w.]*(?:Error|Exception|Matches|Timeout|Interrupt)\b[^\r\n]*)", re.M)


class Ended(Exception):  # noqa: N818 - it is no error
    """The application has ended as an input had asked it to, and everything was in order."""


class Sitting(PseudoTerminal):
    """The application from its first frame to its exit.

    Every method may raise `FaultError`, and `Ended` where an input has ended the application.
    """

    def __init__(self, home: Path, flags: list[str], variables: dict[str, str]) -> None:
        self.environment = environment(home) | variables
        template = template_run(home, self.environment)
        self.background = Background(home / "data" / "mnist-tui", template, self.environment)
        if any("last" in flag for flag in flags):
            self.background.happen("copy", 0)
        self.done: list[Action] = []
        self.usage: list[Usage] = []
        self._asked_at = self._palette_at = -1000
        self._asked_when = float("-inf")
        command = [sys.executable, "-m", "tui", *flags]
        super().__init__(command, home / "work", self.environment)
        self._wait(lambda: self.pid > 0, "the application does not start")
        self._wait(lambda: "epoch" in self.text(), "the application shows no first frame")

    def _wait(self, condition: Callable[[], object], symptom: str) -> None:
        deadline = self.deadline(PATIENCE)
        while not condition():
            self.pump(0.05)
            if self.exit_code is not None and not condition():
                self._judge_end(f"{symptom}: it has ended")
            if deadline.is_over:
                raise FaultError(symptom, stacks(self.pid) + self.text())

    # Acting

    def act(self, action: Action) -> None:
        """Do one input and wait a little."""
        self.done.append(action)
        if self._quits(action):
            self._asked_at, self._asked_when = len(self.done), time.monotonic()
        if action.kind == "write":
            self.write(str(action.value))
        elif action.kind == "leave":
            if "running: run" in self.text():  # otherwise the application would leave at once
                self.write(str(action.value))
        elif action.kind == "resize":
            self.resize(*action.value)  # type: ignore[arg-type]
        elif action.kind == "signal":
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.Signals[str(action.value)])
        else:
            self.background.happen(*action.value)  # type: ignore[arg-type]
        self.pump(action.pause)
        if _TRACEBACK.search(self.text()):
            self._wait(lambda: self.exit_code is not None, "a traceback without an end")
        if self.exit_code is not None:
            self._judge_end("ended without being asked to")

    def _quits(self, action: Action) -> bool:
        """Whether an input may leave: the key, an answer to the question, a click on Quit.

        Quit may be any entry of the palette, the first one too.
        """
        if action.kind == "leave":
            return True
        typed, shown, now = str(action.value), self.text(), len(self.done)
        click = re.match(r"\x1b\[<\d+;(\d+);(\d+)", typed)
        # What is drawn lags behind what was typed, and a small terminal cuts the title off.
        if "\x10" in typed or "Commands" in shown:
            self._palette_at = now
        chooses = "\r" in typed or click is not None
        if chooses and now - self._palette_at < CONSEQUENCES:
            return True
        if self._asks:
            return True
        if click is None:
            return False
        columns, rows = self.size
        cut_off = columns < 12 and int(click[2]) >= rows  # the key hints, without all of "Quit"
        return cut_off or "Quit" in shown.splitlines()[-1]

    @property
    def _asks(self) -> bool:
        """Whether the question before leaving is shown; a narrow terminal cuts its text off."""
        return re.search(r"A run is under way|[-─] Leave [-─]", self.text()) is not None

    # Checking

    def measure(self) -> None:
        """Note what the application uses now."""
        with suppress(OSError, TypeError):
            self.usage.append(Usage(self.pid))

    def check_it_draws(self) -> None:
        """A change of the terminal's size is answered by output within a time."""
        columns, rows = self.size
        self.pump(0.2)
        self.output.clear()
        self.resize(81 if columns == 80 else 80, 24)
        self._wait(lambda: self.output, "no longer draws")
        self.pump(0.2)
        self.resize(columns, rows)

    def check_it_reacts(self) -> None:
        """After some Escapes the key for help opens the help, wherever the inputs have led to."""
        self.resize(100, 30)
        deadline = self.deadline(PATIENCE)
        while not deadline.is_over:
            for _ in range(3):
                self.write("\x1b")
                self.pump(0.4)
            if self._asks:
                continue
            self.write("?")
            answer = self.deadline(4)
            while not answer.is_over:
                self.pump(0.1)
                if "Help: " in self.text():
                    self.write("\x1b")
                    self.pump(0.5)
                    return
                if self.exit_code is not None:
                    self._judge_end("ended without being asked to")
        raise FaultError("no longer reacts to keys", stacks(self.pid) + self.text())

    def leave(self, way: str = "\x11") -> None:
        """Leave by a key or a signal, and check what is left behind."""
        deadline = self.deadline(PATIENCE)
        by_signal = way.startswith("SIG")
        if by_signal:
            os.kill(self.pid, signal.Signals[way])
        while self.exit_code is None:
            if deadline.is_over:
                raise FaultError("does not leave", stacks(self.pid) + self.text())
            if not by_signal:
                self.write("x" if self._asks else way)
            answer = self.deadline(2)
            while not answer.is_over:
                self.pump(0.1)
                if self.exit_code is not None or self._asks:
                    break
        self._check_end((128 + signal.Signals[way], 1) if by_signal else (0, 1))

    def _judge_end(self, what: str) -> None:
        """The application has ended: in order if an input may have asked for it, else a fault."""
        inputs, seconds = len(self.done) - self._asked_at, time.monotonic() - self._asked_when
        if self.exit_code in (0, 1) and (inputs < CONSEQUENCES or seconds < SECONDS):
            self._check_end((0, 1))
            raise Ended
        self.pump(0.3)
        printed = self.output.decode(errors="replace")
        found = _TRACEBACK.search(printed)
        symptom = self._symptom(found[0]) if found else f"{what}, exit code {self.exit_code}"
        raise FaultError(symptom, printed[-8000:])

    def _check_end(self, codes: tuple[int, ...]) -> None:
        """Check the exit code, terminal and processes of an application that was asked to end."""
        self.pump(0.2)
        printed = self.output.decode(errors="replace")
        if found := _TRACEBACK.search(printed):
            raise FaultError(self._symptom(found[0]), printed[-6000:])
        silent = self.exit_code == 1 and "mnist-tui" not in printed
        if self.exit_code not in codes or silent:
            raise FaultError(f"left with exit code {self.exit_code}", printed[-3000:])
        if self.unrestored:
            raise FaultError(f"the terminal's settings were not restored {self.unrestored}")
        wrong = {
            mode: state
            for mode, state in _MODES_AFTER.items()
            if self.modes.get(mode, state) != state
        }
        if wrong:
            raise FaultError(f"terminal modes are left behind: {wrong}")
        deadline = self.deadline(10)
        while left := self._computing_processes():
            if deadline.is_over:
                raise FaultError("processes are left behind", str(left))
            time.sleep(0.1)

    def _symptom(self, found: str) -> str:
        printed = re.sub(r"\x1b\[[^@-~]*[@-~]", "", self.output.decode(errors="replace"))
        printed = printed.replace("\r", "")
        if "internal error" in printed:
            line = next(line for line in printed.splitlines() if "internal error" in line)
            return re.sub(r"0x[0-9a-f]+", "0x", line[line.index("internal error") :])
        errors = _ERROR.findall(printed)
        return errors[-1] if errors else found

    def _computing_processes(self) -> list[str]:
        """Processes that compute for a run of the application; sweeps outlive it on purpose."""
        others = {process.pid for process in self.background.processes}
        return [
            f"{pid}: {words}"
            for pid, parent, words in marked_processes(self.environment[MARK])
            if "nn.parallel" in words and parent not in others and not self._of_sweep(parent)
        ]

    def _of_sweep(self, pid: int) -> bool:
        with suppress(OSError):
            return b"\0sweep\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
        return False

    def close(self) -> None:
        """End whatever is left."""
        super().close()
        self.background.close()
        for pid, _, _ in marked_processes(self.environment[MARK]):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
