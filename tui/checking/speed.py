"""The time that a step of our network takes, for the verdict on the learner's."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.network.losses import CrossEntropy, target_rows
from nn.network.model import build_model, initialize_model
from nn.training.optimizers import SGD
from tui.checking.reference import LEARNING_RATE
from tui.checking.request import BATCH


def our_step(request: Mapping[str, Array]) -> float:
    """Median seconds of a step of our network: 784-50-10, sigmoid, 100 images, float32."""
    config = TrainConfig(hidden=(50,), activation="sigmoid", optimizer="sgd")
    rng = np.random.default_rng(0)
    model = build_model(config, rng=rng)
    initialize_model(model, config, rng=rng)
    loss, optimizer = CrossEntropy(), SGD(model.parameters, model.gradients)
    targets, times = target_rows(10, smoothing=0.0, dtype="float32"), []
    for step in range(len(request["images"]) // BATCH):
        start = time.perf_counter()
        rows = slice(step * BATCH, (step + 1) * BATCH)
        x = request["images"][rows] * np.float32(1 / 255)
        loss.forward(model.forward(x, training=True), targets[request["labels"][rows]])
        model.backward(loss.backward())
        optimizer.step(LEARNING_RATE)
        times.append(time.perf_counter() - start)
    return float(np.median(times))
