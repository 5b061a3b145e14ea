"""The lines of ruled and squared paper, taken out of a mask of ink."""

from __future__ import annotations

import numpy as np

from tui.images.components import Mask


def without_lines(mask: Mask) -> Mask:
    """The mask without the lines of ruled paper: straight, thin, and from one edge to the other."""
    for transposed in (False, True):
        found = _without_rows(mask.T if transposed else mask)
        mask = found.T if transposed else found
    return mask


def _without_rows(mask: Mask) -> Mask:
    height, width = mask.shape
    thin = max(2, round(0.025 * max(mask.shape)))
    covered = mask[:, : width // 8].any(axis=1) & mask[:, -(width // 8 or 1) :].any(axis=1)
    if width < 30 or not (mask[:, 0].any() or mask[:, -1].any() or covered.any()):
        return mask
    columns = np.arange(width)
    kept = mask.copy()
    # Vertical extent of the run of ink that each pixel belongs to.
    extent = _run_lengths(mask)
    candidates = mask & (extent <= thin)
    for slope in np.linspace(-0.12, 0.12, 13):
        shift = np.rint(slope * (columns - width / 2)).astype(int)
        rows = np.arange(height)[:, None] + shift
        inside = (rows >= 0) & (rows < height)
        sheared = mask[rows.clip(0, height - 1), columns] & inside
        share = sheared.sum(axis=1) / np.maximum(inside.sum(axis=1), width // 2)
        for line in np.flatnonzero(share > 0.85).tolist():
            if candidates[rows[line].clip(0, height - 1), columns].mean() < 0.25:
                continue
            for row in range(line - thin, line + thin + 1):
                at = (row + shift).clip(0, height - 1)
                gone = candidates[at, columns] & (at == row + shift)
                kept[at[gone], columns[gone]] = False
    return kept


def _run_lengths(mask: Mask) -> np.ndarray:
    """For each pixel of the mask, the length of the vertical run that it belongs to."""
    height, width = mask.shape
    flat = np.pad(mask.T, ((0, 0), (1, 1))).ravel().astype(np.int8)
    changes = np.diff(flat, prepend=np.int8(0))
    starts, stops = np.flatnonzero(changes == 1), np.flatnonzero(changes == -1)
    lengths = np.zeros(flat.size, np.intp)
    lengths[starts] = stops - starts
    later = stops[stops < flat.size]
    lengths[later] -= (stops - starts)[: len(later)]
    return np.cumsum(lengths).reshape(width, height + 2)[:, 1:-1].T
