"""The work on one file: from bytes to papers as they are kept. Run in a worker, here or on another machine."""

from __future__ import annotations

import gc
from dataclasses import dataclass

import msgspec

from checker.document import Document
from checker.errors import ReadError
from checker.language.count import count_words
from checker.language.fingerprints import sketch
from checker.language.names import identify
from checker.language.passages import Folded
from checker.language.wide_figures import mentions
from checker.papers import recognise
from checker.readers import Limits, read
from checker.readers.archive import is_archive
from checker.screening.cards import Card, Key
from checker.screening.store import StoredPaper, StoredRead, pack

_COLLECT_EVERY = 50_000

ARCHIVE = "archive"
"""In `StoredRead.code`: the file is no paper but an archive of papers."""


@dataclass(frozen=True, slots=True)
class ReadTask:
    """One file to be read: its name in the batch, its bytes, and the year that is assessed."""

    name: str
    data: bytes
    limits: Limits
    year: int


def read_file(task: ReadTask) -> StoredRead:
    """The papers in one file, or why there are none."""
    try:
        if is_archive(task.data):
            return StoredRead(code=ARCHIVE)
        document = read(task.name, task.data, task.limits)
    except ReadError as error:
        return StoredRead(code=error.code, message=error.message)
    return StoredRead(tuple(_stored(part, paper, task.year) for part, paper in enumerate(recognise(document))))


def _stored(part: int, paper: Document, year: int) -> StoredPaper:
    identity = identify(paper)
    title = paper.title
    sketched = sketch(Folded(paper.text).word)
    owners = (*identity.heads, *identity.signatures)
    card = Card(
        Key(paper.path, part),
        paper.kind,
        paper.kind_source,
        paper.slice(title) if title is not None else "",
        tuple(dict.fromkeys(owner.unit for owner in owners)),
        tuple(dict.fromkeys(person.name for person in identity.persons)),
        count_words(paper.text),
        sketched.digest.hex(),
        paper.sha256,
    )
    return pack(card, paper, msgspec.msgpack.encode(mentions(paper, year)), sketched)


def warm(notice_name: str) -> None:
    """What a process needs for nearly every task, done once when it starts: what grows afterwards is not that."""
    from checker import engine, notice

    loaded = notice.load(notice_name, verify="never")
    # The examples go through every rule, and with it through every table and model.
    for rule in loaded.rules:
        engine.try_examples(loaded, rule)
    # All of that stays: the collector need not look through it again and again (a tenth of the time).
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY, 20, 50)
