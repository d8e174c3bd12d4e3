"""Set phrases that stand for a fixed list (四个意识、四大战略 …): is the list given beside the name the right one?

Only a list that stands beside the name is held against the table: 「强化政治意识、大局意识、责任意识」 without
四个意识 is nobody's misquotation. A list cut short by 等 is a choice, not a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from checker.document import Span
from checker.language.lexicon import PlainText

_INTRODUCTION = re.compile(r"\s*(?:，?(?:即|也就是|就是|包括|是指|指的是|分别是)[：:，]?|[：:（(]|——)\s*")
_STOP = re.compile(r"[。！？；;\n）)]")
_ITEM_BREAK = re.compile(r"[、，,]|以及")
_SIMILAR = 0.5


@dataclass(frozen=True, slots=True)
class Expression:
    """A set phrase: its name, its members in official order, and other wordings of a member that are right too."""

    name: str
    members: tuple[str, ...]
    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def wording(self) -> str:
        """The right list, as it should be written."""
        return "、".join(self.members)


@dataclass(frozen=True, slots=True)
class Misquote:
    """A list beside the name that is not the official one.

    `case` is `wrong` (a member replaced), `missing` (left out) or `order`. `wrong` are the words that do not belong,
    `missing` the members that are not there. `span` is in the document.
    """

    expression: Expression
    case: str
    span: Span
    wrong: tuple[str, ...]
    missing: tuple[str, ...]


def parse_table(lines: Sequence[str]) -> Iterator[Expression]:
    """Expressions from lines such as `四个意识：政治意识、大局意识、核心意识、看齐意识`.

    ／ divides members too, for those that hold 、 themselves; ｜ stands before another wording of the same member.
    """
    for line in lines:
        name, _, members = line.partition("：")
        divider = "／" if "／" in members else "、"
        wordings = [part.strip().split("｜") for part in members.split(divider) if part.strip()]
        variants = {first: tuple(others) for first, *others in wordings if others}
        yield Expression(name.strip(), tuple(first for first, *_ in wordings), variants)


def misquotes(plain: PlainText, expression: Expression) -> Iterator[Misquote]:
    """The wrong lists that stand beside the name of `expression`."""
    text = plain.text
    if expression.name not in text:
        return
    for match in re.finditer(re.escape(expression.name), text):
        for start, end in _candidates(text, match.start(), match.end(), expression):
            found = _compare(text, start, end, expression)
            if found is not None and (start >= match.end() or _runs_into(text, found.list_end, match.start())):
                yield Misquote(expression, found.case, plain.span(found.start, found.end), found.wrong, found.missing)


def _candidates(text: str, start: int, end: int, expression: Expression) -> Iterator[tuple[int, int]]:
    """The stretches after and before the name that may hold its list."""
    reach = len(expression.wording) * 3 // 2 + 8
    introduction = _INTRODUCTION.match(text, end)
    if introduction is not None:
        stop = _STOP.search(text, introduction.end(), introduction.end() + reach)
        yield introduction.end(), stop.start() if stop else min(len(text), introduction.end() + reach)
    low = max(0, start - reach)
    stops = [match.end() for match in re.finditer(r"[。！？；;\n：:（(]", text[low:start])]
    begin = low + (stops[-1] if stops else 0)
    if "、" in text[begin:start] and text[start - 1] not in "等，、":
        yield begin, start


def _runs_into(text: str, end: int, name: int) -> bool:
    """Whether nothing but a joining word stands between the end of a list and the name after it."""
    return text[end:name].strip() in ("", "的", "这", "这一", "等", "为内容的", "为主要内容的")


def _items(text: str, start: int, end: int, expression: Expression) -> list[tuple[int, int, str]]:
    """The items of the list in [start, end): place and the member that each is, or "" for none."""
    found: list[tuple[int, int, str]] = []
    taken = [
        (match.start(), match.end(), member)
        for member in expression.members
        for wording in (member, *expression.variants.get(member, ()))
        for match in re.finditer(re.escape(wording), text[start:end])
    ]
    taken = sorted((start + low, start + high, member) for low, high, member in taken)
    position = start
    for low, high, member in [*taken, (end, end, "")]:
        for piece_start, piece_end in _pieces(text, position, low):
            found.append((piece_start, piece_end, ""))
        if member:
            found.append((low, high, member))
        position = max(position, high)
    return found


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    for match in [*_ITEM_BREAK.finditer(text, start, end), None]:
        stop = match.start() if match else end
        if text[position:stop].strip():
            yield position, stop
        position = match.end() if match else end


def _like(piece: str, members: Sequence[str]) -> str:
    """The end of `piece` that resembles one of `members` (工业强市 for 产业强市), or "" if none does."""
    for member in members:
        for size in (len(member), len(member) - 1, len(member) + 1):
            tail = piece[-size:]
            if len(tail) == size and size >= 2 and SequenceMatcher(None, tail, member).ratio() >= _SIMILAR:
                return tail
    return ""


def lookalike(text: str, member: str) -> tuple[int, int] | None:
    """Where `text` holds a word that is `member` but for one character (工业强市 for 产业强市), or None."""
    if len(member) < 4:
        return None
    for index in range(len(member)):
        pattern = re.escape(member[:index]) + "[\u4e00-\u9fff]" + re.escape(member[index + 1 :])
        match = re.search(pattern, text)
        if match is not None:
            return match.start(), match.end()
    return None


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with a list: [start, end) are the words to show, `list_end` is where its last member ends."""

    case: str
    start: int
    end: int
    list_end: int
    wrong: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def _compare(text: str, start: int, end: int, expression: Expression) -> _Fault | None:
    items = _items(text, start, end, expression)
    right = [item for item in items if item[2]]
    members = [member for _, _, member in right]
    if len(set(members)) * 2 < len(expression.members) or (len(set(members)) < 2 and len(expression.members) > 2):
        return None
    missing = tuple(member for member in expression.members if member not in members)
    first, last = right[0][0], right[-1][1]
    if not missing:
        in_order = list(dict.fromkeys(members)) == list(expression.members)
        return None if in_order else _Fault("order", first, last, last)
    wrong = []
    for low, high, member in items:
        tail = "" if member else _like(text[low:high].strip(), missing)
        if tail:
            place = text.rindex(tail, low, high)
            wrong.append((place, place + len(tail), tail))
    if wrong:
        words = tuple(tail for _, _, tail in wrong)
        return _Fault("wrong", wrong[0][0], wrong[-1][1], max(last, wrong[-1][1]), words, missing)
    if text[last:end].lstrip("，、").startswith("等"):
        return None
    return _Fault("missing", first, last, last, (), missing)
