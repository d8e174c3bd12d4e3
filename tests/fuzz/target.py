"""What must hold of whatever is read: a whole `Document`, or ReadError with a code and a Chinese sentence."""

from __future__ import annotations

import time

from checker.document import Document
from checker.errors import ReadError
from checker.readers import Limits, read
from checker.readers.archive import is_archive, members

# Lower than the usual figures: what is over them is refused at once, and thousands of files are read in one run.
LIMITS = Limits(
    file_size=4_000_000, part_size=4_000_000, total_size=20_000_000, archive_size=20_000_000, tags=60_000,
    paragraphs=5_000, pages=100, characters=100_000, objects=20_000, members=50,
)  # fmt: skip
SECONDS = 5.0


def attempt(name: str, data: bytes) -> str:
    """The code of the refusal, or "read"; AssertionError (or whatever a reader raises) where something is wrong."""
    began = time.process_time()
    try:
        outcome = _attempt(name, data)
    except ReadError as error:
        check_error(error)
        outcome = error.code
    took = time.process_time() - began
    assert took < SECONDS, f"{took:.1f} s"
    return outcome


def _attempt(name: str, data: bytes) -> str:
    if not is_archive(data):
        check(read(name, data, LIMITS))
        return "read"
    for member in members(data, LIMITS):
        assert not member.name.startswith("/") and ".." not in member.name.split("/")
        if isinstance(member.content, ReadError):
            check_error(member.content)
            continue
        try:
            check(read(member.name, member.content, LIMITS))
        except ReadError as error:
            check_error(error)
    return "read"


def check_error(error: ReadError) -> None:
    """A stable code, and one Chinese sentence that ends."""
    assert error.code == error.code.lower() and " " not in error.code
    assert error.message.endswith("。"), error.message
    assert any("\u4e00" <= character <= "\u9fff" for character in error.message)


def check(document: Document) -> None:
    """Blocks follow each other and cover the text; anchors and boxes lie inside it, in order."""
    assert document.text.strip()
    assert document.sha256 and document.format
    at = 0
    for block in document.blocks:
        assert (block.span.start, block.span.start <= block.span.end) == (at, True)
        at = block.span.end + 1
    assert at == len(document.text) + 1
    for places in (document.anchors, document.boxes):
        end = 0
        for place in places:
            assert end <= place.start < place.end <= len(document.text)
            end = place.end
    for box in document.boxes:
        assert len(box.lefts) == len(box.rights) == box.end - box.start
        assert box.page >= 0
    document.text.encode("utf-8")
