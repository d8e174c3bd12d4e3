"""Measures topics on the sentences that were held back: `python -m training.evaluate [--wrong]`.

For each topic precision, recall and F1 of "speaks to it at all", by the lexicon alone and by both layers, over the
sentences written for that topic (its own and its hard negatives); then the levels. `--wrong` lists what went wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence

from checker.document import Block, Document, Span
from checker.language.lexicon import Lexicons, load, shipped
from checker.language.paper import Paper
from checker.language.speech import Topic, levels
from checker.notice import load as load_notice
from training.labelled import LABELS, Row, rows

Confusion = Counter[tuple[str, str]]


def topics() -> Mapping[str, Topic]:
    """The topics of the notice that ships, by id."""
    items = [item for rule in load_notice().rules if rule.kind.covers == "topics" for item in rule.params.topics]
    return {item.id: Topic(item.id, item.name, item.lexicon or f"topics/{item.id}", item.evidence) for item in items}


def level_of(row: Row, topic: Topic, lexicons: Lexicons, *, by_meaning: bool) -> str:
    """The level that the sentence alone gives its topic."""
    document = Document("", "text", row.sentence, (Block("paragraph", Span(0, len(row.sentence))),))
    [level] = levels(Paper(document, lexicons), [topic], by_meaning=by_meaning)
    return level.level


def confusion(given: Sequence[Row], known: Mapping[str, Topic], *, by_meaning: bool) -> dict[str, Confusion]:
    """For each topic how often a sentence with one label was given each level."""
    lexicons = Lexicons.of(found for name in shipped() if (found := load(name)) is not None)
    found: dict[str, Confusion] = {}
    for row in given:
        level = level_of(row, known[row.topic], lexicons, by_meaning=by_meaning)
        found.setdefault(row.topic, Counter())[row.label, level] += 1
    return found


def scores(found: Confusion) -> tuple[float, float, float]:
    """Precision, recall and F1 of presence."""
    hits = sum(count for (label, level), count in found.items() if "absent" not in (label, level))
    told = sum(count for (_, level), count in found.items() if level != "absent")
    there = sum(count for (label, _), count in found.items() if label != "absent")
    precision, recall = hits / told if told else 1.0, hits / there if there else 1.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def accuracy(found: Confusion) -> float:
    """How often the level is right."""
    return sum(count for (label, level), count in found.items() if label == level) / max(1, found.total())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="list the sentences that went wrong")
    given = parser.parse_args()
    known, held = topics(), [row for row in rows() if row.held_back]
    alone, both = (confusion(held, known, by_meaning=layer) for layer in (False, True))
    print(f"{len(held)} sentences that nothing was fitted on; P R F1: lexicon alone, then both layers")
    for topic in sorted(both):
        print(f"{topic:26}{both[topic].total():4}  {_shown(alone[topic])}   {_shown(both[topic])}")
    print(f"{'all, each sentence alike':30}  {_shown(_sum(alone))}   {_shown(_sum(both))}")
    means = [sum(scores(each)[2] for each in way.values()) / len(way) for way in (alone, both)]
    print(f"{'mean F1 of the topics':30}  {means[0]:.3f}               {means[1]:.3f}")
    print(f"level accuracy: lexicon alone {accuracy(_sum(alone)):.3f}, both layers {accuracy(_sum(both)):.3f}")
    for label in LABELS:
        line = ", ".join(f"{level} {_sum(both)[label, level]}" for level in LABELS)
        print(f"  {label:12} told as {line}")
    if given.wrong:
        _print_wrong(held, known)
    return 0


def _sum(found: Mapping[str, Confusion]) -> Confusion:
    total: Confusion = Counter()
    for each in found.values():
        total.update(each)
    return total


def _shown(found: Confusion) -> str:
    return " ".join(f"{value:.3f}" for value in scores(found))


def _print_wrong(held: Sequence[Row], known: Mapping[str, Topic]) -> None:
    lexicons = Lexicons.of(found for name in shipped() if (found := load(name)) is not None)
    for row in held:
        level = level_of(row, known[row.topic], lexicons, by_meaning=True)
        if level != row.label:
            print(row.topic, f"{row.label} told as {level}", row.sentence, sep="\t")


if __name__ == "__main__":
    sys.exit(main())
