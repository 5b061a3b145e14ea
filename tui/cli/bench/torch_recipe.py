"""A recipe in PyTorch, the way such programs are usually written: eager, on the processor.

Images are tensors in memory, a batch is taken by index, and no `DataLoader` stands between. Each
image of a batch is warped on its own: a random affine map and a smoothed random displacement make
one grid, at which `grid_sample` reads the image. Deskewed are all images once, before the training.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.training.schedules import make_schedule
from tui.cli.bench.recipe_contenders import Point

_INITIALIZERS = {
    "he-normal": "kaiming_normal_",
    "he-uniform": "kaiming_uniform_",
    "glorot-normal": "xavier_normal_",
    "glorot-uniform": "xavier_uniform_",
}


class TorchRecipe:
    """One training run of a configuration to which `obstacle` finds none."""

    def __init__(self, config: TrainConfig, data: Dataset) -> None:
        self._config = config
        torch.manual_seed(config.seed)
        train = data.train[: config.limit or None]
        self._shape = data.spec.shape
        self._x, self._labels = self._tensors(train)
        self._test_x, self._test_labels = self._tensors(data.test)
        self._steps_per_epoch = math.ceil(len(train) / config.batch_size)
        sizes = (self._x[0].numel(), *config.hidden, 10)
        self._linears = torch.nn.ModuleList(torch.nn.Linear(*pair) for pair in pairwise(sizes))
        self._norms = torch.nn.ModuleList(
            torch.nn.BatchNorm1d(width) for width in config.hidden if config.batch_norm
        )
        for linear in self._linears:
            getattr(torch.nn.init, _INITIALIZERS[config.init])(linear.weight)
            torch.nn.init.zeros_(linear.bias)
        self._model = torch.nn.ModuleList([self._linears, self._norms])
        self._average: Any = None
        if config.average_decay:
            average = torch.optim.swa_utils.get_ema_multi_avg_fn(config.average_decay)
            self._average = torch.optim.swa_utils.AveragedModel(
                self._model, multi_avg_fn=average, use_buffers=True
            )
        self._optimizer = self._make_optimizer()
        rate = make_schedule(config, self._steps_per_epoch, config.epochs * self._steps_per_epoch)
        self._scheduler = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, lambda step: rate(step) / config.learning_rate
        )
        self._smoothing = _gaussian(self._shape[0], config.elastic_sigma)

    def points(self) -> Iterator[Point]:
        """Train an epoch at a time."""
        seconds = 0.0
        for epoch in range(1, self._config.epochs + 1):
            began = time.perf_counter()
            self._model.train()
            for index in torch.randperm(len(self._x)).split(self._config.batch_size):
                self._step(self._x[index], self._labels[index])
            seconds += time.perf_counter() - began
            yield Point(epoch, seconds, self._accuracy())

    def _tensors(self, split: Split) -> tuple[Any, Any]:
        pixels = torch.from_numpy(split.images.astype(np.float32) / 255)
        images = pixels.view(-1, 1, *self._shape)
        if self._config.deskew:
            images = torch.cat([deskewed(block) for block in images.split(1000)])
        return images, torch.from_numpy(split.labels.astype(np.int64))

    def _make_optimizer(self) -> Any:
        config, parameters = self._config, self._model.parameters()
        optimizer = torch.optim
        common: dict[str, Any] = {
            "lr": config.learning_rate,
            "weight_decay": config.weight_decay,
            "fused": True,  # by far the fastest on a processor, too
        }
        if config.optimizer in ("adam", "adamw"):
            make: Any = optimizer.Adam if config.optimizer == "adam" else optimizer.AdamW
            return make(parameters, betas=(config.beta1, config.beta2), eps=config.eps, **common)
        return optimizer.SGD(
            parameters,
            momentum=0.0 if config.optimizer == "sgd" else config.momentum,
            nesterov=config.optimizer == "nesterov",
            **common,
        )

    def _step(self, images: Any, labels: Any) -> None:
        config = self._config
        if config.augments:
            images = self._warped(images)
        logits = self._forward(self._model, self._inputs(images))
        loss = functional.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if config.clip_norm:
            torch.nn.utils.clip_grad_norm_(self._model.parameters(), config.clip_norm)
        self._optimizer.step()
        self._scheduler.step()
        if config.max_norm:
            with torch.no_grad():
                for linear in list(self._linears)[:-1]:
                    linear.weight.copy_(linear.weight.renorm(2, 0, config.max_norm))
        if self._average is not None:
            self._average.update_parameters(self._model)

    def _inputs(self, images: Any) -> Any:
        """The inputs (n, rows * columns) of images (n, 1, rows, columns)."""
        return (edges(images) if self._config.preprocessing == "edges" else images).flatten(1)

    def _forward(self, model: Any, x: Any) -> Any:
        config = self._config
        linears, norms = model
        training = model.training
        activation = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": functional.relu}
        if config.noise and training:
            x = x + config.noise * torch.randn_like(x)
        for number, linear in enumerate(linears[:-1]):
            x = linear(x)
            if norms:
                x = norms[number](x)
            if config.noise and training:  # with normalization: before its scale
                scale = norms[number].weight if norms else 1
                x = x + scale * config.noise * torch.randn_like(x)
            if config.activation != "identity":
                x = activation[config.activation](x)
            x = functional.dropout(x, config.dropout, training)
        return linears[-1](x)

    def _warped(self, images: Any) -> Any:
        """Each image by its own random warp, as `nn.data.augmentation` defines it."""
        config, n = self._config, len(images)
        draws = 2 * torch.rand(6, n) - 1
        angle = math.radians(config.augment_rotation) * draws[0]
        shear = config.augment_shear * draws[1]
        tall, wide = 1 + config.augment_scale * draws[2:4]
        half = (self._shape[0] - 1) / 2  # pixels in a unit of the grid
        down, across = config.augment_shift / half * draws[4:]
        cos, sin = angle.cos(), angle.sin()
        first = torch.stack([cos * wide, (sin + cos * shear) * tall, across], 1)
        second = torch.stack([-sin * wide, (cos - sin * shear) * tall, down], 1)
        grid = functional.affine_grid(
            torch.stack([first, second], 1), list(images.shape), align_corners=True
        )
        if config.elastic_alpha:
            noise = 2 * torch.rand(n, 2, *self._shape) - 1
            bent = self._smoothing @ noise @ self._smoothing
            grid = grid + config.elastic_alpha / half * bent.permute(0, 2, 3, 1)
        return functional.grid_sample(images, grid, align_corners=True)

    def _accuracy(self) -> float:
        model = (self._model if self._average is None else self._average.module).eval()
        with torch.no_grad():
            blocks = [self._inputs(block) for block in self._test_x.split(1000)]
            predicted = self._forward(model, torch.cat(blocks)).argmax(1)
        return float((predicted == self._test_labels).double().mean())


def deskewed(images: Any) -> Any:
    """Images (n, 1, rows, columns) sheared upright and centred, as `nn.data.deskew` defines it."""
    rows, columns = images.shape[2:]
    half = (rows - 1) / 2
    r = torch.arange(rows)[None, None, :, None] - half
    c = torch.arange(columns)[None, None, None, :] - half
    ink = images.sum((2, 3), keepdim=True).clamp(min=1e-6)
    middle_r, middle_c = ((images * each).sum((2, 3), keepdim=True) / ink for each in (r, c))
    down, across = r - middle_r, c - middle_c
    covariance = (images * down * across).sum((1, 2, 3))
    variance = (images * down**2).sum((1, 2, 3)).clamp(min=1e-6)
    shear = (covariance / variance).clamp(-1, 1)
    one, zero = torch.ones_like(shear), torch.zeros_like(shear)
    theta = torch.stack(
        [
            torch.stack([one, shear, middle_c.flatten() / half], 1),
            torch.stack([zero, one, middle_r.flatten() / half], 1),
        ],
        1,
    )
    grid = functional.affine_grid(theta, list(images.shape), align_corners=True)
    return functional.grid_sample(images, grid, align_corners=True)


def edges(images: Any) -> Any:
    """The pictures of `nn.data.edges` as one, of images (n, 1, rows, columns)."""
    across = torch.tensor([[0.0, 0.0, 0.0], [-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    padded = functional.pad(images, (1, 1, 1, 1), mode="replicate")
    gradient = functional.conv2d(padded, torch.stack([across, across.T])[:, None])
    x, y = gradient.unbind(1)
    along = [x - y.abs(), -x - y.abs(), y - x.abs(), -y - x.abs()]
    pairs = (x, y), (-x, -y), (x, -y), (-x, y)
    strengths = functional.relu(torch.stack(along + [torch.minimum(*pair) for pair in pairs], 1))
    pictures = functional.avg_pool2d(strengths, (4, 2))
    n, _, rows, columns = pictures.shape
    return pictures.view(n, 4, 2, rows, columns).transpose(2, 3)


def _gaussian(size: int, sigma: float) -> Any:
    """The matrix that smooths a line by a Gaussian, whose weights add up to 1 over a long line."""
    reach = math.ceil(4 * sigma)
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    distance = torch.arange(size)[:, None] - torch.arange(size)
    matrix = (weights / weights.sum())[(distance + reach).clamp(0, 2 * reach)]
    return torch.where(distance.abs() <= reach, matrix, torch.zeros(()))
