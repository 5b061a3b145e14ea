"""The training step in each of several processes that share a batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from nn.arrays import Array, aligned_zeros
from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor
from nn.events import Score
from nn.network.layers import Matmul
from nn.network.model import build_model, vector_size
from nn.network.normalization import BATCH_SUMS
from nn.network.predictor import Predictor
from nn.parallel.barrier import Barrier
from nn.parallel.gathering import Gathering
from nn.parallel.shared_memory import Layout, even_slices
from nn.spec import DataSpec
from nn.training.averaging import WeightAverage
from nn.training.max_norm import limit_norms
from nn.training.optimizers import RULES, make_optimizer
from nn.training.step import TrainingStep


def vector_layout(config: TrainConfig, spec: DataSpec, processes: int) -> Layout:
    """The shared vectors of a run: parameters, optimizer state, and each process's gradients.

    With batch normalization there are the sums, too, that the processes exchange.
    """
    size, trained = vector_size(config, spec)
    names = ["parameters", *(f"gradients.{rank}" for rank in range(processes))]
    if config.average_decay:
        names.append("average")
    layout: dict[str, tuple[Sequence[int], str]] = dict.fromkeys(names, ((size,), config.dtype))
    for slot in RULES[config.optimizer].slots:
        layout[f"optimizer.{slot}"] = (trained,), config.dtype
    if config.batch_norm and config.hidden:
        layout["sums"] = (2, processes, BATCH_SUMS, max(config.hidden)), config.dtype
    return layout


class Replica(TrainingStep):
    """The training step as the process of rank `rank` computes it, one of `size` processes.

    Each process computes the gradient of its rows of the batch. It then adds up the gradients of
    all processes for its slice of the parameters, and updates that slice: data parallelism, with
    the optimizer divided as in Rajbhandari et al., "ZeRO: memory optimizations toward training
    trillion parameter models", SC 2020.
    """

    def __init__(
        self,
        config: TrainConfig,
        splits: Mapping[str, Split],
        preprocessor: Preprocessor,
        vectors: Mapping[str, Array],
        barrier: Barrier,
        *,
        rank: int,
        size: int,
        matmul: Matmul,
    ) -> None:
        """`vectors` are those of `vector_layout`, in shared memory."""
        parameters, gradients = vectors["parameters"], vectors[f"gradients.{rank}"]
        spec, last = splits["train"].spec, rank == size - 1
        part = even_slices(vector_size(config, spec)[1], size)[rank]
        state = {slot: vectors[f"optimizer.{slot}"][part] for slot in RULES[config.optimizer].slots}
        average = None
        if config.average_decay:
            evaluated = vectors["average"]
            # The statistics of batch normalization, which follow the last part, belong to it.
            own = slice(part.start, None if last else part.stop)
            average = WeightAverage(config.average_decay, parameters[own], evaluated[own])
        super().__init__(
            config,
            splits["train"],
            preprocessor,
            build_model(config, spec, vectors=(parameters, gradients), matmul=matmul),
            make_optimizer(config, parameters[part], gradients[part], state),
            average=average,
        )
        self._raw = self.predictor = Predictor(config, self.model, preprocessor, spec)
        if average:
            model = build_model(
                config, spec, vectors=(evaluated, aligned_zeros(evaluated.size, evaluated.dtype))
            )
            self.predictor = Predictor(config, model, preprocessor, spec)
        self._keeps_statistics = last
        if self.model.norms:
            gather = Gathering(vectors["sums"], barrier, rank)
            for norm in self.model.norms:
                norm.gather = gather
        self.rank, self._size = rank, size
        self._splits, self._barrier = splits, barrier
        self._other_gradients = [
            vectors[f"gradients.{other}"][part] for other in range(size) if other != rank
        ]

    def compute_gradient(self, index: Array, step: int) -> float:
        """The loss of the whole batch; its gradient in this process's slice of the parameters."""
        loss = self._barrier.sum(self._gradient_of_share(index, step))
        if math.isfinite(loss):
            for gradients in self._other_gradients:
                self.optimizer.gradients += gradients
        return loss

    def _gradient_of_share(self, index: Array, step: int) -> float:
        """Forward and backward over this process's rows; returns their share of the mean loss."""
        batch_size = len(index)
        own = self._share(batch_size)
        rows = index[own]
        if not len(rows):
            self._pass_without_images()
            return 0.0
        share = len(rows) / batch_size
        loss = self.forward(rows, step, first=own.start, batch_size=batch_size)
        # Scaling the gradient of the outputs, the smallest array, scales all that follow from it.
        grad_output = self._loss.backward()
        grad_output *= share
        self.model.backward(grad_output)
        return share * loss

    def _pass_without_images(self) -> None:
        """Set the gradients to 0, and take part in the exchanges of batch normalization."""
        if not self.model.norms:
            self.model.gradients[...] = 0
            return
        inputs, *_, outputs = self.model.sizes
        dtype = self.model.parameters.dtype
        self.model.forward(np.empty((0, inputs), dtype), training=True)
        self.model.backward(np.empty((0, outputs), dtype))

    def squared_norm(self) -> float:
        """The square of the whole gradient's L2 norm."""
        return self._barrier.sum(super().squared_norm())

    def limit_norms(self, limit: float) -> None:
        """Bound the weights into this process's share of the units of each hidden layer."""
        self._barrier.sync()  # all processes have updated their slices of the weights
        for linear in self.model.linears[:-1]:
            limit_norms(linear.weight[:, self._share(linear.out_features)], limit)

    def update_statistics(self) -> None:
        """Take the batch into the running statistics, which all processes share."""
        if self._keeps_statistics:
            super().update_statistics()

    def update_average(self, average: WeightAverage, updates: int) -> None:
        """Take this process's part of the weights into the average."""
        if self._max_norm:
            self._barrier.sync()  # all processes have bounded their share of the units
        super().update_average(average, updates)

    def score(self, name: str, *, raw: bool = False) -> Score:
        """Mean loss and accuracy over a split, of which each process computes its share."""
        split, predictor = self._splits[name], self._raw if raw else self.predictor
        n = len(split)
        loss, correct = predictor.totals(split[self._share(n)])
        return Score(self._barrier.sum(loss) / n, int(self._barrier.sum(correct)) / n)

    def _share(self, rows: int) -> slice:
        """This process's share of `rows` rows."""
        return slice(rows * self.rank // self._size, rows * (self.rank + 1) // self._size)
