"""numbering.xml: the automatic number that Word shows before a paragraph."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree

from checker.readers.docx_names import ILVL, NUMID, PSTYLE, RPR, W, child_value, first_child, number, toggle
from checker.readers.docx_styles import Styles
from checker.readers.docx_symbols import symbol
from checker.readers.kept import Kept
from checker.readers.package import Package, parse_xml

_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_HAN = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list: `restart` is the level (from 1) that makes it begin anew, None the usual, 0 never."""

    start: int = 1
    form: str = "decimal"
    text: str = ""
    restart: int | None = None
    legal: bool = False
    font: str = ""


_NO_LEVEL = Level(form="none")


@dataclass(frozen=True, slots=True)
class NumberedList:
    """One w:num: the levels with its own overrides in place. Lists of one `abstract` count on together."""

    abstract: str
    levels: tuple[Level, ...]
    starts: Mapping[int, int]
    styles: Mapping[str, int]


class Numbering:
    """The lists that a document defines. They are worked out when first asked for, and kept."""

    def __init__(self, root: etree._Element, styles: Styles) -> None:
        self._abstracts = {e.get(W + "abstractNumId", ""): e for e in root.iterchildren(W + "abstractNum")}
        self._nums = {e.get(NUMID, ""): e for e in root.iterchildren(W + "num")}
        self._lists: dict[str, NumberedList | None] = {}
        self._styles = styles

    def get(self, num_id: str) -> NumberedList | None:
        """The list of this w:numId; None where it is not defined (0 switches numbering off)."""
        if num_id not in self._lists:
            self._lists[num_id] = self._load(num_id)
        return self._lists[num_id]

    def _load(self, num_id: str) -> NumberedList | None:
        num = self._nums.get(num_id)
        if num is None:
            return None
        name, abstract = self._abstract(num)
        if abstract is None:
            return None
        levels = [_NO_LEVEL] * _LEVELS
        styles: dict[str, int] = {}
        for element in abstract.iterchildren(W + "lvl"):
            _put(levels, styles, element)
        starts: dict[int, int] = {}
        for override in num.iterchildren(W + "lvlOverride"):
            at = number(override.get(ILVL))
            own = override.find(W + "lvl")
            if own is not None:
                _put(levels, styles, own)
            start = child_value(override, W + "startOverride")
            if start is not None:
                starts[at] = number(start)
        return NumberedList(name, tuple(levels), starts, styles)

    def _abstract(self, num: etree._Element) -> tuple[str, etree._Element | None]:
        """The definition behind a w:num; a list style (w:numStyleLink) points on to another one."""
        seen: set[str] = set()
        name = child_value(num, W + "abstractNumId") or ""
        while name not in seen:
            seen.add(name)
            abstract = self._abstracts.get(name)
            link = child_value(abstract, W + "numStyleLink")
            if not link:
                return name, abstract
            onward = self._nums.get(self._styles.get(link).num_id)
            if onward is None:
                return self._by_style_link(link) or (name, abstract)
            name = child_value(onward, W + "abstractNumId") or ""
        return name, self._abstracts.get(name)

    def _by_style_link(self, link: str) -> tuple[str, etree._Element] | None:
        for name, abstract in self._abstracts.items():
            if child_value(abstract, W + "styleLink") == link:
                return name, abstract
        return None


def _put(levels: list[Level], styles: dict[str, int], element: etree._Element) -> None:
    at = number(element.get(ILVL))
    if not 0 <= at < _LEVELS:
        return
    levels[at] = _level(element)
    style = child_value(element, PSTYLE)
    if style:
        styles[style] = at


def _level(element: etree._Element) -> Level:
    if first_child(element, W + "lvlPicBulletId") is not None:
        return Level(form="bullet", text="•")
    restart = child_value(element, W + "lvlRestart")
    fonts = element.find(f"{RPR}/{W}rFonts")
    form = element.find(W + "numFmt")
    return Level(
        start=number(child_value(element, W + "start")),
        form=(form.get(W + "val") or "decimal") if form is not None else "decimal",
        text=child_value(element, W + "lvlText") or "",
        restart=None if restart is None else number(restart),
        legal=toggle(element, W + "isLgl") or False,
        font=(fonts.get(W + "ascii") or fonts.get(W + "hAnsi") or "") if fonts is not None else "",
    )


class Counters:
    """Counts the paragraphs of one document on, in reading order, and says the label of each."""

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering
        self._counts: dict[str, list[int | None]] = {}
        self._used: set[tuple[str, int]] = set()

    def label(self, num_id: str, ilvl: int | None, style: str) -> tuple[str, int]:
        """The label of the next paragraph in list `num_id`, and its level from 1 ("" and 0: no list)."""
        found = self._numbering.get(num_id)
        if found is None:
            return "", 0
        at = found.styles.get(style, 0) if ilvl is None else ilvl
        if not 0 <= at < _LEVELS:
            return "", 0
        counts = self._counts.setdefault(found.abstract, [None] * _LEVELS)
        if at in found.starts and (num_id, at) not in self._used:
            # Word writes overrides for all nine levels when somebody restarts one: only the level in use starts anew.
            self._used.add((num_id, at))
            counts[at] = None
        now = counts[at]
        counts[at] = found.starts.get(at, found.levels[at].start) if now is None else now + 1
        for higher in range(at):
            if counts[higher] is None:
                counts[higher] = found.starts.get(higher, found.levels[higher].start)
        for deeper in range(at + 1, _LEVELS):
            restart = found.levels[deeper].restart
            if restart is None or at < restart:
                counts[deeper] = None
        return _label(found, counts, at), at + 1


def _label(found: NumberedList, counts: list[int | None], at: int) -> str:
    level = found.levels[at]
    if level.form == "bullet":
        return "".join(symbol(level.font, ord(character)) for character in level.text)

    def place(match: re.Match[str]) -> str:
        index = int(match[1]) - 1
        other = found.levels[index]
        return format_number(counts[index] or 0, "decimal" if level.legal else other.form)

    return _PLACE.sub(place, level.text)


def format_number(value: int, form: str) -> str:
    """`value` in a numbering format of Word (ST_NumberFormat); an unknown format falls back to 1, 2, 3."""
    maker = _FORMS.get(form)
    return maker(value) if maker is not None else str(value)


def chinese(value: int) -> str:
    """一 … 十、十一 … 二十一 … 一百零一、一千二百: how Chinese counts."""
    if not 0 < value < 100_000_000:
        return "〇" if value == 0 else str(value)
    if value >= 10_000:
        rest = value % 10_000
        joint = "零" if 0 < rest < 1000 else ""
        return chinese(value // 10_000) + "万" + joint + (_thousands(rest) if rest else "")
    words = _thousands(value)
    return words[1:] if words.startswith("一十") else words


def _thousands(value: int) -> str:
    words = ""
    gap = False
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // power % 10
        if not digit:
            gap = bool(words)
            continue
        words += ("零" if gap else "") + _HAN[digit] + unit
        gap = False
    return words


def _digits(value: int) -> str:
    """二〇二〇: digit by digit."""
    return "".join(_HAN[int(digit)] for digit in str(abs(value)))


def _counting(value: int) -> str:
    """Word's chineseCounting: as one counts up to 九十九, digit by digit from a hundred on."""
    return chinese(value) if value < 100 else _digits(value)


_FINANCIAL = str.maketrans("〇零一二三四五六七八九十百千万", "零零壹贰叁肆伍陆柒捌玖拾佰仟萬")


def _legal(value: int) -> str:
    words = chinese(value)
    return ("一" + words if words.startswith("十") else words).translate(_FINANCIAL)


def _letters(value: int) -> str:
    """a … z, aa … zz, aaa: Word repeats the letter."""
    if not 0 < value <= 780:
        return str(value)
    return chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1)


def _roman(value: int) -> str:
    if not 0 < value < 4000:
        return str(value)
    words = ""
    for amount, sign in (
        (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
        (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
    ):  # fmt: skip
        words += sign * (value // amount)
        value %= amount
    return words


def _circled(value: int) -> str:
    """① to ⑳, ㉑ to ㊿, then plain figures, as there are no more signs."""
    if 1 <= value <= 20:
        return chr(0x2460 + value - 1)
    if 21 <= value <= 35:
        return chr(0x3251 + value - 21)
    if 36 <= value <= 50:
        return chr(0x32B1 + value - 36)
    return str(value)


def _row(signs: str) -> Callable[[int], str]:
    """A format that goes through `signs` and starts again at the first one."""
    return lambda value: signs[(value - 1) % len(signs)] if value > 0 else str(value)


def _series(first: int, count: int) -> Callable[[int], str]:
    """A format with a sign of its own for 1 to `count`, plain figures after that."""
    return lambda value: chr(first + value - 1) if 1 <= value <= count else str(value)


def _ordinal(value: int) -> str:
    if value % 100 in (11, 12, 13):
        return f"{value}th"
    return f"{value}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(value % 10, 'th') }"


_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

_FORMS: Mapping[str, Callable[[int], str]] = {
    "decimal": str,
    "none": lambda value: "",
    "decimalZero": lambda value: f"{value:02d}",
    "decimalHalfWidth": str,
    "decimalFullWidth": lambda value: str(value).translate(_FULL_WIDTH),
    "decimalFullWidth2": lambda value: str(value).translate(_FULL_WIDTH),
    "chineseCounting": _counting,
    "chineseCountingThousand": chinese,
    "chineseLegalSimplified": _legal,
    "taiwaneseCounting": _counting,
    "taiwaneseCountingThousand": chinese,
    "taiwaneseDigital": _digits,
    "ideographDigital": _digits,
    "japaneseCounting": chinese,
    "japaneseDigitalTenThousand": _digits,
    "koreanDigital2": _digits,
    "ideographTraditional": _row("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _row("子丑寅卯辰巳午未申酉戌亥"),
    "ideographEnclosedCircle": _series(0x3280, 10),
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "decimalEnclosedFullstop": _series(0x2488, 20),
    "decimalEnclosedParen": _series(0x2474, 20),
    "lowerLetter": _letters,
    "upperLetter": lambda value: _letters(value).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda value: _roman(value).upper(),
    "ordinal": _ordinal,
    "numberInDash": lambda value: f"- {value} -",
}


def direct_numbering(numbering: etree._Element | None) -> tuple[str | None, int | None]:
    """w:numId and w:ilvl that a paragraph sets itself; None for what it does not."""
    ilvl = child_value(numbering, ILVL)
    return child_value(numbering, NUMID), None if ilvl is None else number(ilvl)


def load_numbering(package: Package, name: str, styles: Styles) -> Numbering:
    """The lists in the part `name`, kept by content like the styles."""
    packed = package.packed(name)
    key = None if packed is None else (packed, styles)
    return _KEPT.get(key, lambda: Numbering(parse_xml(package.read(name), package.limits), styles))


_KEPT: Kept[Numbering] = Kept(16)
