"""Places and addresses for other systems: lines and columns, pages, paragraphs; paths that can be followed."""

from __future__ import annotations

import pytest
from other_systems import PAGES, TEXT
from sample_report import ACHIEVEMENTS, SUMMARY, at

from checker.document import Document, Span
from checker.render.machine import address, position

LONG = Span(SUMMARY.text.index("示例单位"), SUMMARY.text.index("围绕"))

PLACES: dict[str, tuple[Document, Span, tuple[object, ...]]] = {
    # unit, then line, column and byte of the start and of the first place behind the end
    "first line": (TEXT, Span(0, 2), ("line", (1, 1, 1), (1, 3, 7))),
    "behind a mark of Markdown": (TEXT, at(TEXT, "总体"), ("line", (3, 6, 10), (3, 8, 16))),
    "behind a letter of four bytes": (TEXT, at(TEXT, "XX"), ("line", (4, 6, 17), (4, 8, 19))),
    "to the end of a line": (TEXT, at(TEXT, "公里。"), ("line", (4, 8, 19), (4, 11, 28))),
    "over two lines": (TEXT, at(TEXT, "86件，\n件件"), ("line", (5, 5, 13), (6, 3, 7))),
    "an empty line": (TEXT, Span(7, 7), ("paragraph", (2, None, None), (2, None, None))),
    "beyond the text": (TEXT, Span(9999, 99999), ("paragraph", (6, None, None), (6, None, None))),
    "a page": (PAGES, at(PAGES, "第二页"), ("page", (2, None, None), (2, None, None))),
    "two pages": (PAGES, Span(0, 13), ("page", (1, None, None), (2, None, None))),
    "a paragraph": (SUMMARY, at(SUMMARY, "政治思想建设"), ("paragraph", (4, None, None), (4, None, None))),
    "several paragraphs": (SUMMARY, LONG, ("paragraph", (1, None, None), (3, None, None))),
    "a later paper of a file": (ACHIEVEMENTS, Span(0, 4), ("paragraph", (24, None, None), (24, None, None))),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_places(name: str) -> None:
    """Text files have lines and columns, other formats pages or paragraphs, counted through the whole file."""
    document, span, wanted = PLACES[name]
    found = position(document, span)
    assert found is not None
    ends = [(end.line, end.column, end.byte) for end in (found.start, found.end)]
    assert (found.unit, *ends) == wanted


def test_no_place() -> None:
    """Nothing is made up where there is no place."""
    assert position(TEXT, None) is None
    assert position(Document("空.docx", "docx", "", ()), Span(0, 0)) is None


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a b/c#d?.docx", "a%20b/c%23d%3F.docx"),
        ("总结.docx", "%E6%80%BB%E7%BB%93.docx"),
        ("C:x.docx", "C%3Ax.docx"),
        ("/tmp/总 结.docx", "file:///tmp/%E6%80%BB%20%E7%BB%93.docx"),
        ("坏\udcff.doc", "%E5%9D%8F%FF.doc"),
        ("半\ud800.doc", "%E5%8D%8A%EF%BF%BD.doc"),
    ],
)
def test_addresses(path: str, wanted: str) -> None:
    """A path becomes a reference that leads to the very file, whatever stands in it."""
    assert address(path) == wanted
