"""Command-line flags made from the fields of `TrainConfig`, and the configuration from flags."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import Group, Parameter, Token

from nn.config import (
    DEFAULTS,
    FIELDS,
    TrainConfig,
    check_value,
    choices,
    field_types,
    flag,
)
from nn.errors import ConfigError, StorageError, file_in_place_of
from nn.options import Value, format_value
from nn.storage.runs import Which
from nn.toml import load_toml
from tui.recording.experiment import Experiment

Command = TypeVar("Command", bound=Callable[..., Any])

SAVING = Group("Saved runs", sort_key=2)


def _whole(_: object, tokens: Sequence[Token]) -> int:
    text = tokens[0].value
    try:
        return int(text)
    except ValueError:
        name = tokens[0].keyword
        raise ConfigError(f"{name} {text}: must be a whole number") from None


# Of every flag that is a whole number: cyclopts would round 1.5, and read 0x10.
WHOLE = Parameter(converter=_whole)

# Groups in the order of the fields; cyclopts would sort them by name.
_GROUPS = {
    name: Group(name, sort_key=position)
    for position, name in enumerate(dict.fromkeys(option.group for option in FIELDS.values()), 10)
}


def config_flags(command: Command) -> Command:
    """Give a command that ends in `**flags` one flag for each field of `TrainConfig`.

    Only typed flags arrive in `flags`, by field name and already checked, as a layer for
    `TrainConfig.layered`.
    """
    return config_flags_of(FIELDS, {})(command)


def config_flags_of(
    names: Iterable[str], defaults: Mapping[str, Value]
) -> Callable[[Command], Command]:
    """`config_flags` of these fields only, with other defaults than those of `TrainConfig`."""

    def decorate(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        flags = [_parameter(name, {**DEFAULTS, **defaults}[name]) for name in names]
        parameters = own + flags
        command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return command

    return decorate


def _parameter(name: str, default: Value) -> inspect.Parameter:
    option = FIELDS[name]
    kind = field_types()[name]

    def convert(kind: Any, tokens: Sequence[Token]) -> Value:
        return check_value(name, tokens[0].value)

    described = Parameter(
        name=flag(name),
        alias=option.flags,
        help=option.help,
        group=_GROUPS[option.group],
        # A switch carries no text to parse; cyclopts sets it from --name and --no-name.
        converter=None if kind is bool else convert,
        negative=f"--no-{flag(name)[2:]}" if kind is bool else None,
        metavar="N-N..." if isinstance(default, tuple) else None,
        show_default=False if default in ("", ()) else format_value,
    )
    # Cyclopts reads a tuple as a flag with several values; here it is one word, such as 64-16.
    annotation = kind if kind in (bool, int, float) or choices(name) else str
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[annotation, described],
    )


def recipe_completions(_: object) -> list[str]:
    """The names of all recipes, for a shell that completes one."""
    from nn.recipes import recipe_names

    return list(recipe_names())


def run_completions(_: object) -> list[str]:
    """The names of the saved runs and `last`, for a shell that completes one."""
    from nn.storage.runs import run_names
    from tui.recording.folder import runs_folder

    try:
        return ["last", *run_names(runs_folder())]
    except StorageError:
        return []


def _require_folder(_: object, folder: Path | None) -> None:
    """Refuse a file in place of the folder of the runs before anything is read or written."""
    if folder is not None and (found := file_in_place_of(str(folder))) is not None:
        raise ConfigError(
            f"--runs-dir {folder}: {found} is a file; name a folder, which may be new"
        )


RecipeFlag = Annotated[
    str | None,
    Parameter(
        help="Start from a named experiment; `mnist-tui recipes` lists them",
        metavar="NAME",
        completer=recipe_completions,
    ),
]
RunArgument = Annotated[
    str,
    Parameter(
        help="Name of a saved run, a part of it, its folder, or last",
        metavar="RUN",
        completer=run_completions,
    ),
]
WhichFlag = Annotated[
    Which,
    Parameter(
        help="Weights of the evaluation with the highest validation accuracy, without validation"
        " images of the last one; or of the end",
        show_default=True,
    ),
]
RunsDirFlag = Annotated[
    Path | None,
    Parameter(
        help="Folder of the saved runs, in place of $MNIST_TUI_RUNS_DIR and the user's data folder",
        metavar="FOLDER",
        group=SAVING,
        validator=_require_folder,
    ),
]
ConfigFlag = Annotated[
    Path | None,
    Parameter(
        help="TOML file of fields, as --print-config writes; overrides the recipe", metavar="FILE"
    ),
]


def experiment_of(
    recipe: str | None,
    config_file: Path | None,
    typed: Mapping[str, object],
    *,
    base: Mapping[str, object] | None = None,
) -> Experiment:
    """The experiment that a command line describes.

    Precedence, lowest first: defaults, recipe, configuration file, flags typed. Where no recipe is
    named, `base` stands in its place.
    """
    fields: Mapping[str, object] = base or {}
    if recipe is not None:
        from nn.recipes import load_recipe

        fields = load_recipe(recipe).fields
    file_fields = {} if config_file is None else _checked_file(config_file)
    config = TrainConfig.layered(fields, file_fields, typed)
    return Experiment(config, recipe, TrainConfig.layered(fields))


def _checked_file(path: Path) -> Mapping[str, object]:
    fields = load_toml(path)
    try:
        for name, value in fields.items():
            check_value(name, value)
    except ConfigError as error:
        raise ConfigError(f"config file {path}: {error}", field=error.field) from error
    return fields
