"""roster：对照花名册，看一个单位和它的每个人应交的材料交了没有，交来的是不是该交的。

花名册用 kaohe screen --roster 给出。谁应交什么、为什么，依通知第一部分的各种情形推出：担任多项职务的由主职单位报送；
新任职的按现任职务；交流任职的由原单位提供原任职情况；挂职的由当年工作半年以上的一方考核，听取另一方意见；
病事假累计超过半年的参加考核、不确定等次；年度内退休、工作不满半年的不考核；立案审查调查或者受处分的按有关规定，不作判断；
试用期满的交试用期工作总结；派驻纪检监察组组长另有办法。花名册没有写明的，不猜，写「建议核对」。
四个清单缺了哪一个，交了总结或者清单的由 lists-present 指出；总结和清单一样都没有的，在这里一次说明。
参数：clauses 各种情形在通知里的条款；months 挂职几个月算半年；days 病事假、退休前工作多少天算半年。
情形：team 领导班子的材料没有交；report 个人的述职报告没有交；report-check 可能应交、建议核对；
note 原任职情况、挂职意见、试用期总结没有交；note-check 同上而不能确定；not-owed 不需要交的交来了；
unknown 花名册里本单位没有这个人；elsewhere 花名册里这个人在别的单位；nameless 看不出是谁的；
special 按有关规定或者不能断定的，只作说明。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from checker import dues as derivation
from checker.document import LIST_KINDS, PAPER_KINDS, Document, Span, Submission
from checker.dues import CASES
from checker.language.paper import Paper
from checker.roster import NOTES, Arrived, Due, Roster, plain_name, settle
from checker.rules.base import Hit

_SUMMARY, _REPORT = "team-summary", "cadre-report"
_PERSONAL = NOTES | {_REPORT}
_TEAM = (_SUMMARY, *LIST_KINDS)


@dataclass(frozen=True, slots=True)
class Params:
    """The clauses of the cases (one for each of `dues.CASES`), and how long half a year is."""

    clauses: Mapping[str, str]
    months: float = 6
    days: float = 183

    def __post_init__(self) -> None:
        wrong = next((case for case in self.clauses if case not in CASES), None)
        if wrong:
            raise ValueError(f"clauses 里没有 {wrong!r} 这种情形；有 {'、'.join(CASES)}")
        missing = next((case for case in CASES if not self.clauses.get(case)), None)
        if missing:
            raise ValueError(f"clauses 缺少 {missing}（{CASES[missing]}）")
        if min(self.months, self.days) <= 0:
            raise ValueError("months 和 days 要大于 0")


def dues(params: Params, known: Roster, year: int) -> tuple[Due, ...]:
    """What all units of a roster owe."""
    return derivation.dues(known, year, params.clauses, months=params.months, days=params.days)


def idle(params: Params, submission: Submission) -> str:
    """Why there is nothing to hold the papers against; empty where there is."""
    if submission.dues:
        return ""
    if submission.roster:
        return "花名册里没有本单位，不知道应交哪些材料"
    return "没有给花名册，应交哪些材料没有核对；批量审查（kaohe screen）可以用 --roster 给出花名册"


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """The same as `overall`, where there are papers."""
    if papers:
        yield from overall(params, papers[0].context.submission)


def overall(params: Params, submission: Submission) -> Iterator[Hit]:
    """Hits on what is wanting, then on papers that nobody asked for, then what is told besides."""
    if not submission.dues:
        return
    answered = _Answered(submission)
    yield from answered.team()
    yield from answered.missing()
    yield from answered.surplus()
    yield from answered.special()


class _Answered:
    """The papers of one unit held against its dues. A file that came and could not be read is not missing."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.documents = submission.documents
        # Papers are known again by their number: a file may hold several.
        papers = [Arrived(paper.kind, paper.person, str(number)) for number, paper in enumerate(self.documents)]
        self.kinds = {paper.kind for paper in (*papers, *submission.unread)}
        unread = [paper._replace(path="") for paper in submission.unread]
        self.settled = settle(submission.dues, [*papers, *unread])
        self.posts = {(entry.unit, entry.name): entry.post for entry in submission.roster}

    def _open(self) -> Iterator[Due]:
        """What is owed and did not come."""
        for due, answers in zip(self.submission.dues, self.settled.answers, strict=True):
            if due.owed == "owed" and not answers:
                yield due

    def team(self) -> Iterator[Hit]:
        """The team's papers, all in one hit; which list is wanting beside others is told by `lists-present`."""
        beside = bool(self.kinds & set(_TEAM))
        wanting = [due for due in self._open() if due.kind == _SUMMARY or (due.kind in _TEAM and not beside)]
        if wanting:
            names = "、".join(PAPER_KINDS[due.kind] for due in wanting)
            facts = {"kind": wanting[0].kind, "names": names, "reason": wanting[0].reason}
            yield Hit(None, None, "team", facts, subject="team", clause=wanting[0].clause)

    def missing(self) -> Iterator[Hit]:
        """A hit for each paper of a person that is owed and did not come."""
        wanting = [due for due in self._open() if due.person]
        reports = sum(due.kind == _REPORT for due in wanting)
        # A report may be among those of which nobody knows whose they are, or what they are.
        nameless = sum(paper.kind == _REPORT for paper in self.settled.unclaimed)
        nameless += sum(paper.kind == "other" for paper in self.submission.unread)
        for due in wanting:
            case = "report" if due.kind == _REPORT else "note"
            sure = due.certain and not (due.kind == _REPORT and nameless >= reports)
            yield self._hit(due, case if sure else f"{case}-check")

    def surplus(self) -> Iterator[Hit]:
        """A hit on each paper that somebody need not have handed in, or that is by nobody we know."""
        for paper in (*self.settled.unclaimed, *self.settled.surplus):
            if paper.path and paper.kind in _PERSONAL:
                yield self._odd(self.documents[int(paper.path)])

    def _odd(self, document: Document) -> Hit:
        person = plain_name(document.person)
        facts = {"kind": document.kind, "paper": PAPER_KINDS[document.kind], "person": person}
        mine = [due for due in self.submission.dues if due.person and plain_name(due.person) == person]
        excused = next((due for due in mine if due.kind == document.kind), None)
        if excused is not None:
            facts |= {"who": self._who(excused), "reason": excused.reason}
            return _on(document, "not-owed", facts, excused.clause)
        if not person:
            return _on(document, "nameless", facts)
        if mine:
            facts |= {"who": self._who(mine[0]), "reason": "花名册没有写出要交这份材料的情形"}
            return _on(document, "not-owed", facts)
        others = [entry.unit for entry in self.submission.roster if plain_name(entry.name) == person]
        if others:
            return _on(document, "elsewhere", {**facts, "units": "、".join(dict.fromkeys(others))})
        return _on(document, "unknown", facts)

    def special(self) -> Iterator[Hit]:
        """What is told of persons whose papers are not judged here."""
        for due in self.submission.dues:
            if due.owed == "special":
                yield self._hit(due, "special")

    def _who(self, due: Due) -> str:
        """The person with their post, as far as the roster says."""
        post = self.posts.get((due.unit, due.person)) or next(
            (post for (_, name), post in self.posts.items() if name == due.person and post), ""
        )
        return f"{due.person}（{post}）" if post else due.person

    def _hit(self, due: Due, case: str) -> Hit:
        facts = {
            "kind": due.kind,
            "paper": PAPER_KINDS[due.kind],
            "person": due.person,
            "who": self._who(due),
            "reason": due.reason,
        }
        return Hit(None, None, case, facts, subject=f"{due.kind} {due.person}", clause=due.clause)


def _on(document: Document, case: str, facts: Mapping[str, object], clause: str = "") -> Hit:
    title = document.title or Span(0, len(document.text))
    subject = f"{document.kind} {plain_name(document.person)}"
    return Hit(document, None, case, facts, at=title, subject=subject, clause=clause)
