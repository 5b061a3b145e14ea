"""`mnist-tui import`: the weights of another program become a saved run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from nn.config import ActivationName
from tui.cli.flags import RunsDirFlag
from tui.recording.folder import reference, runs_folder
from tui.system.exits import ExitCode


def import_(
    file: Annotated[
        Path,
        Parameter(
            help="Weights as .npz, safetensors, Keras (.keras, .h5) or ONNX; or a model file",
            metavar="FILE",
        ),
    ],
    /,
    *,
    activation: Annotated[
        ActivationName | None,
        Parameter(
            help="Activation of the hidden layers, in place of the one that the file names or that"
            " recognizes most test digits",
            metavar="NAME",
        ),
    ] = None,
    name: Annotated[
        str | None,
        Parameter(
            help="End of the run's name, in place of the file's name",
            metavar="LABEL",
        ),
    ] = None,
    data_dir: Annotated[
        str,
        Parameter(
            help="Folder with the images that it was trained on; MNIST if left out",
            metavar="FOLDER",
        ),
    ] = "",
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Keep the network of another program as a saved run."""
    from functools import cache

    from tui.cli.data import load_and_tell
    from tui.formatting import percent
    from tui.recording.importing import import_model

    run, remarks = import_model(
        file,
        runs_folder(runs_dir),
        cache(lambda: load_and_tell(data_dir)),
        activation=activation,
        label=name,
        data_dir=data_dir,
    )
    for remark in remarks:
        sys.stderr.write(f"{remark}\n")
    assert run.record.best is not None
    accuracy = percent(run.record.best.test.accuracy)
    sys.stderr.write(f"test accuracy {accuracy}; saved as run {reference(run.path)}\n")
    sys.stdout.write(f"{run.name}\n")
    return ExitCode.SUCCESS
