"""What the RTF reader takes over, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from loaders import params, shown

from checker.errors import ReadError
from checker.readers import Limits, read


@pytest.mark.parametrize("case", params("rtf/content.yml"))
def test_case(case: dict[str, Any]) -> None:
    document = read("case.rtf", b"{\\rtf1" + case["rtf"].encode("ascii") + b"}")
    assert [shown(document, block) for block in document.blocks] == case["blocks"]
    if "not_read" in case:
        assert {note.what: note.count for note in document.reading.not_read} == case["not_read"]
    if "read" in case:
        assert {note.what: note.count for note in document.reading.read} == case["read"]


def test_a_word_file_by_name_is_read_by_its_content() -> None:
    """Older offices hand out RTF under the name of a Word file."""
    assert read("总结.doc", b"{\\rtf1\\ansi a\\par}").format == "rtf"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{\\rtf1\\ansi a\\par", "damaged"),
        (b"{\\rtf1{\\info{x}", "damaged"),
        (b"{\\rtf1}", "no-text"),
        (b"{\\rtf1{\\pict 00}\\par}", "no-text"),
        (b"{\\rtf1" + b"{" * 5000 + b"a" + b"}" * 5000 + b"}", "too-deep"),
        (b"{\\rtf1" + b"{\\footnote " * 100 + b"a" + b"}" * 100 + b"}", "too-deep"),
        (b"{\\rtf1\\itap1000000 a\\par}", "too-deep"),
        (b"{\\rtf1 a" + b"\\par" * 200 + b"}", "too-large"),
        (b"{\\rtf1" + b"\\b" * 2000 + b"}", "too-large"),
    ],
)
def test_refused(data: bytes, code: str) -> None:
    with pytest.raises(ReadError) as caught:
        read("a.rtf", data, Limits(paragraphs=100, tokens=20_000 if code != "too-large" else 1000))
    assert caught.value.code == code
