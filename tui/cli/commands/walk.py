"""`mnist-tui walk`: a few training steps on a few images, with every probability."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

from nn.analysis.step_arrays import Pass
from nn.analysis.walk import DEFAULT_FIELDS, DEFAULT_IMAGES, FIELDS, JUDGED_IMAGES, Walk
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import ConfigError
from nn.network.model import layer_sizes
from nn.options import format_value
from nn.spec import MNIST, DataSpec
from tui.cli.data import load_and_tell
from tui.cli.flags import WHOLE, ConfigFlag, RecipeFlag, config_flags_of, experiment_of
from tui.cli.reporters.json_lines import write_json
from tui.system.exits import ExitCode

MOST_STEPS = 100_000
_DEFAULT_STEPS = 5


@config_flags_of(FIELDS, DEFAULT_FIELDS)
def walk(
    *,
    recipe: RecipeFlag = None,
    config: ConfigFlag = None,
    steps: Annotated[
        int, WHOLE, Parameter(help="Steps to make", metavar="N", show_default=True)
    ] = _DEFAULT_STEPS,
    images: Annotated[
        str,
        Parameter(
            help="Training images by their indices, joined by commas",
            metavar="I,J,...",
            show_default=True,
        ),
    ] = ",".join(map(str, range(DEFAULT_IMAGES))),
    json: Annotated[bool, Parameter(help="Print one JSON object")] = False,
    **flags: Any,
) -> ExitCode:
    """Print every probability of a few images, and the loss, before and after each step."""
    if not 0 <= steps <= MOST_STEPS:
        raise ConfigError(f"--steps {steps}: must be at least 0 and at most {MOST_STEPS:,}")
    effective = experiment_of(recipe, config, flags, base=DEFAULT_FIELDS).config
    dataset = load_and_tell(effective.data_dir)
    index = _indices(images, len(dataset.train))
    walked = Walk.of(effective, dataset.train, np.array(index))
    if json:
        write_json(_record(walked, dataset, index, steps), sys.stdout)
    else:
        for line in _lines(walked, dataset, index, steps):
            sys.stdout.write(f"{line}\n")
    return ExitCode.FAILURE if walked.diverged else ExitCode.SUCCESS


def _indices(text: str, count: int) -> list[int]:
    """The numbers of a list; raises `ConfigError` for any that is no image of the training set."""
    index = []
    for word in text.split(","):
        if not (word.strip().isascii() and word.strip().isdigit() and int(word) < count):
            raise ConfigError(
                f"--images {text}: {word.strip() or 'an empty word'} is not the index of a training"
                f" image; these are 0 to {count - 1:,}, joined by commas"
            )
        index.append(int(word))
    return index


def network_words(config: TrainConfig, spec: DataSpec = MNIST) -> str:
    """The network of a walk in a few words."""
    sizes = "-".join(map(str, layer_sizes(config, spec)))
    activation = f" {config.activation}" if config.hidden else ""
    rate = format_value(config.learning_rate)
    return f"{sizes}{activation}, {config.loss}, {config.optimizer} at rate {rate}"


def _lines(walked: Walk, dataset: Dataset, index: list[int], steps: int) -> Iterator[str]:
    judged, spec = dataset.test[:JUDGED_IMAGES], dataset.spec
    yield network_words(walked.config, spec)
    numbers = ", ".join(map(str, index))
    yield f"{dataset.name}, training images {numbers}, all of them in every step"
    yield f"rows: image, label t, and the {spec.classes} probabilities; * marks the target"
    if walked.normalizes:
        yield "probabilities with running statistics; losses with those of the batch"
    if walked.adds_noise:
        yield "probabilities without noise; losses with the noise of the step"
    if walked.drops:
        yield "probabilities without dropout; losses with the dropout masks of the step"
    if spec.has_names:
        yield "classes: " + ", ".join(map(spec.named, range(spec.classes)))
    yield _accuracy(walked, len(judged), walked.accuracy(judged), "before")
    for step in range(steps + 1):
        here = walked.go(step)
        yield ""
        yield f"step {walked.step}, loss {here.loss:.6f}{_clipping(here)}"
        yield "image  t " + "".join(f"{digit:>5} " for digit in range(spec.classes)) + " predicted"
        rows = zip(index, walked.batch.labels, here.probabilities, walked.targets, strict=True)
        for number, label, row, targets in rows:
            cells = "".join(
                f"{value:5.3f}{'*' if target == targets.max() else ' '}"
                for value, target in zip(row, targets, strict=True)
            )
            predicted = int(row.argmax())
            verdict = "right" if predicted == label else "wrong"
            yield f"{number:>5} {label:>2} {cells} {predicted} {verdict}"
        if walked.diverged:
            yield ""
            yield f"diverged: the loss of step {walked.step} is not finite; try a lower --lr"
            break
    yield ""
    yield _accuracy(walked, len(judged), walked.accuracy(judged), f"after step {walked.step}")


def _clipping(here: Pass) -> str:
    """The norm of all gradients and the factor that clips them, where they are clipped at all."""
    if "factor" not in here.values:
        return ""
    norm, factor = (f"{float(here.values[name]):.4g}" for name in ("norm", "factor"))
    return f", gradient norm {norm}, clip factor {factor}"


def _accuracy(walked: Walk, count: int, accuracy: float, when: str) -> str:
    return f"accuracy on the first {count} test images {when}: {accuracy:.2%}"


def _record(walked: Walk, dataset: Dataset, index: list[int], steps: int) -> dict[str, Any]:
    judged = dataset.test[:JUDGED_IMAGES]
    before = walked.accuracy(judged)
    made: list[dict[str, Any]] = []
    for step in range(steps + 1):
        here = walked.go(step)
        if len(made) > walked.step:
            break
        made.append(
            {
                "step": walked.step,
                "loss": here.loss,
                "probabilities": here.probabilities.tolist(),
                "predicted": here.probabilities.argmax(axis=1).tolist(),
                "gradient_norms": dict(here.gradient_norms),
            }
        )
        if "factor" in here.values:
            made[-1]["clip_factor"] = float(here.values["factor"])
    return {
        "configuration": {name: getattr(walked.config, name) for name in FIELDS},
        "dataset": dataset.name,
        "images": index,
        "labels": walked.batch.labels.tolist(),
        "targets": walked.targets.tolist(),
        "judged_images": len(judged),
        "accuracy_before": before,
        "accuracy_after": walked.accuracy(judged),
        "diverged": walked.diverged,
        "steps": made,
    }
