"""Committees of saved runs, kept as runs themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.data.dataset import Dataset
from nn.errors import ConfigError
from nn.network.committee import Committee
from nn.network.predictor import Predictor
from nn.storage.checkpoint import load_model
from nn.storage.run_record import Member
from nn.storage.runs import SavedRun, Which
from tui.formatting import percent
from tui.recording.importing import check_spec, keep_model

_NAMED = 3  # members that are named where a run says what it is made of


@dataclass(frozen=True, slots=True)
class RunCommittee:
    """A committee, with the run that each of its members is of."""

    together: Committee
    runs: tuple[SavedRun, ...]
    which: Which = "last"

    @classmethod
    def of(
        cls, found: Sequence[SavedRun], *, which: Which = "last", shift: int = 0
    ) -> RunCommittee:
        """The committee of these runs' networks; a committee among them brings its members along.

        Raises `ConfigError` where they do not make one, `StorageError` for a run that cannot be
        read.
        """
        members = [(run, member) for run in found for member in load_model(run, which).members]
        if len(members) == 1 and not shift:
            raise ConfigError(
                f"{found[0].name}: a committee of one; name another run, or add --shift 1"
            )
        for position, (run, member) in enumerate(members):
            for earlier, known in members[:position]:
                _require_fitting(run.name, member, earlier.name, known)
        together = Committee([member for _, member in members], shift=shift)
        return cls(together, tuple(run for run, _ in members), which)

    def check(self, dataset: Dataset) -> None:
        """Raise `StorageError` unless it takes the images of `dataset`, and knows its classes."""
        check_spec(self.together, dataset, self.runs[0].path)

    def alone(self, dataset: Dataset) -> tuple[Member, ...]:
        """How each of its members scores alone."""
        return tuple(
            Member(run.name, network.score(dataset.test))
            for run, network in zip(self.runs, self.together.members, strict=True)
        )

    def result(self, saved: SavedRun) -> str:
        """What the saved committee came to, beside its members alone, in one sentence."""
        record = saved.record
        alone = sorted(member.test.accuracy for member in record.members)
        accuracy = percent(record.latest.test.accuracy if record.latest else None)
        return (
            f"Test accuracy of the {self.together.kind}: {accuracy}."
            f" Alone they have {percent(alone[0])} to {percent(alone[-1])}."
        )

    def keep(
        self,
        root: Path,
        dataset: Dataset,
        members: Sequence[Member],
        *,
        label: str = "committee",
    ) -> SavedRun:
        """Save it as a run in `root`, whose name ends with `label`, with what `alone` returned.

        Raises `StorageError`.
        """
        names, together = list(dict.fromkeys(run.name for run in self.runs)), self.together
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        made_of = f"{together.kind}: {', '.join(names[:_NAMED])}{more}"
        command = ["mnist-tui", "committee", *names]
        if together.shift:
            command.append(f"--shift={together.shift}")
        if self.which != "last":
            command.append(f"--which={self.which}")
        return keep_model(
            together,
            root,
            dataset,
            label=label,
            command=command,
            source=made_of,
            reason=made_of,
            members=members,
        )


def _require_fitting(name: str, member: Predictor, earlier: str, known: Predictor) -> None:
    """Raise `ConfigError` for a network that cannot answer with another, or is that very one."""
    try:
        Committee([known, member])
    except ValueError as error:
        raise ConfigError(f"{name}: {error}, {earlier}; leave one of them out") from error
    if (member.config.preprocessing, member.config.deskew) == (
        known.config.preprocessing,
        known.config.deskew,
    ) and np.array_equal(member.model.parameters, known.model.parameters):
        raise ConfigError(
            f"{name}: has the same network as {earlier}, which would count twice; name one of them"
        )
