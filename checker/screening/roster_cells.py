"""What single cells of a roster say: dates, months, days, yes and no, as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from unicodedata import normalize

from checker.document import UNIT_TYPES
from checker.language import lexicon

_NOTHING = frozenset({"", "无", "-", "--", "—", "——", "－", "/", "\\", "暂无", "没有", "未", "N/A", "n/a", "空"})
_YES = frozenset({"是", "√", "✓", "✔", "☑", "1", "有", "对", "y", "yes", "true", "t", "v"})
_NO = frozenset({"否", "不是", "×", "✗", "✘", "x", "0", "不", "n", "no", "false", "f"})
_WIDE = [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]
_WIDTH: dict[int, int | str | None] = {**{code: code - 0xFEE0 for code in _WIDE}, 0x3000: " ", 0xA0: " "}
_EXCEL_DAYS = range(32_874, 73_051)
"""The days 1990 to 2099 as Excel counts them."""
_FIRST_YEAR, _LAST_YEAR = 1950, 2100
_DATE = re.compile(
    r"(?P<y>\d{4})\s*[年./\-—]\s*(?P<m>\d{1,2})\s*(?:月份?|[./\-—])?\s*(?:(?P<d>\d{1,2})\s*[日号]?)?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?"
)
_RUN = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})?")
_NUMERALS = {word: number for number, word in enumerate("一二三四五六七八九十", 1)} | {"两": 2, "十一": 11, "十二": 12}
_AMOUNT = re.compile(
    r"(?:约|共|累计|合计|近)?(?P<n>\d+(?:\.\d+)?|[一二三四五六七八九十两]{1,2})(?P<half>个半)?(?P<unit>个?月|天|日|年|周)?"
)
_DAYS_OF_MONTH = 30.5
_YEAR_MONTHS = 12
_YEAR_DAYS = 366
_OPEN_END = ("至今", "今", "现在", "")
_PARTIES = re.compile(
    r"无党派|民革|民盟|民建|民进|农工|致公|九三|台盟|民主同盟|民主建国|民主促进|国民党革命|台湾民主|民主党派|群众|非中共|党外"
)
_PARTY = re.compile(r"(?:中共|中国共产党)?(?:预备)?党员|中共|中国共产党")

_POSTS = re.compile(r"[、,，;；/\s]+")
_CHIEF = re.compile(
    r"(?P<before>[\u4e00-\u9fff]{0,20}?)(?:县|(?<![社园校学矿景])区|旗|县\(区\)|县\(市、区\)|县级市)委书记(?:\([^)]*\))?"
)
_NOT_CHIEF = re.compile(r"^(?:原|曾|前)|团|(?:开发|示范|高新|集聚|新)$")
_COUNTIES = "places/counties"
_INSPECTOR = re.compile(r"纪检监察组(?:党组)?组长|纪检组组长|纪检组长")
_TYPES = (
    ("zone", re.compile(r"开发区|示范区|园区|功能区|zone")),
    ("county", re.compile(r"县|^区|区县|county")),
    ("municipal", re.compile(r"市直|市属|市级|机关|municipal")),
)


class BadCell(ValueError):
    """A cell that says something that cannot be understood, and why, in Chinese."""


def text(value: object) -> str:
    """A value as text: half-width digits and letters, single spaces, whole numbers without a point."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 10**15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, (date, time, timedelta)):
        return str(value)
    # Characters that do not show are left behind by copying from web pages.
    shown = re.sub(r"[\u200b-\u200f\u2060\ufeff\x00-\x08\x0b-\x1f\x7f]", "", str(value).translate(_WIDTH))
    return re.sub(r"\s+", " ", shown).strip()


def folded(name: str) -> str:
    """A name of a topic as it is compared."""
    return re.sub(r"[\W_]", "", normalize("NFKC", name)).lower()


def is_empty(value: object) -> bool:
    """Whether the cell says nothing: 无, a stroke."""
    return not isinstance(value, (bool, date)) and text(value) in _NOTHING


def is_no(value: object) -> bool:
    """Whether the cell only says that there is no such thing."""
    return text(value).lower() in _NO


def is_number(shown: str) -> bool:
    return bool(re.fullmatch(r"[\d.\-/]+", shown))


def several(shown: str) -> Iterator[str]:
    """The parts of a list such as 甲局、乙局."""
    yield from (part for part in re.split(r"[、,，;；/\s]+", shown) if part not in _NOTHING)


# ── yes and no ────────────────────────────────────────────────────────


def yes(value: object) -> bool:
    """是, √, 1, 有 …."""
    shown = text(value).lower()
    if shown in _YES:
        return True
    if shown in _NO:
        return False
    raise BadCell("看不懂，请写「是」或者「否」")


def yes_or_party(value: object) -> bool:
    """The same, or the name of a party."""
    return non_party(value) if _PARTIES.search(text(value)) or _PARTY.search(text(value)) else yes(value)


def non_party(value: object) -> bool:
    """Whether 政治面貌 is that of a 党外干部."""
    shown = text(value).replace(" ", "")
    if _PARTIES.search(shown):
        return True
    if _PARTY.fullmatch(shown):
        return False
    raise BadCell("看不懂，请写「中共党员」「无党派」或者民主党派的名称")


def unit_type(value: object) -> str:
    """The type of a unit."""
    shown = text(value)
    for name, pattern in _TYPES:
        if shown == UNIT_TYPES[name] or pattern.search(shown):
            return name
    raise BadCell(f"不是单位类型，请写{'、'.join(UNIT_TYPES.values())}")


def is_party_chief(post: str) -> bool:
    """Whether a post is that of 县（区）委书记."""
    bare = normalize("NFKC", post)
    for part in _POSTS.split(bare):
        match = _CHIEF.fullmatch(part)
        if match is None:
            continue
        # 原阳县 and 团风县 are counties.
        place = part[: part.index("委书记")].removeprefix("中共")
        if place in lexicon.terms(_COUNTIES) or not _NOT_CHIEF.search(match["before"]):
            return True
    return False


def is_inspector(post: str) -> bool:
    """Whether a post is that of a 派驻纪检监察组组长."""
    return any(_INSPECTOR.search(part) and not re.match(r"原|曾|前", part) for part in _POSTS.split(post))


# ── dates ─────────────────────────────────────────────────────────────


def day(value: object) -> date:
    """A date; where only the month is known its first day."""
    return _date(value, last=False)


def last_day(value: object) -> date:
    """A date; where only the month is known its last day."""
    return _date(value, last=True)


def _date(value: object, *, last: bool) -> date:
    if isinstance(value, datetime):
        return _usual(value.date())
    if isinstance(value, date):
        return _usual(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        found = _number_as_date(float(value))
        if found is not None:
            return found
    shown = text(value)
    match = _RUN.fullmatch(shown) or _DATE.fullmatch(shown)
    if match is None:
        if re.fullmatch(r"\d{4}年?", shown):
            raise BadCell("只有年份，请写到月，例如2020年7月")
        raise BadCell("不是日期，请写成2020年7月或者2020-07-01的样子")
    return _made(int(match["y"]), int(match["m"]), int(match["d"]) if match["d"] else 0, last=last)


def _number_as_date(value: float) -> date | None:
    """A number that Excel shows as a date, or that was meant as 2020.7; None where its digits are to be read."""
    if value.is_integer():
        return date(1899, 12, 30) + timedelta(days=int(value)) if int(value) in _EXCEL_DAYS else None
    if re.fullmatch(r"\d{4}\.1", text(value)):
        raise BadCell("分不清是1月还是10月，请写成2020年1月的样子")
    return None


def _made(year: int, month: int, number: int, *, last: bool) -> date:
    try:
        if number:
            return _usual(date(year, month, number))
        first = date(year, month, 1)
    except ValueError:
        raise BadCell("没有这一天") from None
    following = date(year + month // 12, month % 12 + 1, 1)
    return _usual(following - timedelta(days=1) if last else first)


def _usual(found: date) -> date:
    if not _FIRST_YEAR <= found.year < _LAST_YEAR:
        raise BadCell(f"年份是{found.year}，不像是对的")
    return found


# ── months and days ───────────────────────────────────────────────────


def months(value: object) -> float:
    """Months of a year: 8, 8个月, 八个月, 半年."""
    amount, unit = _amount(value)
    if unit in ("天", "日", "周"):
        raise BadCell("应当是月数，例如8")
    found = amount * _YEAR_MONTHS if unit == "年" else amount
    if found > _YEAR_MONTHS:
        raise BadCell("一年只有12个月，请写当年在挂职单位工作了几个月")
    return found


def span(value: object) -> float | tuple[date, date | None]:
    """When a secondment began and ended (None: it goes on), or how many months it took."""
    shown = text(value)
    try:
        return months(value)
    except BadCell:
        pass
    parts = re.split(r"\s*(?:—+|–|~|～|至|到|(?<=[月日\d])-(?=\d{4}))\s*", shown, maxsplit=1)
    if len(parts) != 2:
        return day(shown), None
    return day(parts[0]), None if parts[1] in _OPEN_END else last_day(parts[1])


def leave(value: object) -> float:
    """Days of leave: 200, 200天, 7个月, 半年."""
    amount, unit = _amount(value)
    return _days(amount, unit or "天")


def leave_months(value: object) -> float:
    """Days of leave in a column of months."""
    amount, unit = _amount(value)
    return _days(amount, unit or "月")


def _days(amount: float, unit: str) -> float:
    factor = {"月": _DAYS_OF_MONTH, "年": _YEAR_MONTHS * _DAYS_OF_MONTH, "周": 7.0}.get(unit, 1.0)
    found = round(amount * factor, 1)
    if found > _YEAR_DAYS:
        raise BadCell("一年没有这么多天，请写当年累计的天数")
    return found


def _amount(value: object) -> tuple[float, str]:
    """A number and its unit (月, 天, 日, 年, 周 or empty)."""
    shown = text(value).replace(" ", "")
    if shown in ("半年", "6个月整"):
        return 6.0, "月"
    match = _AMOUNT.fullmatch(shown)
    if match is None:
        raise BadCell("看不懂，请写数字")
    number = match["n"]
    if not number[0].isdigit() and number not in _NUMERALS:
        raise BadCell("看不懂，请写数字")
    amount = float(number) if number[0].isdigit() else float(_NUMERALS[number])
    return amount + (0.5 if match["half"] else 0.0), (match["unit"] or "").removeprefix("个")
