"""RTF files: from the bytes to a `Document`. An anchor's node is the number of the stretch of text, in file order."""

from __future__ import annotations

from checker.document import Document
from checker.errors import ReadError
from checker.readers.flow import Source, assemble
from checker.readers.limits import Limits
from checker.readers.package import DAMAGED
from checker.readers.rtf_walk import Walk

PART = "rtf"


def read_rtf(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read an .rtf file; a file that is cut off is refused, as nobody knows what is missing."""
    walk = Walk(data, limits)
    paragraphs = walk.body()
    if not walk.whole:
        raise ReadError("damaged", DAMAGED)
    return assemble(Source(name, "rtf", sha256, PART), paragraphs, walk.counts, limits)
