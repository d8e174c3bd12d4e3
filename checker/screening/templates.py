"""Passages that very many papers share: a template that was filled in, a model that was passed round.

Such a passage is told once, with all who hold it. To tell every two of fifty papers that share it against each other
would be more than a thousand lines, and would say less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from checker.language.count import count_words
from checker.screening.result import ClusterLine, Side

if TYPE_CHECKING:
    from checker.language.similarity import Cluster

OWN = 80
"""So many characters of its own make a passage worth telling, as for two papers."""


def lines(clusters: Iterable[Cluster], side: Callable[[int], Side]) -> tuple[ClusterLine, ...]:
    """The clusters as lines of a screening, those of one unit alone left out; `side` names a paper by its number."""
    return tuple(line for cluster in clusters if (line := _line(cluster, side)).units > 1)


def _line(cluster: Cluster, side: Callable[[int], Side]) -> ClusterLine:
    others = (number for number in cluster.papers if number != cluster.shown)
    sides = tuple(replace(side(number), quote="") for number in (cluster.shown, *others))
    # A paper that belongs to nobody counts for itself.
    units = {one.unit or one.name for one in sides}
    return ClusterLine(cluster.text, count_words(cluster.text), sides, len(sides), len(units))
