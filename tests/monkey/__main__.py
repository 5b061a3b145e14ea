"""Random inputs to the real application: python -m tests.monkey --seed 1 --seconds 60

With `--replay FILE` the inputs of an earlier failure are sent again, with `--minimize FILE` fewer
and fewer of them as long as the failure stays the same.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.monkey.inputs import Action, actions
from tests.monkey.process import Usage
from tests.monkey.sitting import Ended, Sitting
from tests.monkey.terminal import FaultError
from tui.app.state.shown_run import MAX_SNAPSHOT_BYTES

FLAGS = [
    ["--limit=500", "--epochs=3", "--hidden=8"],
    ["--limit=500", "--epochs=400", "--hidden=16-8", "--validation=0.2"],
    ["--limit=3000", "--epochs=5", "--threads=2", "--processes=2"],
    ["--limit=300", "--epochs=50", "--optimizer=sgd", "--lr=1e30", "--hidden=4"],
    ["--limit=300", "--steps=50", "--hidden=", "--eval-steps=7", "--eval-train=no"],
    ["--limit=300", "--epochs=2", "--hidden=8", "--no-save"],
    ["--recipe=two-layer-net"],
    ["--resume=last", "--epochs=500"],
    ["attach", "last", "--screen"],
]
VARIABLES: list[dict[str, str]] = [
    {},
    {},
    {"COLORTERM": "truecolor"},
    {"TERM": "xterm"},
    {"TERM": "linux"},
    {"NO_COLOR": "1"},
    {"PYTHONIOENCODING": "ascii"},
    {"MNIST_TUI_CONFIG": str(Path(__file__).with_name("config.toml"))},
]
WAYS = ["\x11", "\x11", "\x03", "SIGTERM", "SIGHUP"]
LONG = 240  # seconds after which a sitting is long enough to see growth
# Memory in MB: the copies of the weights of the run on screen may take up to their own limit.
GROWTH = {"memory": 50 + MAX_SNAPSHOT_BYTES / 2**20, "threads": 4, "files": 12}


def play(home: Path, seed: int, seconds: float, given: Iterable[Action] | None = None) -> Sitting:
    """One sitting with inputs of a seed, or given ones; a `FaultError` has a note of them."""
    rng = random.Random(seed)
    flags, variables, way = rng.choice(FLAGS), rng.choice(VARIABLES), rng.choice(WAYS)
    if (config := variables.get("MNIST_TUI_CONFIG")) is not None:
        # The application writes into its settings.
        variables = {"MNIST_TUI_CONFIG": shutil.copy(config, home)}
    sitting = Sitting(home, flags, variables)
    try:
        end = time.monotonic() + seconds
        drawn = measured = time.monotonic()
        for action in actions(seed) if given is None else given:
            sitting.act(action)
            now = time.monotonic()
            if now > measured + 1:
                sitting.measure()
                measured = now
            if now > drawn + 20 and given is None:
                sitting.check_it_draws()
                drawn = time.monotonic()
            if now > end and given is None:
                break
        sitting.check_it_draws()
        sitting.check_it_reacts()
        sitting.measure()
        check_usage(sitting)
        sitting.leave(way)
    except Ended:
        pass
    except FaultError as fault:
        print(f"seed {seed}: {len(sitting.done)} inputs, {describe(sitting.usage)}", flush=True)
        fault.add_note(json.dumps({"seed": seed, "actions": sitting.done}))
        raise
    finally:
        sitting.close()
    return sitting


def check_usage(sitting: Sitting) -> None:
    """Memory, threads and files of the application do not grow in a long sitting.

    The first half is left out: it opens each screen for the first time. A run in several processes
    has threads and files of its own, so the least of a quarter is compared.
    """
    usage = sitting.usage
    if len(usage) < 8 or usage[-1].at - usage[0].at < LONG:
        return
    quarter = len(usage) // 4
    early, late = usage[2 * quarter : 3 * quarter], usage[-quarter:]
    for name, allowed in GROWTH.items():
        before, after = (min(getattr(one, name) for one in part) for part in (early, late))
        if after > before + allowed:
            raise FaultError(f"{name} grows", f"from {before:.0f} to {after:.0f}")


def run(seed: int, seconds: float, sitting_seconds: float) -> None:
    """Sittings with consecutive seeds until the time is over; prints what each used."""
    end = time.monotonic() + seconds
    for number in itertools.count(seed):
        left = end - time.monotonic()
        if left < 2 and number > seed:
            return
        with tempfile.TemporaryDirectory(prefix="monkey", ignore_cleanup_errors=True) as home:
            sitting = play(Path(home), number, min(left, sitting_seconds))
        print(f"seed {number}: {len(sitting.done)} inputs, {describe(sitting.usage)}", flush=True)


def describe(usage: list[Usage]) -> str:
    """What the application used at the start, in the middle and at the end of a sitting."""
    if not usage:
        return "nothing measured"
    most = max(usage, key=lambda each: each.memory)
    chosen = [usage[0], usage[len(usage) // 2], usage[-1]]
    return f"{usage[-1].at - usage[0].at:.0f} s, {'; '.join(map(str, chosen))}; most {most}"


def report(fault: FaultError, folder: Path) -> Path:
    """Print a fault and how to see it again; returns the file with its inputs."""
    record = json.loads(fault.__notes__[0])
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"seed-{record['seed']}.json"
    file.write_text(json.dumps(record | {"symptom": fault.symptom, "details": str(fault)}))
    print(f"FOUND with seed {record['seed']}: {fault}")
    print(f"after {len(record['actions'])} inputs, the last of them:")
    for kind, value, pause in record["actions"][-15:]:
        print(f"  {kind} {value!r}, then {pause} s")
    print(f"again: python -m tests.monkey --replay {file}", flush=True)
    return file


def replay(record: dict[str, object], kept: Sequence[Sequence[object]]) -> FaultError | None:
    """Send these inputs to a new sitting; returns what it finds."""
    given = [Action(*action) for action in kept]  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory(prefix="monkey", ignore_cleanup_errors=True) as home:
        try:
            play(Path(home), int(str(record["seed"])), 0, given)
        except FaultError as fault:
            return fault
    return None


def minimize(record: dict[str, object]) -> list[Sequence[object]]:
    """Leave out parts of the inputs, half of them down to one, while the symptom is the same."""
    kept = list(record["actions"])  # type: ignore[call-overload]
    size = max(1, len(kept) // 2)
    while True:
        start, before = 0, len(kept)
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            fault = replay(record, fewer) if fewer else None
            if fault is not None and fault.symptom == record["symptom"]:
                kept = fewer
                print(f"{len(kept)} inputs suffice", flush=True)
            else:
                start += size
        if size == 1 and len(kept) == before:
            return kept
        size = max(1, size // 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--sitting", type=float, default=60, help="seconds between two starts")
    parser.add_argument("--found", type=Path, default=Path(tempfile.gettempdir()) / "monkey-found")
    parser.add_argument("--replay", type=Path)
    parser.add_argument("--minimize", type=Path)
    options = parser.parse_args()
    if file := options.replay or options.minimize:
        record = json.loads(file.read_text())
        kept = minimize(record) if options.minimize else record["actions"]
        if options.minimize:
            print(json.dumps({**record, "actions": kept, "details": ""}))
            return 0
        found = replay(record, kept)
        print(found or "nothing was found this time")
        return found is not None
    try:
        run(options.seed, options.seconds, options.sitting)
    except FaultError as fault:
        report(fault, options.found)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
