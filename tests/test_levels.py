"""How far a text speaks to a topic: absent, named, substantive; and on which words that rests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from loaders import document, every_lexicon, marked_document, params, the_notice

from checker.language.paper import Paper
from checker.language.speech import Topic, has_substance, levels


def topic(topic_id: str) -> Topic:
    """The topic as the shipped notice asks for it."""
    items = (item for rule in the_notice().rules if rule.kind.covers == "topics" for item in rule.params.topics)
    item = next(item for item in items if item.id == topic_id)
    return Topic(item.id, item.name, item.lexicon or f"topics/{item.id}", item.evidence)


@pytest.mark.parametrize("case", params("levels.yml"))
def test_level(case: Mapping[str, Any]) -> None:
    """The text speaks to the topic as far as the case says; what is marked is the evidence."""
    found, spans = marked_document(case["text"])
    [level] = levels(Paper(found, every_lexicon()), [topic(case["topic"])], by_meaning=False)
    assert level.level == case["level"]
    assert bool(level.evidence) == (case["level"] != "absent")
    if spans:
        assert [found.slice(span) for span in level.evidence] == [found.slice(span) for span in spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("开展检查86次", True),
        ("打掉团伙三个", True),
        ("6月底建成", True),
        ("印发《关于进一步做好工作的意见》", True),
        ("高度重视，狠抓落实", False),
        ("增强“四个意识”", False),
        ("工作", False),
    ],
)
def test_substance(text: str, expected: bool) -> None:
    """An action, a result, a figure, a date or a case is substance; a slogan and a set phrase are not."""
    paper = Paper(document(text), every_lexicon())
    assert has_substance(paper, paper.document.blocks[0].span) is expected


def test_levels_come_in_the_order_asked() -> None:
    """Every topic asked for gets one level, in the order asked, with its own name."""
    paper = Paper(document("工作总结\n开展消防检查86次。"), every_lexicon())
    asked = [topic("religion"), topic("fire-safety")]
    assert [(level.id, level.name, level.level) for level in levels(paper, asked)] == [
        ("religion", "宗教工作", "absent"),
        ("fire-safety", "消防", "substantive"),
    ]


def test_evidence_is_bounded() -> None:
    """However often a paper speaks to a topic, no more than five places are kept."""
    paper = Paper(document("工作总结\n" + "开展消防检查86次。\n" * 9), every_lexicon())
    [level] = levels(paper, [topic("fire-safety")])
    assert len(level.evidence) == 5
