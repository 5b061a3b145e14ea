"""Trainers whose work is shared by the cores, and the choice of processes and threads for a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.data.preprocessing import Preprocessor
from nn.errors import WorkerError
from nn.network.model import layer_sizes, parameter_count
from nn.parallel.cores import Cores
from nn.parallel.process_group import ProcessGroup, make_engine
from nn.parallel.shared_memory import is_supported
from nn.parallel.timing import TIMING_SECONDS
from nn.spec import DataSpec
from nn.storage.records import ChosenBy, CoresChoice, LayoutTiming
from nn.training.engine import Engine
from nn.training.trainer import Trainer
from tui.system.cores import cores_of_layout, limit_threads, threads_in_force
from tui.system.layout_memory import Case, Choice, recall, remember
from tui.system.layouts import Layout, candidates, fastest, time_layouts

LEAST_STEPS = 2_000
"""Steps from which on a layout is measured: to start a process takes a tenth of a second."""

# The largest number of parameters for which several processes are taken untimed, where the user
# gives the threads: to exchange the gradients of two million takes as long as it saves.
_MOST_PARAMETERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a run is computed with, and how that was chosen; `pending` until it is measured."""

    cores: Cores
    choice: CoresChoice
    pending: bool = False


class SharedTrainer(Trainer):
    """A trainer that computes with several cores, or with one where that is better."""

    def __init__(
        self, config: TrainConfig, dataset: Dataset, sharing: Sharing, *, step_interval: float
    ) -> None:
        engine = make_engine(sharing.cores)
        super().__init__(config, dataset, step_interval=step_interval, engine=engine)
        self._begin(sharing)

    def _begin(self, sharing: Sharing) -> None:
        self.sharing = sharing
        # What the user gives stays in force, and one thread has nothing to wait for.
        alone = sharing.choice.by == "given" or sharing.cores.total_threads in (None, 1)
        self.fallback = None if alone else one_thread

    def measure(self) -> None:
        """Choose what is still pending, before the first step, and compute with it."""
        if not self.sharing.pending:
            return
        before = self.sharing
        sharing = share_cores(self.config, self.dataset)
        try:
            if sharing.cores != before.cores:
                self.compute_with(make_engine(sharing.cores))
        except WorkerError:
            limit_threads(before.cores.threads or 0)
            sharing = replace(before, pending=False)
        self._begin(sharing)


def make_trainer(
    config: TrainConfig,
    dataset: Dataset,
    *,
    step_interval: float = 0.1,
    saved: Layout | None = None,
    measure: bool = True,
) -> SharedTrainer:
    """A trainer that uses the cores as `share_cores` chooses.

    Where further processes do not start, one process trains, unless several were asked for.
    """
    sharing = share_cores(config, dataset, saved=saved, measure=measure)
    try:
        return SharedTrainer(config, dataset, sharing, step_interval=step_interval)
    except WorkerError:
        if config.processes:
            raise
    alone = Sharing(_cores(config, Layout(1, limit_threads(config.threads))), CoresChoice())
    return SharedTrainer(config, dataset, alone, step_interval=step_interval)


def share_cores(
    config: TrainConfig, dataset: Dataset, *, saved: Layout | None = None, measure: bool = True
) -> Sharing:
    """How to train this configuration; sets the threads of this process accordingly.

    What the user gives is in force, and then the layout of the `saved` run that goes on. A run of
    `LEAST_STEPS` or more computes as was once measured for its network on this machine. Unless that
    is settled, it is measured now, and remembered unless something else kept the processors busy;
    without `measure`, one process computes and the choice is pending. A shorter run takes all
    cores, but for one where the inputs of the next batch take time.
    """
    threads = limit_threads(config.threads)
    if config.processes or config.threads:
        return Sharing(_cores(config, _given(config, dataset, threads)), CoresChoice("given"))
    whole = Layout(1, threads)
    if threads is None:
        return Sharing(_cores(config, whole), CoresChoice())
    if saved is not None and _fits(saved, threads):
        return Sharing(_cores(config, saved), CoresChoice("saved"))
    if threads == 1 or _steps(config, dataset) < LEAST_STEPS:
        ahead = config.computes_inputs and threads > 1  # on the core that is left free
        return Sharing(_cores(config, Layout(1, threads - ahead)), CoresChoice())
    timed = replace(config, batch_size=min(config.batch_size, _images(config, dataset)))
    known = recall(Case.of(timed, dataset.spec, threads))
    if known is not None and not _fits(known.layout, threads):
        known = None
    if known is not None and known.is_settled:
        return _sharing(config, known, "remembered")
    if not measure:
        return Sharing(_cores(config, whole), CoresChoice(), pending=True)
    chosen = choose(timed, dataset.spec, threads, earlier=known)
    if chosen.is_plausible:  # on a busy machine the next run had better measure again
        chosen = remember(chosen)
    return _sharing(config, chosen, "measured")


def choose(
    config: TrainConfig,
    spec: DataSpec,
    threads: int,
    *,
    seconds: float = TIMING_SECONDS,
    earlier: Choice | None = None,
) -> Choice:
    """Time the layouts of up to so many threads, and choose one.

    Of a layout that was timed `earlier`, too, the shorter time counts, and what was chosen then is
    chosen again unless another is much faster: a seed gives the same bits as long as it can.
    """
    parameters = parameter_count(layer_sizes(config, spec))
    layouts = candidates(
        threads,
        rows=config.batch_size,
        parameters=parameters,
        computes_inputs=config.computes_inputs,
    )
    timed: Mapping[Layout, float] = {}
    if len(layouts) > 1:
        timed = time_layouts(layouts, config, spec, seconds=seconds)
    if earlier is not None:
        seconds += earlier.seconds
        known = earlier.step_seconds
        timed = {layout: min(now, known.get(layout, now)) for layout, now in timed.items()}
    before = earlier.layout if earlier else None
    layout = fastest(timed, before=before) if timed else layouts[0]
    timings = tuple(
        LayoutTiming(each.processes, each.threads or 1, step) for each, step in timed.items()
    )
    case = Case.of(config, spec, threads)
    return Choice(case, layout.processes, layout.threads or 1, timings, seconds)


def one_thread(
    config: TrainConfig, splits: Mapping[str, Split], preprocessor: Preprocessor
) -> Engine:
    """The engine of one process and one thread, which has nothing to wait for."""
    return make_engine(_cores(config, Layout(1, 1)))(config, splits, preprocessor)


def cores_of(trainer: Trainer) -> Cores:
    """The processes and threads that a trainer computes with."""
    engine = trainer.engine
    return engine.cores if isinstance(engine, ProcessGroup) else Cores(threads=threads_in_force())


def choice_of(trainer: Trainer) -> CoresChoice:
    """How they were chosen."""
    return trainer.sharing.choice if isinstance(trainer, SharedTrainer) else CoresChoice()


def report_waits(trainer: Trainer, report: Callable[[str | None], None]) -> None:
    """Have `report` called with a line when training waits for a process that was stopped.

    It is called with None when training goes on.
    """
    if isinstance(trainer.engine, ProcessGroup):
        trainer.engine.on_wait = report


def _cores(config: TrainConfig, layout: Layout) -> Cores:
    """The layout with what suits the processors; sets the threads of this process."""
    threads = None if layout.threads is None else limit_threads(layout.threads)
    return cores_of_layout(layout.processes, threads, config.dtype)


def _sharing(config: TrainConfig, choice: Choice, by: ChosenBy) -> Sharing:
    return Sharing(_cores(config, choice.layout), CoresChoice(by, choice.timings))


def _fits(layout: Layout, threads: int) -> bool:
    """Whether this process can compute so: a file may come from another machine."""
    return layout.total <= threads and (layout.processes == 1 or is_supported())


def _given(config: TrainConfig, dataset: Dataset, threads: int | None) -> Layout:
    """What the user asks for; the other half of it by the rule for two cores."""
    processes = config.processes
    if not processes:
        gains = _steps(config, dataset) >= LEAST_STEPS and (
            parameter_count(layer_sizes(config, dataset.spec)) <= _MOST_PARAMETERS
        )
        processes = 2 if gains and (threads or 1) > 1 and is_supported() else 1
    return Layout(processes, None if threads is None else max(1, threads // processes))


def _images(config: TrainConfig, dataset: Dataset) -> int:
    images = len(dataset.train[: config.limit or None])
    return max(1, round(images * (1 - config.validation)))


def _steps(config: TrainConfig, dataset: Dataset) -> float:
    return config.steps or config.epochs * _images(config, dataset) / config.batch_size
