"""`mnist-tui committee`: several networks that answer together."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from nn.data.dataset import Dataset
from nn.errors import ConfigError
from nn.network.committee import MAX_SHIFT
from nn.recipes import load_recipe
from nn.storage.model_file import write_model
from nn.storage.run_lookup import find_runs
from nn.storage.runs import SavedRun, Which
from tui.cli.data import load_and_tell
from tui.cli.flags import WHOLE, RecipeFlag, RunsDirFlag, run_completions
from tui.cli.members import train_members
from tui.cli.outputs import SAVED_OTHERWISE, require_model_file
from tui.cli.reporters.base import warn
from tui.cli.reporters.json_lines import write_json
from tui.formatting import percent
from tui.recording.committees import RunCommittee
from tui.recording.finding import member_lines
from tui.recording.folder import reference, runs_folder
from tui.recording.importing import check_label
from tui.system.exits import ExitCode
from tui.system.quota import available_cores


def committee(
    *runs: Annotated[
        str,
        Parameter(
            help="Saved runs, the members: names, parts of names, folders, or last",
            metavar="RUN",
            completer=run_completions,
        ),
    ],
    recipe: RecipeFlag = None,
    members: Annotated[
        int | None,
        WHOLE,
        Parameter(
            help="With --recipe: how many networks to train; what the recipe says if left out",
            metavar="N",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        WHOLE,
        Parameter(help="With --recipe: the seed of the first member; 0 if left out", metavar="N"),
    ] = None,
    shift: Annotated[
        int,
        WHOLE,
        Parameter(
            help="Average over copies of each image, moved by up to so many pixels; 1: nine copies",
            metavar="PIXELS",
            show_default=True,
        ),
    ] = 0,
    which: Annotated[
        Which,
        Parameter(help="Weights of the end, or of the best evaluation", show_default=True),
    ] = "last",
    name: Annotated[
        str | None,
        Parameter(help="End of the name of the run that it is saved as", metavar="LABEL"),
    ] = None,
    save: Annotated[
        Path | None, Parameter(help="Write the committee to this file (.npz) too", metavar="FILE")
    ] = None,
    no_save: Annotated[bool, Parameter(help="Evaluate it only")] = False,
    json: Annotated[bool, Parameter(help="One JSON object on stdout, in place of text")] = False,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Average the probabilities of several runs' networks, or of a recipe's, which are trained."""
    check_label(name)
    if not 0 <= shift <= MAX_SHIFT:
        raise ConfigError(f"--shift {shift}: must be from 0 to {MAX_SHIFT} pixels")
    if save is not None:
        require_model_file(save, "--save", "npz", SAVED_OTHERWISE)
    root = runs_folder(runs_dir)
    if recipe is None:
        for flag, value in (("--members", members), ("--seed", seed)):
            if value is not None:
                raise ConfigError(f"{flag} {value}: is for --recipe, whose networks are trained")
        if not runs:
            raise ConfigError("name the runs that are its members, or --recipe to train them")
        found = find_runs(root, runs)
    else:
        if runs:
            raise ConfigError("--recipe trains the members; leave the runs out, or --recipe")
        found = _train(recipe, members, seed or 0, root)
    together = RunCommittee.of(found, which=which, shift=shift)
    dataset = load_and_tell(found[0].record.config.data_dir)
    together.check(dataset)
    for run in found[1:]:
        if run.record.data_sha256 != found[0].record.data_sha256:
            warn(
                f"{run.name} was trained on other data, {run.record.data_name}; all are tested on"
                f" {dataset.name}"
            )
    _evaluate(together, dataset, root, name=name, save=save, keep=not no_save, as_json=json)
    return ExitCode.SUCCESS


def _train(name: str, members: int | None, seed: int, root: Path) -> list[SavedRun]:
    recipe = load_recipe(name)
    count = recipe.members
    if members is not None:
        if members < 2:
            raise ConfigError(f"--members {members}: a committee has at least 2 networks")
        count = members
    elif count < 2:
        raise ConfigError(f"--recipe {name}: a recipe of 1 network; add --members=5, say")
    together = min(count, available_cores())
    sys.stderr.write(f"{name}: {count} members, {together} at a time, one thread each\n")

    def report(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    arguments = {
        seed + number: [f"--recipe={name}", *recipe.member(number).to_flags(base=recipe.config)]
        for number in range(count)
    }
    return train_members(arguments, root, together, report)


def _evaluate(
    committee: RunCommittee,
    dataset: Dataset,
    root: Path,
    *,
    name: str | None,
    save: Path | None,
    keep: bool,
    as_json: bool,
) -> None:
    together, members = committee.together, committee.alone(dataset)
    score = together.score(dataset.test)
    if not as_json:  # before saving, which may fail
        for line in member_lines(members):
            sys.stdout.write(f"{line}\n")
        sys.stdout.write(f"test accuracy {percent(score.accuracy)}: {together.kind}\n")
        sys.stdout.flush()
    if save is not None:
        write_model(save, together)
    saved = None
    if keep:
        saved = committee.keep(root, dataset, members, label=name or "committee")
    if as_json:
        record: dict[str, Any] = {
            "kind": together.kind,
            "members": [{"run": member.name, "test": asdict(member.test)} for member in members],
            "shift": together.shift,
            "copies": together.copies,
            "test": asdict(score),
            "run": str(saved.path) if saved else None,
            "saved": str(save) if save else None,
        }
        write_json(record, sys.stdout)
        return
    if save is not None:
        sys.stderr.write(f"model saved to {save}\n")
    if saved is not None:
        sys.stderr.write(f"saved as run {reference(saved.path)}\n")
