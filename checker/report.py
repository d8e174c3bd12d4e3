"""What a check says: findings, coverage, what could not be checked, and the verdict. Every output is a view of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from checker.document import Document, Span, Submission, surely_over

if TYPE_CHECKING:
    from checker.notice import Notice

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


def severity(name: str) -> Severity:
    """`name` as a severity; ValueError if it is none."""
    return SEVERITIES[SEVERITIES.index(name)]


SEVERITY_NAMES: Mapping[str, str] = {"error": "错误", "warning": "提醒", "info": "提示"}

Verdict = Literal["pass", "remarks", "return", "error"]
VERDICT_NAMES: Mapping[str, str] = {
    "pass": "未发现问题",
    "remarks": "有需要核对的地方",
    "return": "需要修改后再报",
    "error": "有材料未能检查",
}


class Place(NamedTuple):
    """A stretch of one document, for findings that point at more than one place."""

    document: Document
    span: Span


Verb = Literal["ignored", "checked", "baseline"]
VERB_NAMES: Mapping[str, str] = {"ignored": "忽略", "checked": "已核", "baseline": "基线"}
SOURCE_NAMES: Mapping[str, str] = {"reply": "批注回复", "accept": "处理意见文件", "baseline": "基线文件"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a finding: it is left as it is, for this `reason`.

    `source` is where that is written down: a reply in the marked-up `file`, a file of decisions, a baseline. For the
    latter two `file` is the paper that it holds for, empty for any. `date` is as written (2020-12-20), or empty.
    """

    rule: str
    fingerprint: str
    reason: str
    by: str
    date: str
    verb: Verb
    source: Literal["reply", "accept", "baseline"]
    file: str = ""


@dataclass(frozen=True, slots=True)
class Stale:
    """A decision that holds for no finding of this report, and why, in Chinese."""

    decision: Decision
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the notice asks for and the paper does not give, ready to be shown.

    `span` is the words it speaks of (offsets into `document.text`), or None for something absent; `at` is then the
    heading or title where it belongs. `document` is None for a finding on the submission as a whole. `message` says
    what is wrong, `suggestion` what to do, `clause` where the notice asks for it. `fingerprint` stays the same when
    other parts of the paper are edited. `recognised` says that it rests on text that was recognised in a picture;
    the message says so too. `accepted` is the decision of a person to leave it as it is: it is still shown, but the
    verdict and the exit code leave it out.
    """

    rule: str
    case: str
    severity: Severity
    clause: str
    message: str
    suggestion: str
    document: Document | None
    span: Span | None
    at: Span | None
    facts: Mapping[str, object]
    related: tuple[Place, ...]
    fingerprint: str
    recognised: bool = False
    accepted: Decision | None = None

    @property
    def quote(self) -> str:
        """The words the finding speaks of; empty for something absent."""
        if self.document is None or self.span is None:
            return ""
        return self.document.slice(self.span)

    @property
    def place(self) -> Span | None:
        """Where to show it: the words themselves, else the heading or title where something is wanting."""
        return self.span if self.span is not None else self.at


@dataclass(frozen=True, slots=True)
class Level:
    """How far a paper speaks to one facet (absent, passage, section) or topic (absent, named, substantive).

    `evidence` is where it does, best first. `by` says how that was found: by terms, or by the meaning of a sentence
    without its terms, which is less certain; for a topic that is absent the evidence is then what may be meant for it.
    `not_applicable` gives the reason where the unit declared it not its business.
    """

    id: str
    name: str
    level: str
    evidence: tuple[Span, ...] = ()
    not_applicable: str = ""
    by: Literal["terms", "meaning"] = "terms"


@dataclass(frozen=True, slots=True)
class Count:
    """字数 of a document: the value, the limit that applies (None: none), and what was counted, in Chinese.

    A count of `recognised` text is not exact.
    """

    value: int
    limit: int | None
    scope: str
    recognised: bool = False

    @property
    def over(self) -> bool:
        """Whether the value is surely over the limit."""
        return self.limit is not None and surely_over(self.value, self.limit, self.recognised)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one document speaks to."""

    document: Document
    count: Count
    facets: tuple[Level, ...] = ()
    topics: tuple[Level, ...] = ()


EVERY_RULE = "*"
"""In `NotChecked.rule`: all rules for a kind of paper, of a paper that could not be recognised."""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A rule that could not run, and why. Silence is never a pass."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """An input that could not be read or checked."""

    path: str
    code: str
    message: str


def judge(findings: Sequence[Finding], errors: Sequence[Problem]) -> Verdict:
    """`error` when any input was not checked, `return` on an error, `remarks` on anything else, else `pass`.

    What a person accepted does not count.
    """
    if errors:
        return "error"
    left = [finding for finding in findings if finding.accepted is None]
    if any(finding.severity == "error" for finding in left):
        return "return"
    return "remarks" if left else "pass"


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one check. `verdict` is judged from all findings, also where only some of them are shown.

    `stale` are decisions that hold for none of them any more.
    """

    submission: Submission
    notice: Notice
    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]
    not_checked: tuple[NotChecked, ...]
    errors: tuple[Problem, ...] = ()
    verdict: Verdict = ""  # type: ignore[assignment]  # judged below where it is not given
    stale: tuple[Stale, ...] = ()

    def __post_init__(self) -> None:
        if not self.verdict:
            object.__setattr__(self, "verdict", judge(self.findings, self.errors))

    def from_level(self, level: Severity) -> Report:
        """The same report with only the findings of `level` and above; the verdict stays."""
        kept = SEVERITIES[: SEVERITIES.index(level) + 1]
        return replace(self, findings=tuple(finding for finding in self.findings if finding.severity in kept))

    def of(self, document: Document) -> tuple[Finding, ...]:
        """The findings on one document, in the order of the text."""
        return tuple(finding for finding in self.findings if finding.document is document)

    @property
    def overall(self) -> tuple[Finding, ...]:
        """The findings on the submission as a whole."""
        return tuple(finding for finding in self.findings if finding.document is None)

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that nobody accepted: those that count."""
        return tuple(finding for finding in self.findings if finding.accepted is None)

    @property
    def accepted(self) -> tuple[Finding, ...]:
        """The findings that a person accepted, with a reason."""
        return tuple(finding for finding in self.findings if finding.accepted is not None)

    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity, without those accepted."""
        return {name: sum(finding.severity == name for finding in self.open) for name in SEVERITIES}
