"""No text, however odd, keeps the patterns busy: each of these would take minutes if a pattern went back and forth."""

from __future__ import annotations

import pytest

from checker import engine, notice
from checker.papers import recognise
from checker.readers import read
from checker.submission import Submission

_ODD = {
    "dashes before a word": "-" * 38 + "合计",
    "numbers before a word": "1." * 20 + "合计",
    "brackets": "（" * 3000 + "）" * 10,
    "digits": "1" * 30_000,
    "digits and commas": "1，" * 15_000,
    "blanks": " " * 30_000,
    "wide blanks": "年" + "　" * 30_000,
    "empty lines": "\n" * 25_000,
    "list marks": "、" * 20_000,
    "numerals": "一" * 20_000,
    "crosses": "×" * 20_000,
    "lines": "＿" * 20_000,
    "asterisks": "*" * 20_000,
    "phrases": "四个意识" * 5_000,
    "quotes": "“" * 20_000,
}


@pytest.mark.parametrize("line", _ODD.values(), ids=_ODD)
@pytest.mark.parametrize("kind", ["team-summary", "cadre-report", "problem-list"])
def test_odd_text_is_soon_read(line: str, kind: str) -> None:
    """A paper with such a line comes to an end, and every rule has run on it."""
    document = read("总结.txt", f"某局领导班子2020年度工作总结\n{line}\n一、绩\n{line}。".encode())
    assert recognise(document)
    loaded = notice.load(verify="never")
    report = engine.run(loaded, Submission(recognise(document, kind)))
    assert not report.errors
