"""What is damaged, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.mutations import Mutation, damage, damage_member, damage_values

ARCHIVE, TEXT = (damage, damage_member, damage_member), (damage, damage_values)


@dataclass(frozen=True)
class Target:
    """A file that is damaged, in what ways, and what reads it."""

    name: str
    path: Path
    read: Callable[[], object]
    mutations: tuple[Mutation, ...] = (damage,)
