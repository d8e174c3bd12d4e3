"""How sure a finding can be: what rests on recognised text, or is missed where pages were not read, is no error.

The one place where findings are made weaker for the way in which a paper was read.
"""

from __future__ import annotations

from checker.document import Document, Submission
from checker.report import Severity
from checker.rules.base import Hit

RECOGNISED = "（文字由识别得来，建议核对原件。）"
"""Ends the message of every finding that rests on recognised text."""
UNREAD = "（材料有没读到的页，建议核对原件。）"
"""Ends the message of a finding that something is wanting, where pages could not be read."""


def recognised(hit: Hit, submission: Submission) -> bool:
    """Whether a hit rests on text that was recognised in pictures: the words found, or all that was looked through."""
    if any(place.document.recognised(place.span) for place in hit.related):
        return True
    if hit.document is None:
        return any(document.recognised() for document in submission.documents)
    # What is absent, and a count, rest on the whole paper.
    return hit.document.recognised(None if hit.firm is not None else hit.span)


def unread(hit: Hit, submission: Submission) -> bool:
    """Whether a hit is about something absent that may stand on a page that could not be read."""
    looked: tuple[Document, ...] = submission.documents if hit.document is None else (hit.document,)
    return hit.span is None and any(document.reading.unread for document in looked)


def caveat(hit: Hit, submission: Submission) -> str:
    """What a finding on this hit has to say besides; empty where it is as sure as findings are."""
    if recognised(hit, submission):
        return RECOGNISED
    return UNREAD if unread(hit, submission) else ""


def weighed(severity: Severity, hit: Hit, said: str) -> Severity:
    """The severity that a finding may have, which says `said` besides."""
    return "warning" if severity == "error" and said and not hit.firm else severity
