"""One training step, as each of the processes computes it that share the work; or the only one."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nn.arrays import Array, Buffer
from nn.config import TrainConfig
from nn.data.dataset import CLASSES, PIXELS, Split
from nn.data.preprocessing import Preprocessor
from nn.events import Score
from nn.network.losses import LOSSES, target_rows
from nn.network.model import build_model, layer_sizes, parameter_count
from nn.network.predictor import Predictor
from nn.parallel.barrier import Barrier, Layout, even_slices
from nn.training.optimizers import RULES, clip_factor, make_optimizer
from nn.training.randomness import Stream, stream


def vector_layout(config: TrainConfig, processes: int) -> Layout:
    """The flat vectors of a run: parameters, optimizer state, and each process's gradients."""
    vector = (parameter_count(layer_sizes(config)),), config.dtype
    names = ["parameters", *(f"optimizer.{slot}" for slot in RULES[config.optimizer].slots)]
    return dict.fromkeys([*names, *(f"gradients.{rank}" for rank in range(processes))], vector)


class Replica:
    """The network in one of the processes that have parameters, optimizer state and gradients in common.

    Each computes the gradient of its rows of the batch, then adds up all the gradients of its part of the
    parameters and updates that part: data parallelism, with the optimizer divided as in Rajbhandari et al.,
    "ZeRO: memory optimizations toward training trillion parameter models", SC 2020.
    """

    def __init__(
        self,
        config: TrainConfig,
        train: Split,
        preprocessor: Preprocessor,
        vectors: Mapping[str, Array],
        peers: Barrier,
        *,
        product_limit: int,
    ) -> None:
        """`vectors` are those of `vector_layout`; `product_limit` is for `nn.network.layers.row_blocks`."""
        rank, parameters = peers.rank, vectors["parameters"]
        self.train, self._peers, self._clip_norm = train, peers, config.clip_norm
        self.dropout_rng = stream(config.seed, Stream.DROPOUT, *([rank] if rank else []))
        self.model = build_model(
            config,
            rng=self.dropout_rng,
            vectors=(parameters, vectors[f"gradients.{rank}"]),
            product_limit=product_limit,
        )
        part = even_slices(parameters.size, peers.size)[rank]
        self._gradients = self.model.gradients[part]
        self._other_gradients = [
            vectors[f"gradients.{other}"][part] for other in range(peers.size) if other != rank
        ]
        state = {slot: vectors[f"optimizer.{slot}"][part] for slot in RULES[config.optimizer].slots}
        self.optimizer = make_optimizer(config, parameters[part], self._gradients, state)
        self.predictor = Predictor(config, self.model, preprocessor)
        self.clip_factor = 1.0
        self._loss = LOSSES[config.loss]()
        # One column a class. A batch's targets are gathered as columns too, as the softmax reads them.
        self._targets = target_rows(CLASSES, smoothing=config.label_smoothing, dtype=config.dtype).T
        self._labels = train.labels.astype(np.intp)  # as np.take wants indices
        self._pixels, self._inputs = Buffer(), Buffer()
        self._batch_labels, self._batch_targets = Buffer(), Buffer()

    def step(self, index: Array, learning_rate: float) -> float:
        """One update on the training images of these indices; returns the loss before it.

        A loss that is not finite updates nothing. Of that NumPy may warn, unless it is told not to.
        """
        loss = self._peers.sum(self._compute_gradient(index[self._share(len(index))], len(index)))
        if math.isfinite(loss):
            for gradients in self._other_gradients:
                self._gradients += gradients
            if self._clip_norm:
                self._clip()
            self.optimizer.step(learning_rate)
        return loss

    def _compute_gradient(self, index: Array, batch_size: int) -> float:
        """What these images of a batch contribute to its gradient; returns what they do to its loss."""
        n, dtype = len(index), self.model.parameters.dtype
        pixels = self._pixels.rows(n, PIXELS, np.uint8)
        self.train.images.take(index, 0, pixels, "clip")
        x = self.predictor.preprocessor.transform(pixels, self._inputs.rows(n, PIXELS, dtype))
        (labels,) = self._batch_labels.rows(1, n, np.intp)
        self._labels.take(index, 0, labels, "clip")
        targets = self._batch_targets.rows(CLASSES, n, dtype)
        self._targets.take(labels, 1, targets, "clip")
        loss = self._loss.forward(self.model.forward(x, training=True), targets.T, batch_size)
        self.model.backward(self._loss.backward())
        return loss

    def _clip(self) -> None:
        square = self._peers.sum(float(np.vdot(self._gradients, self._gradients)))
        self.clip_factor = clip_factor(math.sqrt(square), self._clip_norm)
        if self.clip_factor < 1:
            self._gradients *= self.clip_factor

    def score(self, split: Split) -> Score:
        """Mean loss, as trained on, and accuracy over a split, of which each process takes its share."""
        loss, correct = self.predictor.totals(split[self._share(len(split))])
        n = len(split)
        return Score(self._peers.sum(loss) / n, int(self._peers.sum(correct)) / n)

    def _share(self, rows: int) -> slice:
        """This process's rows among so many."""
        rank, size = self._peers.rank, self._peers.size
        return slice(rows * rank // size, rows * (rank + 1) // size)
