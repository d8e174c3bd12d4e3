"""What every kind of rule shares: the shape of a hit and of a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checker.document import Document, Span, Submission
from checker.language.paper import Paper
from checker.report import Level, Place
from checker.roster import Due, Roster


@dataclass(frozen=True, slots=True)
class Hit:
    """All that a rule yields: where, and the facts. It knows no id, severity or wording.

    `case` picks the wording and severity in the notice. `span` is the words found, None for something absent; `at` is
    then the heading or title where it belongs. `subject` tells apart hits of one rule on things absent (a topic id).
    `firm` is given where the hit rests on a measure of the whole paper: whether it holds however far recognition errs.
    `clause` is given where the hit rests on another clause than its rule.
    """

    document: Document | None
    span: Span | None
    case: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    at: Span | None = None
    subject: str = ""
    related: tuple[Place, ...] = ()
    firm: bool | None = None
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Aspect:
    """Something a text has to show: by a term of `lexicon`, or, with `figure`, by any figure."""

    id: str
    name: str
    lexicon: str = ""
    figure: bool = False


Check = Callable[[Any, Sequence[Paper]], Iterator[Hit]]
Cover = Callable[[Any, Paper], tuple[Level, ...]]
Overall = Callable[[Any, Submission], Iterator[Hit]]
Dues = Callable[[Any, Roster, int], tuple[Due, ...]]
Idle = Callable[[Any, Submission], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule: its parameters (a frozen dataclass), the check, and the cases a notice may word apart, each with
    the facts that its message may name.

    `covers` names the part of the coverage that `cover` fills, "facets" or "topics". `lexicons` lists the lexicons
    that the kind itself needs besides those its parameters name. `manual` is the kind's page for users. `idle` says why
    such a rule has nothing to check in a submission, in Chinese; "" where it has. A kind with `overall` looks at the
    submission as a whole, also where no paper came; `dues` works out what all units of a roster owe in a year.
    """

    name: str
    params: type
    check: Check
    cases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cover: Cover | None = None
    idle: Idle | None = None
    overall: Overall | None = None
    dues: Dues | None = None
    covers: str = ""
    lexicons: tuple[str, ...] = ()
    manual: str = ""
