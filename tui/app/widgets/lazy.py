"""A sequence that makes its items when they are accessed, such as those of the page shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Lazy(Sequence[T]):
    """`count` items, the i-th of them `item(i)`."""

    def __init__(self, count: int, item: Callable[[int], T]) -> None:
        self._count, self._item = count, item

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        chosen = range(self._count)[at]
        return self._item(chosen) if isinstance(chosen, int) else [self._item(i) for i in chosen]
