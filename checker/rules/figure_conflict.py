"""figure-conflict：同一指标、同一时期、同一范围，前后写了不同的数字。

不算矛盾：换了单位（亿元、万元）或者四舍五入后一致的；约、近、超、余这样的概数；规模以上工业与全部工业；月、季、半年与全年；
累计与当年；目标、计划与结果；总量与增幅；百分点与百分之几；全县与本级、与某个乡镇；其中的一部分与总数；本人的与单位的。
指标表是 lexicons/figures/indicators.txt，单位表是 units.txt，可以自行增补；不在指标表里的说法，前后用词完全相同才比对。
参数：indicators 指标表；units 单位表。
情形：inside 同一份材料里；across 两份材料之间；inside-check、across-check 口径可能不同、建议核对的。
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checker.language import figures
from checker.language.paper import Paper
from checker.report import Place
from checker.rules.base import Hit

if TYPE_CHECKING:
    from checker.language.claims import Claim

_LEVEL = re.compile(r"(?<![居列于在由])[全我]([县市区省])(?!第|前|平均|率先|先进|排名|考核|首|推广|通报|现场)")
_NAMED = 5
_CONNECTED = ("较", "比", "是", "和", "与", "及", "在", "由", "从", "按", "对", "等", "末", "以", "…")
_KNOWN_RATIO = 0.3

_Stated = tuple[Paper, "Claim"]


@dataclass(frozen=True, slots=True)
class Params:
    """The tables of indicators and units."""

    indicators: str = figures.INDICATORS
    units: str = figures.UNITS


def lexicons(params: Params) -> Iterator[str]:
    """The tables that have to exist."""
    yield params.indicators
    yield params.units


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit on the figure that contradicts an earlier one on the same matter."""
    suspects = figures.suspects(papers)
    if not suspects:
        return
    from checker.language import claims  # imports spaCy: only where figures are worth comparing

    groups: dict[tuple[object, ...], list[_Stated]] = defaultdict(list)
    level = _own_level(papers)
    for paper in papers:
        wanted = [figure for owner, figure in suspects if owner is paper]
        for claim in claims.claims(paper, wanted) if wanted else ():
            if _comparable(claim, claims.is_specific):
                groups[_matter(claim, level)].append((paper, claim))
    for group in groups.values():
        yield from _contradictions(group)


def _own_level(papers: Sequence[Paper]) -> str:
    """县, 市 or 区: the level that the papers tell of, which is meant where none is named.

    全市 alone shows little: a county too tells its rank in the city.
    """
    counts: Counter[str] = Counter()
    for paper in papers:
        title = paper.document.title
        counts.update(_LEVEL.findall(paper.document.text))
        named = paper.context.submission.unit + (paper.document.slice(title) if title is not None else "")
        counts.update({level: _NAMED for level in "县市区" if level in named})
    return max(counts, key=lambda level: (counts[level], "县区市省".index(level)), default="县")


def _comparable(claim: Claim, is_specific: Callable[[str], bool]) -> bool:
    """Whether it tells a result of the whole unit in terms precise enough to be held against another one."""
    if claim.status == "plan" or claim.part or claim.own or claim.figure.unit == "倍":
        return False
    if claim.known and not claim.qualifier:
        return True
    name = claim.qualifier + claim.indicator
    return (
        claim.leading and claim.measure in ("value", "growth") and not name.startswith(_CONNECTED) and is_specific(name)
    )


def _matter(claim: Claim, level: str) -> tuple[object, ...]:
    """Claims with the same key speak of the same thing."""
    scope = claim.scope[1:] if claim.scope[1:] not in (level, "局", "委", "院", "系统") else ""
    return (
        claim.indicator,
        claim.qualifier,
        claim.measure,
        claim.figure.unit,
        claim.period,
        claim.base,
        claim.cumulative,
        claim.place,
        scope,
    )


def _contradictions(group: Sequence[_Stated]) -> Iterator[Hit]:
    """One hit where the figures of a matter fall into two values; of three or more the matter is hardly one."""
    paper, first = group[0]
    apart = [stated for stated in group[1:] if not figures.agree(first.figure, stated[1].figure)]
    if not apart or any(not figures.agree(apart[0][1].figure, other.figure) for _, other in apart[1:]):
        return
    other_paper, other = apart[0]
    certain = first.known and not first.qualifier and figures.near(first.figure, other.figure, _KNOWN_RATIO)
    if not certain and not figures.near(first.figure, other.figure, figures.OPEN_RATIO):
        return
    kinds = {paper.document.kind, other_paper.document.kind}
    across = paper is not other_paper
    if across and "cadre-report" in kinds:
        # Two cadres tell of their own parts; one of them and the team must mean the whole.
        if len(kinds) == 1 or not (certain or (first.scope and other.scope)):
            return
        certain = False
    case = ("across" if across else "inside") + ("" if certain else "-check")
    facts = {
        "name": first.qualifier + first.indicator.replace("…", ""),
        "value": _words(other_paper, other),
        "other": _words(paper, first),
    }
    yield Hit(other_paper.document, other.span, case, facts, related=(Place(paper.document, first.span),))


def _words(paper: Paper, claim: Claim) -> str:
    words = paper.document.slice(claim.figure.span)
    return words + figures.unit_beside(paper, claim.figure) if words[-1].isdigit() else words
