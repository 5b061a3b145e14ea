"""Sweeps on a Dask cluster: its workers train, and what they save travels back.

Results are futures of `concurrent.futures`, as those of processes of this machine are. Runs travel
packed, since no common disk is needed. Data other than the embedded ones are a plugin of the
workers: each one is sent them once, also those that join or are restarted later.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import secrets
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from nn.data.dataset import Dataset
from tui.sweeps import worker
from tui.sweeps.worker import Delivery, Order
from tui.system.exits import CommandError, ExitCode
from tui.system.versions import versions

_T = TypeVar("_T")
_U = TypeVar("_U")

TOPIC = "mnist-tui-epochs"
_CONNECT_SECONDS = 10
_MESSAGES_KEPT = 100  # of each connection, by Dask
_COUNT_SECONDS = 2.0  # between looks at how many workers there are


class Cluster:
    """A connection to a scheduler, as a `Place` that tasks go to."""

    shared_disk = False

    def __init__(self, client: Any, on_warning: Callable[[str], object]) -> None:
        self.client, self._on_warning = client, on_warning
        self.sweep = secrets.token_hex(8)  # two sweeps may share a worker
        self._workers, self._counted = 0, -_COUNT_SECONDS
        self._has_sent = False
        self._met: set[str] = set()  # addresses of workers whose versions are known
        self._under_way: set[Any] = set()  # futures of Dask's

    @property
    def workers(self) -> int:
        """The threads of all workers, which may come and go."""
        if not self.lost and time.monotonic() - self._counted >= _COUNT_SECONDS:
            for reason in self.meet_workers():
                self._on_warning(reason)
        return self._workers

    def meet_workers(self) -> list[str]:
        """Count the workers, and warn of other versions on those that are new.

        Returns why some of the new ones cannot run this package, a line each.
        """
        self._counted = time.monotonic()
        try:
            threads = self.client.nthreads()
            new = [name for name in threads if name not in self._met]
            found = self.client.run(versions, workers=new, on_error="return") if new else {}
        except (OSError, TimeoutError, ValueError, KeyError):  # some left meanwhile
            return []
        if self._workers and not threads:
            self._on_warning("the cluster has no workers any more; waiting for some")
        self._workers = sum(threads.values())
        self._met.update(new)
        differing: dict[str, list[str]] = {}
        strangers = []
        for name, there in found.items():
            if not isinstance(there, dict):
                reason = " ".join(str(there).split()) or type(there).__name__
                strangers.append(
                    f"worker {name} cannot run this mnist-tui ({reason[:120]}); install the same"
                    " version where it runs"
                )
            elif words := _differences(there):
                differing.setdefault(words, []).append(name)
        for words, names in differing.items():
            who = f"worker {names[0]} has" if len(names) == 1 else f"{len(names)} workers have"
            self._on_warning(f"{who} {words}: last bits of results may differ")
        return strangers

    @property
    def lost(self) -> bool:
        """Whether the scheduler has gone."""
        return bool(self.client.status != "running")

    def submit(self, orders: Sequence[Order]) -> list[Future[Delivery]]:
        """Send orders to workers."""
        return self.map(worker.train, orders)

    def map(self, function: Callable[[_T], _U], values: Sequence[_T]) -> list[Future[_U]]:
        """Call a function on the workers for each of these values, in one message.

        That costs less than half of what single calls by `Client.get_executor()` do. Equal calls
        are not merged (`pure`), since tasks may come again. A call whose worker is lost goes to
        another one by itself. One that raised an exception, such as for a full disk, is tried twice
        more.
        """
        found = []
        for there in self.client.map(function, values, pure=False, retries=2):
            here: Future[_U] = Future()
            self._under_way.add(there)
            self.client.loop.add_callback(self._pass_on, there, here)
            found.append(here)
        return found

    async def _pass_on(self, there: Any, here: Future[_U]) -> None:
        """Give the outcome of a future of Dask's to one of the standard library's."""
        try:
            here.set_result(await there)
        except Exception as error:
            here.set_exception(error)
        except asyncio.CancelledError:  # the connection was closed, here or by the scheduler
            here.cancel()
            here.set_running_or_notify_cancel()
        finally:
            self._under_way.discard(there)

    def close(self, *, wait: bool) -> None:
        """Cancel what is under way; nothing is if `wait`, since all was delivered before."""
        if self._under_way:
            with suppress(OSError, TimeoutError):
                self.client.cancel(list(self._under_way))

    def stop(self) -> None:
        """Ask every worker to stop the runs of this sweep."""
        with suppress(OSError, TimeoutError):
            self.client.run(worker.stop_sweep, self.sweep, on_error="ignore")

    def send(self, dataset: Dataset) -> None:
        """Send the data to each worker, of now and of later."""
        distributed: Any = importlib.import_module("distributed")

        class Sent(distributed.WorkerPlugin):  # type: ignore[misc]
            """Keeps a dataset in a worker."""

            def __init__(self, sweep: str, dataset: Dataset) -> None:
                self.sweep, self.dataset = sweep, dataset

            def setup(self, worker: Any) -> None:
                """Called in a worker as it gets the plugin."""
                from tui.sweeps.worker import sent

                sent[self.sweep] = self.dataset

            def teardown(self, worker: Any) -> None:
                """Called in a worker when the sweep has ended."""
                from tui.sweeps.worker import sent

                sent.pop(self.sweep, None)

        self.client.register_plugin(Sent(self.sweep, dataset), name=self._plugin)
        self._has_sent = True

    def forget(self) -> None:
        """Let the workers forget the data and this sweep."""
        if self.lost:
            return
        if self._has_sent:
            with suppress(OSError, TimeoutError, ValueError, KeyError):
                self.client.unregister_worker_plugin(self._plugin)
        with suppress(OSError, TimeoutError):
            self.client.run(worker.forget_sweep, self.sweep, on_error="ignore")

    @property
    def _plugin(self) -> str:
        return f"mnist-tui-data-{self.sweep}"


@contextmanager
def connect(
    address: str, dataset: Dataset | None, on_warning: Callable[[str], object]
) -> Iterator[Cluster]:
    """A cluster by its scheduler's address, or `local:N` for one of this machine.

    `dataset` is sent to the workers; None where they have it. Raises `CommandError` where Dask is
    not installed, the scheduler does not answer, there are no workers, or those are not ours.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise CommandError(
            "--cluster needs the package distributed: pip install 'mnist-tui[cluster]'",
            ExitCode.USAGE,
        ) from error
    quiet_dask()
    workers, local, client = _count(address), None, None
    try:
        if workers is not None:
            local = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        client = distributed.Client(local or address, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        if local is not None:
            local.close(timeout=10)
        raise CommandError(
            f"--cluster {address}: no scheduler answers ({reason[:120]}); start one with"
            " `dask scheduler`, or take --cluster local:2",
            ExitCode.USAGE,
        ) from error
    cluster = Cluster(client, on_warning)
    try:
        if strangers := cluster.meet_workers():
            raise CommandError(f"--cluster {address}: {strangers[0]}", ExitCode.USAGE)
        if not cluster.workers:
            raise CommandError(
                f"--cluster {address}: the scheduler has no workers; start some with"
                f" `dask worker {address}`",
                ExitCode.USAGE,
            )
        if dataset is not None:
            cluster.send(dataset)
        yield cluster
    finally:
        cluster.forget()
        with suppress(OSError, TimeoutError):
            client.close(timeout=5)
        if local is not None:
            local.close(timeout=10)


def _count(address: str) -> int | None:
    """The number of `local:N`; None for the address of a scheduler."""
    place, _, number = address.partition(":")
    if place != "local":
        return None
    if not number.isdecimal() or not 1 <= int(number) <= 1024:
        raise CommandError(
            f"--cluster {address}: must be local:N with a number of workers, 1 to 1024",
            ExitCode.USAGE,
        )
    return int(number)


def _differences(there: Mapping[str, str]) -> str:
    """What a worker has in other versions, of all that the bits of results depend on."""
    here = versions()
    return ", ".join(
        f"{name} {there.get(name)} (here {here[name]})"
        for name in here
        if name != "platform" and there.get(name) != here[name]
    )


def quiet_dask() -> None:
    """Silence Dask's log and shorten what it keeps for its developers; call it before connecting.

    Of what it reports, the sweep has lines of its own for what matters. Runs that travel in orders
    are meant to be large. Each connection keeps its last thousand messages, which is most of the
    memory of a sweep of thousands of trials.
    """
    dask: Any = importlib.import_module("dask")
    dask.config.set({"distributed.admin.low-level-log-length": _MESSAGES_KEPT})
    warnings.filterwarnings("ignore", message="Sending large graph")
    for name in ("", ".client", ".comm", ".core", ".nanny", ".scheduler", ".worker"):
        logging.getLogger(f"distributed{name}").setLevel(logging.CRITICAL)


def log_epoch(message: dict[str, Any]) -> None:
    """Send a line from a worker to whoever listens; called in a worker of a cluster."""
    distributed: Any = importlib.import_module("distributed")
    distributed.get_worker().log_event(TOPIC, message)
