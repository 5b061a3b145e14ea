"""A process that computes a share of another's run; `nn.parallel.processes` starts it.

The first line of standard input is a JSON object with the worker's setup, and the end of the input
ends the process. Commands and data are in shared memory.
"""

from __future__ import annotations

import json
import select
import signal
import sys
from enum import IntEnum

import numpy as np

from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor, edges_of
from nn.parallel.barrier import Barrier
from nn.parallel.cores import pin_to
from nn.parallel.matmul import blocked_matmul
from nn.parallel.replica import Replica
from nn.parallel.shared_memory import SharedArrays
from nn.parallel.subnormals import flush_subnormals
from nn.reading import read_as
from nn.spec import DataSpec


class Command(IntEnum):
    """The first word of a command; the comment names the other words."""

    STEP = 0  # size of the batch, number of updates so far
    SCORE = 1  # number of the split, 1 for the weights themselves in place of their average


def work() -> None:
    """Carry out commands until the main process closes the input, or is gone."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)  # the main process decides when a run ends
    line = sys.stdin.buffer.readline()
    if not line:
        sys.exit()
    setup = json.loads(line)
    rank, size = setup["rank"], setup["size"]
    if setup["processors"]:
        pin_to(setup["processors"][rank : rank + 1])
    shared = SharedArrays(setup["layout"], setup["descriptor"])
    shared.close()
    input_end = select.poll()
    input_end.register(sys.stdin, select.POLLIN)

    def check_alive() -> None:
        if input_end.poll(0):  # nothing more is written, so this can only be the end of the input
            sys.exit()

    barrier = Barrier(rank, size, shared["barrier"], check_alive=check_alive)
    names, spec = setup["splits"], read_as(DataSpec, setup["spec"])
    config = TrainConfig.layered(setup["config"])
    replica = Replica(
        config,
        {name: Split(shared[f"{name}.images"], shared[f"{name}.labels"], spec) for name in names},
        Preprocessor(
            shared["scale"],
            shared.get("shift"),
            bright_paper=setup["bright_paper"],
            finds_edges=edges_of(config.preprocessing, spec.shape),
        ),
        shared,
        barrier,
        rank=rank,
        size=size,
        matmul=blocked_matmul(setup["product_limit"]),
    )
    np.seterr(all="ignore")  # a loss that is not finite ends the run; warnings would add nothing
    flush_subnormals()
    command, rate, index = shared["command"].data, shared["rate"].data, shared["index"]
    while True:
        barrier.sync()
        what, number, detail = command
        if what == Command.STEP:
            replica.run(index[:number], detail, rate[0])
        else:
            replica.score(names[number], raw=bool(detail))
        barrier.sync()
