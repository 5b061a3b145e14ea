"""The application in a real pseudo-terminal at 80x24, while it trains the default recipe flat out.

    python -m tests.benchmarks.responsiveness [--quick]

Prints the time to the first frame beside that of an empty Textual application, the time from a key
to the repainted screen, the bytes a second sent to the terminal, and the speed of training beside
that of the headless mode. The two sides of a comparison take turns on the same machine.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.support.terminal import Terminal

TRUECOLOR = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
SIXTEEN = {"TERM": "xterm", "COLORTERM": ""}
APPLICATION = [str(Path(sys.executable).with_name("mnist-tui"))]
EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("Loss")
    def on_mount(self):
        self.set_timer(0.3, self.exit)
Empty().run()
"""


def first_frames(rounds: int) -> tuple[float, float]:
    """Median seconds until the first screen is shown: ours, and an empty application's.

    Ours is painted at once, the welcome with the rest.
    """
    ours, empty = [], []
    for _ in range(rounds + 1):
        terminal = Terminal(APPLICATION, 80, 24, **TRUECOLOR)
        terminal.wait_for("Reading the images")
        ours.append(time.perf_counter() - terminal.started)
        terminal.press("q")
        terminal.close()
        terminal = Terminal([sys.executable, "-c", EMPTY], 80, 24, **TRUECOLOR)
        terminal.wait_for("Loss")
        empty.append(time.perf_counter() - terminal.started)
        terminal.close()
    return statistics.median(ours[1:]), statistics.median(empty[1:])  # the first start fills caches


def training(colors: dict[str, str], *flags: str) -> Terminal:
    """The application, a run under way."""
    terminal = Terminal([*APPLICATION, *flags], 80, 24, **colors)
    terminal.wait_for("ready")
    terminal.press(" ")
    terminal.wait_for("running")
    return terminal


def bytes_per_second(colors: dict[str, str], seconds: float) -> float:
    """What the train screen sends while it trains and nobody types."""
    terminal = training(colors, "--epochs", "1000")
    terminal.read(2)
    before = len(terminal.output)
    terminal.read(seconds)
    sent = len(terminal.output) - before
    leave(terminal)
    return sent / seconds


def leave(terminal: Terminal) -> None:
    """Quit and discard."""
    terminal.press("q")
    terminal.wait_for("A run is under way")
    terminal.press("x")
    terminal.close()


def key_latencies(presses: int) -> list[float]:
    """Seconds from a key to the repainted screen: stepping through digits during training."""
    terminal = training(TRUECOLOR, "--epochs", "1000")
    terminal.press("2")
    terminal.wait_for("1 of 10,000")
    terminal.read(1)
    latencies = []
    for number in range(2, presses + 2):
        terminal.read(random.uniform(0.05, 0.25))
        terminal.press("l")
        latencies.append(terminal.wait_for(f"{number:,} of 10,000"))
    leave(terminal)
    return sorted(latencies)


def throughput(epochs: int, rounds: int) -> tuple[float, float, list[float]]:
    """Images a second of training in the application, headless (medians), and each round's ratio.

    A machine that is shared changes its speed within a minute. So a round is one run in the
    application, two headless and one in the application: what changes evenly cancels out of the
    ratio. Nobody types, as somebody would who waits for a long run.
    """
    inside, headless, ratios = [], [], []
    for _ in range(rounds):
        first, *between, last = (
            speed(epochs) for speed in (_in_application, _headless, _headless, _in_application)
        )
        inside += [first, last]
        headless += between
        ratios.append(math.sqrt(first * last / math.prod(between)))
    return statistics.median(inside), statistics.median(headless), ratios


def _in_application(epochs: int) -> float:
    terminal = training(TRUECOLOR, f"--epochs={epochs}")
    terminal.wait_for("Next:")  # not before all is saved
    terminal.press("q")
    terminal.close()
    return _speed_told(terminal.output.decode(errors="replace"))


def _headless(epochs: int) -> float:
    command = [*APPLICATION, "--headless", f"--epochs={epochs}"]
    return _speed_told(subprocess.run(command, capture_output=True, text=True, check=True).stderr)


def _speed_told(text: str) -> float:
    return float(re.findall(r"\(([\d,]+) images/s\)", text)[-1].replace(",", ""))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="once through, to see that it works")
    quick = parser.parse_args().quick
    os.environ.pop("NO_COLOR", None)
    os.environ.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # with it every start would compile our modules anew
    ours, empty = first_frames(1 if quick else 15)
    print(
        f"first frame            {ours:.3f} s, an empty Textual application {empty:.3f} s:"
        f" {ours / empty:.2f} times"
    )
    latencies = key_latencies(10 if quick else 200)
    at = {
        p: 1000 * latencies[min(len(latencies) - 1, int(p / 100 * len(latencies)))]
        for p in (50, 95, 99)
    }
    print(f"key to repainted screen p50 {at[50]:.0f} ms, p95 {at[95]:.0f} ms, p99 {at[99]:.0f} ms")
    for name, colors in (("truecolor", TRUECOLOR), ("16 colours", SIXTEEN)):
        rate = bytes_per_second(colors, 2 if quick else 15)
        print(f"bytes to the terminal  {rate / 1000:.1f} kB/s in {name}")
    inside, headless, ratios = throughput(2 if quick else 60, 1 if quick else 5)
    print(
        f"training               {inside:,.0f} images/s, headless {headless:,.0f}:"
        f" {statistics.median(ratios):.1%} ({min(ratios):.1%} to {max(ratios):.1%})"
    )


if __name__ == "__main__":
    main()
