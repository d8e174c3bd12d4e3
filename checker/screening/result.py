"""What a screening says, as its outputs see it: units, papers, copies, what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from checker.report import Problem, Verdict
from checker.roster import Due
from checker.screening.cards import Assignment


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One paper that was checked. `name` is its file within the batch; `page` leads to its unit's page, as seen from
    the folder of the results, `copy` to its marked-up copy (empty: none was made)."""

    name: str
    part: int
    unit: str
    person: str
    kind: str
    words: int
    limit: int | None
    over: bool
    recognised: bool
    errors: int
    warnings: int
    infos: int
    page: str = ""
    copy: str = ""


@dataclass(frozen=True, slots=True)
class DueLine:
    """A paper that is owed, or not, with what came of it."""

    due: Due
    received: tuple[str, ...] = ()
    """The files that answer it."""

    @property
    def missing(self) -> bool:
        """Whether it is owed and did not come."""
        return self.due.owed == "owed" and not self.received


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding in short, for the comparison of rounds and the workbook. `paper` is the name of its file, or empty.

    `case` is that of the rule, `subject` the id of what is absent (a topic, a facet, a kind of paper). `place` says
    where it stands (第3段), `accepted` who left it as it is and why, in Chinese; empty for one that counts.
    """

    rule: str
    fingerprint: str
    severity: str
    message: str
    quote: str
    clause: str
    paper: str
    kind: str
    person: str = ""
    part: int = 0
    case: str = ""
    subject: str = ""
    place: str = ""
    accepted: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """One unit against the round before: what was mended, what remains, what is new, by fingerprint.

    `missing` says that the unit had papers in the round before and has none now. `changed` are the files whose text is
    another now, with the share of it that is the same (0 to 1). `unseen` are earlier findings of which nobody knows:
    the paper did not come this time, could not be read, or the rule did not run. `accepted` are findings of now that a
    person left as they are: they are neither new nor remaining.
    """

    mended: tuple[FindingLine, ...] = ()
    remaining: tuple[FindingLine, ...] = ()
    new: tuple[FindingLine, ...] = ()
    missing: bool = False
    changed: Mapping[str, float] = field(default_factory=dict)
    unseen: tuple[FindingLine, ...] = ()
    accepted: tuple[FindingLine, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit with all that came from it.

    `topics` maps the topics of the team summary to absent, named, substantive or not-applicable (empty where there is
    no summary), `facets` likewise to absent, passage, section. `page` and `form` are seen from the folder of the
    results. `surplus` are files that nobody asked for. `known` is false for a unit that is not on the roster.
    """

    name: str
    unit_type: str
    known: bool
    verdict: Verdict
    errors: int
    warnings: int
    infos: int
    accepted: int
    papers: tuple[PaperLine, ...]
    dues: tuple[DueLine, ...]
    findings: tuple[FindingLine, ...]
    problems: tuple[Problem, ...]
    surplus: tuple[str, ...]
    topics: Mapping[str, str]
    facets: Mapping[str, str]
    page: str = ""
    form: str = ""
    round: Round | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair: the paper and the passage in it. `page` leads to its unit's page; empty for a paper that is
    only compared with."""

    unit: str
    person: str
    name: str
    kind: str
    quote: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class CopyLine:
    """Two papers that share text: how many 字 are shared, what share of the shorter one that is (0 to 100), in how many
    passages; the quotes are the longest of them."""

    first: Side
    second: Side
    words: int
    share: int
    passages: int
    same: bool = False


@dataclass(frozen=True, slots=True)
class ClusterLine:
    """A passage that very many papers share, as in a template: how it reads in one of them, how many 字 it has, in how
    many papers of how many units it stands. `papers` name these (without quotes), the shown one first."""

    passage: str
    words: int
    papers: tuple[Side, ...]
    count: int
    units: int


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A figure on the whole city that papers of several units tell differently: what of, and who says what."""

    indicator: str
    period: str
    values: tuple[tuple[str, tuple[Side, ...]], ...]
    """Each value as written, with those who say so, the most frequent first."""


Topic = tuple[str, str]
"""Id and Chinese name."""


@dataclass(frozen=True, slots=True)
class Screening:
    """One screening, whole. `units` come in the order of the worklist: the gravest first.

    `topics` and `facets` are the columns of the heat map in the order of the notice. `nobody` are the papers that
    belong to no unit, `set_aside` the duplicates and older versions, `guesses` every assignment, `unread` every file
    that could not be read, also those of known units. `bad_rows` are sentences on rows of the roster that could not be
    used.
    """

    title: str
    notice: str
    year: int
    version: str
    made: datetime
    roster: bool
    units: tuple[UnitLine, ...]
    topics: tuple[Topic, ...] = ()
    facets: tuple[Topic, ...] = ()
    copies: tuple[CopyLine, ...] = ()
    figures: tuple[FigureLine, ...] = ()
    clusters: tuple[ClusterLine, ...] = ()
    nobody: tuple[Assignment, ...] = ()
    set_aside: tuple[Assignment, ...] = ()
    guesses: tuple[Assignment, ...] = ()
    unread: tuple[Problem, ...] = ()
    skipped: int = 0
    bad_rows: tuple[str, ...] = ()
    not_checked: tuple[tuple[str, str], ...] = ()
    """Rule and reason, where a rule could run nowhere."""
    previous: str = ""
    """The results of the round before, if they were given."""
