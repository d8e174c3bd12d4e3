"""Times in one process: the ways take turns, round by round, so that all of them meet the same noise."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from benchmarks.ways import Way

CLOCKS: Mapping[str, Callable[[], float]] = {"wall": perf_counter, "cpu": process_time}
"""`cpu` leaves out the time in which other programs had the core: for a machine that is not idle."""


def measure(
    ways: Mapping[str, Way], papers: Sequence[Path], rounds: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Milliseconds a paper of each way in each round, after one round that does not count.

    The garbage collector runs as in production, but the garbage of one way is cleared before the next begins.
    """
    names = list(ways)
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            way = ways[name]
            gc.collect()
            start = clock()
            for path in papers:
                way(path)
            spent = (clock() - start) * 1000 / len(papers)
            if number:
                times[name].append(spent)
    return times


def ratio(times: Mapping[str, Sequence[float]], of: str, to: str) -> float:
    """Median over the rounds of `of` against `to` in the same round."""
    return median(one / other for one, other in zip(times[of], times[to], strict=True))
