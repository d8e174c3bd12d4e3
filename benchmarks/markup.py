"""Marking up a paper with 20 comments, against python-docx opening and saving the same paper.

Both start from the bytes and end with bytes; ours has read the paper before, as a check always has. Papers are those
that word processors save, with their styles, themes and settings: the samples that were written without these parts
take python-docx no time at all, and are told apart.
"""

from __future__ import annotations

import gc
import io
import random
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from checker.document import Document, Span
from checker.readers import read

COMMENTS = 20
_SEED = 91
_LINES = (
    "【提醒｜三（二）1·第2段】全文中这一处的说法与前文不一致，请核对。",
    "建议：请按通知要求补写本年度做了什么、有什么结果。",
    "（figure-conflict）",
)


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper in memory; `whole` says that it has the parts that a word processor writes."""

    data: bytes
    document: Document
    whole: bool


def load(paths: Sequence[Path]) -> list[Paper]:
    """The papers, read as a check reads them."""
    return [_paper(path) for path in paths]


def _paper(path: Path) -> Paper:
    data = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        whole = "word/theme/theme1.xml" in archive.namelist()
    return Paper(data, read(path.name, data), whole)


def measure(papers: Sequence[Paper], rounds: int, clock: Callable[[], float]) -> Mapping[str, list[float]]:
    """Milliseconds a paper of each way in each round, after one round that does not count; the ways take turns."""
    import docx

    from checker.render.docx import Remark, mark

    def ours(paper: Paper, remarks: Sequence[Remark]) -> None:
        mark(paper.data, remarks, documents=[paper.document])

    def theirs(paper: Paper, remarks: Sequence[Remark]) -> None:
        docx.Document(io.BytesIO(paper.data)).save(io.BytesIO())

    remarks = [[Remark(paper.document, span, _LINES) for span in _spans(paper)] for paper in papers]
    ways = {"ours": ours, "python-docx": theirs}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name in sorted(ways, reverse=bool(number % 2)):
            gc.collect()
            start = clock()
            for paper, wanted in zip(papers, remarks, strict=True):
                ways[name](paper, wanted)
            if number:
                times[name].append((clock() - start) * 1000 / len(papers))
    return times


def _spans(paper: Paper) -> list[Span]:
    """Twenty stretches of the length of a phrase, the same in every run."""
    chance = random.Random(_SEED)
    starts = (chance.randrange(max(1, len(paper.document.text) - 12)) for _ in range(COMMENTS))
    return [Span(start, start + chance.randrange(2, 12)) for start in starts]
