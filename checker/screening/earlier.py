"""The round before, as the check of a unit is told of it: its findings then, and how much of each text stayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from checker.roster import plain_name
from checker.screening import rounds
from checker.screening.rounds import Earlier, Previous
from checker.screening.store import FOLDER, EarlierTexts, Store

if TYPE_CHECKING:
    from checker.screening.batch import Member


class Compared:
    """The results of the round before beside the papers of this one."""

    def __init__(self, previous: Previous, store: Store) -> None:
        self._previous = previous
        self._store = store
        self._texts = EarlierTexts(previous.folder / FOLDER)

    def unit(self, name: str) -> Earlier | None:
        """The unit as it was then; None where it was not there."""
        return self._previous.unit(name)

    def changed(self, earlier: Earlier | None, members: Sequence[Member]) -> Mapping[str, float]:
        """For each file with another text than then: what share of it (0 to 1) stayed.

        A paper is compared with the one of its kind and person; where there are several of these, with none.
        """
        found: dict[str, float] = {}
        if earlier is None:
            return found
        for member in members:
            now = member.assignment
            then = [
                paper
                for paper in earlier.papers
                if paper.kind == now.kind and plain_name(paper.person) == plain_name(now.person)
            ]
            if len(then) != 1 or then[0].sha256 == member.taken.card.sha256:
                continue
            old = self._texts.text(then[0].name, then[0].part)
            if old is None:
                continue
            new = self._store.text(member.taken.stored, member.taken.card.key.part)
            share = rounds.same_share(old, new)
            if share < 1:
                found[now.key.name] = round(share, 3)
        return found
