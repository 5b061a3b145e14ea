"""The stages of batch normalization in a step: statistics, normalized sums, and their gradients.

With the sums a (n, units) of a layer, its scale g and shift c, and e = 1e-5:

    mu = mean_n a    var = mean_n (a - mu)^2    n = (a - mu) / sqrt(var + e)    s = g n + c
    dg = sum_n ds n    dc = sum_n ds    da = g / sqrt(var + e) (ds - (dc + n dg) / n_images)

With noise e', s = g q + c and dg = sum_n ds q, where q = n + e'; in da, dg is then r = sum_n ds n.

Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal
covariate shift", ICML 2015.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nn.analysis.noise_stages import NoiseStages
from nn.analysis.stage import (
    Index,
    Stage,
    Term,
    Written,
    index_text,
    number_text,
    product_text,
    shape_text,
    single_term,
)
from nn.analysis.stages import Stages
from nn.network.normalization import EPS, MOMENTUM


class NormalizingStages(Stages):
    """What batch normalization computes of the sums of one layer."""

    part = "forward"

    def of_layer(self, number: int) -> Iterator[Stage]:
        """The stages between the sums of a layer and its activation."""
        a, mu, var = (self.v[f"{kind}{number}"].astype(float) for kind in ("a", "mu", "var"))
        units = (self._layer(number),)

        def mean(index: Index) -> Written:
            (j,) = index
            return Written(
                f"mu{number}[{j}] = sum of a{number}[i,{j}] / {self.n} over the images i",
                a[:, j] / self.n,
                lambda i: Term(
                    f"a{number}[{i},{j}] / {self.n}",
                    f"{number_text(a[i, j])} / {self.n}",
                    float(a[i, j]) / self.n,
                ),
            )

        def variance(index: Index) -> Written:
            (j,) = index
            values = (a[:, j] - mu[j]) ** 2 / self.n
            return Written(
                f"var{number}[{j}] = sum of (a{number}[i,{j}] - mu{number}[{j}])^2 / {self.n}"
                " over the images i",
                values,
                lambda i: Term(
                    f"(a{number}[{i},{j}] - mu)^2 / {self.n}",
                    f"({number_text(a[i, j] - mu[j])})^2 / {self.n}",
                    float(values[i]),
                ),
            )

        def unit(index: Index) -> Written:
            j, at = index[1], index_text(index)
            return single_term(
                f"n{number}[{at}]",
                f"(a{number}[{at}] - mu{number}[{j}]) / sqrt(var{number}[{j}] + e)",
                f"({a[index]:.4g} - ({mu[j]:.4g})) / sqrt({var[j]:.4g} + {EPS:g})",
                float((a[index] - mu[j]) / math.sqrt(var[j] + EPS)),
            )

        name = f"q{number}" if self._noisy(number) else f"n{number}"
        g, c = (self.v[f"{kind}{number}"].astype(float) for kind in "gc")
        n = self.v[name].astype(float)

        def scaled(index: Index) -> Written:
            j, at = index[1], index_text(index)
            terms = (
                Term(
                    f"g{number}[{j}] {name}[{at}]",
                    product_text(g[j], n[index]),
                    float(g[j] * n[index]),
                ),
                Term(f"c{number}[{j}]", number_text(c[j]), float(c[j])),
            )
            formula = f"s{number}[{at}] = g{number}[{j}] {name}[{at}] + c{number}[{j}]"
            values = np.array([term.value for term in terms])
            return Written(formula, values, terms.__getitem__)

        shape, both = shape_text(a), ("image", *units)
        meaning = "Batch normalization takes the mean of each unit's sums over the images."
        formula = f"mu{number} = mean of a{number} over the images"
        yield self._stage(f"mu{number}", formula, shape, meaning, units, mean)
        meaning = "The variance: how far the sums of a unit are from their mean."
        formula = f"var{number} = mean of (a{number} - mu{number})^2 over the images"
        yield self._stage(f"var{number}", formula, shape, meaning, units, variance)
        meaning = (
            "Over the images, each unit's sums now have the mean 0 and the deviation 1."
            " Predictions take running statistics in place of those of the batch."
        )
        formula = f"n{number} = (a{number} - mu{number}) / sqrt(var{number} + e), e = {EPS:g}"
        yield self._stage(f"n{number}", formula, shape, meaning, both, unit)
        if self._noisy(number):
            parts = NoiseStages(self.config, self.preprocessor, self.v, self.last)
            yield from parts.of_layer(number)
        meaning = "A scale g and a shift c, which are learned, let each unit have any range again."
        formula = f"s{number} = g{number} {name} + c{number}"
        shapes = f"{shape_text(g)} {shape_text(n)} + {shape_text(c)}"
        yield self._stage(f"s{number}", formula, shapes, meaning, both, scaled)


class NormalizingGradients(Stages):
    """The gradients of the scale, the shift and the sums."""

    part = "backward"

    def of_layer(self, number: int) -> Iterator[Stage]:
        """The stages between the gradient after the normalization and that of the sums."""
        ds, n, g, var = (
            self.v[f"{kind}{number}"].astype(float) for kind in ("ds", "n", "g", "var")
        )
        dc, noisy = self.v[f"dc{number}"].astype(float), self._noisy(number)
        # What the scale multiplies, and the sum over the images in the gradient of the sums.
        name = f"q{number}" if noisy else f"n{number}"
        scaled, products = self.v[name].astype(float), (ds * n).sum(axis=0)
        sum_name = f"r{number}" if noisy else f"dg{number}"

        def scale(index: Index) -> Written:
            (j,) = index
            return Written(
                f"dg{number}[{j}] = sum of ds{number}[i,{j}] {name}[i,{j}] over the images i",
                ds[:, j] * scaled[:, j],
                lambda i: Term(
                    f"ds{number}[{i},{j}] {name}[{i},{j}]",
                    product_text(ds[i, j], scaled[i, j]),
                    float(ds[i, j] * scaled[i, j]),
                ),
            )

        def shift(index: Index) -> Written:
            (j,) = index
            return Written(
                f"dc{number}[{j}] = sum of ds{number}[i,{j}] over the images i",
                ds[:, j],
                lambda i: Term(f"ds{number}[{i},{j}]", number_text(ds[i, j]), float(ds[i, j])),
            )

        def sums(index: Index) -> Written:
            j, at = index[1], index_text(index)
            factor = g[j] / math.sqrt(var[j] + EPS)
            mean = (dc[j] + n[index] * products[j]) / self.n
            return single_term(
                f"da{number}[{at}]",
                f"k (ds{number}[{at}] - (dc{number}[{j}] + n{number}[{at}] {sum_name}[{j}])"
                f" / {self.n})",
                f"{factor:.4g} * ({ds[index]:.4g} - ({mean:.4g}))",
                float(factor * (ds[index] - mean)),
            )

        units = (self._layer(number),)
        both, shape = ("image", *units), shape_text(ds)
        meaning = "How fast the loss grows with the scale of each unit."
        formula = f"dg{number} = sum of ds{number} {name} over the images"
        yield self._stage(
            f"dg{number}", formula, shape, meaning, units, scale, parameter=f"g{number}"
        )
        meaning = "How fast the loss grows with the shift of each unit."
        formula = f"dc{number} = sum of ds{number} over the images"
        yield self._stage(
            f"dc{number}", formula, shape, meaning, units, shift, parameter=f"c{number}"
        )
        meaning = (
            "A sum also moves the mean and the variance of its unit, and with them the other"
            " images: what they share is taken off."
        )
        formula = (
            f"da{number} = k (ds{number} - (dc{number} + n{number} {sum_name}) / {self.n}),"
            f" k = g{number} / sqrt(var{number} + e)"
            + (f", {sum_name} = sum of ds{number} n{number}" if noisy else "")
        )
        yield self._stage(f"da{number}", formula, shape, meaning, both, sums)


class RunningStages(Stages):
    """The running statistics after the step, which predictions take."""

    part = "update"

    def of_layer(self, number: int) -> Iterator[Stage]:
        """The running mean and variance of a layer."""
        correction = self.n / (self.n - 1) if self.n > 1 else 1.0
        for kind, factor in (("mu", 1.0), ("var", correction)):
            yield self._running(f"{kind}{number}", factor, number)

    def _running(self, batch: str, factor: float, number: int) -> Stage:
        name = f"running {batch}"
        old, new = self.v[f"old {batch}"].astype(float), self.v[batch].astype(float) * factor
        words = f" {self.n} / {self.n - 1}" if factor != 1 else ""

        def write(index: Index) -> Written:
            (j,) = index
            terms = (
                Term("old", product_text(1 - MOMENTUM, old[j]), float((1 - MOMENTUM) * old[j])),
                Term(
                    f"{batch}[{j}]{words}", product_text(MOMENTUM, new[j]), float(MOMENTUM * new[j])
                ),
            )
            formula = f"{name}[{j}] = {1 - MOMENTUM:g} of the old one, {MOMENTUM:g} of the batch"
            return Written(formula, np.array([term.value for term in terms]), terms.__getitem__)

        formula = f"{name} = {1 - MOMENTUM:g} old + {MOMENTUM:g} {batch}{words}"
        meaning = "Predictions take these in place of the statistics of a batch."
        axes = (self._layer(number),)
        return self._stage(name, formula, shape_text(old), meaning, axes, write)
