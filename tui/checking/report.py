"""The whole check of a file: execute it, compare, and report in the order of computation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nn.data.dataset import Dataset
from tui.checking.diagnosis import Diagnosis, diagnose
from tui.checking.request import make_request
from tui.checking.sandbox import Observation, observe
from tui.checking.surroundings import (
    Finding,
    check_behaviour,
    check_data,
    check_error,
    check_initial,
)


@dataclass(frozen=True)
class Report:
    """`findings` around the passes, the `diagnosis` of the passes, and seconds a step."""

    path: Path
    observation: Observation
    findings: list[Finding]
    diagnosis: Diagnosis | None
    seconds: float | None
    our_seconds: float | None

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings and self.diagnosis is not None and self.diagnosis.right

    def record(self) -> dict[str, Any]:
        """The report as JSON values."""
        diagnosis = self.diagnosis
        return {
            "file": str(self.path),
            "right": self.right,
            "model": str(diagnosis.model) if diagnosis else None,
            "arrays": [
                {"name": row.name, "state": row.state, "note": row.note}
                for row in (diagnosis.rows if diagnosis else [])
            ],
            "mistake": diagnosis.mistake if diagnosis else None,
            "sentence": diagnosis.sentence if diagnosis else None,
            "formula": diagnosis.formula if diagnosis else None,
            "findings": [vars(finding) for finding in self.findings],
            "remarks": remarks(self),
            "accuracy_after_100_steps": self.observation.facts.get("accuracy"),
            "seconds_per_step": self.seconds,
            "reference_seconds_per_step": self.our_seconds,
        }


def check_file(path: Path, dataset: Dataset, *, seconds: float) -> Report:
    """Execute a file and compare it; raises `TimedOutError`."""
    observation = observe(path, make_request(dataset), seconds=seconds)
    return check_observation(path, observation, dataset)


def check_observation(path: Path, observation: Observation, dataset: Dataset) -> Report:
    """Compare what a file's code computed."""
    request = make_request(dataset)
    arrays, facts = observation.arrays, observation.facts
    findings = check_data(arrays, dataset) + check_initial(arrays, request["x"])
    unknown = facts.get("error") == "NotFound" and "outputs" not in arrays
    diagnosis = diagnose(observation, request) if "W1" in arrays and not unknown else None
    findings += check_behaviour(observation)
    error = check_error(observation)
    if error is not None and (diagnosis is None or diagnosis.right):
        findings.append(error)
    return Report(
        path, observation, findings, diagnosis, facts.get("seconds"), facts.get("our seconds")
    )


def remarks(report: Report) -> list[str]:
    """What is not wrong, but worth knowing."""
    facts = report.observation.facts
    found = list(report.diagnosis.remarks) if report.diagnosis else []
    rows = report.diagnosis.rows if report.diagnosis else []
    if facts.get("overflows") and not any(r.name == "y" and r.state == "wrong" for r in rows):
        found.append(
            "the softmax overflows where outputs are large: subtract the largest output of each"
            " image first"
        )
    if facts.get("targets") == "labels":
        found.append(
            "the targets were given as numbers from 0 to 9, since one-hot rows did not fit"
        )
    if facts.get("columns"):
        found.append("images are columns here; the arrays were compared transposed")
    if "own update" in facts and not facts["own update"]:
        found.append(
            "no update function was found, so W <- W - rate dW was applied with these gradients"
        )
    return found
