"""The cover of a marked-up copy (`--cover`): one page before the paper with the verdict, 字数 and a table of findings.

It stands in a content control with a tag of ours, which can be deleted as a whole but not written in; readers of ours
pass over it, so a copy that is checked again has the same text and the same 字数. The finished bytes are read back: but
for the cover the copy is the paper that came in, or nothing is handed out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from lxml import etree

from checker.document import Document
from checker.errors import ReadError, WriteError
from checker.readers.docx_summary import FIRST_LINE, LAST_LINE, TAG, summary_in
from checker.readers.limits import Limits
from checker.readers.package import open_package
from checker.render import phrases as say
from checker.render.docx_package import XmlPart, load_xml, repack
from checker.render.docx_place import local
from checker.render.docx_verify import DIFFERS, reread, roomier
from checker.render.listing import Item, items
from checker.report import Report

_ROWS = 12
_MESSAGE, _PLACE = 90, 50
_FACES: Mapping[str, str] = {"title": "方正小标宋简体", "strong": "黑体", "": "仿宋_GB2312"}
# Widths of columns in hundredths of the text, which is about 8,800 twips wide.
_COLUMNS: Mapping[str, int] = {"序号": 8, "严重程度": 12, "位置": 34, "问题": 46}
_WIDTHS = tuple(_COLUMNS.values())
_FACTS = (12, 88)
_TWIPS = 88
_CELL = 21
_MARKS = ("{*}commentRangeStart", "{*}commentRangeEnd", "{*}commentReference")


@dataclass(frozen=True, slots=True)
class Summary:
    """What the cover says: facts by name, the first of the findings, and how many there are."""

    facts: tuple[tuple[str, str], ...]
    items: tuple[Item, ...]
    more: int
    """How many findings are not in the table."""


def summary_of(report: Report, papers: Sequence[Document], when: datetime) -> Summary:
    """The summary for one file of the report, which holds `papers`."""
    found = items(report, papers)
    counts = {id(coverage.document): coverage.count for coverage in report.coverage}
    lengths = [
        f"{say.kind_name(paper)}：{say.count_phrase(counts[id(paper)])}" for paper in papers if id(paper) in counts
    ]
    number = say.one_line(report.notice.number)
    unit = "，".join(say.one_line(text) for text in (report.submission.unit, report.submission.person) if text)
    facts = (
        ("对象", unit),
        ("材料", "、".join(dict.fromkeys(say.kind_name(paper) for paper in papers))),
        ("依据", say.one_line(report.notice.title) + (f"（{number}）" if number else "")),
        ("结论", f"{say.verdict_name(report)}（全部材料{say.counts_phrase(report)}）。{say.advice(report)}"),
        ("字数", "\n".join(lengths)),
        ("日期", f"{when.year}年{when.month}月{when.day}日"),
    )
    return Summary(tuple((name, text) for name, text in facts if text), found[:_ROWS], len(found[_ROWS:]))


def put(data: bytes, summary: Summary | None, limits: Limits = Limits()) -> bytes:  # noqa: B008  (frozen)
    """The Word file `data` with the summary in place of a former one; None only takes the former one away."""
    limits = roomier(limits)
    try:
        package = open_package(data, limits)
        main = package.main_part()
        source = package.read(main)
        part, body = _open(source)
    except (ReadError, etree.XMLSyntaxError):
        raise WriteError(DIFFERS) from None
    former = summary_in(body)
    if summary is None and not former:
        return data
    _remove(body, former)
    plain = _canonical(part.root)
    if summary is not None:
        body.insert(0, _control(body, summary))
    covered = repack(data, {package.names[main.lower()].filename: part.serialise()})
    _check(data, covered, main, plain, limits)
    return covered


def _open(source: bytes) -> tuple[XmlPart, etree._Element]:
    part = load_xml(source)
    body = next((it for it in part.root if local(it) == "body"), None)
    if body is None:
        raise WriteError(DIFFERS)
    return part, body


def _remove(body: etree._Element, former: Sequence[etree._Element]) -> None:
    """Take a former cover out. Comments that somebody else has put on it move to the head of the paper."""
    strangers = [it for element in former for it in element.iter(*_MARKS)]
    for element in former:
        body.remove(element)
    home = next((it for it in body.iter("{*}p") if local(it) == "p"), None)
    if home is None:
        return
    at = next((number for number, it in enumerate(home, 1) if local(it) == "pPr"), 0)
    for mark in reversed(strangers):
        run = mark.getparent()
        whole = run if run is not None and local(mark) == "commentReference" and local(run) == "r" else mark
        home.insert(at, whole)


def _canonical(root: etree._Element) -> bytes:
    return etree.tostring(root, method="c14n")


def _check(data: bytes, covered: bytes, main: str, plain: bytes, limits: Limits) -> None:
    """Read the copy back: the same text, and without the cover the same main part to the letter."""
    before, after = reread(data, limits, DIFFERS), reread(covered, limits, DIFFERS)
    try:
        part, body = _open(open_package(covered, limits).read(main))
    except (ReadError, etree.XMLSyntaxError):
        raise WriteError(DIFFERS) from None
    for element in summary_in(body):
        body.remove(element)
    alike = before.text == after.text and before.blocks == after.blocks
    if not alike or _canonical(part.root) != plain:
        raise WriteError(DIFFERS)


# ---- what it looks like ---------------------------------------------------------------------------------------


def _control(body: etree._Element, summary: Summary) -> etree._Element:
    """The content control; every paragraph carries its own format, as the styles are those of the paper."""
    space = str(body.tag)[1:].partition("}")[0]
    # The gallery makes it a cover page to Word, which can then take it off by its own command.
    properties = (
        f'<w:sdtPr><w:alias w:val="{FIRST_LINE}"/><w:tag w:val="{TAG}"/><w:lock w:val="contentLocked"/>'
        '<w:docPartObj><w:docPartGallery w:val="Cover Pages"/><w:docPartUnique/></w:docPartObj></w:sdtPr>'
    )
    content = "".join(_content(summary))
    source = f'<w:sdt xmlns:w="{space}">{properties}<w:sdtContent>{content}</w:sdtContent></w:sdt>'
    return etree.fromstring(source.encode())


def _content(summary: Summary) -> Iterator[str]:
    yield _paragraph(FIRST_LINE, "title", 44, centred=True, after=200)
    yield _table(_FACTS, (_row(_FACTS, (name, text), (0,), (0,)) for name, text in summary.facts))
    if summary.items:
        yield _paragraph("本文件需要修改和核对的问题", "strong", 28, before=200, after=80)
        head = _row(_WIDTHS, tuple(_COLUMNS), range(len(_COLUMNS)), range(len(_COLUMNS)), header=True)
        yield _table(_WIDTHS, (head, *_items(summary.items)))
    else:
        yield _paragraph("本文件没有需要修改和核对的问题。", "", 24, before=200)
    more = f"另有{summary.more}条没有列在这里，见正文批注。" if summary.more else ""
    yield _paragraph(
        f"{more}各条的依据和修改建议见正文批注。本页不是材料内容，不计入字数，可以整页删除。", "", 21, before=80
    )
    yield _paragraph(LAST_LINE, "", 21, centred=True, before=80, broken=True)


def _items(found: Sequence[Item]) -> Iterator[str]:
    for number, it in enumerate(found, 1):
        cells = (str(number), it.severity, say.shorten(it.place, _PLACE), say.shorten(it.message, _MESSAGE))
        yield _row(_WIDTHS, cells, (0, 1))


def _paragraph(
    text: str,
    face: str,
    size: int,
    *,
    centred: bool = False,
    before: int = 0,
    after: int = 0,
    broken: bool = False,
) -> str:
    """One paragraph, `size` in half points; `broken` ends the page after it."""
    fonts = f'<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{_FACES[face]}"/>'
    run = (
        f'<w:rPr>{fonts}<w:b w:val="0"/><w:color w:val="000000"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>'
    )
    lines = '</w:t><w:br/><w:t xml:space="preserve">'.join(escape(line) for line in text.split("\n"))
    ending = '<w:r><w:br w:type="page"/></w:r>' if broken else ""
    return (
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr><w:snapToGrid w:val="0"/>'
        f'<w:spacing w:before="{before}" w:after="{after}" w:line="240" w:lineRule="auto"/>'
        f'<w:ind w:left="0" w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="{"center" if centred else "both"}"/>'
        f'</w:pPr><w:r>{run}<w:t xml:space="preserve">{lines}</w:t></w:r>{ending}</w:p>'
    )


def _table(widths: Sequence[int], rows: Iterable[str]) -> str:
    """A table as wide as the text; `widths` are in hundredths of it."""
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    grid = "".join(f'<w:gridCol w:w="{width * _TWIPS}"/>' for width in widths)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>{edges}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(rows)}</w:tbl>'
    )


def _row(
    widths: Sequence[int],
    texts: Sequence[str],
    centred: Collection[int] = (),
    strong: Collection[int] = (),
    *,
    header: bool = False,
) -> str:
    """A row that is not broken over pages; `centred` and `strong` are numbers of cells."""
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width * 50}" w:type="pct"/><w:vAlign w:val="center"/></w:tcPr>'
        f"{_paragraph(text, 'strong' if at in strong else '', _CELL, centred=at in centred)}</w:tc>"
        for at, (width, text) in enumerate(zip(widths, texts, strict=True))
    )
    repeated = "<w:tblHeader/>" if header else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{cells}</w:tr>"
