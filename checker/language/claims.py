"""Claims: what a sentence says with a figure, read with spaCy.

A claim tells which indicator, how much, in which unit, for which period and scope, whether it is the amount itself or
its growth, a result or a plan. Words are told apart by the lists in `lexicons/figures/words.yml`; how they may lead
from an indicator to its figure is written in `patterns.yml` as patterns of spaCy's Matcher. What stands between or
before and is on no list is kept as a qualifier, so that 食品工业固定资产投资 is never taken for 固定资产投资.

Importing this module imports spaCy (0.6 s): only do so for papers in which `figures.suspects` has found something.
The blank Chinese pipeline needs no model. Its words are those of `tokens`, cut as jieba cuts them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

import spacy
import yaml
from ahocorasick_rs import AhoCorasick
from spacy.matcher import Matcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from checker.document import Span
from checker.language import figures as cheap
from checker.language import lexicon
from checker.language.figures import Figure
from checker.language.paper import Paper
from checker.language.tokens import Tokens, cut

WORDS = "figures/words.yml"
PATTERNS = "figures/patterns.yml"
GENERIC = "generic"
_SPECIFIC_MIN = 4

Measure = Literal["value", "growth", "points", "change"]
Status = Literal["result", "plan"]

YEAR, LAST_YEAR = "year", "last-year"

_DATES = re.compile(
    r"(?:\d{4}|二[〇○零]二[〇○零一二]|二[〇○零]一九)年(?:\d{1,2}月(?:\d{1,2}日|[底末初份])?|以来|[底末度初])?"
    r"|\d{1,2}(?:月)?[-—–~～至到]\d{1,2}月份?|前\d{1,2}个月|\d{1,2}月(?:\d{1,2}日|份|[底末初]|[上中下]旬)?"
)
# The day of an event says nothing of the figures in the clauses after it; a month may be what they are told for.
_DAY = re.compile(r"\d{1,2}月(?:\d{1,2}日|[上中下]旬)")
_YEAR = re.compile(r"(20\d\d|19\d\d)年(?:[底末度]|12月(?:底|末|31日)?)?")
_IN_CHINESE = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_BRACKETS = re.compile(r"[（(][^（）()\d]{0,40}[）)]")
_ENDS = re.compile(r"[。！？!?；;\n]")
_SENTENCE_ENDS = re.compile(r"[。！？!?\n]")
_MARKS: Mapping[str, str] = {
    **dict.fromkeys("，,：:—（）()", "COMMA"),
    **dict.fromkeys("、", "PAUSE"),
    **dict.fromkeys("“”‘’「」『』\"' \t\u3000*#", "BLANK"),
}
_CONJUNCTIONS = frozenset(("和", "与", "及", "以及", "、"))
_PLACE = re.compile(r"[\u4e00-\u9fff]{1,8}(?:县|区|市|镇|乡|街道|园区|开发区|公司|集团|银行)")
_NAME_MIN, _NAME_MAX = 2, 4
_HEAD, _FOOT = 120, 60
_PLAIN = "plain"
_NO_NAME = frozenset("本该各每某这那全我两几多")
_RATES = ("率", "度", "感", "比重", "比例", "占比", "强度", "指数")
_FROM = ("由", "从")
_TO = ("到", "至")
BEFORE = "before"
# A frame holds for what follows: 「2020年，……」「五年来，……」 at the head of a sentence, or in a heading.
_FRAME = re.compile(
    r"[\s#*]*(?:[（(]?[一二三四五六七八九十\d]{1,3}[）)、.．]\s?)?(?:各位代表[！，：:]?)?(?:刚刚|即将|在|到|关于|做好|扎实做好)?"
    r"((?:过去的?|回顾|回首|回望|展望|今后|未来){0,2})[“]?"
    r"(\d{4}年(?!\d)|二[〇○零]二[〇○零一]年|十[二三四]五(?!”?规划)|[五5]年|一年来|今年|去年|上年|上半年|一季度|近年|近?三年|本届政府|下一?步|明年)"
)
_FRAME_IN_HEADING = re.compile(
    r"(\d{4}年(?!\d)|二[〇○零]二[〇○零一]年|十[二三四]五|[五5]年|下一?步|明年|打算|安排|努力方向|工作思路|总体要求|预期目标|主要目标)"
)
_PLAN_HEADING = re.compile(
    r"打算|安排|思路|目标|重点工作|重点任务|主要任务|总体要求|努力方向|扎实做好|下一?步|明年|计划"
)
_PLAN_OPENING = re.compile(
    r"(?:总体要求|(?:预期|主要|奋斗)目标)(?:是|为|：)|要(?:重点|着力|突出)(?:抓好|做好|抓)(?:以下|[三四五六七八九十]个方面)|做好(?:今年|明年|下一?步)"
)
_PAST_HEADING = re.compile(r"回顾|总结|完成|情况|成就|成效|成绩|主要做法")
_FRAMES: Mapping[str, str] = {
    "十二五": "past-five-years", "十三五": "five-years", "五年": "five-years", "5年": "five-years",
    "本届政府": "five-years", "三年": "three-years", "近三年": "three-years", "近年": "some-years",
    "一年来": YEAR, "今年": YEAR, "去年": LAST_YEAR, "上年": LAST_YEAR,
    "上半年": "first-half", "一季度": "first-quarter",
}  # fmt: skip
_RELATIVE = frozenset((YEAR, "first-half", "first-quarter"))
_AHEAD = ("展望", "今后", "未来")
PLANNED = "plan"


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said with one figure.

    `known` tells an indicator of `lexicons/figures/indicators.txt` from one that goes by its own words. `qualifier`
    is what narrows it (食品工业、新增), `scope` the level it is told for (全县; empty: not said), `place` another place
    named beside it, `measure` whether the figure is the amount, its growth in per cent, in percentage points, or by
    how much it changed. A fall is a negative figure. `period` is `year` for the year under assessment; `base` is what
    growth is measured against. `part`: only some of the whole. `own`: of the person, not of the unit. `leading`:
    the first figure of its statement, so that no words before another one belong to it too. `span` reaches from the
    indicator to the figure.
    """

    indicator: str
    known: bool
    qualifier: str
    measure: Measure
    figure: Figure
    span: Span
    period: str = YEAR
    scope: str = ""
    place: str = ""
    base: str = ""
    cumulative: bool = False
    status: Status = "result"
    part: bool = False
    own: bool = False
    leading: bool = True


class _Word(NamedTuple):
    """A word of a statement: its text, its label, where it stands, and for dates and the like what it comes to."""

    text: str
    tag: str
    start: int
    end: int
    norm: str = ""


class _Named(NamedTuple):
    """What a figure is about: see `Claim`; and where that begins."""

    indicator: str
    known: bool
    qualifier: str
    start: int


# ── data ──────────────────────────────────────────────────────────────


@lru_cache(maxsize=1)
def _lists() -> Mapping[str, Sequence[str] | Mapping[str, Sequence[str]]]:
    """The lists of `words.yml`."""
    lists: Mapping[str, Sequence[str] | Mapping[str, Sequence[str]]] = yaml.safe_load(lexicon.table(WORDS))
    return lists


def is_specific(name: str) -> bool:
    """Whether a name tells one matter from others: 软弱涣散村党组织 does, 培训班 does not."""
    words = [word for word in cut(name) if word not in _lists()[GENERIC]]
    return sum("\u4e00" <= character <= "\u9fff" for word in words for character in word) >= _SPECIFIC_MIN


@lru_cache(maxsize=1)
def _labels() -> Mapping[str, tuple[str, str]]:
    """Every word on the lists: its label, and what it comes to."""
    labels: dict[str, tuple[str, str]] = {}
    for group, words in _lists().items():
        if group == GENERIC:
            continue
        named = words.items() if isinstance(words, dict) else [("", words)]
        for norm, listed in named:
            labels.update((str(word), (group.upper(), norm)) for word in listed)
    labels.update((wording, ("INDICATOR", name)) for wording, name in cheap.indicators().items())
    return labels


@lru_cache(maxsize=1)
def _searcher() -> tuple[AhoCorasick, tuple[str, ...]]:
    words = tuple(_labels())
    return AhoCorasick(list(words)), words


@lru_cache(maxsize=1)
def _matcher() -> tuple[Vocab, Matcher]:
    nlp = spacy.blank("zh")
    matcher = Matcher(nlp.vocab)
    for name, patterns in yaml.safe_load(lexicon.table(PATTERNS)).items():
        matcher.add(name, patterns)
    return nlp.vocab, matcher


# ── words ─────────────────────────────────────────────────────────────


def _words(text: str, span: Span, found: Sequence[Figure], year: int) -> list[_Word]:
    """The words of a statement with their labels; quotes, blanks and brackets without figures are left out."""
    piece = text[span.start : span.end]
    fixed = [_Word("", "FIGURE", figure.start - span.start, figure.end - span.start) for figure in found]
    fixed += [_Word("", "BLANK", *match.span()) for match in _BRACKETS.finditer(piece)]
    fixed += [_Word("", "PERIOD", *match.span(), _date(match.group(), year)) for match in _DATES.finditer(piece)]
    fixed += _listed(piece)
    taken = [False] * (len(piece) + 1)
    chosen: list[_Word] = []
    for word in fixed:
        if not any(taken[word.start : word.end]):
            taken[word.start : word.end] = [True] * (word.end - word.start)
            chosen.append(word)
    start = 0
    for plain in Tokens(piece).words:
        end = start + len(plain)
        chosen.extend(_free(piece, taken, start, end))
        start = end
    ordered = sorted(chosen, key=lambda word: word.start)
    return [
        _Word(piece[word.start : word.end], word.tag, word.start + span.start, word.end + span.start, word.norm)
        for word in ordered
        if word.tag != "BLANK"
    ]


def _free(piece: str, taken: Sequence[bool], start: int, end: int) -> Iterator[_Word]:
    """The stretches of a word that no listed word has taken."""
    while start < end:
        if taken[start]:
            start += 1
            continue
        stop = start + 1
        while stop < end and not taken[stop]:
            stop += 1
        yield _Word("", _MARKS.get(piece[start:stop], "WORD"), start, stop)
        start = stop


def _listed(piece: str) -> list[_Word]:
    """The words on the lists, longest first; none that a word of the dictionary straddles."""
    searcher, words = _searcher()
    tokens = Tokens(piece)
    edges = {0, *tokens.ends}
    labels = _labels()
    found = []
    for number, start, end in searcher.find_matches_as_indexes(piece, overlapping=True):
        whole = start in edges and end in edges
        # 食品/加工业/固定资产/投资 holds no 工业固定资产投资, though only 加 would be torn away.
        if whole or (start in edges and end - start > 1 and not tokens.tear(start, end)):
            tag, norm = labels[words[number]]
            found.append(_Word("", tag, start, end, norm))
    return sorted(found, key=lambda word: (word.start - word.end, word.start))


def _date(text: str, year: int) -> str:
    """What a date comes to: `year` for the year under assessment, 「2018年」 for another, months as written."""
    digits = text.translate(_IN_CHINESE) if text.startswith("二") else text
    match = _YEAR.fullmatch(digits)
    if match is not None:
        told = int(match[1])
        return YEAR if told == year else LAST_YEAR if told == year - 1 else match[1] + "年"
    if re.fullmatch(r"12月(?:底|末|31日)", text):
        return YEAR
    return digits


# ── periods that hold for what follows ────────────────────────────────


class _Frames:
    """For each place of a paper the period that its text has announced.

    A plan that has begun (二、2021年重点工作) goes on until the text says that it looks back again: 今年 in it is the
    year to come.
    """

    def __init__(self, paper: Paper) -> None:
        self._year = paper.context.year
        self._headings: set[int] = set()
        told = dict(self._told(paper))
        self._starts = sorted(told)
        self._periods: list[str] = []
        for start in self._starts:
            period = told[start]
            within = bool(self._periods) and self._periods[-1] == PLANNED and start not in self._headings
            self._periods.append(PLANNED if within and period in _RELATIVE else period)

    def _told(self, paper: Paper) -> Iterator[tuple[int, str]]:
        text = paper.document.text
        headings = {section.heading for section in paper.sections}
        for block in paper.document.blocks:
            if block.kind == "title" or block.cell is not None:
                continue
            if block.kind == "heading":
                headings.add(block.span)
            begin = block.span.start
            while begin < block.span.end:
                match = _FRAME.match(text, begin, block.span.end)
                if match is not None:
                    yield begin, self._period(match[1] or "", match[2])
                stop = _SENTENCE_ENDS.search(text, begin, block.span.end)
                end = block.span.end if stop is None else stop.end()
                if _PLAN_OPENING.search(text, begin, end):
                    yield begin, PLANNED
                begin = end
        for start, end in headings:
            found = _FRAME_IN_HEADING.search(text, start, end)
            if found is None:
                continue
            self._headings.add(start)
            ahead = _PLAN_HEADING.search(text, start, end) and not _PAST_HEADING.search(text, start, end)
            yield start, PLANNED if ahead else self._period("", found[1])

    def _period(self, ahead: str, words: str) -> str:
        if any(word in ahead for word in _AHEAD) or (words not in _FRAMES and not words.endswith("年")):
            return PLANNED
        period = _FRAMES.get(words) or _date(words, self._year)
        later = period.endswith("年") and period[:4].isdigit() and int(period[:4]) > self._year
        return PLANNED if later else period

    def at(self, offset: int) -> str:
        """The period in force at `offset`; PLANNED where the text tells plans."""
        index = bisect_right(self._starts, offset) - 1
        return self._periods[index] if index >= 0 else YEAR


def _frames(paper: Paper) -> _Frames:
    found = paper.memo.get("figure-frames")
    if not isinstance(found, _Frames):
        found = paper.memo["figure-frames"] = _Frames(paper)
    return found


# ── reading ───────────────────────────────────────────────────────────


def claims(paper: Paper, wanted: Iterable[Figure] | None = None) -> list[Claim]:
    """The claims of the statements that hold the figures `wanted` (all figures if none are named), in text order."""
    found = cheap.figures(paper)
    starts = [figure.start for figure in found]
    text = paper.document.text
    cells = {block.span: row for row in cheap.rows(paper) for block in row.cells.values()}
    made: list[Claim] = []
    done = -1
    for figure in sorted(found if wanted is None else wanted):
        if figure.start < done:
            continue
        statement = _around(text, figure.start, _ENDS)
        inside = found[bisect_left(starts, statement.start) : bisect_left(starts, statement.end)]
        block = paper.document.block_at(figure.start)
        row = None if block is None else cells.get(block.span)
        if row is not None and block is not None:
            made.extend(_in_row(paper, row, block.span, inside))
        else:
            made.extend(_Reading(paper, statement, inside).claims())
        done = statement.end
    return made


def _around(text: str, offset: int, ends: re.Pattern[str]) -> Span:
    start = 0
    for match in ends.finditer(text, max(0, offset - 600), offset):
        start = match.end()
    after = ends.search(text, offset)
    return Span(max(start, offset - 600), len(text) if after is None else after.start())


class _Reading:
    """One reading of a statement from left to right."""

    def __init__(self, paper: Paper, span: Span, found: Sequence[Figure], lead: Sequence[_Word] = ()) -> None:
        self.paper = paper
        self.span = span
        self.text = paper.document.text
        self.figures = {figure.start: figure for figure in found}
        self.words = [*lead, *_words(self.text, span, found, paper.context.year)]
        self.links = self._match()
        self.before = self._said_before()
        self.made: list[Claim] = []

    def _match(self) -> Mapping[int, tuple[str, int]]:
        """For each figure, by its number among the words: the pattern that leads to it, and where that begins."""
        vocab, matcher = _matcher()
        doc = Doc(
            vocab, [word.text for word in self.words], [False] * len(self.words), tags=[w.tag for w in self.words]
        )
        links: dict[int, tuple[str, int]] = {}
        for name, start, end in matcher(doc):
            known = links.get(end - 1)
            if known is None or start < known[1] or (start == known[1] and vocab.strings[name] != "value"):
                links[end - 1] = (vocab.strings[name], start)
        return links

    def _said_before(self) -> list[_Word]:
        """The words of the same sentence before this statement."""
        sentence = _around(self.text, self.span.start, _SENTENCE_ENDS)
        before = Span(sentence.start, self.span.start)
        return _words(self.text, before, (), self.paper.context.year) if before.end > before.start else []

    def claims(self) -> list[Claim]:
        """The claims, in text order."""
        head: list[int] = []
        for index, word in enumerate(self.words):
            if word.tag == "COMMA":
                head = head if word.text in "：:" and head and self.words[head[-1]].tag == "INDICATOR" else []
            elif word.tag == "PAUSE" and not head:
                continue
            elif word.tag != "FIGURE":
                head.append(index)
            else:
                self._read(index, head)
                head = []
        return self.made

    def _read(self, index: int, head: Sequence[int]) -> None:
        """Read the figure that is word `index`; `head` are the words before it in its clause."""
        kind, start = self.links.get(index, ("value", index))
        link = [self.words[number] for number in head if number >= start]
        lead = [self.words[number] for number in head if number < start]
        if kind == "relation" or any(word.tag == "RELATION" for word in (*lead, *link)):
            return
        if any(word.text in ("分别", "各", "均") for word in (*lead, *link)):
            self._read_list(index, [*lead, *link])
            return
        figure = self.figures[self.words[index].start]
        trail = self._trail(index)
        measure, figure = _measured(figure, link)
        starting = bool(lead) and lead[-1].text in _FROM
        reaching = bool(link) and link[-1].text.endswith(_TO)
        last = self.made[-1] if self.made and self._fresh(index, head) else None
        named = _named(lead[:-1] if starting else lead, trail, last, measure, figure, reaching)
        if named is None or (named.known and _is_share(named, measure, figure)):
            return
        self._add(named, measure, figure, index, [*lead, *link], trail)
        if starting:
            self.made[-1] = replace(self.made[-1], period=BEFORE)

    def _fresh(self, index: int, head: Sequence[int]) -> bool:
        """Whether nothing but marks stands between this figure's clause and the figure before it."""
        first = head[0] if head else index
        return first > 0 and any(
            self.words[number].tag == "FIGURE" for number in (first - 1, first - 2, first - 3) if number >= 0
        )

    def _read_list(self, index: int, head: Sequence[_Word]) -> None:
        """生产总值、财政收入和居民收入分别增长3.1%、3%、3.9%: as many indicators as figures, in order."""
        items = [word for word in head if word.tag == "INDICATOR"]
        others = [word for word in head if word.tag == "WORD" and not word.norm and word.text not in _CONJUNCTIONS]
        numbers = [index]
        for number in range(index + 1, len(self.words)):
            if self.words[number].tag == "FIGURE":
                numbers.append(number)
            elif self.words[number].tag != "PAUSE" and self.words[number].text not in _CONJUNCTIONS:
                break
        if others or len(items) != len(numbers) or len(items) < 2:
            return
        for item, number in zip(items, numbers, strict=True):
            measure, figure = _measured(self.figures[self.words[number].start], head)
            rest = [word for word in head if word.text != "分别" and word.text != "均"]
            self._add(_Named(item.norm, True, "", item.start), measure, figure, number, rest, [])

    def _trail(self, index: int) -> list[_Word]:
        """The words after a figure that belong to it: 38个 + 省市重点项目."""
        found: list[_Word] = []
        for word in self.words[index + 1 :]:
            if word.tag in ("COMMA", "PAUSE", "FIGURE", "UP", "DOWN", "BASE", "RELATION"):
                break
            found.append(word)
        return found

    def _add(
        self,
        named: _Named,
        measure: Measure,
        figure: Figure,
        index: int,
        own_words: Sequence[_Word],
        trail: Sequence[_Word],
    ) -> None:
        earlier = [*self.before, *(word for word in self.words[:index])]
        around = [*own_words, *trail]
        frame = _frames(self.paper).at(figure.start)
        lasting = [word for word in earlier if not _DAY.fullmatch(word.text)]
        period = _last(own_words, "PERIOD") or _last(lasting, "PERIOD") or frame
        base = _last(own_words, "BASE")
        planned = (
            any(word.tag == "PLAN" for word in around)
            or any(word.tag == "INTENT" for word in (*earlier, *trail))
            or PLANNED in (frame, period)
            or period == "next-five-years"
        )
        scope = _scope(own_words) or _scope(earlier)
        self.made.append(
            Claim(
                named.indicator,
                named.known,
                named.qualifier,
                measure,
                figure,
                Span(min(named.start, figure.start), figure.end),
                period,
                scope,
                self._place(earlier),
                "" if base == LAST_YEAR else base,
                any(word.tag == "CUMULATIVE" for word in (*earlier, *own_words)),
                "plan" if planned else "result",
                any(word.tag == "PART" for word in own_words),
                any(word.tag == "OWN" for word in (own_words if named.known else earlier)),
                not any(word.tag == "FIGURE" for word in earlier),
            )
        )

    def _place(self, earlier: Sequence[_Word]) -> str:
        """The last other place named before the figure in its sentence; the unit's own name is none."""
        # The paper's title, addressee and signature name the unit itself.
        head, foot = re.split("[，。]", self.text[:_HEAD])[0], self.text[-_FOOT:].rpartition("。")[2]
        ours = self.paper.context.submission.unit + head + foot
        for index in range(len(earlier) - 1, -1, -1):
            word = earlier[index]
            if word.tag != "WORD" or word.norm:
                continue
            name = word.text
            for before in reversed(earlier[:index]):
                # A name that is in no dictionary comes in pieces: 柳/泉/镇.
                if len(word.text) > 1 or before.tag != "WORD" or len(before.text + name) > _NAME_MAX:
                    break
                name = before.text + name
            if len(name) >= _NAME_MIN and name not in ours and _is_place(name):
                return name
        return ""


def _is_place(name: str) -> bool:
    if _PLACE.fullmatch(name) is None or name[0] in _NO_NAME:
        return False
    return not any(name.endswith(word) for word, (_, norm) in _labels().items() if norm == _PLAIN)


def _measured(figure: Figure, link: Sequence[_Word]) -> tuple[Measure, Figure]:
    """What the words before the figure make of it; a fall is negative."""
    moves = [word.tag for word in link if word.tag in ("UP", "DOWN")]
    if not moves:
        return "value", figure
    signed = figure._replace(value=-figure.value) if "DOWN" in moves else figure
    if figure.unit in ("%", "‰"):
        return "growth", signed
    return ("points" if figure.unit == "个百分点" else "change"), signed


_EDGES = frozenset(("FILLER", "PERIOD", "SCOPE", "BASE", "CUMULATIVE"))


def _named(
    lead: Sequence[_Word], trail: Sequence[_Word], last: Claim | None, measure: Measure, figure: Figure, reaching: bool
) -> _Named | None:
    """What the figure is about; None where that is unclear. `last` is the claim that it may go on from."""
    words = [word for word in lead if word.tag not in _EDGES]
    if words and all(word.tag == "PAUSE" or word.text in _CONJUNCTIONS for word in words):
        return None  # the second of two figures that belong to two indicators before them
    after = [word for word in trail if word.tag not in _EDGES]
    if not words and (not after or reaching):
        # 「……268.4亿元、增长3.1%」「……34起47人」「由9家增至16家」 go on about the same thing.
        same = last is not None and (last.figure.unit, last.measure) == (figure.unit, measure)
        if last is None or (same and not (reaching and last.period == BEFORE)):
            return None
        return _Named(last.indicator, last.known, last.qualifier, last.span.start)
    if words and words[-1].tag == "INDICATOR" and not any(word.tag == "WORD" for word in after):
        return _Named(words[-1].norm, True, "".join(word.text for word in words[:-1]), words[-1].start)
    if not words and after[0].tag == "INDICATOR":
        return _Named(after[0].norm, True, "".join(word.text for word in after[1:]), figure.start)
    key = "".join(word.text for word in words)
    if after:
        key += "…" + "".join(word.text for word in after)
    return _Named(key, False, "", words[0].start if words else figure.start)


def _is_share(named: _Named, measure: Measure, figure: Figure) -> bool:
    """Whether the per cent tell how much of something was reached, not the amount of the indicator itself."""
    return measure == "value" and figure.unit in ("%", "‰") and not named.indicator.endswith(_RATES)


def _last(words: Sequence[_Word], tag: str) -> str:
    return next((word.norm for word in reversed(words) if word.tag == tag), "")


def _scope(words: Sequence[_Word]) -> str:
    """The last scope named; 全省 in 高于全省1.2个百分点、居全省第2位 is none."""
    for index in range(len(words) - 1, -1, -1):
        if words[index].tag == "SCOPE" and all(word.tag != "RELATION" for word in words[max(0, index - 2) : index]):
            return words[index].text
    return ""


# ── tables ────────────────────────────────────────────────────────────

_TARGET_COLUMN = re.compile(r"目标|计划|任务|承诺")
_LAST_COLUMN = re.compile(r"上年|去年|同期|2019年")
_GROWTH_COLUMN = re.compile(r"增[长速幅]|同比|±")
_OTHER_COLUMN = re.compile(r"完成率|占|比例|%|％|排[名位]|位次|备注|说明|序号|分值|得分|权重")


def _in_row(paper: Paper, row: cheap.Row, cell: Span, found: Sequence[Figure]) -> list[Claim]:
    """The claims of one cell: the row names the indicator, the column says target, result, last year or growth."""
    named = cheap.label(paper, row)
    if named is None or named.span == cell or not found:
        return []
    top = cheap.header(paper, row)
    column = next(number for number, block in row.cells.items() if block.span == cell)
    block = None if top is None else top.cells.get(column)
    heading = "" if block is None else paper.document.slice(block.span)
    lead = [
        word
        for word in _words(paper.document.text, named.span, (), paper.context.year)
        if word.tag not in ("COMMA", "PAUSE")
    ]
    if _GROWTH_COLUMN.search(heading):
        lead.append(_Word("增长", "UP", named.span.start, named.span.start))
    elif _OTHER_COLUMN.search(heading):
        return []
    reading = _Reading(paper, cell, found, lead)
    made = reading.claims()
    if _TARGET_COLUMN.search(heading) and not re.search(r"完成|实际|实绩", heading):
        return [replace(claim, status="plan") for claim in made]
    if _LAST_COLUMN.search(heading):
        return [replace(claim, period=LAST_YEAR) for claim in made]
    return [replace(claim, span=claim.figure.span) for claim in made]
