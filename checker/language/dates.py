"""Dates as official Chinese writes them: 2020年12月31日, 3月5日, 二〇二〇年十二月, 2020.12.31, 1月5日至8日.

A number that only looks like a date is none: 〔2019〕91号 has no 年, 12个月 is a length of time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from checker.document import Span

_NUMERALS = "一二三四五六七八九十"
_DIGITS = {"〇": 0, "○": 0, "零": 0, "Ｏ": 0} | {numeral: value for value, numeral in enumerate(_NUMERALS, 1)}
_RANGE = r"[—－\-–~～至到]{1,2}"

# Where a date may begin. A set of characters comes first, so the search leaps from number to number.
_START = re.compile(r"[0-9０-９]{1,5}\s{0,2}(?:[年月]|[.．/\-]\d{1,2}[.．/\-])")
# 20020年 is a slip of the pen for 2020年; 12000年前 is a length of time.
_DATE = re.compile(
    rf"""(?<![\d.．%])(?:
      (?P<year>\d{{4}}|202?0[12]\d|20[12]\d{{2}})\s{{0,2}}年(?!前|历史|左右|以上|来的)
        (?:\s?(?:(?P<m1>\d{{1,2}}){_RANGE})?(?P<month>\d{{1,2}})\s?月(?!\s?{_RANGE}\d{{4}}年)(?:份)?
          (?:\s?(?P<day>\d{{1,2}})(?:\s?[日号](?:{_RANGE}(?P<d2>\d{{1,2}})[日号])?|{_RANGE}(?P<d3>\d{{1,2}})[日号]))?)?
     |(?P<month_only>\d{{1,2}})月
        (?P<day_only>\d{{1,2}})(?:[日号](?:{_RANGE}(?P<d4>\d{{1,2}})[日号])?|{_RANGE}(?P<d5>\d{{1,2}})[日号])
     |(?P<dot_year>(?:19|20)\d\d)(?P<dot>[.．/\-])(?P<dot_month>\d{{1,2}})(?P=dot)(?P<dot_day>\d{{1,2}})(?![\d.．/\-]|[A-Za-z])
    )""",
    re.VERBOSE,
)
_NUMERAL_DATE = re.compile(
    rf"(?P<year>[一二][〇○零Ｏ九][〇○零Ｏ{_NUMERALS[:9]}]{{2}})年"
    rf"(?:(?P<month>[{_NUMERALS}]{{1,3}})月(?:(?P<day>[{_NUMERALS}]{{1,3}})日)?)?"
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Date(NamedTuple):
    """What is written at `span`; 0 stands for what is not given. `months` and `days` hold both ends of a range."""

    span: Span
    year: int
    months: tuple[int, ...] = ()
    days: tuple[int, ...] = ()

    @property
    def last(self) -> tuple[int, int, int]:
        """Year, month and day for comparing: what is not given counts as the earliest."""
        return self.year, self.months[-1] if self.months else 0, self.days[-1] if self.days else 0


def find_dates(text: str, start: int = 0, end: int | None = None) -> Iterator[Date]:
    """The dates in text[start:end], those in Arabic digits first."""
    stop = len(text) if end is None else end
    reach = start
    for begin in _START.finditer(text, start, stop):
        match = _DATE.match(text, begin.start(), stop) if begin.start() >= reach else None
        if match is not None:
            reach = match.end()
            yield _written(match)
    for match in _NUMERAL_DATE.finditer(text, start, stop):
        year, month, day = match["year"], match["month"], match["day"]
        value = int("".join(str(_DIGITS[numeral]) for numeral in year))
        months = (_number(month),) if month else ()
        yield Date(Span(*match.span()), value, months, (_number(day),) if day else ())


def _written(match: re.Match[str]) -> Date:
    def numbers(*names: str) -> tuple[int, ...]:
        return tuple(int(match[name]) for name in names if match[name])

    year = numbers("year", "dot_year")
    months = numbers("m1", "month", "month_only", "dot_month")
    days = numbers("day", "day_only", "dot_day", "d2", "d3", "d4", "d5")
    return Date(Span(*match.span()), year[0] if year else 0, months, days)


def _number(numerals: str) -> int:
    """The value of 一 to 九十九."""
    tens, ten, ones = numerals.rpartition("十")
    if not ten:
        return _DIGITS[ones[-1]]
    return (_DIGITS[tens[-1]] if tens else 1) * 10 + (_DIGITS[ones[-1]] if ones else 0)


def exists(date: Date) -> bool:
    """Whether the calendar has such a day: not 13月, not 11月31日, 2月29日 only in a leap year, no range backwards."""
    if date.year > 9999 or any(not 1 <= month <= 12 for month in date.months):
        return False
    if not date.months:
        return True
    most = _DAYS[date.months[-1] - 1]
    if date.months[-1] == 2 and date.year and not _leap(date.year):
        most = 28
    return all(1 <= day <= most for day in date.days) and list(date.days) == sorted(date.days)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
