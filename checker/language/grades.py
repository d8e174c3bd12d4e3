"""Tables of grade proposals (等次建议): who is proposed for which grade, whatever file and layout the table came in.

A table is known by a row of headings with 姓名 and 等次 in one of their wordings. Above it may stand titles, beside it
a second pair of columns, and in place of one column for the grade one for each grade, with a tick in it. Lines of plain
text that are divided by tabs are rows too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from checker.document import Document, Span
from checker.roster import plain_name

_NAME = re.compile(r"(?:干部|人员|同志|对象|考核人)?姓名$|^被?考核(?:对象|人员?)$")
_GRADE = re.compile("等次|等级|档次|考核结果")
_OTHER_GRADE = re.compile(r"上一?年|去年|往年|历年|[近前][一二三四五两\d]年|上次|班子|说明|理由|依据|标准|人数|比例")
_PROPOSED = re.compile("建议|拟|推荐|意见")
_UNIT = re.compile("单位")
_POST = re.compile("职务|意见|盖章")
_YEAR = re.compile(r"20\d\d")
_LONGEST_HEAD = 30

_TICKED = ("优秀", "称职", "基本称职", "不称职", "合格", "基本合格", "不合格", "不确定等次", "不定等次")
_TICKS = frozenset("√✓✔☑■●○◯◎▲★是VvⅤ")

_BRACKETS = re.compile(r"[（(【\[][^）)】\]]*[）)】\]]")
_PERSON = re.compile("[\u3400-\u9fff〇\U00020000-\U0003ffff]{2,4}")
_LONG_PERSON = re.compile("[\u3400-\u9fff〇·•・‧∙\U00020000-\U0003ffff]{3,20}")
_DOT = re.compile("[·•・‧∙]")
_NOBODY = re.compile(
    r"(?:合计|小计|总计|共计|备注|说明|注|单位|人数|比例|签字|签名|盖章|公章|日期|填表人?|审核人?|联系人|电话|以下空白|空白"
    r"|优秀|称职|基本称职|不称职|不确定|应参加|实际参加|参加考核|一|二|三|四|[（(]).*"
    r"|.*(?:意见|盖章|签字|签名|负责人|领导|人数|总数|比例|部门|情况|干部|人员|正职|副职|成员|同志|[县处科股]级)"
)
_TEAM = re.compile(r"班子$")


class _Piece(NamedTuple):
    """What stands in one cell: its text without blanks at the ends, and where."""

    text: str
    span: Span

    @property
    def bare(self) -> str:
        return "".join(self.text.split())


_Row = Mapping[int, _Piece]


class _Columns(NamedTuple):
    """Where name, grade and unit of a person stand (-1: nowhere); `ticks`: one column for each grade."""

    name: int
    grade: int
    unit: int
    ticks: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One person in a table. `grade` is as it is written, or empty; `place` is the grade, or the name without one.

    `person` is the name as names are compared; empty where what stands in its place is not the name of one person.
    """

    document: Document
    person: str
    shown: str
    name: Span
    unit: str
    grade: str
    place: Span


def proposals(document: Document, year: int = 0) -> tuple[Proposal, ...]:
    """Everybody in the tables of proposals of a paper, in their order; grades of other years than `year` are not it."""
    return tuple(found for rows in _tables(document) for found in _read(document, rows, year))


def holds_proposals(document: Document, known: Wordings) -> bool:
    """Whether anybody is proposed for a grade in a table of the paper.

    The form of a single person has 姓名 and 等次 in one row too, but no grade under the heading.
    """
    return any(found.person and known.grade(found.grade) for found in proposals(document))


def _tables(document: Document) -> Iterator[list[_Row]]:
    """The rows of each table, by column."""
    tables: dict[int, dict[int, dict[int, _Piece]]] = {}
    plain: list[_Row] = []
    for block in document.blocks:
        if block.cell is not None:
            row = tables.setdefault(block.cell.table, {}).setdefault(block.cell.row, {})
            _put(row, block.cell.column, _piece(document, block.span))
        elif "\t" in document.slice(block.span):
            plain.append(_divided(document, block.span))
    for rows in tables.values():
        yield [rows[number] for number in sorted(rows)]
    if plain:
        yield plain


def _piece(document: Document, span: Span) -> _Piece:
    text = document.slice(span)
    start = span.start + len(text) - len(text.lstrip())
    return _Piece(text.strip(), Span(start, start + len(text.strip())))


def _put(row: dict[int, _Piece], column: int, piece: _Piece) -> None:
    """Add a paragraph to a cell; those of one cell are its text together."""
    if not piece.text:
        return
    before = row.get(column)
    if before is not None:
        piece = _Piece(f"{before.text}\n{piece.text}", Span(before.span.start, piece.span.end))
    row[column] = piece


def _divided(document: Document, span: Span) -> _Row:
    """A line of plain text as a row, divided at its tabs."""
    edges = [span.start - 1, *(at for at in range(*span) if document.text[at] == "\t"), span.end]
    row: dict[int, _Piece] = {}
    for column, (before, after) in enumerate(pairwise(edges)):
        _put(row, column, _piece(document, Span(before + 1, after)))
    return row


def _read(document: Document, rows: list[_Row], year: int) -> Iterator[Proposal]:
    columns: tuple[_Columns, ...] = ()
    unit: dict[int, str] = {}
    skipped = 0
    for at, row in enumerate(rows):
        found, height = _header(rows, at, year)
        if found:
            columns, skipped, unit = _meant(found, rows[at + height :]), height, {}
        if skipped:
            skipped -= 1
            continue
        for place in columns:
            if place.unit in row:
                unit[place.unit] = row[place.unit].bare
            proposal = _proposal(document, row, place, unit.get(place.unit, ""))
            if proposal is not None:
                yield proposal


def _header(rows: list[_Row], at: int, year: int) -> tuple[tuple[_Columns, ...], int]:
    """The columns that a row of headings tells, and how many rows it takes; none where it is no such row."""
    row = rows[at]
    names = [column for column in sorted(row) if _NAME.search(_head(row[column]))]
    if not names:
        return (), 0
    below = rows[at + 1] if at + 1 < len(rows) and not any(name in rows[at + 1] for name in names) else {}
    for heads, height in (({**row, **_ticked(below)}, 2 if _ticked(below) else 1), (row, 1), ({**below, **row}, 2)):
        found = tuple(_columns(heads, names, year))
        if found:
            return found, height
    return (), 0


def _head(piece: _Piece) -> str:
    return piece.bare if len(piece.bare) <= _LONGEST_HEAD else ""


def _ticked(row: _Row) -> _Row:
    """The columns of a row that are headed by a grade, where there are at least two."""
    found = {column: piece for column, piece in row.items() if _BRACKETS.sub("", piece.bare) in _TICKED}
    return found if len({piece.bare for piece in found.values()}) > 1 else {}


def _columns(heads: _Row, names: list[int], year: int) -> Iterator[_Columns]:
    """For each column of names those that belong to it: up to the next column of names."""
    units = [column for column in sorted(heads) if _UNIT.search(_head(heads[column]))]
    plain_units = [column for column in units if not _POST.search(_head(heads[column]))]
    for name, end in zip(names, [*names[1:], max(heads) + 1], strict=True):
        own = {column: heads[column] for column in sorted(heads) if name < column < end}
        ticks = {column: _BRACKETS.sub("", piece.bare) for column, piece in _ticked(own).items()}
        grades = [column for column in own if column not in ticks and _is_grade(_head(own[column]), year)]
        chosen = next((column for column in grades if _PROPOSED.search(_head(own[column]))), next(iter(grades), -1))
        if ticks or chosen >= 0:
            unit = next((column for column in plain_units if column < end), -1)
            yield _Columns(name, chosen, unit, ticks)


def _is_grade(head: str, year: int) -> bool:
    if not _GRADE.search(head) or _OTHER_GRADE.search(head):
        return False
    told = _YEAR.findall(head)
    return not year or not told or str(year) in told


def _meant(columns: tuple[_Columns, ...], rows: list[_Row]) -> tuple[_Columns, ...]:
    """The columns, without those for ticks where nothing is ticked: they hold votes, or the grade is written beside."""
    return tuple(
        place._replace(ticks=place.ticks if any(_ticks(row, place) for row in rows) else {}) for place in columns
    )


def _ticks(row: _Row, place: _Columns) -> list[int]:
    return [column for column in place.ticks if column in row and row[column].bare in _TICKS]


def _proposal(document: Document, row: _Row, place: _Columns, unit: str) -> Proposal | None:
    """The person of a row; None where the row is about nobody, or no grade could stand in it."""
    named = row.get(place.name)
    if named is None or (place.grade < 0 and not place.ticks) or _TEAM.search(named.bare):
        return None
    ticked = [(place.ticks[column], row[column].span) for column in _ticks(row, place)]
    written = [(row[place.grade].text, row[place.grade].span)] if place.grade in row else []
    chosen = ticked or written
    grade = "、".join(text for text, _ in chosen)
    person = _person(named.text)
    # 合计, 县级领导, 党组意见: lines between and under the rows of persons, unless they give somebody a grade.
    if (not grade and not person) or (_NOBODY.fullmatch(named.bare) and grade not in _TICKED):
        return None
    return Proposal(document, person, named.text, named.span, unit, grade, chosen[0][1] if chosen else named.span)


def _person(text: str) -> str:
    """The name of one person as names are compared; empty where the text is none."""
    bare = "".join(_BRACKETS.sub("", text).split())
    if _PERSON.fullmatch(bare) or (_DOT.search(bare) and _LONG_PERSON.fullmatch(bare)):
        return plain_name(bare)
    return ""


class Wordings:
    """The grades and how else they are written; a line of the lexicon is a grade and its other wordings, with =."""

    _BEFORE = re.compile(r"^(?:(?:拟|建议|推荐|初步|考核|评定?|确?定)+[为：:]?)")
    _AFTER = re.compile(r"(?:等次|等级|档次|[（(][^）)]*[）)])+$")
    _POINTS = re.compile(r"[\s，,。；;]")

    def __init__(self, lines: Iterable[str]) -> None:
        self._grades = {
            wording: words[0] for words in (line.split("=") for line in lines) for wording in words if wording
        }

    def grade(self, text: str) -> str:
        """The grade that is meant, or empty."""
        bare = self._POINTS.sub("", text)
        forms = (bare, self._AFTER.sub("", bare), self._BEFORE.sub("", bare))
        for form in (*forms, self._AFTER.sub("", forms[2])):
            if form in self._grades:
                return self._grades[form]
        return ""
