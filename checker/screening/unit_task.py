"""What is sent to check one unit, and what comes back: plain values, so that the work may be done on any machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from checker.document import Shared
from checker.readers import Limits
from checker.report import Decision, Problem
from checker.roster import Arrived, Due, Entry
from checker.screening.cards import Assignment
from checker.screening.result import UnitLine
from checker.screening.rounds import Earlier
from checker.screening.store import StoredPaper


@dataclass(frozen=True, slots=True)
class Common:
    """What holds for all units of a screening, packed once and unpacked once in each process."""

    notice: str
    notice_digest: str
    roster: tuple[Entry, ...]
    limits: Limits
    grades: Mapping[str, float]
    copies_for: str
    cover: bool
    suggest: bool
    template: str
    turn: int | None


@dataclass(frozen=True, slots=True)
class Handed:
    """A paper of a unit: what it is, who wrote it, and where its file lies or its bytes, for the marked-up copy."""

    paper: StoredPaper
    kind: str
    person: str = ""
    flags: frozenset[str] = frozenset()
    place: str = ""
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class SharedText:
    """Two papers that share passages, by their numbers among the papers and the partners of a `UnitTask`."""

    first: int
    second: int
    passages: tuple[Shared, ...]
    same: bool


@dataclass(frozen=True, slots=True)
class UnitTask:
    """One unit to be checked. `partners` are papers of others that its papers share passages with.

    `others` says of each partner's file whose it is, and where that unit's page lies as seen from this one's folder.
    `unread` are the files that could not be read, as far as their names tell what they are. `earlier` is the unit as it
    was in the round before, if it was; `turned` says that there was a round before. `changed` says how much of a
    paper's text is the same as then.
    """

    common: bytes
    unit: str
    unit_type: str
    known: bool
    not_applicable: Mapping[str, str]
    papers: tuple[Handed, ...]
    partners: tuple[Handed, ...]
    copies: tuple[SharedText, ...]
    dues: tuple[Due, ...]
    problems: tuple[Problem, ...]
    set_aside: tuple[Assignment, ...]
    guesses: tuple[Assignment, ...]
    others: Mapping[str, tuple[str, str]]
    decided: tuple[Decision, ...]
    folder: str
    unread: tuple[Arrived, ...] = ()
    turned: bool = False
    earlier: Earlier | None = None
    changed: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitOutcome:
    """What came of it: the line for the results, the record for results.jsonl, and the files, by name in its folder."""

    line: UnitLine
    record: bytes
    files: tuple[tuple[str, bytes], ...]
