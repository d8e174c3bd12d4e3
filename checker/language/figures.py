"""Figures: numbers with their units, brought to one measure, and which of them are worth reading more closely.

This is the cheap pass over every paper. It only asks whether the same words stand before two figures that disagree;
what the figures mean is for `claims`, which needs spaCy and is imported only where this pass has found such a pair.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from checker.document import Block, Span
from checker.language import lexicon
from checker.language.paper import Paper

INDICATORS = "figures/indicators"
UNITS = "figures/units"

_SCALES: Mapping[str, float] = {
    "十": 10, "百": 100, "千": 1e3, "万": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7,
    "亿": 1e8, "十亿": 1e9, "百亿": 1e10, "千亿": 1e11, "万亿": 1e12,
}  # fmt: skip
_VAGUE = "余|多|来|几"
# An indicator and its figure stand close together: 「一般公共预算收入（地方级）完成13.62亿元」.
_REACH = 24
_TAIL = 4
_PAUSES = frozenset("。！？；;!?\n")
_NO_WORD = frozenset("，、：（）()“”‘’《》；。 \n\t—-,.:%％")
_BARE = re.compile(r"\s*(-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?)\s*")
_BRACKETED = re.compile(r"[（(](?:单位[：:])?([^（）()]{1,8})[）)]")
_ABOUT = re.compile(r"(?:大约|接近|将近|超过|突破|不足|不到|不低于|不少于|[约近超逾])(?:为|了)?\s*$")
_ABOUT_ENDS = frozenset("近过破足到于约超逾为了 ")
MINUS = frozenset("-－−")
_SLACK = 0.2
RELATIVE = ("%", "‰", "个百分点")
MONEY = "元"
# 万元 for 亿元.
_SLIP = 1e4
# By words that are on no list only figures are compared of which one is at least so much of the other.
OPEN_RATIO = 0.7


class Figure(NamedTuple):
    """A number with its unit. `value` is in the base unit; `grain` is what one step of the last digit written is worth.

    `exact` is False where the paper itself says that the number is not exact (约、近、超、余、左右).
    """

    start: int
    end: int
    value: float
    unit: str
    grain: float
    exact: bool

    @property
    def span(self) -> Span:
        """Where it stands: number and unit."""
        return Span(self.start, self.end)


class Mention(NamedTuple):
    """A figure, and the words before it by which the cheap pass knows it: an indicator, or the last few characters.

    `moved`: told as a rise or fall (增长5.2%), which is never held against an amount. `anchor` is where those words
    end: several figures after the same ones do not contradict each other.
    """

    key: str
    moved: bool
    figure: Figure
    anchor: int


@lru_cache(maxsize=1)
def _units() -> tuple[re.Pattern[str], Mapping[str, tuple[str, float]]]:
    """The pattern of a figure, and for each unit written its base unit and what it is worth in that."""
    table: dict[str, tuple[str, float]] = {}
    found = lexicon.load(UNITS)
    for line in found.terms if found else ():
        name, _, same = line.partition("=")
        match = re.fullmatch(r"([\d.]*)(.+)", same)
        table[name] = (match[2], float(match[1] or 1)) if match else (name, 1.0)
    names = "|".join(re.escape(name) for name in sorted(table, key=len, reverse=True))
    scales = "|".join(sorted(_SCALES, key=len, reverse=True))
    pattern = re.compile(
        # Not inside a word or a longer number (PM2.5, 5G), no ordinal, and not the end of a range (3—5个). It begins
        # with the digit, though it reads less well: so the search leaps to the next of them.
        r"(\d(?<![\d.A-Za-z第]\d)(?<![\d%％][-—–~～至]\d)[\d,]*(?:\.\d+)?)[ \u00a0]?"
        rf"({_VAGUE})?({scales})?({_VAGUE})?({names})(?![-—–~～至]\d)(左右|上下|以上|以下|以内|多|余)?"
    )
    return pattern, table


def figures(paper: Paper) -> tuple[Figure, ...]:
    """All figures of the paper with a unit we know, in text order; dates, ranges and ordinals are none."""
    found = paper.memo.get("figures")
    if not isinstance(found, tuple):
        found = paper.memo["figures"] = tuple(sorted((*written(paper.document.text), *_bare_cells(paper))))
    return found


def written(text: str) -> Iterator[Figure]:
    """The figures of a text, in order, without those that only a table explains."""
    pattern, units = _units()
    for match in pattern.finditer(text):
        number, vague, scale, vague_too, unit, around = match.groups()
        start, end = match.start(), match.end(5)
        if unit == "个" and text.startswith(("月", "工作日", "小时", "多月", "半月", "年", "世纪", "百分"), end):
            continue
        before = text[start - 1] if start else ""
        exact = not (vague or vague_too or around)
        if exact and before in _ABOUT_ENDS:  # for most figures this look is enough
            exact = _ABOUT.search(text, max(0, start - 5), start) is None
        # A rate of growth below nought is told as 「增长-3.1%」.
        sign = -1.0 if before in MINUS else 1.0
        yield _figure(Span(start, end), number, sign * _SCALES.get(scale, 1.0), units[unit], exact)


def _figure(span: Span, number: str, scale: float, unit: tuple[str, float], exact: bool) -> Figure:
    base, worth = unit
    digits = number.replace(",", "")
    whole, _, decimals = digits.partition(".")
    grain = scale * worth * 10.0 ** -len(decimals) if decimals else scale * worth
    if not decimals and len(whole) > 3 and whole.endswith("00"):
        # 「8000条」 is as a rule a round number.
        grain *= 10 ** (len(whole) - len(whole.rstrip("0")))
    return Figure(span.start, span.end, float(digits) * scale * worth, base, abs(grain), exact)


def agree(one: Figure, other: Figure) -> bool:
    """Whether the two can be the same quantity, told more or less exactly: 28.63 and 28.6, 2863万 and 0.2863亿."""
    gap = abs(one.value - other.value)
    size = max(abs(one.value), abs(other.value))
    if gap <= 1e-9 * size:
        return True
    if not (one.exact and other.exact):
        return gap <= _SLACK * size
    coarse, fine = max(one.grain, other.grain), min(one.grain, other.grain)
    # Rounded, or cut off: less than one step of the coarser. Told alike exactly, the figures have to be alike.
    return fine < coarse * (1 - 1e-9) and gap < coarse * (1 - 1e-9)


def near(one: Figure, other: Figure, ratio: float) -> bool:
    """Whether one can be a slip of the hand for the other: of about its size, its digits swapped, or 万元 for 亿元."""
    low, high = sorted((abs(one.value), abs(other.value)))
    if one.unit == MONEY and low and abs(high / low - _SLIP) < 1e-9 * _SLIP:
        return True
    if one.unit in RELATIVE or low >= ratio * high:
        return True
    return sorted(f"{low:g}".replace(".", "")) == sorted(f"{high:g}".replace(".", ""))


# ── tables ────────────────────────────────────────────────────────────


TARGET_COLUMN = re.compile(r"目标|计划|任务|承诺|上年|去年|同期")


class Row(NamedTuple):
    """A row of a table: its cells by column."""

    table: int
    number: int
    cells: Mapping[int, Block]


def rows(paper: Paper) -> tuple[Row, ...]:
    """The rows of all tables, top row first; of a cell with several paragraphs the first counts."""
    found = paper.memo.get("rows")
    if not isinstance(found, tuple):
        cells: dict[tuple[int, int], dict[int, Block]] = {}
        for block in paper.document.blocks:
            if block.cell is not None:
                cells.setdefault((block.cell.table, block.cell.row), {}).setdefault(block.cell.column, block)
        found = paper.memo["rows"] = tuple(Row(table, number, row) for (table, number), row in sorted(cells.items()))
    return found


def header(paper: Paper, row: Row) -> Row | None:
    """The top row of the same table where it holds no figures; None where the table has no header."""
    top = next(other for other in rows(paper) if other.table == row.table)
    if top is row or any(_BARE.fullmatch(paper.document.slice(block.span)) for block in top.cells.values()):
        return None
    return top


def label(paper: Paper, row: Row) -> Block | None:
    """The cell that says what the row is about: the first one with words in it."""
    for _, block in sorted(row.cells.items()):
        text = paper.document.slice(block.span).strip()
        if len(text) > 1 and not any(character.isdigit() for character in text[:1]):
            return block
    return None


def _bare_cells(paper: Paper) -> Iterator[Figure]:
    """Numbers that stand alone in a cell, with the unit that the row or the column gives."""
    _, units = _units()
    for row in rows(paper):
        named = label(paper, row)
        if named is None:
            continue
        for column, block in row.cells.items():
            match = _BARE.fullmatch(paper.document.text, block.span.start, block.span.end)
            if match is None or column == 0:
                continue
            unit = _cell_unit(paper, row, column, named)
            if unit is not None:
                yield _figure(Span(match.start(1), match.end(1)), match[1], unit[0], units[unit[1]], True)


def unit_beside(paper: Paper, figure: Figure) -> str:
    """The unit of a number that stands alone in its cell, as the row or the column gives it: 亿元."""
    for row in rows(paper):
        named = label(paper, row)
        for column, block in row.cells.items():
            if named is not None and block.span.start <= figure.start < block.span.end:
                scale, unit = _cell_unit(paper, row, column, named) or (1.0, "")
                return next((name for name, worth in _SCALES.items() if worth == scale), "") + unit
    return ""


def _cell_unit(paper: Paper, row: Row, column: int, named: Block) -> tuple[float, str] | None:
    """Scale and unit, from 「地区生产总值（亿元）」 in the row or the header, or from a column 「单位」."""
    _, units = _units()
    top = header(paper, row)
    heads = {} if top is None else top.cells
    told = [paper.document.slice(block.span) for block in (named, heads.get(column)) if block is not None]
    written = [match[1].strip() for text in told for match in _BRACKETED.finditer(text)]
    for other, block in heads.items():
        if "单位" in paper.document.slice(block.span) and other in row.cells:
            written.append(paper.document.slice(row.cells[other].span).strip())
    for text in written:
        for scale in ("", *_SCALES):
            if text.startswith(scale) and text[len(scale) :] in units:
                return _SCALES.get(scale, 1.0), text[len(scale) :]
    return None


# ── what is worth reading ─────────────────────────────────────────────


@lru_cache(maxsize=1)
def indicators() -> Mapping[str, str]:
    """Every wording of an indicator, and the name of the indicator."""
    found = lexicon.load(INDICATORS)
    return {
        wording: line.partition("=")[0]
        for line in (found.terms if found else ())
        for wording in line.split("=")
        if wording
    }


@lru_cache(maxsize=1)
def _searcher() -> tuple[AhoCorasick, tuple[str, ...]]:
    table = indicators()
    return AhoCorasick(list(table), matchkind=MatchKind.LeftmostLongest), tuple(table.values())


def mentions(paper: Paper) -> tuple[Mention, ...]:
    """Each figure under the indicator before it, and under the last characters before it."""
    found = paper.memo.get("figure-mentions")
    if not isinstance(found, tuple):
        found = paper.memo["figure-mentions"] = tuple(_mentions(paper))
    return found


_FALLS = ("下降", "减少", "降低", "降幅", "压减", "下滑", "回落", "降")
_MOVES = (*_FALLS, "增长", "增加", "提高", "上升", "增速", "增幅", "净增", "上涨", "增")
# What is told with these is a target, how much of one was reached, or what it was before.
_PLANNED = re.compile(r"目标|计划|任务|不[高低超少多]|力争|预计|控制|标的$|[由从]$")
_PLANNED_SIGNS = frozenset("标划务不力预控由从")
# In a cell beside the one that names the row: 「完成13.62亿元」, but no figure out of a whole sentence.
_LEAD_MAX = 14


def _mentions(paper: Paper) -> Iterator[Mention]:
    found = figures(paper)
    if not found:
        return
    text = paper.document.text
    yield from _under_indicators(text, found)
    yield from _in_rows(paper, found)
    for figure in found:
        words = text[max(0, figure.start - _TAIL - 2) : figure.start]
        moved = words.endswith(_MOVES)
        tail = words[-_TAIL - 2 : -2] if moved else words[-_TAIL:]
        if len(tail) == _TAIL and _NO_WORD.isdisjoint(tail) and not _planned(words):
            yield Mention(tail, moved, _signed(figure, words), figure.start)


def _planned(words: str) -> bool:
    return not _PLANNED_SIGNS.isdisjoint(words) and _PLANNED.search(words) is not None


def _signed(figure: Figure, words: str) -> Figure:
    """The figure, negative where the words before it tell of a fall."""
    return figure._replace(value=-figure.value) if words.endswith(_FALLS) else figure


def _under_indicators(text: str, found: Sequence[Figure]) -> Iterator[Mention]:
    """Each figure under the indicator that it follows, up to the next one."""
    searcher, names = _searcher()
    starts = [figure.start for figure in found]
    matches = searcher.find_matches_as_indexes(text)
    nexts = [start for _, start, _ in matches[1:]] + [len(text)]
    for (number, _, end), after in zip(matches, nexts, strict=False):
        # 生产总值、财政收入分别增长3.1%、4.2%: each figure may belong to each indicator.
        listed = "分别" in text[end : end + _REACH]
        last = end + 2 * _REACH if listed else min(end + _REACH, after)
        for figure in found[bisect_left(starts, end) : bisect_left(starts, last)]:
            words = text[end : figure.start]
            if not _PAUSES.isdisjoint(words):
                break
            if not _planned(words):
                moved = words.endswith(_MOVES) or (listed and any(move in words for move in _MOVES))
                yield Mention(names[number], moved, _signed(figure, words), end)


def _in_rows(paper: Paper, found: Sequence[Figure]) -> Iterator[Mention]:
    """Each result in a table under the indicator, or the last characters, of the cell that names its row."""
    searcher, names = _searcher()
    starts = [figure.start for figure in found]
    text = paper.document.text
    for row in rows(paper):
        named = label(paper, row)
        if named is None:
            continue
        top = header(paper, row)
        heads = {} if top is None else {column: paper.document.slice(block.span) for column, block in top.cells.items()}
        wording = _BRACKETED.sub("", paper.document.slice(named.span)).strip()
        moved = wording.endswith(_MOVES)
        keys = [names[number] for number, _, _ in searcher.find_matches_as_indexes(wording)]
        for column, block in row.cells.items():
            if block is named or TARGET_COLUMN.search(heads.get(column, "")):
                continue
            for figure in found[bisect_left(starts, block.span.start) : bisect_left(starts, block.span.end)]:
                words = text[block.span.start : figure.start]
                if len(words) <= _LEAD_MAX and not _planned(words):
                    rises = figure.unit in RELATIVE and (moved or "增" in heads.get(column, ""))
                    rises = rises or words.endswith(_MOVES)
                    signed = _signed(figure, words)
                    anchor = named.span.end
                    yield from (Mention(key, rises, signed, anchor) for key in keys or [wording[-_TAIL:]])


Suspect = tuple[Paper, Figure]
_Sighting = tuple[Paper, Mention]


def suspects(papers: Iterable[Paper]) -> list[Suspect]:
    """The figures that stand after the same words as another one that disagrees with them, in any of the papers."""
    groups: dict[tuple[str, bool, str], list[_Sighting]] = defaultdict(list)
    for paper in papers:
        for mention in mentions(paper):
            groups[mention.key, mention.moved, mention.figure.unit].append((paper, mention))
    named = frozenset(indicators().values())
    chosen: dict[tuple[int, int], Suspect] = {}
    for (key, _, _), group in groups.items():
        if len(group) > 1 and _disagree(group, 0.0 if key in named else OPEN_RATIO):
            chosen.update({(id(paper), mention.figure.start): (paper, mention.figure) for paper, mention in group})
    return list(chosen.values())


def _disagree(group: Sequence[_Sighting], ratio: float) -> bool:
    """Whether two figures of a group contradict each other, as far as numbers can."""
    paper, first = group[0]
    return any(
        not agree(first.figure, mention.figure)
        and near(first.figure, mention.figure, ratio)
        and (other is not paper or mention.anchor != first.anchor)
        for other, mention in group[1:]
    )
