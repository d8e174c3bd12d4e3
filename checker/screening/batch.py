"""The units of a batch: which papers go into which unit's check, and by what key its result is known again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import msgspec

from checker.language.similarity import Pair
from checker.report import Decision, Problem
from checker.roster import Arrived, Due, Entry, Roster
from checker.screening.cards import Assignment, Card
from checker.screening.copies import Subject
from checker.screening.earlier import Compared
from checker.screening.edition import edition
from checker.screening.handouts import PAGE
from checker.screening.intake import Taken
from checker.screening.roster_file import unit_type_of
from checker.screening.store import Store, StoredPaper, key_of
from checker.screening.unit_task import Common, Handed, SharedText, UnitTask

UNITS = "单位"
NOBODY = ""
_UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f\s]+')
_NAME_MAX = 60


@dataclass(frozen=True, slots=True)
class Member:
    """A paper that goes into a unit's check."""

    taken: Taken
    assignment: Assignment


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known besides the papers."""

    common: Common
    roster: Roster | None
    dues: tuple[Due, ...]
    not_applicable: Mapping[str, str]
    decided: tuple[tuple[str, Decision], ...]
    """Each decision with the folder of the batch (empty: all of it) that it holds in."""
    compared: Compared | None = None
    decided_of: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    """Decisions that hold for one unit, whatever its files are called."""


class Batch:
    """All units with their papers. `pairs` are copies among `subjects`, by number."""

    def __init__(
        self,
        store: Store,
        facts: Facts,
        members: Sequence[Member],
        unread: Sequence[tuple[Problem, Assignment]],
        set_aside: Sequence[Assignment],
        subjects: Sequence[Subject],
        pairs: Sequence[Pair],
        ship: bool,
    ) -> None:
        self._store = store
        self._facts = facts
        self._subjects = subjects
        self._ship = ship
        self._members: dict[str, list[Member]] = {}
        for member in members:
            self._members.setdefault(member.assignment.unit, []).append(member)
        self._unread: dict[str, list[tuple[Problem, Assignment]]] = {}
        for problem, assignment in unread:
            self._unread.setdefault(assignment.unit, []).append((problem, assignment))
        self._set_aside: dict[str, list[Assignment]] = {}
        for assignment in set_aside:
            self._set_aside.setdefault(assignment.unit, []).append(assignment)
        self._pairs: dict[str, list[Pair]] = {}
        for pair in pairs:
            for unit in {subjects[pair.first].unit, subjects[pair.second].unit}:
                self._pairs.setdefault(unit, []).append(pair)
        self._dues: dict[str, list[Due]] = {}
        for due in facts.dues:
            self._dues.setdefault(due.unit, []).append(due)
        self._common = msgspec.msgpack.encode(facts.common)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The units: those of the roster in its order, then the others by name."""
        roster = self._facts.roster
        listed = [unit.name for unit in roster.units] if roster is not None else []
        came = {*self._members, *self._unread, *self._set_aside} - {NOBODY, *listed}
        return (*listed, *sorted(came))

    @cached_property
    def folders(self) -> Mapping[str, str]:
        """The folder of each unit, as seen from that of the results."""
        found: dict[str, str] = {}
        taken: set[str] = set()
        for name in self.names:
            base = _UNFIT.sub(" ", name).strip(" .")[:_NAME_MAX].strip(" .") or "单位"
            folder, number = base, 1
            while folder.casefold() in taken:
                number += 1
                folder = f"{base}（{number}）"
            taken.add(folder.casefold())
            found[name] = f"{UNITS}/{folder}"
        return found

    def members(self, name: str) -> Sequence[Member]:
        """The papers of one unit."""
        return self._members.get(name, ())

    def key(self, name: str) -> bytes:
        """What the result on a unit depends on: its papers, what is known of it, the notice, this version."""
        task = self._task(name, whole=False)
        papers = [
            (member.taken.stored, member.taken.card.key.part, handed.kind, handed.person, sorted(handed.flags))
            for member, handed in zip(self.members(name), task.papers, strict=True)
        ]
        partners = [handed.paper.card for handed in task.partners]
        return key_of(
            edition(),
            sha256(self._common).digest(),
            papers,
            partners,
            replace(task, common=b"", papers=(), partners=()),
        )

    def task(self, name: str) -> UnitTask:
        """The unit with all of its papers."""
        return self._task(name, whole=True)

    def _task(self, name: str, *, whole: bool) -> UnitTask:
        members = self.members(name)
        facts = self._facts
        unit = facts.roster.unit(name) if facts.roster is not None else None
        handed = tuple(self._handed(member, whole=whole) for member in members)
        partners, copies = self._copies(name, members, whole=whole)
        earlier = facts.compared.unit(name) if facts.compared is not None else None
        unread = self._unread.get(name, ())
        return UnitTask(
            common=self._common,
            unit=name,
            unit_type=unit.unit_type if unit is not None else unit_type_of(name),
            known=unit is not None or facts.roster is None,
            not_applicable={**facts.not_applicable, **(unit.not_applicable if unit is not None else {})},
            papers=handed,
            partners=partners,
            copies=copies,
            dues=tuple(self._dues.get(name, ())),
            problems=tuple(problem for problem, _ in unread),
            set_aside=tuple(self._set_aside.get(name, ())),
            guesses=tuple(it.assignment for it in members if it.assignment.certainty == "guess"),
            others=self._others(name),
            decided=tuple(self._decided(name)),
            folder=self.folders[name],
            unread=tuple(Arrived(it.kind, it.person, it.key.name) for _, it in unread),
            turned=facts.compared is not None,
            earlier=earlier,
            changed=facts.compared.changed(earlier, members) if facts.compared is not None else {},
        )

    def _handed(self, member: Member, *, whole: bool) -> Handed:
        taken, assignment = member.taken, member.assignment
        entry = self._entry(assignment)
        part = taken.card.key.part
        paper = self._store.paper(taken.stored, part) if whole else _bare(taken.card)
        return Handed(
            paper,
            assignment.kind,
            assignment.person,
            entry.flags if entry is not None else frozenset(),
            taken.item.place,
            Path(taken.item.place).read_bytes() if whole and self._ship else None,
        )

    def _entry(self, assignment: Assignment) -> Entry | None:
        if self._facts.roster is None or not assignment.person:
            return None
        return self._entries.get((assignment.unit, assignment.person))

    @cached_property
    def _entries(self) -> Mapping[tuple[str, str], Entry]:
        roster = self._facts.roster
        return {(entry.unit, entry.name): entry for entry in roster.entries} if roster is not None else {}

    def _copies(
        self, name: str, members: Sequence[Member], *, whole: bool
    ) -> tuple[tuple[Handed, ...], tuple[SharedText, ...]]:
        """The papers of others that share passages with those of the unit, and the passages."""
        own = {member.taken.card.key: number for number, member in enumerate(members)}
        partners: dict[int, Handed] = {}

        def place(number: int) -> int:
            subject = self._subjects[number]
            if not subject.outside and subject.card.key in own:
                return own[subject.card.key]
            if number not in partners:
                partners[number] = self._partner(subject, whole=whole)
            return len(members) + list(partners).index(number)

        found = tuple(
            SharedText(place(pair.first), place(pair.second), pair.passages, pair.same)
            for pair in self._pairs.get(name, ())
        )
        return tuple(partners.values()), found

    def _partner(self, subject: Subject, *, whole: bool) -> Handed:
        stored = self._store.paper(subject.stored, subject.card.key.part) if whole else _bare(subject.card)
        return Handed(stored, subject.kind, subject.person)

    def _others(self, name: str) -> Mapping[str, tuple[str, str]]:
        """The files that those of the unit share passages with: whose each is, and that unit's page."""
        found: dict[str, tuple[str, str]] = {}
        for pair in self._pairs.get(name, ()):
            for subject in (self._subjects[pair.first], self._subjects[pair.second]):
                if subject.outside:
                    found[subject.card.key.name] = ("比对材料", "")
                elif subject.unit != name:
                    page = f"../../{self.folders[subject.unit]}/{PAGE}"
                    found[subject.card.key.name] = (subject.unit, page)
        return found

    def _decided(self, name: str) -> Iterator[Decision]:
        """The decisions that hold for papers of the unit: those on one of its files, or written down above them."""
        yield from self._facts.decided_of.get(name, ())
        files = {member.taken.card.key.name for member in self.members(name)}
        for folder, decision in self._facts.decided:
            if decision.file:
                if decision.file in files:
                    yield decision
            elif any(file.startswith(folder) for file in files):
                yield decision


def _bare(card: Card) -> StoredPaper:
    return StoredPaper(card, b"", b"")
