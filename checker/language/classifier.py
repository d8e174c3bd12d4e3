"""Sentences that speak to a topic without its terms: linear scores over characters, pairs of characters and words.

The model lies in `models/topics.json` as plain numbers and is fitted by `training.fit`; how well it does, and on what
it was fitted, stands in `models/topics.md`. A sentence becomes a vector of its features, each weighed by how rare it
is (idf) and all together of length 1; the score of a topic is the product with the topic's weights, plus a constant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import NamedTuple

import msgspec

from checker.language.tokens import cut

MODEL = "topics.json"
_LONG_WORD = 3
_PASSED_OVER = re.compile("[“”‘’「」『』\"'\\s]")


class Weights(msgspec.Struct, frozen=True):
    """One topic: weights by feature, the constant, and the scores from which a sentence is near it, or surely on it."""

    constant: float
    near: float
    sure: float
    weights: dict[str, float]


class Model(msgspec.Struct, frozen=True):
    """All topics, with the weight (idf) of each feature."""

    idf: dict[str, float]
    topics: dict[str, Weights]


class Score(NamedTuple):
    """How far one sentence, by its number, speaks to a topic."""

    sentence: int
    value: float


def features(sentence: str) -> set[str]:
    """The features of a sentence: characters, pairs of characters, and words of three characters and more.

    Shorter words are characters or pairs of them already.
    """
    text = _PASSED_OVER.sub("", sentence).rstrip("。；，！？：、")
    found = set(text)
    found.update(map("".join, pairwise(text)))
    found.update(word for word in cut(text) if len(word) >= _LONG_WORD)
    return found


@lru_cache(maxsize=1)
def shipped() -> Model | None:
    """The model that ships with the package; None where it was left out."""
    try:
        place = resources.files("checker.models")
    except ModuleNotFoundError:
        place = Path(__file__).parents[2] / "models"
    try:
        return msgspec.json.decode(place.joinpath(MODEL).read_bytes(), type=Model)
    except FileNotFoundError:
        return None


def near(model: Model, sentences: Sequence[str], topics: Sequence[str]) -> Mapping[str, list[Score]]:
    """For each topic the sentences that are near it or surely on it, best first."""
    known = [(topic, model.topics[topic]) for topic in topics if topic in model.topics]
    found: dict[str, list[Score]] = {topic: [] for topic, _ in known}
    if not known:
        return found
    for number, values in enumerate(_vectors(model, sentences)):
        for topic, weights in known:
            value = _product(weights, values)
            if value >= weights.near:
                found[topic].append(Score(number, value))
    for scores in found.values():
        scores.sort(key=lambda score: -score.value)
    return found


def _vectors(model: Model, sentences: Sequence[str]) -> Iterator[dict[str, float]]:
    idf = model.idf
    for sentence in sentences:
        values = {feature: idf[feature] for feature in features(sentence) if feature in idf}
        length = sqrt(sum(value * value for value in values.values())) or 1.0
        yield {feature: value / length for feature, value in values.items()}


def _product(weights: Weights, values: Mapping[str, float]) -> float:
    by_feature = weights.weights
    shared = values.keys() & by_feature.keys()
    return weights.constant + sum(by_feature[feature] * values[feature] for feature in shared)
