"""Sentences that speak to a topic without its terms: linear scores over characters, pairs of characters and words.

The model lies in `models/topics.json` as plain numbers and is fitted by `training.fit`; how well it does, and on what
it was fitted, stands in `models/topics.md`. A sentence becomes a vector of its features, each weighed by how rare it
is (idf) and all together of length 1; the score of a topic is the product with the topic's weights, plus a constant.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from itertools import chain, pairwise
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


def features(sentence: str) -> Collection[str]:
    """The features of a sentence, each once: characters, pairs of characters, and words of three characters and more.

    Shorter words are characters or pairs of them already. They come in the order of the text, not in that of a set:
    sums over them are then the same in every process.
    """
    text = _PASSED_OVER.sub("", sentence).rstrip("。；，！？：、")
    words = (word for word in cut(text) if len(word) >= _LONG_WORD)
    return dict.fromkeys(chain(text, map("".join, pairwise(text)), words)).keys()


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
    for number, sentence in enumerate(sentences):
        values, length = _vector(model, sentence)
        for topic, weights in known:
            value = weights.constant + _product(weights.weights, values) / length
            if value >= weights.near:
                found[topic].append(Score(number, value))
    for scores in found.values():
        scores.sort(key=lambda score: -score.value)
    return found


def _vector(model: Model, sentence: str) -> tuple[dict[str, float], float]:
    """The features of a sentence that the model knows, each with its weight, and the length of the whole."""
    idf = model.idf
    values = {feature: weight for feature in features(sentence) if (weight := idf.get(feature)) is not None}
    return values, sqrt(sum(value * value for value in values.values())) or 1.0


def _product(weights: Mapping[str, float], values: Mapping[str, float]) -> float:
    return sum(weights[feature] * value for feature, value in values.items() if feature in weights)
