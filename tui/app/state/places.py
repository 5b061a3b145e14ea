"""Where the cursor is in the arrays of a step."""

from __future__ import annotations

import numpy as np

from nn.analysis.stage import Index, Stage
from nn.analysis.step_arrays import Pass
from nn.spec import MNIST


class Places(dict[str, int]):
    """The place on each axis, by the name of the axis; arrays that share an axis share its place.

    No method moves beyond the ends of an axis. An image has `columns` pixels in a row.
    """

    columns = MNIST.columns

    @classmethod
    def telling(cls, taken: Pass, columns: int = MNIST.columns) -> Places:
        """A place on each axis with something to see: an inked pixel, the label, and so on."""
        places = cls(image=0, **{"class": int(taken.values["t"][0].argmax())})
        places.columns = columns
        places["pixel"] = int(np.nan_to_num(taken.values["x"][0]).argmax())
        for stage in taken.stages:
            for axis in stage.axes:
                if axis.startswith("unit ") and axis not in places:
                    gradient = taken.values[f"da{axis[5:]}"][0]
                    places[axis] = int(np.nan_to_num(np.abs(gradient)).argmax())
        return places

    def index(self, stage: Stage) -> Index:
        """The chosen element of a stage."""
        return tuple(
            min(self.get(axis, 0), size - 1)
            for axis, size in zip(stage.axes, stage.array.shape, strict=True)
        )

    def shift(self, stage: Stage, axis: str, by: int) -> None:
        """Move along an axis of a stage."""
        size = stage.array.shape[stage.axes.index(axis)]
        self[axis] = min(max(min(self.get(axis, 0), size - 1) + by, 0), size - 1)

    def move(self, stage: Stage, right: int, below: int) -> None:
        """Move across and down as the stage is drawn; pixels are drawn as an image."""
        if not stage.axes:
            return
        if "pixel" in stage.axes:
            place = self.get("pixel", 0) + right + self.columns * below
            if 0 <= place < stage.array.shape[stage.axes.index("pixel")]:
                self["pixel"] = place
        elif right:
            self.shift(stage, stage.axes[-1], right)
        elif len(stage.axes) > 1:
            self.shift(stage, stage.axes[0], below)

    def page(self, stage: Stage, by: int) -> None:
        """Move to another image or unit, along the axis that is not drawn, or else the first."""
        if stage.axes:
            other = 1 - stage.axes.index("pixel") if is_image(stage) else 0
            self.shift(stage, stage.axes[other], by)

    def end(self, stage: Stage, direction: int) -> None:
        """Move to the start or the end of the last axis."""
        if stage.axes:
            self.shift(stage, stage.axes[-1], direction * stage.array.shape[-1])


def is_image(stage: Stage) -> bool:
    """Whether one axis is the pixels of an image, along which the elements are drawn as one."""
    return "pixel" in stage.axes and len(stage.axes) == 2
