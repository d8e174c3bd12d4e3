"""What the judgements cost that only some papers call for: topics by meaning, and figures with spaCy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.papers import SAMPLES
from checker.document import Document, Submission
from checker.language import classifier, figures
from checker.language.lexicon import Lexicons
from checker.language.paper import Context, Paper
from checker.notice import Notice
from checker.papers import recognise
from checker.readers import read_path
from checker.rules import figure_conflict

_MISSING = ("talent", "petitions", "minors")
_FIGURED = SAMPLES / "over-length"


def measure(
    notice: Notice, papers: Sequence[Path], rounds: int, clock: Callable[[], float]
) -> Mapping[str, list[float]]:
    """Milliseconds: `meaning` a paper that lacks three topics, `claims` a submission, `spacy` its import."""
    texts = [_sentences(path, notice) for path in papers]
    submission = _submission()
    times: dict[str, list[float]] = {"meaning": [], "claims": [], "spacy": []}
    model = classifier.shipped()
    assert model is not None
    params = figure_conflict.Params()
    assert figures.suspects(_papers(submission, notice)), "the submission must hold figures worth comparing"
    for number in range(rounds + 1):
        start = clock()
        for sentences in texts:
            classifier.near(model, sentences, _MISSING)
        meaning = (clock() - start) * 1000 / len(texts)
        fresh = _papers(submission, notice)
        start = clock()
        list(figure_conflict.check(params, fresh))
        claims = (clock() - start) * 1000
        if number:
            times["meaning"].append(meaning)
            times["claims"].append(claims)
    for _ in range(3):
        start = perf_counter()
        subprocess.run([sys.executable, "-c", "import spacy"], check=True)
        times["spacy"].append((perf_counter() - start) * 1000)
    return times


def _sentences(path: Path, notice: Notice) -> list[str]:
    [document] = recognise(read_path(path))
    paper = Paper(document, notice.lexicons_for(document.kind))
    return [document.slice(sentence.span) for _, sentences in paper.sentences for sentence in sentences]


def _submission() -> tuple[Document, ...]:
    return tuple(document for path in sorted(_FIGURED.glob("*.docx")) for document in recognise(read_path(path)))


def _papers(documents: tuple[Document, ...], notice: Notice) -> list[Paper]:
    context = Context(notice.year, Submission(documents))
    empty = Lexicons.of(())
    return [Paper(document, empty, context) for document in documents]
