"""A file beside `--resume`: whether it is that of the sweep which was begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from nn.errors import ConfigError
from tests.support.sweeps import spec_of
from tui.sweeps.spec import SamplerName
from tui.sweeps.spec_file import require_same, to_toml

FEW = ("learning_rate=0.1,0.2",)


def written(folder: Path, *, without: str = "", **fields: object) -> Path:
    """The file of a sweep over a few listed values; one of its entries may be left out."""
    lines = to_toml(spec_of(vary=FEW, **fields)).splitlines()
    path = folder / "sweep.toml"
    path.write_text("\n".join(line for line in lines if line.split(" =")[0] != without))
    return path


@pytest.mark.parametrize("sampler", ["grid", "random"])
def test_a_file_that_names_no_sampler_is_that_of_a_grid_and_of_an_earlier_random_sweep(
    tmp_path: Path, sampler: SamplerName
) -> None:
    path = written(tmp_path, without="sampler")
    require_same(path, spec_of(vary=FEW, sampler=sampler), "s")


@pytest.mark.parametrize(
    ("without", "begun", "named"),
    [
        ("sampler", {"sampler": "tpe"}, "sampler;"),
        ("", {"sampler": "random"}, "sampler;"),  # the file names a grid
        ("sampler", {"sampler": "random", "seeds": 2}, "seeds;"),
    ],
)
def test_a_file_of_another_sweep_is_refused_by_what_differs(
    tmp_path: Path, without: str, begun: dict[str, object], named: str
) -> None:
    path = written(tmp_path, without=without)
    with pytest.raises(ConfigError, match="is of another sweep, which differs in") as caught:
        require_same(path, spec_of(vary=FEW, **begun), "s")
    assert f"differs in {named} leave the file out" in str(caught.value)
