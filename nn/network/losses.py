"""The losses: scalar functions of a batch of outputs and targets, each a mean over the batch.

Outputs o and targets t have shape (n, classes); each row of the targets is a distribution over the
classes. `forward` returns the loss L and `backward` its gradient dL/do, in an array that is reused.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nn.arrays import Array, Buffer
from nn.config import DType
from nn.network.layers import sigmoid


def target_rows(classes: int, *, smoothing: float = 0.0, dtype: DType = "float32") -> Array:
    """The targets of all classes, (classes, classes): row c is that of an image of class c.

    t = (1 - smoothing) onehot(c) + smoothing / classes: Szegedy et al., "Rethinking the Inception
    architecture for computer vision", CVPR 2016, section 7.
    """
    targets = np.full((classes, classes), smoothing / classes, dtype)
    targets[np.diag_indices(classes)] += 1 - smoothing
    return targets


class Loss:
    """A scalar function of outputs and targets, with its gradient.

    `backward` may be called once after each `forward`, since it overwrites intermediate results.
    """

    takes_logits: ClassVar[bool] = False  # outputs are any numbers, with no activation before them
    needs_positive: ClassVar[bool] = False  # outputs must be above 0
    sums_to_one: ClassVar[bool] = False  # the probabilities of an image are a distribution

    def __init__(self) -> None:
        self._grad = Buffer()
        self._work = Buffer()

    def forward(self, outputs: Array, targets: Array) -> float:
        """The mean loss of a batch, L."""
        raise NotImplementedError

    def backward(self) -> Array:
        """dL/do (n, classes) at the outputs of the last `forward`."""
        raise NotImplementedError

    def per_image(self, outputs: Array, targets: Array) -> Array:
        """The loss of each image of a batch, whose mean `forward` returns; a new array, (n,)."""
        raise NotImplementedError

    def probabilities(self, outputs: Array) -> Array:
        """The outputs as numbers from 0 to 1, one for each class; a new array, (n, classes)."""
        raise NotImplementedError


class CrossEntropy(Loss):
    """Softmax cross-entropy from logits: L = mean_n(log sum_j exp(o_j) - sum_j t_j o_j).

    dL/do = (softmax(o) - t) / n. The largest logit of each image is subtracted first, so that no
    exponential overflows. `probabilities` is softmax(o). Bishop, "Pattern recognition and machine
    learning", 2006, equations 4.104, 4.108 and 4.109.
    """

    takes_logits = True
    sums_to_one = True

    def __init__(self) -> None:
        super().__init__()
        self._rows = Buffer()

    def forward(self, outputs: Array, targets: Array) -> float:
        # With one row a class, maximum and sum run along whole vectors, not ten numbers at a time.
        n, classes = outputs.shape
        shifted = self._work.rows(classes, n, outputs.dtype)
        exponentials = self._grad.rows(classes, n, outputs.dtype)
        row, total = self._rows.rows(2, n, outputs.dtype)
        np.copyto(shifted, outputs.T)
        shifted -= np.maximum.reduce(shifted, axis=0, out=row)
        np.exp(shifted, exponentials)
        np.add.reduce(exponentials, axis=0, out=total)
        self._softmax = exponentials, total, targets.T
        logs = float(np.add.reduce(np.log(total, row)))
        loss: float = (logs - float(np.vdot(shifted, targets.T))) / n
        return loss

    def backward(self) -> Array:
        grad, total, targets = self._softmax
        grad /= total
        grad -= targets
        grad *= 1 / len(total)
        return grad.T

    def per_image(self, outputs: Array, targets: Array) -> Array:
        shifted = self._shifted(outputs)
        losses: Array = np.log(np.exp(shifted).sum(axis=0)) - (shifted * targets.T).sum(axis=0)
        return losses

    def probabilities(self, outputs: Array) -> Array:
        exponentials = np.exp(self._shifted(outputs))
        exponentials /= exponentials.sum(axis=0)
        return np.ascontiguousarray(exponentials.T)

    @staticmethod
    def _shifted(outputs: Array) -> Array:
        """The outputs less the largest of each image, transposed to (classes, n)."""
        columns = np.ascontiguousarray(outputs.T)
        shifted: Array = columns - columns.max(axis=0)
        return shifted


class BinaryCrossEntropy(Loss):
    """Cross-entropy of the sigmoid s of every output, from logits, summed over the classes.

    L = mean_n sum_j -(t_j log s(o_j) + (1 - t_j) log(1 - s(o_j))), dL/do = (s(o) - t) / n. The
    summand is computed as max(o, 0) - t o + log(1 + exp(-|o|)), in which nothing overflows.
    `probabilities` is s(o). Bishop, "Pattern recognition and machine learning", 2006, section 5.2.
    """

    takes_logits = True

    def forward(self, outputs: Array, targets: Array) -> float:
        self._outputs, self._targets = outputs, targets
        work = self._work.like(outputs)
        np.abs(outputs, work)
        np.negative(work, work)
        np.exp(work, work)
        np.log1p(work, work)
        work += np.maximum(outputs, 0)
        total = float(np.add.reduce(work, axis=None)) - float(np.vdot(outputs, targets))
        return total / len(outputs)

    def backward(self) -> Array:
        grad = sigmoid(self._outputs, self._grad.like(self._outputs))
        grad -= self._targets
        grad *= 1 / len(grad)
        return grad

    def per_image(self, outputs: Array, targets: Array) -> Array:
        losses = np.log1p(np.exp(-np.abs(outputs))) + np.maximum(outputs, 0) - outputs * targets
        summed: Array = losses.sum(axis=1)
        return summed

    @np.errstate(over="ignore")  # where a sigmoid is 0, its exponential overflows
    def probabilities(self, outputs: Array) -> Array:
        return sigmoid(outputs)


class SquaredError(Loss):
    """L = mean_n sum_j (o_j - t_j)^2, dL/do = 2 (o - t) / n; `probabilities` clips o to 0 to 1."""

    def forward(self, outputs: Array, targets: Array) -> float:
        self._error = error = self._grad.like(outputs)
        np.subtract(outputs, targets, error)
        return float(np.vdot(error, error)) / len(outputs)

    def backward(self) -> Array:
        self._error *= 2 / len(self._error)
        return self._error

    def per_image(self, outputs: Array, targets: Array) -> Array:
        summed: Array = np.square(outputs - targets).sum(axis=1)
        return summed

    def probabilities(self, outputs: Array) -> Array:
        return np.clip(outputs, 0, 1)


class NormalizedSquaredError(Loss):
    """Squared error of positive outputs divided by their sum, p_j = o_j / sum_k o_k.

    L = mean_n sum_j (p_j - t_j)^2. With e = p - t, dL/do_j = 2 / (n sum_k o_k) * (e_j - sum_k e_k
    p_k). `probabilities` is p.
    """

    needs_positive = True
    sums_to_one = True

    def forward(self, outputs: Array, targets: Array) -> float:
        self._total = np.add.reduce(outputs, axis=1, keepdims=True)
        self._normalized = self._work.like(outputs)
        self._error = error = self._grad.like(outputs)
        np.divide(outputs, self._total, self._normalized)
        np.subtract(self._normalized, targets, error)
        return float(np.vdot(error, error)) / len(outputs)

    def backward(self) -> Array:
        error = self._error
        self._normalized *= error
        error -= np.add.reduce(self._normalized, axis=1, keepdims=True)
        self._total *= len(error) / 2
        error /= self._total
        return error

    def per_image(self, outputs: Array, targets: Array) -> Array:
        summed: Array = np.square(self.probabilities(outputs) - targets).sum(axis=1)
        return summed

    def probabilities(self, outputs: Array) -> Array:
        normalized: Array = outputs / outputs.sum(axis=1, keepdims=True)
        return normalized


LOSSES: dict[str, type[Loss]] = {
    "cross-entropy": CrossEntropy,
    "binary-cross-entropy": BinaryCrossEntropy,
    "squared-error": SquaredError,
    "squared-error-normalized": NormalizedSquaredError,
}
