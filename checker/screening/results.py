"""What a screening writes for all units together: the worklist, the workbook, the table of whose paper is whose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from checker.language.count import count_words
from checker.language.similarity import Cluster, Pair
from checker.notice import Notice
from checker.render import workbook, worklist
from checker.screening import templates
from checker.screening.copies import Subject
from checker.screening.handouts import PAGE
from checker.screening.pool import LocalPool
from checker.screening.result import ClusterLine, CopyLine, Screening, Side, Topic, UnitLine
from checker.screening.store import Store
from checker.writing import write_whole, written

INDEX, WORKBOOK, ASSIGNMENTS, RECORDS = "index.html", "汇总表.xlsx", "归属表.xlsx", "results.jsonl"
_ORDER = {"error": 0, "return": 1, "remarks": 2, "pass": 3}
_QUOTE = 600
_SECONDS = 900.0


def in_order(units: Iterable[UnitLine]) -> tuple[UnitLine, ...]:
    """The order of the worklist: the gravest verdict first, then most errors, most missing papers, most warnings."""

    def key(unit: UnitLine) -> tuple[int, int, int, int, str]:
        missing = sum(due.missing for due in unit.dues)
        return _ORDER[unit.verdict], -unit.errors, -missing, -unit.warnings, unit.name

    return tuple(sorted(units, key=key))


def columns(notice: Notice, covers: str) -> tuple[Topic, ...]:
    """The topics or facets that the notice asks of a team summary: the columns of the heat map."""
    found: dict[str, str] = {}
    for rule in notice.rules:
        if rule.kind.covers == covers and "team-summary" in rule.applies_to and not rule.only_for:
            for item in getattr(rule.params, covers):
                found.setdefault(item.id, item.name)
    return tuple(found.items())


class Copied:
    """Pairs and clusters as lines, with the words of both sides."""

    def __init__(self, store: Store, subjects: Sequence[Subject], folders: Mapping[str, str]) -> None:
        self._store = store
        self._subjects = subjects
        self._folders = folders

    def pairs(self, pairs: Sequence[Pair]) -> tuple[CopyLine, ...]:
        """The pairs, most own words first."""
        ordered = sorted(pairs, key=lambda pair: (-sum(one.own for one in pair.passages), pair.first, pair.second))
        return tuple(self._pair(pair) for pair in ordered)

    def _pair(self, pair: Pair) -> CopyLine:
        first, second = (self._text(number) for number in (pair.first, pair.second))
        longest = pair.passages[0]
        words = sum(count_words(first[one.first.start : one.first.end]) for one in pair.passages)
        least = min(self._subjects[number].card.words for number in (pair.first, pair.second))
        return CopyLine(
            self._side(pair.first, first[longest.first.start : longest.first.end]),
            self._side(pair.second, second[longest.second.start : longest.second.end]),
            words,
            100 if pair.same else min(100, round(100 * words / max(1, least))),
            len(pair.passages),
            pair.same,
        )

    def clusters(self, clusters: Sequence[Cluster]) -> tuple[ClusterLine, ...]:
        """The passages that very many papers share."""
        return templates.lines(clusters, lambda number: self._side(number, ""))

    def _text(self, number: int) -> str:
        subject = self._subjects[number]
        return self._store.text(subject.stored, subject.card.key.part)

    def _side(self, number: int, quote: str) -> Side:
        subject = self._subjects[number]
        folder = "" if subject.outside else self._folders.get(subject.unit, "")
        shown = quote if len(quote) <= _QUOTE else quote[:_QUOTE] + "…"
        page = f"{folder}/{PAGE}" if folder else ""
        return Side(subject.unit, subject.person, subject.card.key.name, subject.kind, shown, page)


def write(screening: Screening, records: Iterator[bytes], output: Path, pool: LocalPool) -> None:
    """Write the results on all units into the folder `output`; `pool` makes the large ones side by side."""
    with written(output / RECORDS) as put:
        for record in records:
            put(record)
    tasks = [(name, screening) for name in (WORKBOOK, INDEX, ASSIGNMENTS)]
    for task, made in pool.run(_made, tasks, _SECONDS):
        # What is too large for a worker is made here.
        write_whole(output / task[0], made if isinstance(made, bytes) else _made(task))


def _made(task: tuple[str, Screening]) -> bytes:
    name, screening = task
    return _RENDERERS[name](screening)


_RENDERERS = {INDEX: worklist.render, WORKBOOK: workbook.render, ASSIGNMENTS: workbook.assignments}
