"""`mnist-tui check`: a learner's own network beside the reference."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter

from nn.errors import ConfigError, reason_of
from nn.storage.files import why_missing
from tui.checking.diagnosis import FORMULAS, Diagnosis
from tui.checking.reference import Model
from tui.checking.report import Report, check_file, remarks
from tui.checking.request import reference_arrays
from tui.checking.sandbox import TimedOutError
from tui.checking.template import TEMPLATE
from tui.cli.reporters.json_lines import write_json
from tui.images.datasets import load_dataset
from tui.system.exits import CommandError, ExitCode

_MARKS = {"right": "ok", "wrong": "WRONG", "not seen": "-"}


def check(
    file: Annotated[
        Path | None,
        Parameter(help="Python file with a network of your own; it is executed", metavar="FILE"),
    ] = None,
    /,
    *,
    template: Annotated[
        bool, Parameter(help="Print an adapter for code of any other shape")
    ] = False,
    export: Annotated[
        Path | None,
        Parameter(
            help="Write the reference batch, weights and arrays to a folder, as .npy",
            metavar="FOLDER",
        ),
    ] = None,
    seconds: Annotated[
        float, Parameter(help="Time limit of the code", metavar="S", show_default=True)
    ] = 60.0,
    json: Annotated[bool, Parameter(help="Print one JSON object")] = False,
) -> ExitCode:
    """Compare a network that you wrote in NumPy, array by array, with an exact reference."""
    if template:
        sys.stdout.write(TEMPLATE)
        return ExitCode.SUCCESS
    if export is not None:
        return _export(export)
    if file is None:
        raise ConfigError(
            "check needs a Python file; `mnist-tui check --template` prints one to start from"
        )
    if not os.path.isfile(file):
        raise ConfigError(f"{file}: {why_missing(file)}; check needs a Python file with a network")
    if file.suffix.lower() != ".py":
        raise ConfigError(
            f"{file}: not a Python file (.py); a notebook becomes one with"
            " `jupyter nbconvert --to script`"
        )
    if not seconds > 0:
        raise ConfigError(f"--seconds {seconds:g}: must be above 0")
    try:
        report = check_file(file, load_dataset(), seconds=seconds)
    except TimedOutError as error:
        raise CommandError(
            f"{file}: stopped after {seconds:g} seconds, at: {error}; numerical differentiation"
            " takes two forward passes for each of 39,760 parameters, and code that trains"
            " belongs under"
            ' `if __name__ == "__main__":`; --seconds gives it longer',
            ExitCode.USAGE,
        ) from error
    if json:
        write_json(report.record(), sys.stdout)
    if report.diagnosis is None:
        if json:
            return ExitCode.USAGE
        raise CommandError(f"{file}: {_refusal(report)}", ExitCode.USAGE)
    if not json:
        sys.stdout.write(_text(report, report.diagnosis))
    return ExitCode.SUCCESS if report.right else ExitCode.FAILURE


def _refusal(report: Report) -> str:
    """Why nothing could be compared, in one line."""
    facts = report.observation.facts
    if facts.get("error") == "NotFound":
        why = f" ({facts['message']})" if facts.get("message") else ""
        return (
            f"no network of a known shape{why}. Known are a class with params,"
            " predict, loss and gradient; layer classes with forward and backward; functions"
            " forward(params, x) and"
            " gradient(params, x, t). `mnist-tui check --template` prints an adapter for the rest."
        )
    error = report.findings[-1]
    return f"{error.where}: {error.sentence}; {error.remedy}"


def _text(report: Report, diagnosis: Diagnosis) -> str:
    """The table, the diagnosis, and the comparison of speed."""
    facts = report.observation.facts
    lines = [f"{report.path}: {diagnosis.model}"]
    lines += [
        f"  {_MARKS[row.state]:<6} {row.name:<12} {FORMULAS[row.name]}"
        + (f"  ({row.note})" if row.note else "")
        for row in diagnosis.rows
    ]
    if facts.get("accuracy") is not None:
        lines.append(
            f"  after 100 steps of 100 images at rate 0.1: {facts['accuracy']:.1%}"
            " of 1,000 test digits"
        )
    lines.append("")
    for finding in report.findings:
        lines += [
            f"{finding.where}: {finding.mistake}",
            f"  {finding.sentence}",
            f"  Right: {finding.remedy}",
            "",
        ]
    if not diagnosis.right:
        lines += [diagnosis.mistake or "the first array that departs", f"  {diagnosis.sentence}"]
        lines += [f"  Right: {diagnosis.formula}", ""]
    elif report.right:
        lines += ["Nothing departs from the reference.", ""]
    lines += [f"Note: {remark}." for remark in remarks(report)]
    if report.seconds and report.our_seconds:
        ratio = report.seconds / report.our_seconds
        lines.append(
            f"Speed: {report.seconds * 1e3:.2f} ms a step, {ratio:.1f} times as long as the"
            f" {report.our_seconds * 1e3:.2f} ms of the same step here."
        )
    return "\n".join(lines).rstrip() + "\n"


def _export(folder: Path) -> ExitCode:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"--export {folder}: {reason_of(error)}; name another folder, which may be new",
            ExitCode.USAGE,
        ) from error
    try:
        for name, array in reference_arrays(load_dataset(), Model()).items():
            np.save(folder / f"{name}.npy", array)
    except OSError as error:
        raise CommandError(
            f"--export {folder}: cannot write: {reason_of(error)}; name another folder",
            ExitCode.FAILURE,
        ) from error
    sys.stdout.write(f"{folder}\n")
    return ExitCode.SUCCESS
