"""The process in which a learner's file is executed.

It reads `request.npz` and writes what the code computed to `result.npz`. The working directory is a
temporary folder. Standard output belongs to the learner's code and is dropped.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from nn.arrays import Array
from tui.checking.discovery import Net, NotFoundError, find
from tui.checking.names import data_in, outputs_in
from tui.checking.penalty import OTHER_WEIGHTS
from tui.checking.recorder import Recorder
from tui.checking.reference import LEARNING_RATE, PARAMETERS
from tui.checking.request import BATCH, MANY
from tui.checking.speed import our_step
from tui.system.memory import limit_address_space

MODULE = "learner"
_RATES = re.compile(r"(learning_?rate|lr|eta|alpha|step_size)", re.I)


class UnusableGradientError(Exception):
    """A gradient is missing or has another shape than its parameter; the facts and arrays tell."""


class Learner:
    """What the code computed, collected step by step; an error keeps what came before it."""

    def __init__(self, path: Path, request: Mapping[str, Array]) -> None:
        self.path, self.request = path, request
        self.arrays: dict[str, Array] = {}
        self.facts: dict[str, Any] = {}
        self._stage = Path("stage").absolute()  # the code may change the working directory
        self._enter("import")

    @np.errstate(all="ignore")
    def collect(self) -> None:
        """Run, and turn whatever the code raises into facts."""
        try:
            self.run()
        except UnusableGradientError:
            pass
        except NotFoundError as error:
            self.facts |= {"error": "NotFound", "message": str(error)}
        except (Exception, SystemExit) as error:
            last = [
                entry
                for entry in traceback.extract_tb(error.__traceback__)
                if entry.filename == str(self.path)
            ]
            self.facts |= {
                "error": type(error).__name__,
                "message": " ".join(str(error).split())[:300],
                "line": last[-1].lineno if last else getattr(error, "lineno", None),
                "code": last[-1].line if last else None,
            }

    def run(self) -> None:
        """Execute the file, then everything that can be compared."""
        module = self._import()
        self._data(module)
        self._enter("find")
        net = find(module)
        self._enter("initial weights")
        self.facts["shape"] = type(net).__name__
        if getattr(net, "own", False):
            self.arrays |= {f"initial {n}": np.array(v, float) for n, v in net.parameters.items()}
        self._problem(net)
        self._pass(net)
        self._update(net)
        self._train(net, module)
        self._enter("done")

    def _enter(self, stage: str) -> None:
        """Note how far the code came, also in a file, for the case that the process is killed."""
        self.facts["stage"] = stage
        self._stage.write_text(stage, encoding="utf-8")

    def _import(self) -> ModuleType:
        sys.path.insert(0, str(self.path.parent))
        sys.argv = [str(self.path)]
        spec = importlib.util.spec_from_file_location(MODULE, self.path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[MODULE] = module
        spec.loader.exec_module(module)
        return module

    def _data(self, module: ModuleType) -> None:
        """The training images and labels that the file loads, the first thousand."""
        self._enter("data")
        found = data_in(module)
        if found is not None:
            images, labels = found
            self.arrays |= {"data images": images[:1000], "data labels": labels[:1000]}

    def _problem(self, net: Net) -> None:
        """Give the network weights of our own, in the shapes of its own."""
        missing = [name for name in PARAMETERS if name not in net.parameters]
        if missing or len(net.parameters) > len(PARAMETERS):
            names = ", ".join(sorted(net.parameters))
            raise NotFoundError(f"its parameters are {names}, not W1, b1, W2 and b2")
        x, rng = self.request["x"], np.random.default_rng(1)
        shape = np.shape(net.parameters["W1"])
        net.columns = len(shape) == 2 and shape[0] != x.shape[1] and shape[1] == x.shape[1]
        self.facts["columns"] = net.columns
        values = {name: rng.normal(0, 0.1, np.shape(net.parameters[name])) for name in PARAMETERS}
        net.assign(values)
        self.given = values
        for name, value in values.items():
            self.arrays[name] = net.of_reference(name, value)

    def _pass(self, net: Net) -> None:
        """Outputs, loss and gradients of one batch; labels one-hot first, then as numbers."""
        self._enter("forward")
        x, one_hot = self.request["x"], self.request["t"]
        given = net.turned(x)
        before, stored = given.copy(), {name: v.copy() for name, v in net.parameters.items()}
        self.arrays["outputs"] = net.in_rows(outputs_in(net.forward(given)))
        if not np.array_equal(given, before):
            self.facts["changes"] = "x"
        self._enter("loss")
        targets, loss = self._with_targets(net, lambda t: net.loss(before.copy(), t), one_hot)
        if loss is not None:
            self.arrays["loss"] = np.asarray(loss, float)
            net.assign({name: OTHER_WEIGHTS * value for name, value in self.given.items()})
            self.arrays["loss elsewhere"] = np.asarray(net.loss(before.copy(), targets), float)
            net.assign(self.given)
        self._enter("gradient")
        with Recorder(self.path) as recorder:
            targets, gradients = self._with_targets(
                net, lambda t: net.gradients(before.copy(), t), one_hot
            )
        self._targets = targets
        if not gradients:
            raise NotFoundError(
                "its gradient function returns no gradients named after W1, b1, W2 and b2"
            )
        self.facts["targets"] = "labels" if targets.ndim == 1 else "one-hot"
        for name, value in gradients.items():
            self.arrays[f"d{name}"] = net.of_reference(name, np.array(value))
        for k, (name, value) in enumerate(recorder.seen):
            self.arrays[f"seen.{k}.{name}"] = value.T if net.columns and value.ndim == 2 else value
        for name, value in stored.items():
            if not np.array_equal(net.parameters[name], value):
                self.facts["changes"] = name
        net.assign(self.given)
        again = net.gradients(before.copy(), net.turned(targets))
        for name, value in again.items():
            if not np.allclose(value, gradients[name], equal_nan=True):
                self.facts["accumulates"] = name
        net.assign(self.given)
        # Large logits: a softmax without subtraction of the largest overflows.
        net.assign({**self.given, "W2": self.given["W2"] * 1e4})
        with np.errstate(all="ignore"):
            large = outputs_in(net.forward(before.copy()))
        self.facts["overflows"] = not bool(np.isfinite(large).all())
        net.assign(self.given)

    def _with_targets(
        self, net: Net, call: Callable[[Array], Any], one_hot: Array
    ) -> tuple[Array, Any]:
        try:
            return one_hot, call(net.turned(one_hot))
        except (IndexError, ValueError, TypeError):
            try:
                return (labels := one_hot.argmax(axis=1)), call(labels)
            except Exception:
                pass
            raise

    def _update(self, net: Net) -> None:
        self._enter("update")
        x = net.turned(self.request["x"])
        self._complete(net, net.gradients(x.copy(), net.turned(self._targets)))
        for count in (1, MANY):
            net.assign(self.given)
            own = False
            for _ in range(count):
                gradients = net.gradients(x.copy(), net.turned(self._targets))
                own = self._descend(net, gradients, LEARNING_RATE)
            self.facts["own update"] = own
            prefix = "new" if count == 1 else f"{count} updates"
            for name, value in net.parameters.items():
                self.arrays[f"{prefix} {name}"] = net.of_reference(name, np.array(value, float))

    def _complete(self, net: Net, gradients: Mapping[str, Array]) -> None:
        """Stop where a gradient is missing, unless the learner's update does without its name."""
        missing = [name for name in PARAMETERS if name not in gradients]
        if not missing:
            return
        try:
            if net.update(gradients, LEARNING_RATE):
                same = [np.array_equal(net.parameters[name], self.given[name]) for name in missing]
                missing = [name for name, unchanged in zip(missing, same, strict=True) if unchanged]
        except KeyError:
            pass
        if missing:
            self.facts["missing gradients"] = missing
            raise UnusableGradientError

    def _descend(self, net: Net, gradients: Mapping[str, Array], rate: float) -> bool:
        if net.update(gradients, rate):
            return True
        for name, value in gradients.items():
            parameter = net.parameters[name]
            if np.size(value) != parameter.size:
                raise UnusableGradientError(f"the gradient of {name} has {np.size(value)} elements")
            parameter -= rate * np.reshape(value, parameter.shape)
        return False

    def _train(self, net: Net, module: ModuleType) -> None:
        """A hundred steps at the study notes' rate, and at the rate that the file names."""
        self._enter("train")
        net.assign(self.given)
        accuracy, seconds = self._hundred_steps(net, LEARNING_RATE)
        self.facts |= {
            "accuracy": accuracy,
            "seconds": seconds,
            "our seconds": our_step(self.request),
        }
        rate = next(
            (
                value
                for name, value in vars(module).items()
                if _RATES.fullmatch(name) and isinstance(value, int | float)
            ),
            None,
        )
        if rate is not None:
            net.assign(self.given)
            self.facts |= {
                "rate": float(rate),
                "accuracy at rate": self._hundred_steps(net, float(rate))[0],
            }

    def _hundred_steps(self, net: Net, rate: float) -> tuple[float, float]:
        images, labels = self.request["images"], self.request["labels"]
        times = []
        with np.errstate(all="ignore"):
            for step in range(len(images) // BATCH):
                start = time.perf_counter()
                rows = slice(step * BATCH, (step + 1) * BATCH)
                x = net.turned(images[rows] / 255.0)
                t = (
                    np.eye(10)[labels[rows]]
                    if self._targets.ndim == 2
                    else labels[rows].astype(int)
                )
                self._descend(net, net.gradients(x, net.turned(t)), rate)
                times.append(time.perf_counter() - start)
            test = net.turned(self.request["test images"] / 255.0)
            outputs = net.in_rows(outputs_in(net.forward(test)))
        return float(np.mean(outputs.argmax(axis=1) == self.request["test labels"])), float(
            np.median(times)
        )


def main() -> None:
    """Do what the request in the working directory says, and leave the result there."""
    folder = Path.cwd()
    with np.load(folder / "request.npz", allow_pickle=False) as request:
        arrays = dict(request)
    path = Path(sys.argv[1])
    limit_address_space(int(sys.argv[2]))
    learner = Learner(path, arrays)
    learner.collect()
    np.savez(folder / "result.npz", allow_pickle=False, **learner.arrays)
    (folder / "result.json").write_text(json.dumps(learner.facts), encoding="utf-8")
