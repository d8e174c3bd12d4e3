"""grade-roster：等次建议表里的人，与花名册和考核范围的规定（一）对不对得上。

花名册用 kaohe screen --roster 给出；没有花名册，报告里说明没有核对。姓名中间的空格不计。
病、事假累计超过半年的参加考核、不确定等次（一·5），表里写了别的等次就是错误；在别的单位考核的、不再考核的不应由本单位提等次；
涉嫌违纪违法或者受处分的（一·7）、派驻纪检监察组组长按有关规定掌握，只作说明，不判断等次；年度内退休、工作超过半年的由本单位
推荐等次（一·6），应当在表里。花名册写得不全、不能断定的，只作提醒。表里有别的单位的人（例如县委统一上报），只作说明。
参数：lexicon 等次写法的词表；undetermined、absent 词表里「不确定等次」「不参加考核」的名称。
情形：fixed 应当不确定等次而写了别的；fixed-check 同上，花名册写得不全；not-assessed 不由本单位提等次；
missing 应当在表里而没有；stranger 花名册里没有这个人；elsewhere 花名册里在别的单位；special 按有关规定掌握。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from checker.document import Submission
from checker.language.grades import Proposal, Wordings
from checker.language.paper import Paper
from checker.roster import Due, plain_name
from checker.rules.base import Hit
from checker.rules.grades import distinct, proposed, wordings

_REPORT = "cadre-report"
"""Of the dues of a person the one of the report says where the person is assessed, and how."""


@dataclass(frozen=True, slots=True)
class Params:
    """`lexicon` holds the grades; the others are their names there."""

    lexicon: str
    undetermined: str = "不确定等次"
    absent: str = "不参加"


def lexicons(params: Params) -> Iterator[str]:
    """The lexicon of grades."""
    yield params.lexicon


def idle(params: Params, submission: Submission) -> str:
    """Why there is nothing to compare with; empty where there is."""
    if _dues(submission):
        return ""
    if submission.roster:
        return "花名册里没有本单位的人，没有与花名册核对"
    return "没有花名册，没有核对考核范围；请用 kaohe screen --roster 给出"


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit for each person whose place in the table the roster does not bear out, and for each who is not in it."""
    found = distinct(proposed(papers))
    if not found or idle(params, papers[0].context.submission):
        return
    submission = papers[0].context.submission
    dues, known = _dues(submission), wordings(params.lexicon)
    for proposal in found:
        due = dues.get(proposal.person)
        if due is None:
            yield _unknown(proposal, submission)
        else:
            yield from _known(params, proposal, due, known)
    there = {proposal.person for proposal in found}
    document = found[0].document
    for name, due in dues.items():
        if name not in there and (due.owed == "owed" or (due.owed == "special" and due.grade)):
            # The clause of the report is none for the grade; that of a case (一·6) is.
            clause = due.clause if due.grade else ""
            yield Hit(document, None, "missing", _facts(due), at=document.title, subject=due.person, clause=clause)


def _known(params: Params, proposal: Proposal, due: Due, known: Wordings) -> Iterator[Hit]:
    """What the roster has to say of the grade of somebody whom it knows in this unit."""
    grade = known.grade(proposal.grade)
    facts = _facts(due) | {"grade": proposal.grade}
    case = ""
    if due.owed == "none":
        case = "not-assessed" if grade != params.absent else ""
    elif due.grade == params.undetermined:
        wrong = grade not in ("", params.undetermined)
        case = ("fixed" if due.certain and due.owed == "owed" else "fixed-check") if wrong else ""
    elif due.owed == "special" and not due.grade:
        case = "special"
    if case:
        whose = f"{due.person} {proposal.grade}"
        yield Hit(proposal.document, proposal.place, case, facts, subject=whose, clause=due.clause)


def _unknown(proposal: Proposal, submission: Submission) -> Hit:
    units = dict.fromkeys(entry.unit for entry in submission.roster if plain_name(entry.name) == proposal.person)
    facts = {"person": proposal.shown, "units": "、".join(units)}
    return Hit(proposal.document, proposal.name, "elsewhere" if units else "stranger", facts, subject=proposal.person)


def _dues(submission: Submission) -> Mapping[str, Due]:
    """Name, as names are compared, to what the person owes here; of two rows the one that owes counts."""
    found: dict[str, Due] = {}
    for due in submission.dues:
        if due.person and due.kind == _REPORT:
            name = plain_name(due.person)
            if name not in found or found[name].owed == "none":
                found[name] = due
    return found


def _facts(due: Due) -> dict[str, object]:
    return {"person": due.person, "reason": due.reason}
