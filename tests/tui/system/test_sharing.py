"""How a run comes to its processes and threads, on machines of any kind."""

from __future__ import annotations

from typing import Any

import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import ConfigError
from nn.parallel.cores import Cores
from nn.storage.records import ChosenBy
from tests.support.machine import Machine, processes_are_faster
from tui.system.layouts import Layout
from tui.system.sharing import share_cores

pytestmark = pytest.mark.usefixtures("nothing_remembered")


def chosen(
    config: TrainConfig, dataset: Dataset, **options: Any
) -> tuple[int, int | None, ChosenBy]:
    sharing = share_cores(config, dataset, **options)
    return sharing.cores.processes, sharing.cores.threads, sharing.choice.by


@pytest.mark.parametrize(
    ("fields", "cores", "expected"),
    [
        ({}, 1, (1, 1, "rule")),
        ({"epochs": 4}, 2, (1, 2, "rule")),  # over before timing pays
        ({"epochs": 4, "preprocessing": "edges"}, 2, (1, 1, "rule")),  # inputs on the other core
        ({"epochs": 4, "augment_shift": 1}, 4, (1, 3, "rule")),
        ({"epochs": 4, "preprocessing": "edges"}, 1, (1, 1, "rule")),
        ({"epochs": 4, "batch_size": 64}, 2, (2, 1, "measured")),
        ({"steps": 1999, "epochs": 0}, 2, (1, 2, "rule")),
        ({"limit": 6400}, 2, (1, 2, "rule")),
        ({"threads": 1}, 8, (1, 1, "given")),
        ({"threads": 2}, 8, (2, 1, "given")),
        ({"threads": 2, "epochs": 4}, 8, (1, 2, "given")),
        ({"threads": 2, "hidden": (1024, 1024)}, 8, (1, 2, "given")),  # much to exchange
        ({"processes": 1}, 2, (1, 2, "given")),
        ({"processes": 4}, 8, (4, 2, "given")),
        ({"processes": 4}, 2, (4, 1, "given")),
        ({"processes": 2, "threads": 6}, 8, (2, 3, "given")),
        ({"hidden": (1024, 1024), "processes": 2}, 2, (2, 1, "given")),
        ({"threads": 3}, 2, (2, 1, "given")),
        ({"threads": 64, "epochs": 4}, 2, (1, 2, "given")),
        ({"threads": 3, "processes": 2}, 2, (2, 1, "given")),
        ({"threads": 64, "processes": 1}, 2, (1, 2, "given")),
    ],
)
def test_processes_and_threads(
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    cores: int,
    expected: tuple[int, int, ChosenBy],
) -> None:
    machine = Machine(monkeypatch, cores, seconds=processes_are_faster)
    assert chosen(TrainConfig.layered(fields), dataset) == expected
    assert machine.limited == expected[1]
    assert len(machine.timed) == (expected[2] == "measured")


@pytest.mark.parametrize(
    ("cores", "quickest", "expected"),
    [
        (2, (1, 1), (1, 1)),
        (2, (1, 2), (1, 2)),
        (2, (2, 1), (2, 1)),
        (3, (1, 3), (1, 3)),
        (4, (2, 2), (2, 2)),
        (4, (4, 1), (4, 1)),
        (16, (2, 1), (2, 1)),
        (16, (4, 4), (4, 4)),
        (16, (8, 2), (8, 2)),
    ],
)
def test_the_quickest_layout_is_taken(
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    cores: int,
    quickest: tuple[int, int],
    expected: tuple[int, int],
) -> None:
    machine = Machine(monkeypatch, cores, seconds=lambda layout: 1.0 if layout == quickest else 2.0)
    sharing = share_cores(TrainConfig(), dataset)
    assert (sharing.cores.processes, sharing.cores.threads) == expected
    (layouts,) = machine.timed
    assert {(each.processes, each.threads) for each in sharing.choice.timings} == set(layouts)
    assert max(layout.total for layout in layouts) == cores
    # Where there are others to go to, nothing keeps a process from going there.
    pinned = cores if cores == expected[0] else 0
    assert sharing.cores.processors == tuple(range(10, 10 + pinned))


def test_few_images_in_a_batch_and_large_networks_need_fewer_layouts(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch, 8)
    share_cores(TrainConfig(batch_size=2), dataset)
    share_cores(TrainConfig(hidden=(3000, 3000)), dataset)
    share_cores(TrainConfig(hidden=(9000, 3000)), dataset)
    assert [max(layout.processes for layout in each) for each in machine.timed] == [2, 1]
    share_cores(TrainConfig(augment_shift=2), dataset)
    assert (1, 7) in machine.timed[-1]  # and a core for the warps


def test_what_was_chosen_is_chosen_again_whatever_would_be_measured(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch, 2, seconds=processes_are_faster)
    first = share_cores(TrainConfig(), dataset)
    machine.seconds = lambda layout: layout.total
    other_seed = TrainConfig(seed=7, learning_rate=0.001, epochs=100)
    again = share_cores(other_seed, dataset)
    assert again.cores == first.cores
    assert first.cores.total_threads == first.cores.processes == 2
    assert (first.choice.by, again.choice.by) == ("measured", "remembered")
    assert again.choice.timings == first.choice.timings
    assert len(machine.timed) == 1
    for other in ({"batch_size": 100}, {"hidden": (64, 16)}, {"dtype": "float64"}):
        assert chosen(TrainConfig.layered(other), dataset) == (1, 1, "measured")
    Machine(monkeypatch, 4)
    assert chosen(TrainConfig(), dataset)[2] == "measured"


def test_a_choice_that_leaves_cores_unused_is_confirmed_by_two_more_runs(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch, 2, seconds=lambda layout: float(layout.total))
    assert [chosen(TrainConfig(), dataset) for _ in range(4)] == [
        *[(1, 1, "measured")] * 3,
        (1, 1, "remembered"),
    ]
    assert len(machine.timed) == 3


@pytest.mark.parametrize(
    ("alone", "together", "first"),
    [
        (13.4, 2.2, (1, 2)),  # one thread shared its processor, and seems six times as slow
        (1.0, 1.2, (1, 1)),  # two threads or processes waited for a processor
    ],
)
def test_a_choice_made_beside_a_busy_program_is_corrected_when_it_has_ended(
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    alone: float,
    together: float,
    first: tuple[int, int],
) -> None:
    machine = Machine(monkeypatch, 2, seconds=lambda each: alone if each.total == 1 else together)
    assert chosen(TrainConfig(), dataset) == (*first, "measured")
    machine.seconds = processes_are_faster
    assert chosen(TrainConfig(), dataset) == (2, 1, "measured")
    machine.seconds = lambda layout: float(layout.total)
    assert chosen(TrainConfig(), dataset) == (2, 1, "remembered")


def test_a_choice_is_not_replaced_by_one_that_is_hardly_faster(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch, 2, seconds=lambda each: 1.0 if each.total == 1 else 0.95)
    assert chosen(TrainConfig(), dataset) == (1, 1, "measured")
    machine.seconds = lambda each: 1.0 if each.total == 1 else 0.85
    assert chosen(TrainConfig(), dataset) == (1, 1, "measured")


def test_where_it_is_not_measured_yet_one_process_computes(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch, 2, seconds=processes_are_faster)
    sharing = share_cores(TrainConfig(), dataset, measure=False)
    assert sharing.pending
    assert sharing.cores == Cores(1, 2)
    assert machine.timed == []
    share_cores(TrainConfig(), dataset)
    assert share_cores(TrainConfig(), dataset, measure=False).cores.processes == 2


def test_a_run_that_goes_on_keeps_its_layout_where_that_fits(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch, 4, seconds=processes_are_faster)
    assert chosen(TrainConfig(), dataset, saved=Layout(1, 3)) == (1, 3, "saved")
    assert chosen(TrainConfig(epochs=1), dataset, saved=Layout(4, 1)) == (4, 1, "saved")
    assert chosen(TrainConfig(processes=1), dataset, saved=Layout(4, 1)) == (1, 4, "given")
    assert machine.timed == []
    assert chosen(TrainConfig(), dataset, saved=Layout(8, 1)) == (2, 1, "measured")


@pytest.mark.parametrize(
    ("fields", "kernels", "limited"),
    [
        ({}, "SkylakeX", True),
        ({}, "Haswell", False),  # copies every operand
        ({"processes": 1}, "SkylakeX", False),  # takes both threads for a whole product
        ({"threads": 1}, "SkylakeX", True),
        ({"dtype": "float64"}, "SkylakeX", False),
    ],
)
def test_products_are_taken_in_blocks_where_that_helps(
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    kernels: str,
    limited: bool,
) -> None:
    Machine(monkeypatch, 2, kernels, processes_are_faster)
    sharing = share_cores(TrainConfig.layered(fields), dataset)
    assert bool(sharing.cores.product_limit) is limited


@pytest.mark.parametrize(
    ("quota", "expected"), [(0.5, (1, 1)), (1.0, (1, 1)), (1.9, (1, 1)), (2.0, (2, 1)), (9, (8, 1))]
)
def test_a_quota_of_processor_time_counts_as_cores(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, quota: float, expected: tuple[int, int]
) -> None:
    machine = Machine(monkeypatch, 16, seconds=lambda layout: 1 / layout.processes)
    monkeypatch.setattr("tui.system.quota.cpu_quota", lambda: quota)
    sharing = share_cores(TrainConfig(), dataset)
    assert (sharing.cores.processes, sharing.cores.threads) == expected
    assert all(layout.total <= quota for layouts in machine.timed for layout in layouts)


def test_elsewhere_there_is_one_process(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, 2)
    for module in ("cores", "layouts", "sharing"):
        monkeypatch.setattr(f"tui.system.{module}.is_supported", lambda: False)
    assert share_cores(TrainConfig(), dataset).cores == Cores(1, 2)
    assert machine.timed == [[(1, 2), (1, 1)]]
    assert share_cores(TrainConfig(), dataset, saved=Layout(2, 1)).cores == Cores(1, 2)


def test_fewer_threads_than_processes_are_refused() -> None:
    with pytest.raises(ConfigError, match="processes=3: contradicts threads=2"):
        TrainConfig(processes=3, threads=2)
