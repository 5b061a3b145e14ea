"""Where the cursor is in the arrays of a step."""

from __future__ import annotations

import numpy as np

from nn.analysis.stage import INPUT_AXES, Index, Stage
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
        inputs = int(np.nan_to_num(taken.values["x"][0]).argmax())
        places |= dict.fromkeys(INPUT_AXES, inputs)
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
        """Move across and down as the stage is drawn; inputs are drawn as an image."""
        if not stage.axes:
            return
        if (inputs := stage.input_axis) is not None:
            axis = stage.axes[inputs]
            place = self.get(axis, 0) + right + self.columns * below
            if 0 <= place < stage.array.shape[inputs]:
                self[axis] = place
        elif right:
            self.shift(stage, stage.axes[-1], right)
        elif len(stage.axes) > 1:
            self.shift(stage, stage.axes[0], below)

    def page(self, stage: Stage, by: int) -> None:
        """Move to another image or unit, along the axis that is not drawn, or else the first."""
        if stage.axes:
            inputs = image_axis(stage)
            self.shift(stage, stage.axes[0 if inputs is None else 1 - inputs], by)

    def end(self, stage: Stage, direction: int) -> None:
        """Move to the start or the end of the last axis."""
        if stage.axes:
            self.shift(stage, stage.axes[-1], direction * stage.array.shape[-1])


def image_axis(stage: Stage) -> int | None:
    """The axis of a matrix along which its elements are drawn as an image: that of the inputs."""
    return stage.input_axis if len(stage.axes) == 2 else None
