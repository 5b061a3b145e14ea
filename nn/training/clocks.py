"""Time spent, and means over a stretch of it."""

from __future__ import annotations

import time


class Stopwatch:
    """Adds up the seconds between each `start` and `stop`."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self._since = 0.0

    def start(self) -> None:
        self._since = time.perf_counter()

    def stop(self) -> None:
        self.seconds += time.perf_counter() - self._since


class Mean:
    """Mean loss and speed over the batches added since it was made."""

    def __init__(
        self, clock: Stopwatch, *, total: float = 0.0, images: int = 0, seconds: float = 0.0
    ) -> None:
        """`total` (the sum of all images' losses), `images` and `seconds` continue an earlier stretch."""
        self._clock, self._since = clock, clock.seconds - seconds
        self.total, self.images = total, images

    def add(self, loss: float, images: int) -> None:
        self.total += loss * images
        self.images += images

    @property
    def seconds(self) -> float:
        """Time of the stretch; read while the clock stands."""
        return self._clock.seconds - self._since

    @property
    def mean(self) -> float:
        return self.total / self.images

    @property
    def rate(self) -> float:
        """Images a second; read while the clock stands."""
        return self.images / self.seconds
