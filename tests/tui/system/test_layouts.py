"""Which layout of processes and threads is taken, by how long its steps take."""

from __future__ import annotations

import pytest

from tui.system.layouts import Layout, fastest

ONE, THREADS, PROCESSES = Layout(1, 1), Layout(1, 2), Layout(2, 1)


@pytest.mark.parametrize(
    ("seconds", "taken"),
    [
        ((1.0, 0.8, 0.7), PROCESSES),
        ((1.0, 0.7, 0.8), THREADS),
        ((1.0, 0.72, 0.7), PROCESSES),
        ((1.0, 0.95, 0.92), ONE),  # a second core would gain too little
    ],
)
def test_the_fastest_of_few_threads_is_taken(
    seconds: tuple[float, float, float], taken: Layout
) -> None:
    assert fastest(dict(zip((ONE, THREADS, PROCESSES), seconds, strict=True))) == taken
