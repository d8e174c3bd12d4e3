"""topics：通知点名的事项，材料里有没有写、写实了没有。

每个事项分三级：未见（没有任何句子说到）、仅点到（只出现在罗列、口号、下步打算或存在问题里）、有实质内容（说到它的句子有自己的
举措、成效、数字、时间或事例）。事项的说法在 lexicons/topics/ 下，一行一个词，可以自行增补；一个说法也没有
出现的，再按句意找一遍，把握不大的句子指出来请人核对。
参数：topics 事项表，每项有 id、name，可有 lexicon（默认 topics/<id>）、under（通知要求写在哪个方面）、
evidence（实质内容从哪里算：clause 同一分句，sentence 同一句，attitude 同一句里的举措）。
情形：absent 未见；unsure 未见，但有一句可能说的就是它；named 仅点到。
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from checker.document import Span
from checker.language.paper import Paper
from checker.language.speech import Topic, levels
from checker.report import Level
from checker.rules.base import Hit


@dataclass(frozen=True, slots=True)
class Item:
    """One topic as a notice lists it."""

    id: str
    name: str
    lexicon: str = ""
    under: str = ""
    evidence: Literal["clause", "sentence", "attitude"] = "clause"


@dataclass(frozen=True, slots=True)
class Params:
    """The topics in the order of the notice."""

    topics: tuple[Item, ...]

    def __post_init__(self) -> None:
        ids = [item.id for item in self.topics]
        repeated = next((topic for topic in ids if ids.count(topic) > 1), None)
        if repeated or not ids:
            raise ValueError(f"事项 {repeated} 重复" if repeated else "topics 不能为空")


def lexicons(params: Params) -> Iterator[str]:
    """The lexicons that the topics are looked up in."""
    for item in params.topics:
        yield _lexicon(item)


def cover(params: Params, paper: Paper) -> tuple[Level, ...]:
    """The level of each topic in one paper."""
    key = ("topics", params)
    if key not in paper.memo:
        asked = [Topic(item.id, item.name, _lexicon(item), item.evidence) for item in params.topics]
        paper.memo[key] = levels(paper, asked)
    return paper.memo[key]  # type: ignore[return-value]


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit for each topic that is absent, may be meant by some sentence, or is only named."""
    for paper in papers:
        for item, level in zip(params.topics, cover(params, paper), strict=True):
            facts = {"topic": item.id, "name": item.name, "under": item.under}
            if level.level == "absent" and level.evidence:
                yield Hit(paper.document, level.evidence[0], "unsure", facts, subject=item.id)
            elif level.level == "absent":
                yield Hit(paper.document, None, "absent", facts, at=paper.document.title, subject=item.id)
            elif level.level == "named":
                yield Hit(paper.document, _term(item, paper, level), "named", facts, subject=item.id)


def _term(item: Item, paper: Paper, level: Level) -> Span:
    """The first words that name the topic."""
    return next(iter(paper.found(_lexicon(item), level.evidence[0])), level.evidence[0])


def _lexicon(item: Item) -> str:
    return item.lexicon or f"topics/{item.id}"
