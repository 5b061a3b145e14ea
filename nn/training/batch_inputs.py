"""The inputs of each batch: training images gathered, warped where that is configured, mapped."""

from __future__ import annotations

import threading
import weakref
from queue import SimpleQueue
from typing import Protocol

import numpy as np

from nn.arrays import Array, Buffer
from nn.config import TrainConfig
from nn.data.augmentation import Augmentation
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor
from nn.training.randomness import Stream, stream


class Inputs(Protocol):
    """What a training step takes its inputs from."""

    def of(
        self, index: Array, step: int, *, first: int = 0, batch_size: int | None = None
    ) -> Array:
        """Inputs (n, pixels) of the images `index` (n,), with the warps of this step.

        They are those from place `first` on of a batch of `batch_size`, or a whole batch; valid
        until the next call.
        """

    def expect(self, index: Array, step: int) -> None:
        """Tell which whole batch comes after the one that `of` is called for next."""

    def close(self) -> None:
        """Release what is held besides memory; no inputs can be had afterwards."""


class BatchInputs:
    """Computes the inputs of a batch when they are asked for."""

    def __init__(self, config: TrainConfig, train: Split, preprocessor: Preprocessor) -> None:
        """`train` holds images as they are fed to the network: `preprocessor` only scales them."""
        self._images, self._preprocessor = train.images, preprocessor
        self._seed, self._dtype = config.seed, np.dtype(config.dtype)
        self._augmentation = None
        if config.augments:
            paper = 255 if preprocessor.bright_paper else 0
            self._augmentation = Augmentation(config, train.spec.shape, paper=paper)
        self._pixels, self._inputs = Buffer(), Buffer()

    def of(
        self, index: Array, step: int, *, first: int = 0, batch_size: int | None = None
    ) -> Array:
        n = len(index)
        pixels = self._pixels.rows(n, self._images.shape[1], np.uint8)
        self._images.take(index, 0, pixels, "clip")
        if self._augmentation:
            # The stream depends on the step alone, so that a resumed run needs no random state.
            rng = stream(self._seed, Stream.AUGMENTATION, step)
            x = self._augmentation.warped(pixels, rng=rng, first=first, batch_size=batch_size or n)
        else:
            columns = pixels.shape[1]
            if self._preprocessor.finds_edges:  # in the order in memory that these are fastest with
                x = self._inputs.rows(columns, n, self._dtype).T
            else:
                x = self._inputs.rows(n, columns, self._dtype)
            x[...] = pixels  # the bytes that are scaled: a deskewed split holds deskewed images
        return self._preprocessor.scale_in_place(x)

    def expect(self, index: Array, step: int) -> None:
        """Nothing is computed ahead."""

    def close(self) -> None:
        """Nothing is held besides memory."""


class InputsAhead:
    """Computes the inputs of the batch that comes next on a thread of its own.

    NumPy lets other threads run while it computes, so that where a core is free, warps and edges
    take next to no time from the step. An image's warp depends on the step and on the image's place
    in the batch alone, so that the inputs are the same, bit for bit, as those of `BatchInputs`.
    """

    def __init__(self, config: TrainConfig, train: Split, preprocessor: Preprocessor) -> None:
        # While one is in use by the step, the other computes for the next.
        both = [BatchInputs(config, train, preprocessor) for _ in range(2)]
        self._requests, self._results = SimpleQueue[_Request | None](), SimpleQueue[_Result]()
        self._expected: _Request | None = None
        self._ahead: _Request | None = None
        threading.Thread(
            target=_compute, args=(both, self._requests, self._results), name="warping", daemon=True
        ).start()
        self._end = weakref.finalize(self, self._requests.put, None)

    def of(
        self, index: Array, step: int, *, first: int = 0, batch_size: int | None = None
    ) -> Array:
        if first or (batch_size or len(index)) != len(index):
            raise ValueError("only whole batches are computed ahead")
        ahead, self._ahead = self._ahead, None
        result = self._results.get() if ahead else None
        if ahead is None or ahead[1] != step or not np.array_equal(ahead[0], index):
            self._requests.put((index, step))
            result = self._results.get()
        expected, self._expected = self._expected, None
        if expected and expected[1] == step + 1:
            self._requests.put(expected)
            self._ahead = expected
        if isinstance(result, BaseException):
            raise result
        assert result is not None
        return result

    def expect(self, index: Array, step: int) -> None:
        self._expected = index, step

    def close(self) -> None:
        """End the thread."""
        self._end()


_Request = tuple[Array, int]
_Result = Array | BaseException


def _compute(
    both: list[BatchInputs], requests: SimpleQueue[_Request | None], results: SimpleQueue[_Result]
) -> None:
    """Answer requests, until there is one of None."""
    while request := requests.get():
        index, step = request
        try:
            results.put(both[step % 2].of(index, step))
        except BaseException as error:  # raised where the result is asked for
            results.put(error)
    results.put(ValueError("inputs were asked for after they had been closed"))
