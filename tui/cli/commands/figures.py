"""`mnist-tui figures`: the pictures of the study notes, in the terminal or as files."""

from __future__ import annotations

import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from nn.errors import ConfigError, did_you_mean, reason_of
from nn.recipes import load_recipe, recipe_names
from nn.storage.runs import run_names
from tui.cli.flags import WHOLE, RunsDirFlag, recipe_completions, run_completions
from tui.cli.reporters.base import warn
from tui.recording.folder import runs_folder
from tui.system.exits import CommandError, ExitCode
from tui.system.terminal import of_output

if TYPE_CHECKING:
    from tui.cli.figure_runs import DrawnRun
    from tui.figures.catalogue import Description
    from tui.figures.picture import Picture
    from tui.lessons.figures import Figure

Format = Literal["svg", "png"]
_TILE = 16  # columns and lines of an image, its caption included
_TALL = 8


def _completions(_: object) -> list[str]:
    from tui.figures.catalogue import FIGURES

    return [*FIGURES, *recipe_completions(None), *run_completions(None)]


def figures(
    *names: Annotated[
        str,
        Parameter(
            metavar="NAME|RECIPE|RUN",
            help="Figures, and the recipes or saved runs to draw them of; of a recipe without a"
            " saved run, one is trained",
            completer=_completions,
        ),
    ],
    save: Annotated[
        Path | None,
        Parameter(help="Write files into this folder, in place of the terminal", metavar="DIR"),
    ] = None,
    format: Annotated[  # noqa: A002 - the name of the flag
        Format | None, Parameter(help="Of the files with --save; svg if left out")
    ] = None,
    draw: Annotated[
        int,
        WHOLE,
        Parameter(
            help="Another number draws other digits at random", metavar="N", show_default=True
        ),
    ] = 1,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Draw the figures of the study notes; without a name, list them."""
    if format is not None and save is None:
        raise ConfigError(f"--format {format}: is for files; add --save DIR")
    if draw < 0:
        raise ConfigError(f"--draw {draw}: must be at least 0")
    if not names:
        if save is not None:
            raise ConfigError("--save needs the names of figures, recipes or runs to draw")
        return _list()
    chosen, runs = _chosen(names, runs_dir)
    show = _print if save is None else _writer(save, format or "svg")
    for picture in _pictures(chosen, runs, draw, runs_dir):
        show(picture)
    return ExitCode.SUCCESS


def _list() -> ExitCode:
    from tui.figures.catalogue import FIGURES

    width = max(map(len, FIGURES))
    for figure in FIGURES.values():
        of = f" (of {', '.join(figure.recipes)}, or any run)" if figure.needs_run else ""
        sys.stdout.write(f"{figure.name:<{width}}  {figure.about}{of}\n")
    return ExitCode.SUCCESS


def _chosen(
    names: Sequence[str], runs_dir: Path | None
) -> tuple[list[Description], list[DrawnRun]]:
    """The figures and the runs that the words name; all are found before anything is drawn."""
    from tui.cli.figure_runs import DrawnRun, is_run
    from tui.figures.catalogue import FIGURES

    root, recipes = runs_folder(runs_dir), recipe_names()
    chosen: list[Description] = []
    runs: dict[str, DrawnRun] = {}
    for word in dict.fromkeys(names):
        if word in FIGURES:
            chosen.append(FIGURES[word])
        elif word in recipes:
            runs[word] = DrawnRun.of_recipe(load_recipe(word), root, runs_dir)
        elif is_run(root, word):
            run = DrawnRun.of_saved(root, word)
            runs[run.name] = run
        else:
            near = did_you_mean(word, [*FIGURES, *recipes, *run_names(root)])
            raise ConfigError(
                f"{word!r} is no figure, recipe or saved run"
                + (near or "; `mnist-tui figures` lists the figures")
            )
    return chosen, list(runs.values())


def _pictures(
    chosen: Sequence[Description], runs: Sequence[DrawnRun], draw: int, runs_dir: Path | None
) -> Iterator[Picture]:
    """The chosen figures in their order, or where only runs are named, all that belong to them."""
    from tui.cli.figure_runs import DrawnRun
    from tui.figures.catalogue import FIGURES
    from tui.figures.picture import NothingToDrawError

    root = runs_folder(runs_dir)
    named = any(figure.needs_run for figure in chosen)
    for figure in FIGURES.values():
        of = list(runs)
        if figure in chosen:
            if figure.needs_run and not runs:
                recipes = map(load_recipe, figure.recipes)
                of = [DrawnRun.of_recipe(recipe, root, runs_dir) for recipe in recipes]
        elif not named:
            of = [run for run in runs if figure.belongs_to(run.experiment.recipe)]
        else:
            of = []
        try:
            if of or figure in chosen:
                yield from figure.draw(of, draw)
        except NothingToDrawError as error:
            if figure in chosen:
                raise CommandError(str(error), ExitCode.USAGE) from error
            warn(str(error))


def _writer(folder: Path, kind: Format) -> Callable[[Picture], None]:
    """Writes pictures into a folder that is made if it is missing; raises `CommandError`."""
    try:
        from tui.figures.files import write_picture
    except ImportError as error:
        raise CommandError(
            f"{kind.upper()} files need the package matplotlib: pip install 'mnist-tui[figures]'",
            ExitCode.USAGE,
        ) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CommandError(
            f"--save {folder}: {reason_of(error)}; name another folder, which may be new",
            ExitCode.USAGE,
        ) from error

    def write(picture: Picture) -> None:
        sys.stdout.write(f"{write_picture(folder, picture, kind)}\n")
        sys.stdout.flush()

    return write


def _print(picture: Picture) -> None:
    """Draw a picture in characters, its panels below one another."""
    from tui.app.widgets.figures import figure_strips, long_legend
    from tui.app.widgets.plain import plain_text
    from tui.lessons.figures import Chart

    terminal, width = of_output()
    title = textwrap.wrap(picture.title, width)
    parts = ["\n".join((*title, "=" * max(map(len, title))))]
    for panel in picture.panels:
        fitted, height = _fitted(panel, width)
        strips = figure_strips([fitted], width, height, terminal)
        if isinstance(fitted, Chart):
            strips += long_legend(fitted, width, height, terminal)
        parts.append(plain_text(strips, terminal))
    sys.stdout.write("\n\n".join(parts) + "\n\n")
    sys.stdout.flush()


def _fitted(panel: Figure, width: int) -> tuple[Figure, int]:
    """The panel as it fits the width, and the lines to draw it in."""
    from tui.lessons.figures import Chart, Digits, Surface, Table

    match panel:
        case Digits():
            columns = max(1, min(panel.columns, width // _TILE))
            return replace(panel, columns=columns), _TALL * -(-len(panel.images) // columns)
        case Table():
            return panel, len(panel.rows) + 1
        case Chart(plane=True) | Surface():
            return panel, 24
        case _:
            return panel, 18
