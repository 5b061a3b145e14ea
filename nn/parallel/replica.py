"""The training step in each of several processes that share a batch."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor
from nn.events import Score
from nn.network.layers import Matmul
from nn.network.model import build_model, layer_sizes, parameter_count
from nn.network.predictor import Predictor
from nn.parallel.barrier import Barrier
from nn.parallel.shared_memory import Layout, even_slices
from nn.spec import DataSpec
from nn.training.max_norm import limit_norms
from nn.training.optimizers import RULES, make_optimizer
from nn.training.step import TrainingStep


def vector_layout(config: TrainConfig, spec: DataSpec, processes: int) -> Layout:
    """The shared vectors of a run: parameters, optimizer state, and each process's gradients."""
    vector = (parameter_count(layer_sizes(config, spec)),), config.dtype
    names = ["parameters", *(f"optimizer.{slot}" for slot in RULES[config.optimizer].slots)]
    return dict.fromkeys([*names, *(f"gradients.{rank}" for rank in range(processes))], vector)


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
        part, spec = even_slices(parameters.size, size)[rank], splits["train"].spec
        state = {slot: vectors[f"optimizer.{slot}"][part] for slot in RULES[config.optimizer].slots}
        super().__init__(
            config,
            splits["train"],
            preprocessor,
            build_model(config, spec, vectors=(parameters, gradients), matmul=matmul),
            make_optimizer(config, parameters[part], gradients[part], state),
        )
        self.predictor = Predictor(config, self.model, preprocessor, spec)
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
        batch = len(index)
        own = self._share(batch)
        rows = index[own]
        if not len(rows):
            self.model.gradients[...] = 0
            return 0.0
        share = len(rows) / batch
        loss = self.forward(rows, step, first=own.start, of=batch)
        # Scaling the gradient of the outputs, the smallest array, scales all that follow from it.
        grad_output = self._loss.backward()
        grad_output *= share
        self.model.backward(grad_output)
        return share * loss

    def squared_norm(self) -> float:
        """The square of the whole gradient's L2 norm."""
        return self._barrier.sum(super().squared_norm())

    def limit_norms(self, limit: float) -> None:
        """Bound the weights into this process's share of the units of each hidden layer."""
        self._barrier.sync()  # all processes have updated their slices of the weights
        for linear in self.model.linears[:-1]:
            limit_norms(linear.weight[:, self._share(linear.out_features)], limit)

    def score(self, name: str) -> Score:
        """Mean loss and accuracy over a split, of which each process computes its share."""
        split = self._splits[name]
        n = len(split)
        loss, correct = self.predictor.totals(split[self._share(n)])
        return Score(self._barrier.sum(loss) / n, int(self._barrier.sum(correct)) / n)

    def _share(self, rows: int) -> slice:
        """This process's share of `rows` rows."""
        return slice(rows * self.rank // self._size, rows * (self.rank + 1) // self._size)
