"""Who is assessed, and which papers each of them owes: the roster (花名册) as data, whatever file it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple
from unicodedata import normalize


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the roster. `aliases` are the shorter names that papers and folders use for it.

    `not_applicable` maps topic ids to the reason why they are none of its business.
    """

    name: str
    unit_type: str = ""
    aliases: tuple[str, ...] = ()
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    row: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the roster: one person in one post, and what the notice wants to know of the year.

    `unit` is the unit of this post, `main_unit` that of the person's main post where it is another one (一·1). Dates
    are as far as they are known. `seconded_months` are the months worked at `seconded_to` in the year, `leave_days`
    the days of leave for illness and private affairs. `case` says what the roster says of an investigation or a
    punishment. `unread` names the columns whose cell says something that could not be understood. `row` is the number
    of the row in its file, from 1, as a spreadsheet shows it.
    """

    unit: str
    name: str
    post: str = ""
    level: str = ""
    party_chief: bool = False
    non_party: bool = False
    main_unit: str = ""
    inspector: bool = False
    appointed: date | None = None
    former_unit: str = ""
    transferred: date | None = None
    seconded_to: str = ""
    seconded_months: float | None = None
    leave_days: float | None = None
    retired: date | None = None
    case: str = ""
    probation_end: date | None = None
    note: str = ""
    unread: tuple[str, ...] = ()
    row: int = 0

    @property
    def flags(self) -> frozenset[str]:
        """The flags of `document.FLAGS` that hold for this person."""
        chosen = (("party-chief", self.party_chief), ("non-party", self.non_party))
        return frozenset(name for name, on in chosen if on)


@dataclass(frozen=True, slots=True)
class Roster:
    """The units and persons under assessment, in the order of the file."""

    units: tuple[Unit, ...] = ()
    entries: tuple[Entry, ...] = ()

    def unit(self, name: str) -> Unit | None:
        """The unit of exactly that name."""
        return next((unit for unit in self.units if unit.name == name), None)

    def of(self, unit: str) -> tuple[Entry, ...]:
        """The rows of one unit."""
        return tuple(entry for entry in self.entries if entry.unit == unit)

    def meant(self, name: str) -> Unit | None:
        """The unit that is called so in passing: by its name, by another of its names, or without its city's name."""
        bare = _bare(name)
        if not bare:
            return None
        exact = [unit for unit in self.units if bare in map(_bare, (unit.name, *unit.aliases))]
        near = exact or [unit for unit in self.units if _is_end(bare, _bare(unit.name))]
        return near[0] if len(near) == 1 else None

    @classmethod
    def gathered(cls, entries: Iterable[Entry], units: Iterable[Unit] = ()) -> Roster:
        """The roster of these rows, with a unit for each name that `units` does not describe."""
        rows = tuple(entries)
        known = {unit.name: unit for unit in units}
        for entry in rows:
            known.setdefault(entry.unit, Unit(entry.unit, row=entry.row))
        return cls(tuple(known.values()), rows)


def _bare(name: str) -> str:
    return "".join(name.split()).removeprefix("中国共产党").removeprefix("中共")


def _is_end(one: str, other: str) -> bool:
    """Whether one name is the other without the city before it; 水务局 alone is not that of a county."""
    short, long = sorted((one, other), key=len)
    before = long.removesuffix(short)
    return before != long and (before.endswith("市") or short.startswith("市"))


Owed = Literal["owed", "none", "special"]


@dataclass(frozen=True, slots=True)
class Due:
    """One paper that a unit owes or does not owe, and why.

    `unit` is the unit that has to hand it in; `person` is empty for the papers of the team. `special`: 按有关规定,
    not judged by us. `clause` is that of the notice, `reason` one Chinese sentence. `grade` says what the notice says
    of the person's grade (不确定等次), or is empty. Not `certain`: the roster leaves open whether it is so; the reason
    says what to look up.
    """

    unit: str
    person: str
    kind: str
    owed: Owed
    clause: str
    reason: str
    grade: str = ""
    certain: bool = True


class Arrived(NamedTuple):
    """A paper that came, as far as duties ask: `person` is empty where it is the team's, or where nobody knows."""

    kind: str
    person: str
    path: str


class Settled(NamedTuple):
    """What came of the duties of one unit.

    `answers` holds for each duty, in their order, the files that answer it. `surplus` are the papers that nobody owes,
    `unclaimed` those that some person of the unit may owe and that do not say whose they are.
    """

    answers: tuple[tuple[str, ...], ...]
    surplus: tuple[Arrived, ...]
    unclaimed: tuple[Arrived, ...]


NOTES = frozenset({"prior-post-note", "secondment-opinion", "probation-summary"})
"""Papers about a person that others write: they often do not name that person where we look."""
_ANYTHING = frozenset({"other", "grade-proposal", "selection-report"})
"""What a unit hands in without a duty of ours: 三（三） and 二·2 ask all units for these."""


def settle(dues: Sequence[Due], arrived: Iterable[Arrived]) -> Settled:
    """Which of the papers of one unit answer which of its duties, and which nobody asked for.

    A duty of the team is answered by papers of that kind, whoever is named in them; one of a person by those of that
    kind and person. Notes that do not say whom they are about answer the open duties of their kind where there are
    enough of them for all. Where nothing is owed or excused, nothing is surplus: nobody knows what was to come.
    """
    papers = list(arrived)
    answers = [tuple(dict.fromkeys(paper.path for paper in papers if _answers(due, paper))) for due in dues]
    claimed: set[str] = set()
    for kind in NOTES:
        nameless = [paper for paper in papers if paper.kind == kind and not paper.person]
        waiting = [
            number
            for number, due in enumerate(dues)
            if due.kind == kind and due.person and due.owed == "owed" and not answers[number]
        ]
        if waiting and len(nameless) >= len(waiting):
            claimed.add(kind)
            for number in waiting:
                answers[number] = tuple(dict.fromkeys(paper.path for paper in nameless))
    # A duty of which the notice leaves us no word asks for its paper as well.
    asked = [due for due in dues if due.owed != "none"]
    rest = [
        paper
        for paper in papers
        if dues and paper.kind not in _ANYTHING and not any(_answers(due, paper) for due in asked)
    ]
    personal = {due.kind for due in dues if due.person}
    nameless = [paper for paper in rest if not paper.person and paper.kind in personal]
    return Settled(
        tuple(answers),
        tuple(paper for paper in rest if paper not in nameless),
        tuple(paper for paper in nameless if paper.kind not in claimed),
    )


def _answers(due: Due, paper: Arrived) -> bool:
    return due.kind == paper.kind and (not due.person or plain_name(due.person) == plain_name(paper.person))


def plain_name(name: str) -> str:
    """A name of a person or unit as it is compared: without spaces and the sorts of dots, whatever their width."""
    return "".join(letter for letter in normalize("NFKC", name) if not letter.isspace() and letter not in "·•・‧∙")
