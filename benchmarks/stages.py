"""Where the time of our way goes, stage by stage. Each stage finds worked out what the ones before it have used."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import checker
from benchmarks.ways import forget_texts
from checker.document import Document, Submission
from checker.language.paper import Context, Paper
from checker.notice import Notice
from checker.papers import recognise
from checker.readers import read_path
from checker.rules import PENDING


class _Watch:
    """Adds up the time between one call and the next under the name given."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.spent: dict[str, float] = defaultdict(float)
        self._last = clock()

    def start(self) -> None:
        self._last = self.clock()

    def note(self, stage: str) -> None:
        now = self.clock()
        self.spent[stage] += now - self._last
        self._last = self.clock()


def measure(notice: Notice, papers: Sequence[Path], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Median milliseconds a paper of each stage, in the order of the run; the rest is what only the whole run shows."""
    collected: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        gc.collect()
        watch = _Watch(clock)
        for path in papers:
            _one(notice, path, watch)
        gc.collect()
        start = clock()
        for path in papers:
            forget_texts()
            checker.check(path, notice=notice)
        watch.spent["rest: findings, coverage, order"] = clock() - start - sum(watch.spent.values())
        for stage, seconds in watch.spent.items():
            collected[stage].append(seconds * 1000 / len(papers))
    return {stage: median(times) for stage, times in collected.items()}


def _one(notice: Notice, path: Path, watch: _Watch) -> None:
    forget_texts()
    watch.start()
    document = read_path(path)
    watch.note("read")
    (recognised,) = recognise(document)
    watch.note("recognise")
    _check(notice, recognised, watch)


def _check(notice: Notice, document: Document, watch: _Watch) -> None:
    watch.start()
    context = Context(notice.year, Submission((document,)))
    paper = Paper(document, notice.lexicons_for(document.kind), context)
    _ = paper.plain
    watch.note("plain text")
    _ = paper.tokens
    watch.note("tokens")
    _ = paper.matches
    watch.note("lexicon matching")
    _ = paper.sections
    _ = paper.sentences
    watch.note("sections, sentences")
    rules = [rule for rule in notice.rules if document.kind in rule.applies_to and not rule.only_for]
    # The levels of the topics first, as they are by far the most; the rules after them meet what they have kept.
    for rule in sorted(rules, key=lambda rule: rule.kind.name != "topics"):
        if rule.kind.name == PENDING or (
            rule.kind.idle is not None and rule.kind.idle(rule.params, context.submission)
        ):
            continue
        list(rule.kind.check(rule.params, [paper]))
        watch.note("topic levels" if rule.kind.name == "topics" else f"rules: {rule.kind.name}")
