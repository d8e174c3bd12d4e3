"""members：一个固定提法（如「四大战略」）要点名，它的各个组成部分也要逐一写到。

参数：name_of 提法的名称；members 各组成部分，按规定的顺序；topic 对应的事项，声明与本单位无关时一并免查。
情形：unnamed 没有点名；missing 没有写到的组成部分；wrong 写错的组成部分；order 顺序不对。
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.language.expressions import Expression, lookalike, misquotes
from checker.language.paper import Paper
from checker.rules.base import Hit


@dataclass(frozen=True, slots=True)
class Params:
    """The phrase and its parts; `topic` is the topic whose declaration as not applicable excuses the rule too."""

    name_of: str
    members: tuple[str, ...]
    topic: str = ""


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit where the phrase is not named, for the members not written of, and for a wrong list beside the name."""
    for paper in papers:
        yield from _check_paper(params, paper)


def _check_paper(params: Params, paper: Paper) -> Iterator[Hit]:
    plain = paper.plain
    title = paper.document.title
    absent = [member for member in params.members if member not in plain.text]
    facts = {"name": params.name_of, "members": "、".join(params.members)}
    if params.name_of not in plain.text:
        yield Hit(paper.document, None, "unnamed", facts, at=title, subject="unnamed")
        if len(absent) == len(params.members):
            return  # that says it all
    replaced: set[str] = set()
    for found in misquotes(plain, Expression(params.name_of, params.members)):
        if found.case == "missing":
            continue  # told below, and only if the member stands nowhere else either
        replaced.update(found.missing)
        wrong, right = "、".join(found.wrong), "、".join(found.missing)
        yield Hit(paper.document, found.span, found.case, {**facts, "wrong": wrong, "right": right})
    for member in absent:
        place = lookalike(plain.text, member) if member not in replaced else None
        if place is not None and params.name_of in plain.text:
            replaced.add(member)
            wrong = plain.text[place[0] : place[1]]
            yield Hit(paper.document, plain.span(*place), "wrong", {**facts, "wrong": wrong, "right": member})
    missing = [member for member in absent if member not in replaced]
    if missing:
        names = "、".join(missing)
        yield Hit(paper.document, None, "missing", {**facts, "missing": names}, at=title, subject=names)
