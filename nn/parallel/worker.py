"""A process that does its share of another's computation, started by `nn.parallel.processes`.

The first line of standard input is a JSON object that says which; a further line wakes the process when it
sleeps, and the end of the input ends it. What to do it reads from memory that it shares with the other.
"""

from __future__ import annotations

import json
import select
import signal
import sys
import time
from enum import IntEnum
from typing import Any

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor
from nn.parallel.barrier import WORDS_APART, Barrier, SharedArrays, pin_to
from nn.parallel.replica import Replica


class Command(IntEnum):
    """What workers are told to do; the other words of the command are its arguments."""

    STEP = 0  # first and last + 1 position in the epoch's order, updates so far
    SCORE = 1  # number of the split
    SAVE_RNG = 2
    RESTORE_RNG = 3  # the rank of the process


def read_json(array: Array) -> Any:
    """What `write_json` left in an array of bytes."""
    return json.loads(array.tobytes().rstrip(b"\0"))


def write_json(value: object, array: Array) -> None:
    """Leave a value in an array of bytes that is large enough."""
    content = json.dumps(value).encode()
    array[:] = 0
    array[: len(content)] = np.frombuffer(content, np.uint8)


def work() -> None:
    """Do what the commands say until the directing process is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # that process knows when to end
    line = sys.stdin.buffer.readline()
    if not line:
        sys.exit()
    setup = json.loads(line)
    rank, size = setup["rank"], setup["size"]
    if setup["processors"]:
        pin_to(setup["processors"][rank : rank + 1])
    shared = SharedArrays(setup["layout"], setup["descriptor"])
    shared.close()
    director = select.poll()
    director.register(sys.stdin, 0)  # only that it has closed our input or is gone

    def look() -> None:
        if director.poll(0):
            sys.exit()

    def doze() -> None:
        """Sleep until there is something to do."""
        shared["asleep"][rank * WORDS_APART] = 1
        time.sleep(1e-5)  # by then whoever begins to direct sees that, or is seen
        if peers.is_behind(0) and not sys.stdin.buffer.readline():
            sys.exit()
        shared["asleep"][rank * WORDS_APART] = 0

    peers = Barrier(rank, size, shared["peers"], look)
    splits = {
        name: Split(shared[f"{name}.images"], shared[f"{name}.labels"]) for name in setup["splits"]
    }
    replica = Replica(
        TrainConfig.layered(setup["config"]),
        splits["train"],
        Preprocessor(shared["scale"], shared.get("shift")),
        shared,
        peers,
        product_limit=setup["product_limit"],
    )
    scored, order, rng_state = list(splits.values()), shared["order"], shared[f"rng.{rank}"]
    np.seterr(all="ignore")  # a loss that is not finite ends the run; warnings would only repeat it
    command, rate = shared["command"].data, shared["rate"].data
    while True:
        peers.arrive()
        peers.wait(doze)
        what = command[0]
        if what == Command.STEP:
            replica.optimizer.updates = command[3]
            replica.step(order[command[1] : command[2]], rate[0])
        elif what == Command.SCORE:
            replica.score(scored[command[1]])
        elif what == Command.SAVE_RNG:
            write_json(replica.dropout_rng.bit_generator.state, rng_state)
        elif what == Command.RESTORE_RNG and command[1] == rank:
            replica.dropout_rng.bit_generator.state = read_json(rng_state)
        peers.barrier()
