"""Reading every file of a batch: what is known comes from the store, archives are unpacked and read as well."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from checker.errors import KaoheError, ReadError
from checker.readers import Limits
from checker.readers import load as load_file
from checker.report import Problem
from checker.screening.cards import Card, Key
from checker.screening.discover import Item, Unpacked, unpack
from checker.screening.edition import edition
from checker.screening.pool import Failure, LocalPool, Pool
from checker.screening.progress import Progress
from checker.screening.reading import ARCHIVE, ReadTask, read_file
from checker.screening.store import Store, StoredRead, key_of

_UNPACK_SECONDS = 600.0
_ZIP = ".zip"

LOST = {
    "timeout": "读取超过 {seconds:g} 秒，已停止；文件可能已损坏或过于复杂，请重新另存为 .docx。",
    "out-of-memory": "读取这个文件要用的内存过多，已停止；请重新另存为 .docx。",
    "died": "读取这个文件时程序意外退出，请重新另存为 .docx 后再试。",
    "failed": "读取这个文件时程序出错（{detail}），请重新另存为 .docx 后再试。",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """One paper that was read: its card, the key of its file in the store, where the file lies, what it mentions."""

    card: Card
    stored: bytes
    item: Item
    mentions: bytes


@dataclass(slots=True)
class Intake:
    """All that was read. `kept` counts the files that were known from before."""

    papers: list[Taken] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: int = 0
    kept: int = 0


class Reader:
    """Reads files through a pool. Whatever a file does, it is told and the rest goes on."""

    def __init__(
        self,
        store: Store,
        pool: Pool,
        unpacking: LocalPool,
        limits: Limits,
        timeout: float,
        year: int,
        progress: Progress,
    ) -> None:
        self._store = store
        self._pool = pool
        self._unpacking = unpacking
        self._limits = limits
        self._timeout = timeout
        self._year = year
        self._progress = progress

    def read(self, items: Sequence[Item], spool: Path) -> Intake:
        """Every paper in `items` and in the archives among them, in the order of their names."""
        intake = Intake()
        waiting = deque(items)
        places: dict[str, tuple[Item, bytes]] = {}
        archives: list[Item] = []
        while waiting:
            for task, outcome in self._pool.run(
                read_file, self._tasks(waiting, intake, places, archives), self._timeout
            ):
                item, key = places.pop(task.name)
                read = self._as_read(outcome)
                # What was not the file's own doing may go better the next time.
                if not isinstance(outcome, Failure):
                    self._store.put_read(key, read)
                self._sort(item, key, read, intake, archives)
                self._progress.step(fault=bool(read.code) and read.code != ARCHIVE)
            for item in self._unpacked(archives, spool, intake):
                waiting.append(item)
            archives.clear()
        intake.papers.sort(key=lambda taken: taken.card.key)
        intake.problems.sort(key=lambda problem: (problem.path, problem.code))
        return intake

    def _tasks(
        self, waiting: deque[Item], intake: Intake, places: dict[str, tuple[Item, bytes]], archives: list[Item]
    ) -> Iterator[ReadTask]:
        """The files that have to be read; those that are known, or cannot be loaded, are dealt with on the way."""
        while waiting:
            item = waiting.popleft()
            intake.files += 1
            try:
                data = load_file(Path(item.place), self._limits)
            except ReadError as error:
                if error.code == "too-large" and item.name.lower().endswith(_ZIP):
                    archives.append(item)
                    self._progress.step()
                    continue
                self._sort(item, b"", StoredRead(code=error.code, message=error.message), intake, archives)
                self._progress.step(fault=True)
                continue
            key = key_of(edition(), sha256(data).digest(), item.name, self._limits, self._year)
            known = self._store.read(key)
            if known is not None:
                intake.kept += 1
                self._sort(item, key, known, intake, archives)
                self._progress.step(fault=bool(known.code) and known.code != ARCHIVE, kept=True)
                continue
            places[item.name] = (item, key)
            yield ReadTask(item.name, data, self._limits, self._year)

    def _as_read(self, outcome: StoredRead | Failure | KaoheError) -> StoredRead:
        if isinstance(outcome, StoredRead):
            return outcome
        if isinstance(outcome, KaoheError):
            return StoredRead(code=outcome.code, message=outcome.message)
        message = LOST[outcome.cause].format(seconds=self._timeout, detail=outcome.detail)
        code = "reader-died" if outcome.cause in ("died", "failed") else outcome.cause
        return StoredRead(code=code, message=message)

    def _sort(self, item: Item, key: bytes, read: StoredRead, intake: Intake, archives: list[Item]) -> None:
        if read.code == ARCHIVE:
            archives.append(item)
        elif read.code:
            intake.problems.append(Problem(item.name, read.code, read.message))
        else:
            intake.papers.extend(
                Taken(replace(paper.card, modified=item.modified), key, item, paper.mentions) for paper in read.papers
            )

    def _unpacked(self, archives: Iterable[Item], spool: Path, intake: Intake) -> Iterator[Item]:
        """The files in `archives`, which are papers of the batch like any other."""
        work = partial(unpack, spool=str(spool), limits=self._limits)
        for item, outcome in self._unpacking.run(work, list(archives), _UNPACK_SECONDS):
            for found in self._as_unpacked(item, outcome):
                if isinstance(found, Item):
                    self._progress.grow(1)
                    yield found
                else:
                    intake.problems.append(found)

    def _as_unpacked(self, item: Item, outcome: Unpacked | Failure | KaoheError) -> Unpacked:
        if isinstance(outcome, tuple) and not isinstance(outcome, Failure):
            return outcome
        read = self._as_read(outcome)
        return (Problem(item.name, read.code, read.message),)


def unread_card(problem: Problem, kind: str) -> Card:
    """A file that could not be read, as grouping sees it: all it has is its name."""
    return Card(Key(problem.path, 0), kind, "detected", "", (), (), 0, "", "", 0.0)
