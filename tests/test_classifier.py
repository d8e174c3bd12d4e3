"""Sentences that speak to a topic without its terms: the model that ships, and what is made of its scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from loaders import document, every_lexicon, params, the_notice

from checker.language import classifier
from checker.language.paper import Paper
from checker.language.speech import Topic, levels

TOPICS = [item for rule in the_notice().rules if rule.kind.covers == "topics" for item in rule.params.topics]


def model() -> classifier.Model:
    found = classifier.shipped()
    assert found is not None
    return found


def test_the_model_knows_every_topic_of_the_notice() -> None:
    assert set(model().topics) == {item.id for item in TOPICS}


@pytest.mark.parametrize("topic", sorted(model().topics))
def test_what_is_sure_is_near_too(topic: str) -> None:
    """The two scores stand in their order, and every weight belongs to a feature that counts."""
    found = model().topics[topic]
    assert found.near < found.sure
    assert found.weights.keys() <= model().idf.keys()


def test_features_pass_over_quotes_and_blanks() -> None:
    """Characters, their pairs, and only words that are longer than a pair."""
    assert set(classifier.features("“四 个”意识")) == {"四", "个", "意", "识", "四个", "个意", "意识"}
    assert "习近平" in classifier.features("习近平总书记")


def test_the_best_sentence_comes_first() -> None:
    given = ["修路三条。", "上门给独居老人送药。", "入户核查吸毒人员，尿检全部阴性。", "收缴毒品，抓获贩毒人员4名。"]
    found = classifier.near(model(), given, ["drug-control", "no-such-topic"])
    assert list(found) == ["drug-control"]
    values = [score.value for score in found["drug-control"]]
    assert values == sorted(values, reverse=True)
    assert {score.sentence for score in found["drug-control"]} <= {2, 3}


@pytest.mark.parametrize("case", params("meaning.yml"))
def test_meaning(case: Mapping[str, Any]) -> None:
    """A paper that holds none of a topic's terms gets the level that its meaning gives it."""
    item = next(item for item in TOPICS if item.id == case["topic"])
    asked = Topic(item.id, item.name, f"topics/{item.id}", item.evidence)
    paper = Paper(document("工作总结\n" + case["text"]), every_lexicon())
    [by_terms] = levels(paper, [asked], by_meaning=False)
    [level] = levels(paper, [asked])
    assert by_terms.level == "absent"
    assert (level.level, level.by if level.evidence else "terms") == (case["level"], case.get("by", "meaning"))
