"""The keys that a screen names in what it says."""

from __future__ import annotations

from typing import Any, Protocol, cast

from textual.app import App


class _Keyed(Protocol):
    def key_of(self, binding: str, usual: str) -> str: ...


class OwnKeys:
    """Mixed into a screen: keys are named as the user has set them."""

    app: App[Any]

    def key_of(self, binding: str, usual: str) -> str:
        """The key of the binding with this id: `usual`, or the user's own where there is one."""
        return cast(_Keyed, self.app).key_of(binding, usual)
