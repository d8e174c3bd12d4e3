"""Figures on a larger whole: what papers of one unit say of the whole city, province or country.

Read without a parser and very narrowly: 「2020年，全市生产总值完成1650亿元，增长3.2%，固定资产投资增长4.5%。」 A scope,
known indicators one after the other, each with nothing but empty words before its figure. Whatever else stands between
makes it another matter, and it is passed over. Most papers hold nothing of the kind, and one search tells so.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import Literal, NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from checker.document import Block, Document
from checker.language import figures, lexicon
from checker.language.figures import Figure

WORDS = "figures/words.yml"
CITIES = "places/cities"
SCOPES = ("全市", "我市", "全省", "我省", "全国", "我国")

Measure = Literal["value", "growth"]

_AIR = "空气质量优良天数"
_AIR_DAYS = re.compile(r"(\d{2,3})天")
_RATES = ("率", "度", "感", "比重", "比例", "强度", "指数", "存贷比")
_FAR = 40
"""So far behind its scope the first indicator may stand."""
_QUOTE = 60
_BLANKS = (" ", "\u00a0", "\u3000")
_SENTENCE = re.compile(r"[。！？!?\n]")
_OPEN = re.compile(r"(?:^|[。！？!?；;，,：:\s“])$")
_ENDS = re.compile(r"(?=[。！？!?；;，,、\s）)])|$")
_NEXT = re.compile(r"[，,、；;]\s*")
# What is told of these moves from month to month: only a date says which is meant.
_COUNTED = frozenset(("人", "户", "家", "个", "件", "人次", "起", "项", "亩", "头"))
_PLANNED = re.compile(
    r"计划|力争|确保|争取|打算|努力[实达使把推完]|目标|预期|预计|下一?步|明年|展望|拟|将|(?<![主重首必需])要|任务|规划|承诺|若|如果"
)
_PLAN_BEFORE = re.compile(r"目标[是为：]|预期|力争|下一?步|明年|打算|展望")
_NOT_WHOLE = re.compile(r"其中|年均|平均|不含|剔除")
_PERIOD = re.compile(
    r"(?P<part>(?:20\d\d年)?(?:前?\d{1,2}(?:月?[-—–~～至到]\d{1,2})?个?月|[上下]半年|[前第]?[一二三四]季度|前三个?季度|首季))"
    r"|(?P<long>20\d\d年?[-—–~～至到]\s?20\d\d年?|20\d\d年以来|十[二三四]五|[近多几]年来?|[五三两]年|近[几多两三五]|本届|任期)"
    r"|(?P<open>以来|目前|至今)"
    r"|(?P<number>20\d\d)年"
    r"|(?P<last>去年|上年度?(?!末?同期|增|相比))"
    r"|(?P<this>全年|今年|本年度?|年内|一年来|当年|年末|年底)"
)
_NUMBERED = re.compile(r"20\d\d年")
_AHEAD = re.compile(r"打算|安排|思路|目标|[主重工][要点作]任务|重点工作|努力方向|下一?步|明年|计划|展望|要求|建议")
_AGAINST = ("与", "较", "比", "和", "同", "是", "由", "从")
_BACK = re.compile(r"完成|情况|回顾|总结|成效")
_HEADING_MAX = 40
_NO_HEADING = frozenset("。；：")
# The day of an event says nothing of the figures after it.
_EVENT = re.compile(r"(?:20\d\d年)?\d{1,2}月\d{1,2}日")
# The date below a title says when the paper was written.
_DAY = re.compile(r"20\d\d年\d{1,2}月(?:\d{1,2}日)?")


class Mention(NamedTuple):
    """One figure on a larger whole. `period` is the year it is told for; `written` the figure with its unit as it
    stands in the paper, `quote` the words around it, [`start`, `end`) where indicator and figure stand."""

    scope: str
    indicator: str
    measure: Measure
    period: str
    value: float
    unit: str
    grain: float
    written: str
    quote: str
    start: int
    end: int

    @property
    def figure(self) -> Figure:
        """The figure, to be compared with others."""
        return Figure(self.start, self.end, self.value, self.unit, self.grain, True)


class _Table(NamedTuple):
    """Every scope, city and indicator to search for, and what each comes to: its name, and whether it is a scope."""

    searcher: AhoCorasick
    names: tuple[tuple[str, bool], ...]


@lru_cache(maxsize=1)
def _table() -> _Table:
    found = {scope: (scope.replace("我", "全"), True) for scope in SCOPES}
    cities = lexicon.load(CITIES)
    found.update((name, (name, True)) for name in (cities.terms if cities else ()) if name.endswith("市"))
    found.update((wording, (name, False)) for wording, name in figures.indicators().items())
    return _Table(AhoCorasick(list(found), matchkind=MatchKind.LeftmostLongest), tuple(found.values()))


class _Found(NamedTuple):
    """A scope (`wide`) or an indicator of a paper."""

    name: str
    wide: bool
    start: int
    end: int


class _Patterns(NamedTuple):
    """Words that change nothing, and words that make a figure growth."""

    empty: re.Pattern[str]
    move: re.Pattern[str]
    falls: frozenset[str]


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    import yaml  # not at the top: most papers hold no such figures

    words = yaml.safe_load(lexicon.table(WORDS))
    vague = re.compile(r"[约近超逾]|突破|不足|不到|预计|左右")
    empty = [word for word in words["filler"] if not vague.search(word)]
    empty += [word for word in words["period"]["year"] if word not in ("目前", "截至目前")]
    empty += _BLANKS
    base = [word for word in words["base"]["last-year"] if word not in words["down"]]
    falls = words["down"]
    return _Patterns(
        re.compile(rf"(?:{_either(empty)})*"),
        re.compile(rf"(?:{_either(base)})*({_either([*words['up'], *falls])})(?:{_either([*empty, *base])})*"),
        frozenset(falls),
    )


def _either(words: list[str]) -> str:
    return "|".join(re.escape(str(word)) for word in sorted(set(words), key=len, reverse=True))


def mentions(document: Document, year: int) -> tuple[Mention, ...]:
    """What the paper says with figures of city, province or country; `year` is the one assessed (0: unknown)."""
    table = _table()
    matches = [
        _Found(*table.names[number], start, end)
        for number, start, end in table.searcher.find_matches_as_indexes(document.text)
    ]
    scopes = [
        scope
        for scope, after in pairwise(matches)
        if scope.wide
        and not after.wide
        and after.start - scope.end <= _FAR
        and _SENTENCE.search(document.text, scope.end, after.start) is None
    ]
    if not scopes:
        return ()
    indicators = {match.start: match for match in matches if not match.wide}
    found: dict[tuple[int, Measure], Mention] = {}
    for scope in scopes:
        for mention in _Reading(document, scope, indicators, year).found():
            found.setdefault((mention.start, mention.measure), mention)
    return tuple(found.values())


class _Reading:
    """One reading of a sentence from its scope on."""

    def __init__(self, document: Document, scope: _Found, indicators: Mapping[int, _Found], year: int) -> None:
        self._document = document
        self._text = document.text
        self._scope = scope
        self._indicators = indicators
        self._year = year
        stop = _SENTENCE.search(self._text, scope.start)
        self._stop = stop.start() if stop else len(self._text)
        self._figures: Mapping[int, Figure] = {}

    def found(self) -> Iterator[Mention]:
        """The figures that are surely on the whole of the scope."""
        block = self._document.block_at(self._scope.start)
        if block is None or block.cell is not None:
            return
        ends = [match.end() for match in _SENTENCE.finditer(self._text, block.span.start, self._scope.start)]
        low = max([block.span.start, *ends])
        lead = self._text[low : self._scope.start]
        if _PLANNED.search(lead) or _NOT_WHOLE.search(lead) or not _opens(lead):
            return
        period, told = self._period(lead, block, low)
        if not period:
            return
        start = self._scope.end
        self._figures = {
            figure.start + start: figure._replace(start=figure.start + start, end=figure.end + start)
            for figure in figures.written(self._text[start : self._stop])
        }
        yield from (mention for mention in self._items(period) if told or mention.unit not in _COUNTED)

    def _period(self, lead: str, block: Block, low: int) -> tuple[str, bool]:
        """The year that the figures are told for, empty where none is clear; and whether the sentence says so."""
        after = self._text[self._scope.end : self._scope.end + _FAR]
        words = lead + re.split("[，。]", after)[0]
        told = _last_period(words, self._year)
        if told is not None and _NUMBERED.search(words):
            return told, True
        before = _EVENT.sub("", self._text[block.span.start : low])
        if _PLAN_BEFORE.search(before) or self._is_ahead(block):
            return "", False
        if told is not None:
            return told, True
        # Another year that was spoken of before may well be over; only the sentence itself can tell of it.
        unclear = not self._year or _last_period(before, self._year) not in (None, str(self._year))
        return "" if unclear else str(self._year), False

    def _is_ahead(self, block: Block) -> bool:
        """Whether the nearest heading above that says so looks ahead, or back on more or less than the year."""
        blocks = self._document.blocks
        number = bisect_right(blocks, block.span.start, key=attrgetter("span.start")) - 1
        for other in reversed(blocks[:number]):
            words = _DAY.sub("", self._document.slice(other.span))
            if other.cell is not None or len(words) > _HEADING_MAX or not _NO_HEADING.isdisjoint(words):
                continue
            if _AHEAD.search(words) and not _BACK.search(words):
                return True
            frame = _last_period(words, self._year)
            if frame is not None:
                return frame != str(self._year)
        return False

    def _items(self, period: str) -> Iterator[Mention]:
        """Indicator after indicator, each with its amount, its growth or both, until anything else comes between."""
        at = self._scope.end
        while (start := self._skip(at)) in self._indicators:
            name, _, _, at = self._indicators[start]
            amount = self._amount(name, self._skip(at))
            if amount is not None:
                at = amount.end
                if amount.exact and _is_amount(name, amount):
                    yield self._mention(name, "value", period, amount, start)
            growth = self._growth(at if amount is None else self._next(at))
            if growth is not None:
                at = growth.end
                if growth.exact and growth.unit in ("%", "‰"):
                    yield self._mention(name, "growth", period, growth, start)
            after = self._next(at)
            if (amount is None and growth is None) or after == at:
                return
            at = after

    def _amount(self, name: str, at: int) -> Figure | None:
        figure = self._figures.get(at)
        if figure is None and name == _AIR and (days := _AIR_DAYS.match(self._text, at)):
            figure = Figure(at, days.end(), float(days[1]), "天", 1.0, True)
        return figure if figure is not None and self._ends(figure.end) else None

    def _growth(self, at: int) -> Figure | None:
        """The growth told here; a fall is negative."""
        _, move, falls = _patterns()
        match = move.match(self._text, self._skip(at), self._stop)
        if match is None:
            return None
        begin = match.end()
        figure = self._figures.get(begin + (self._text[begin : begin + 1] in figures.MINUS))
        if figure is None or not self._ends(figure.end):
            return None
        return figure._replace(value=-figure.value) if match[1] in falls else figure

    def _skip(self, at: int) -> int:
        """Where the empty words end that begin here."""
        match = _patterns().empty.match(self._text, at, self._stop)
        return at if match is None else match.end()

    def _next(self, at: int) -> int:
        match = _NEXT.match(self._text, at, self._stop)
        return at if match is None else match.end()

    def _ends(self, at: int) -> bool:
        """Whether the figure that ends here is not about something that follows (12家通过认定)."""
        return _ENDS.match(self._text, at) is not None or _patterns().move.match(self._text, at) is not None

    def _mention(self, name: str, measure: Measure, period: str, figure: Figure, start: int) -> Mention:
        text = self._text
        written = re.sub(r"\s", "", text[figure.start : figure.end])
        if measure == "growth":
            written = ("下降" if figure.value < 0 else "增长") + written
        quote = text[self._scope.start : min(self._stop, max(figure.end, self._scope.start + _QUOTE))]
        return Mention(
            self._scope.name, name, measure, period, figure.value, figure.unit, figure.grain, written, quote,
            start, figure.end,
        )  # fmt: skip


def _opens(lead: str) -> bool:
    """Whether a scope after these words begins a clause, but for a date before it."""
    dates = list(_PERIOD.finditer(lead))
    rest = lead[: dates[-1].start()] if dates and not lead[dates[-1].end() :].strip("底末度，,") else lead
    return _OPEN.search(rest) is not None or rest.endswith(("截至", "截止", "到", "至", "在"))


def _is_amount(name: str, figure: Figure) -> bool:
    """Whether it can be the amount of the indicator: 完成103% is none."""
    return figure.unit not in figures.RELATIVE or (figure.unit != "个百分点" and name.endswith(_RATES))


def _last_period(words: str, year: int) -> str | None:
    """The year that the last date in these words tells, None where there is none, empty for any other time."""
    dates = list(_PERIOD.finditer(words))
    if not dates:
        return None
    found = dates[-1]
    if words[: found.start()].endswith(_AGAINST):
        return ""
    if found["number"]:
        return found["number"] if not year or int(found["number"]) <= year else ""
    if found["last"]:
        return str(year - 1) if year else ""
    return str(year) if found["this"] and year else ""
