"""grade-ratio：等次建议里「优秀」的人数，有没有超过规定的比例。

通知只说「按照规定比例」，比例是多少没有写，所以没有默认值：在 kaohe.toml 里写明才核对，不写就在报告里说明没有核对。
    [grades]
    excellent = 0.2               # 优秀不超过参加考核人数的 20%
    excellent-county = 0.25       # 县（区）另有比例的；市直单位是 excellent-municipal，开发区是 excellent-zone
基数是表里参加年度考核的人数，包括不确定等次的（一·5：参加年度考核，不确定等次），不包括写明不参加考核的；几份表合起来算，
同一个人只算一次。最多几人按「基数×比例」舍去小数：7 人、20%，最多 1 人。
比例是使用者设定的，基数的算法各地又不尽相同，所以只作提醒（warning），请核对后再退回。
参数：lexicon 等次写法的词表；excellent、undetermined、absent 词表里「优秀」「不确定等次」「不参加考核」的名称。
情形：over 超过比例。
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from checker.document import Submission
from checker.language.paper import Paper
from checker.report import Place
from checker.rules.base import Hit
from checker.rules.grades import distinct, proposed, wordings

EXCELLENT = "excellent"
_NO_RATIO = "没有设定优秀比例，没有核对；请在 kaohe.toml 的 [grades] 里写明，例如 excellent = 0.2"


@dataclass(frozen=True, slots=True)
class Params:
    """`lexicon` holds the grades; the others are their names there."""

    lexicon: str
    excellent: str = "优秀"
    undetermined: str = "不确定等次"
    absent: str = "不参加"


def lexicons(params: Params) -> Iterator[str]:
    """The lexicon of grades."""
    yield params.lexicon


def idle(params: Params, submission: Submission) -> str:
    """Why the ratio cannot be looked at; empty where it can."""
    return "" if _ratio(submission) is not None else _NO_RATIO


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """One hit for all tables together, on the first 优秀 that is too many."""
    ratio = _ratio(papers[0].context.submission) if papers else None
    if ratio is None:
        return
    known = wordings(params.lexicon)
    assessed = [it for it in distinct(proposed(papers)) if known.grade(it.grade) != params.absent]
    counts = Counter(known.grade(it.grade) for it in assessed)
    limit = int(ratio * len(assessed))
    if counts[params.excellent] <= limit:
        return
    excellent = [it for it in assessed if known.grade(it.grade) == params.excellent]
    facts = {
        "count": len(excellent),
        "assessed": len(assessed),
        "undetermined": counts[params.undetermined],
        "ratio": f"{float(ratio * 100):g}%",
        "share": f"{float(100 * len(excellent) / len(assessed)):.1f}%",
        "limit": limit,
        "over": len(excellent) - limit,
    }
    places = tuple(Place(it.document, it.name) for it in excellent)
    first = excellent[limit]
    yield Hit(first.document, first.place, "over", facts, subject="over", related=places)


def _ratio(submission: Submission) -> Fraction | None:
    """The ratio that is set for this type of unit, else for all."""
    grades = submission.grades
    found = grades.get(f"{EXCELLENT}-{submission.unit_type}", grades.get(EXCELLENT))
    # By way of its digits: 0.29 of 100 people are 29 and not 28.999….
    return None if found is None else Fraction(str(found))
