"""What a loss measures and what its outputs are, in the words that stand over charts and bars.

Losses of different functions cannot be compared, and outputs that are no distribution need not add
up to 100%: who reads the numbers should be told.
"""

from __future__ import annotations

from nn.config import LossName

MEASURES: dict[LossName, str] = {
    "cross-entropy": "cross-entropy of an image",
    "binary-cross-entropy": "binary cross-entropy, summed over the outputs",
    "squared-error": "squared error, summed over the outputs",
    "squared-error-normalized": "squared error of shares, summed",
}
"""What one number of each loss is; its mean over the images is drawn."""

OUTPUTS: dict[LossName, str] = {
    "cross-entropy": "",
    "binary-cross-entropy": "each for itself, sum not 100%",
    "squared-error": "outputs, sum not 100%",
    "squared-error-normalized": "shares of the outputs",
}
"""What the numbers are that are shown as probabilities; nothing where they are just that."""
