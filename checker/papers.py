"""Which paper is it? Each file is told by its title, its name and its content; a file that holds several is divided.

The usual titles of each kind stand in `lexicons/papers/<kind>.txt`; `<kind>-short.txt` holds shorter headings that
mean a list only inside a file that is about the lists anyway (「二、特色工作」).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePath

from checker.document import LIST_KINDS, PAPER_KINDS, Document, Span
from checker.language import lexicon
from checker.language.grades import Wordings, holds_proposals

LISTS_COVER = "lists-cover"
_TITLE_MAX = 60
_HEAD_BLOCKS = 10
_MAIN_MIN = 80
_PAPER_MIN = 400
_PROPOSAL = "grade-proposal"
_SHEETS = ("xlsx", "xls")
_MAIN_KINDS = ("team-summary", "cadre-report")
# Titles that are too long to be anything else.
_FULL_TITLES = ("述职述廉述学报告", "述职述学述廉报告", "述职述廉报告", "述职报告", "领导班子工作总结", "年度工作总结")
_CLOSING = re.compile("以上|如下|现将|请审|请予")

_SPACE = re.compile(r"[\s　“”‘’「」『』《》\"']+")
_LEAD = re.compile(
    r"^(?:附件?(?:材料)?[一二三四五六七八九十\d]*[：:、.．]?|[（(]?[一二三四五六七八九十\d]{1,3}[）)、.．]+|第[一二三四五六七八九十](?:部分|篇)?[：:、]?)+"
)
# What may stand before the name of a list in its title: whose it is, and of which year.
_OWNER = re.compile(
    r"(?:[局委办县区市院校会处站所队馆社厅]|中心|公司|集团|党组|政府|班子|单位|机关|部门|[\d年度]|工作|领导|关于|各项|主要|重点)$"
)
_MAKING = re.compile(
    r"[、，；：]|建立|梳理|形成|制定|完善|列出|建好|明确|对照|按照|根据|围绕|整改|纳入|落实|推行|实行|公开|下发"
)
_TAIL = re.compile(
    r"(?:[（(【\[][^）)】\]]{0,24}[）)】\]]|[：:。.…·\d\-—_]|(?:初|定|修改|送审|征求意见|讨论|最终)稿|(?:最终|修改|终)版)+$"
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A block with the title of a paper."""

    index: int
    kind: str
    title: str


@lru_cache(maxsize=32)
def _titles(name: str) -> tuple[str, ...]:
    found = lexicon.load(f"papers/{name}")
    return found.terms if found else ()


@lru_cache(maxsize=1)
def _title_table() -> tuple[tuple[str, str], ...]:
    """(title, kind), longest title first, so that the most telling one wins."""
    kinds = [*PAPER_KINDS, LISTS_COVER]
    pairs = [(title, kind) for kind in kinds for title in _titles(kind)]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


@lru_cache(maxsize=1)
def _all_titles() -> tuple[str, ...]:
    return tuple(title for title, _ in _title_table())


def recognise(document: Document, kind: str | None = None) -> tuple[Document, ...]:
    """The papers that stand in one file, each with its kind and the reason for it.

    `kind` is given by the user: it holds for the file, or for its main paper where that is a team summary with lists.
    """
    if kind is not None and kind != "team-summary":
        return (replace(document, kind=kind, kind_source="given", kind_reason="由使用者指定"),)
    if kind is None and document.format in _SHEETS:
        found, reason = _kind_of_sheets(document)
        return (replace(document, kind=found, kind_reason=reason),)
    marks = _marks(document)
    main_end = document.blocks[marks[0].index].span.start if marks else len(document.text)
    parts = [
        *_main_part(document, _before_cover(document, main_end), kind, alone=not marks),
        *_further_parts(document, marks),
    ]
    return tuple(parts) if parts else (_whole(document, kind),)


def _kind_of_sheets(document: Document) -> tuple[str, str]:
    """A spreadsheet is a table of proposals, or none of ours: the cells of any other look like titles of papers."""
    found, reason = _kind_of(document)
    if found == _PROPOSAL:
        return found, reason
    return "other", "表格文件只认年度考核等次建议，这一份不像；清单等材料请用 Word 上报"


def _whole(document: Document, kind: str | None) -> Document:
    found, reason = (kind, "由使用者指定") if kind else _kind_of(document)
    return replace(document, kind=found, kind_source="given" if kind else "detected", kind_reason=reason)


def _main_part(document: Document, end: int, kind: str | None, *, alone: bool) -> Iterator[Document]:
    if alone:
        yield _whole(document, kind)
        return
    head = document.part(Span(0, end), "other", "")
    found, reason = (kind, "由使用者指定") if kind else _kind_of(head)
    titled = any(_title_kind(text) == found for text in _title_lines(head))
    if found in LIST_KINDS or found == LISTS_COVER or (len(head.text.strip()) < _MAIN_MIN and not titled):
        return
    yield replace(head, kind=found, kind_source="given" if kind else "detected", kind_reason=reason)


def _further_parts(document: Document, marks: Sequence[_Mark]) -> Iterator[Document]:
    blocks = document.blocks
    for number, mark in enumerate(marks):
        start = blocks[mark.index].span.start
        last = number + 1 == len(marks)
        end = len(document.text) if last else _before_cover(document, blocks[marks[number + 1].index].span.start)
        yield document.part(Span(start, end), mark.kind, f"标题「{mark.title}」")


def _normalised(text: str) -> str:
    return _TAIL.sub("", _LEAD.sub("", _SPACE.sub("", text)))


def _short_blocks(document: Document) -> Iterator[tuple[int, str]]:
    """Index and bare text of the blocks that may be titles."""
    for index, block in enumerate(document.blocks):
        if block.span.end - block.span.start > _TITLE_MAX or block.kind in ("footnote", "endnote"):
            continue
        text = document.slice(block.span).strip()
        if text and text[-1] not in "，；,;" and not (text[-1] == "。" and len(text) > 12):
            yield index, _normalised(text)


def _title_kind(text: str) -> str:
    """The kind whose usual title `text` ends with, or "" if none."""
    if not text.endswith(_all_titles()):
        return ""
    kind = next(kind for title, kind in _title_table() if text.endswith(title))
    return _of_team(text, kind)


def _of_team(title: str, kind: str) -> str:
    """The kind, unless the title says that it is the team, and not one of its members, that reports on its duties."""
    return "team-summary" if kind == "cadre-report" and re.search("班子(?!成员)", title) else kind


def _marks(document: Document) -> list[_Mark]:
    """Where each list begins, and each further paper. Of neighbouring titles of the same list the first counts."""
    in_lists = False
    main_seen = False
    found: list[_Mark] = []
    for index, text in _short_blocks(document):
        kind = _title_kind(text)
        if kind == LISTS_COVER:
            in_lists = in_lists or not _MAKING.search(text.replace("、", ""))
        elif kind in LIST_KINDS and _stands_alone(text, kind):
            in_lists = True
            found.append(_Mark(index, kind, text))
        elif kind in _MAIN_KINDS and _begins_another(document, found, index, text):
            in_lists = False
            found.append(_Mark(index, kind, text))
        elif kind and not found:
            main_seen = True
        elif in_lists or not main_seen:
            short = _short_title(text)
            if short and (in_lists or _is_lists_file(document)):
                found.append(_Mark(index, short, text))
    return _without_repetitions(document, found)


def _begins_another(document: Document, before: Sequence[_Mark], index: int, text: str) -> bool:
    """Whether a full title in the middle of a file begins one more paper: it has text enough before it and after it."""
    if not text.endswith(_FULL_TITLES) or _CLOSING.search(text):
        return False
    blocks = document.blocks
    start = blocks[before[-1].index].span.start if before else 0
    lists_before = bool(before) and before[-1].kind in LIST_KINDS
    own = blocks[index].span.start - start
    return (lists_before or own >= _PAPER_MIN) and len(document.text) - blocks[index].span.end >= _PAPER_MIN


def _stands_alone(text: str, kind: str) -> bool:
    """Whether the text is the title of one list (某局2020年度问题清单), and not a line that speaks of making one."""
    title = next(title for title, owner in _title_table() if owner == kind and text.endswith(title))
    before = text[: -len(title)]
    return not before or (bool(_OWNER.search(before)) and not _MAKING.search(before))


def _short_title(text: str) -> str:
    return next((kind for kind in LIST_KINDS if text in _titles(f"{kind}-short")), "")


def _is_lists_file(document: Document) -> bool:
    return _title_kind(_normalised(PurePath(document.path).stem)) == LISTS_COVER


def _without_repetitions(document: Document, marks: Sequence[_Mark]) -> list[_Mark]:
    """Without titles that repeat the one before, and without lines of a table of contents (nothing is under them)."""
    kept: list[_Mark] = []
    for position, mark in enumerate(marks):
        following = marks[position + 1] if position + 1 < len(marks) else None
        again = any(later.kind == mark.kind for later in marks[position + 1 :])
        if again and following is not None and not _text_between(document, mark, following):
            continue
        if kept and kept[-1].kind == mark.kind:
            continue
        kept.append(mark)
    return kept


def _text_between(document: Document, mark: _Mark, following: _Mark) -> str:
    start = document.blocks[mark.index].span.end
    return document.text[start : _before_cover(document, document.blocks[following.index].span.start)].strip()


def _before_cover(document: Document, end: int) -> int:
    """`end`, moved up before the lines that only announce the lists (附件, 四个清单)."""
    for block in reversed([block for block in document.blocks if block.span.end <= end]):
        text = document.slice(block.span).strip()
        if text and not _announces_lists(text):
            return end
        end = block.span.start
    return end


def _announces_lists(text: str) -> bool:
    bare = _normalised(text)
    return len(text) <= _TITLE_MAX and (not bare or _title_kind(bare) == LISTS_COVER or bare in ("附", "附件"))


def _kind_of(document: Document) -> tuple[str, str]:
    """Kind of a paper and the reason, from its title, then its file name, then its content."""
    for text in _title_lines(document):
        kind = _title_kind(text)
        if kind and kind != LISTS_COVER:
            return kind, f"标题「{text}」"
    named = kind_by_name(document.path)
    return (named, f"文件名「{PurePath(document.path).name}」") if named else _kind_by_content(document)


def kind_by_name(path: str) -> str:
    """The kind that the name of a file says; empty where it says none."""
    stem = _SPACE.sub("", PurePath(path).stem)
    found = next((kind for title, kind in _title_table() if title in stem and kind != LISTS_COVER), "")
    return _of_team(stem, found) if found else ""


def _title_lines(document: Document) -> Iterator[str]:
    title = document.title
    if title is not None and title.end - title.start <= 2 * _TITLE_MAX:
        yield _normalised(document.slice(title))
    shown = 0
    for block in document.blocks:
        text = document.slice(block.span).strip()
        if not text or block.cell is not None:
            continue
        shown += 1
        if shown > _HEAD_BLOCKS:
            return
        if len(text) <= _TITLE_MAX and text[-1] not in "。，；：":
            yield _normalised(text)


def _proposes_grades(document: Document) -> bool:
    """Whether a table without a title is one of proposals; a roster may say who had which grade."""
    if "等次" not in document.text or "花名册" in document.text[:100] + PurePath(document.path).name:
        return False
    return holds_proposals(document, Wordings(lexicon.terms("cues/grades")))


_REPORTS_HERE = re.compile(r"现(?:将|就)[^。]{0,60}(?:汇报|报告|总结|述职)如下")
_PERSONAL = re.compile(r"本人|(?<![县市区局委院校])我(?![县市区局委院校们国省镇乡办处站科单部厅])")


def _kind_by_content(document: Document) -> tuple[str, str]:
    """A guess from how the paper speaks: of a person, or of a team."""
    if _proposes_grades(document):
        return _PROPOSAL, "表里写着姓名和等次"
    opening = document.text[:400]
    if "述职" in opening:
        return ("team-summary" if "班子述职" in opening else "cadre-report"), "开头写明述职"
    personal = len(_PERSONAL.findall(document.text))
    if personal >= 5:
        return "cadre-report", f"以个人口吻写成（「本人」「我」{personal} 处）"
    if _REPORTS_HERE.search(document.text[:800]) and "工作" in opening:
        return "team-summary", "开头写明汇报工作"
    return "other", "标题、文件名和内容都不像通知要求的材料"
