"""Builds the template of the return form: `python -m tools.form_template` writes checker/render/templates/form.docx.

The layout follows GB/T 9704: A4, 37 mm above, 28 mm to the left, a type area of 156 by 225 mm with 22 lines of 28
characters in size 3, the title in 小标宋 size 2, headings in 黑体, page numbers between dashes at the outer edge. The
font table names what to take where a face is not installed. What stands in {{ }} is filled in by `checker.render.form`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

TARGET = Path(__file__).parent.parent / "checker" / "render" / "templates" / "form.docx"
_DATE = (2020, 12, 1, 0, 0, 0)

_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'

TITLE, BODY, HEADING, NOTE = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"
LATIN = "Times New Roman"
# Face: what to take in its place, family.
_FACES: Mapping[str, tuple[str, str]] = {
    TITLE: ("FZXiaoBiaoSong-B05S,方正小标宋_GBK,华文中宋,宋体", "script"),
    BODY: ("FangSong_GB2312,仿宋,FangSong,华文仿宋", "modern"),
    HEADING: ("SimHei,Noto Sans CJK SC", "swiss"),
    NOTE: ("KaiTi_GB2312,楷体,KaiTi,华文楷体", "modern"),
    "宋体": ("SimSun,Noto Serif CJK SC", "auto"),
}

# In twentieths of a point: 156 mm between the margins.
_WIDTH = 8844
_FACTS = (1300, 3522, 1300, 2722)
_FINDINGS = (("序号", 560), ("位置", 2050), ("问题", 2204), ("通知依据", 1250), ("修改建议", 1980), ("严重程度", 800))
_READ = (("文件", 2300), ("文种", 1500), ("字数", 1544), ("已读", 2000), ("未读", 1500))


def _run(text: str, face: str = "", size: float = 0) -> str:
    fonts = f'<w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:eastAsia="{face}"/>' if face else ""
    sizes = f'<w:sz w:val="{size * 2:g}"/><w:szCs w:val="{size * 2:g}"/>' if size else ""
    properties = f"<w:rPr>{fonts}{sizes}</w:rPr>" if fonts or sizes else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _paragraph(style: str, *runs: str) -> str:
    content = "".join(run if run.startswith("<") else _run(run) for run in runs)
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{content}</w:p>'


def _cell(width: int, *paragraphs: str, span: int = 1) -> str:
    spans = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    properties = f'<w:tcW w:w="{width}" w:type="dxa"/>{spans}<w:vAlign w:val="center"/>'
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{''.join(paragraphs)}</w:tc>"


def _row(cells: Iterable[str], *, header: bool = False) -> str:
    repeated = "<w:tblHeader/>" if header else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{''.join(cells)}</w:tr>"


def _table(widths: Sequence[int], rows: Iterable[str]) -> str:
    assert sum(widths) == _WIDTH
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    margins = "".join(
        f'<w:{side} w:w="{width}" w:type="dxa"/>'
        for side, width in (("top", 40), ("left", 70), ("bottom", 40), ("right", 70))
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{_WIDTH}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{edges}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _facts() -> str:
    """Unit, person, round, date; then what was handed in, on what grounds it was looked at, and the verdict."""
    one, two, three, four = _FACTS
    rest = two + three + four

    def pair(left: str, right: str) -> str:
        return _row(
            (
                _cell(one, _paragraph("TableHead", left)),
                _cell(two, _paragraph("Facts", f"{{{{{left}}}}}")),
                _cell(three, _paragraph("TableHead", right)),
                _cell(four, _paragraph("Facts", f"{{{{{right}}}}}")),
            )
        )

    def wide(name: str, *paragraphs: str) -> str:
        return _row((_cell(one, _paragraph("TableHead", name)), _cell(rest, *paragraphs, span=3)))

    return _table(
        _FACTS,
        (
            pair("单位", "轮次"),
            pair("述职人", "日期"),
            wide("材料", _paragraph("Facts", "{{材料}}")),
            wide("依据", _paragraph("Facts", "{{通知}}")),
            wide(
                "结论",
                _paragraph("Facts", _run("{{结论}}", HEADING), _run("（{{问题数}}）")),
                _paragraph("Facts", "{{说明}}"),
            ),
        ),
    )


def _listing(columns: Sequence[tuple[str, int]], centred: Sequence[str]) -> str:
    """A table with a header that is repeated on every page, and one row that is filled in once for each record."""
    return _table(
        [width for _, width in columns],
        (
            _row((_cell(width, _paragraph("TableHead", name)) for name, width in columns), header=True),
            _row(
                _cell(width, _paragraph("TableMiddle" if name in centred else "TableText", f"{{{{{name}}}}}"))
                for name, width in columns
            ),
        ),
    )


def _line(name: str, width: int) -> str:
    """A line to be filled in by hand."""
    underlined = f'<w:r><w:rPr><w:u w:val="single"/></w:rPr><w:t xml:space="preserve">{"　" * width}</w:t></w:r>'
    return _run(name) + underlined


_BY_HAND = "　　　　年　　月　　日"


def _body() -> str:
    parts = (
        _paragraph("Title", "考核材料审查意见表"),
        _facts(),
        _paragraph("Heading1", "一、需要修改和核对的问题"),
        _listing(_FINDINGS, ("序号", "通知依据", "严重程度")),
        _paragraph("TableNote", "错误：不符合通知要求，必须修改；提醒：请核对后修改；提示：供参考。"),
        _paragraph("TableNote", "已有处理意见的问题：{{已核}}"),
        _paragraph("Heading1", "二、检查的范围"),
        _listing(_READ, ("文种",)),
        _paragraph("TableNote", "没有检查的规则：{{未检查}}"),
        _paragraph("Heading1", "三、办理意见"),
        _paragraph(
            "Normal",
            "请对照上述问题逐条修改、核对后重新报送；领导班子工作总结和“四个清单”由党委（党组）集体研究审定。"
            "对问题有不同意见的，请说明理由。",
        ),
        _paragraph("Sign", _line("审查人（签字）：", 6), _run("　"), _line("复核人（签字）：", 6)),
        _paragraph("SignRight", "（审查单位盖章）　　"),
        _paragraph("SignRight", _BY_HAND),
        _paragraph("Sign", _line("报送单位签收人（签字）：", 6)),
        _paragraph("SignRight", _BY_HAND),
        _paragraph("TableNote", "本表由考核材料智检{{版本}}根据材料文字生成，是否采纳由审查人认定。"),
    )
    section = (
        '<w:sectPr><w:footerReference w:type="default" r:id="rId3"/><w:footerReference w:type="even" r:id="rId4"/>'
        '<w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1588" w:header="851" w:footer="1587"'
        ' w:gutter="0"/><w:docGrid w:type="lines" w:linePitch="579"/></w:sectPr>'
    )
    body = f"<w:body>{''.join(parts)}{section}</w:body>"
    return f'{_HEAD}<w:document xmlns:w="{_MAIN}" xmlns:r="{_OFFICE}">{body}</w:document>'


def _style(
    name: str,
    title: str,
    paragraph: str,
    face: str = "",
    size: float = 0,
    *,
    based: str = "Normal",
    default: bool = False,
    closer: int = 0,
) -> str:
    fonts = f'<w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:eastAsia="{face}" w:cs="{LATIN}"/>' if face else ""
    spacing = f'<w:spacing w:val="{-closer}"/>' if closer else ""
    sizes = f'<w:sz w:val="{size * 2:g}"/><w:szCs w:val="{size * 2:g}"/>' if size else ""
    root = ' w:default="1"' if default else ""
    parent = "" if default else f'<w:basedOn w:val="{based}"/>'
    return (
        f'<w:style w:type="paragraph"{root} w:styleId="{name}"><w:name w:val="{title}"/>{parent}<w:qFormat/>'
        f"<w:pPr>{paragraph}</w:pPr><w:rPr>{fonts}{spacing}{sizes}</w:rPr></w:style>"
    )


def _styles() -> str:
    exact = '<w:spacing w:before="0" w:after="0" w:line="579" w:lineRule="exact"/>'
    small = '<w:snapToGrid w:val="0"/><w:spacing w:before="0" w:after="0" w:line="300" w:lineRule="exact"/>'
    middling = '<w:snapToGrid w:val="0"/><w:spacing w:before="20" w:after="20" w:line="360" w:lineRule="exact"/>'
    none = '<w:ind w:firstLineChars="0" w:firstLine="0"/>'
    styles = (
        _style(
            "Normal",
            "Normal",
            f'{exact}<w:ind w:firstLineChars="200" w:firstLine="632"/><w:jc w:val="both"/>',
            BODY,
            16,
            # 28 characters of 16 points are a little wider than the 156 mm. A grid of characters would do the same,
            # but LibreOffice gives each of them two of its cells.
            closer=5,
            default=True,
        ),
        _style(
            "Title",
            "Title",
            '<w:keepNext/><w:spacing w:before="0" w:after="290" w:line="640" w:lineRule="exact"/>'
            f'{none}<w:jc w:val="center"/>',
            TITLE,
            22,
        ),
        _style(
            "Heading1",
            "heading 1",
            f'<w:keepNext/><w:spacing w:before="240" w:after="60"/>{none}<w:outlineLvl w:val="0"/>',
            HEADING,
            16,
        ),
        _style("Facts", "表中要素", f'{middling}{none}<w:jc w:val="left"/>', BODY, 14),
        _style("TableHead", "表头", f'{small}{none}<w:jc w:val="center"/>', HEADING, 12),
        _style("TableText", "表中文字", f'{small}{none}<w:jc w:val="left"/>', BODY, 10.5),
        _style("TableMiddle", "表中居中", '<w:jc w:val="center"/>', based="TableText"),
        _style("TableNote", "表注", f'{small}{none}<w:jc w:val="left"/>', NOTE, 10.5),
        _style("Sign", "签字", f'<w:keepNext/><w:spacing w:before="360"/>{none}<w:jc w:val="left"/>'),
        _style("SignRight", "落款", f'<w:keepNext/>{none}<w:jc w:val="right"/>'),
        _style(
            "Footer",
            "footer",
            f'<w:snapToGrid w:val="0"/><w:spacing w:line="240" w:lineRule="auto"/>{none}',
            "宋体",
            14,
        ),
    )
    return (
        f'{_HEAD}<w:styles xmlns:w="{_MAIN}"><w:docDefaults><w:rPrDefault><w:rPr>'
        f'<w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:eastAsia="{BODY}" w:cs="{LATIN}"/>'
        '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        "<w:pPrDefault/></w:docDefaults>"
        f"{''.join(styles)}</w:styles>"
    )


def _fonts() -> str:
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/><w:family w:val="{family}"/>'
        '<w:pitch w:val="variable"/></w:font>'
        for name, (others, family) in _FACES.items()
    )
    return f'{_HEAD}<w:fonts xmlns:w="{_MAIN}">{fonts}</w:fonts>'


def _footer(side: str) -> str:
    """The number of the page between dashes, one character in from the outer edge."""

    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    field = mark("begin") + '<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>' + mark("separate")
    indent = f'<w:ind w:{side}Chars="100" w:{side}="280" w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="{side}"/>'
    return (
        f'{_HEAD}<w:ftr xmlns:w="{_MAIN}"><w:p><w:pPr><w:pStyle w:val="Footer"/>{indent}</w:pPr>'
        f"{_run('— ')}{field}{_run('1')}{mark('end')}{_run(' —')}</w:p></w:ftr>"
    )


def _settings() -> str:
    return (
        f'{_HEAD}<w:settings xmlns:w="{_MAIN}"><w:evenAndOddHeaders/>'
        '<w:characterSpacingControl w:val="compressPunctuation"/><w:compat><w:compatSetting w:name="compatibilityMode"'
        ' w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat></w:settings>'
    )


def _types() -> str:
    parts = {
        "document": "document.main",
        "styles": "styles",
        "fontTable": "fontTable",
        "settings": "settings",
        "footer1": "footer",
        "footer2": "footer",
    }
    overrides = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{_WORD}{kind}+xml"/>' for name, kind in parts.items()
    )
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def _relations(entries: Sequence[tuple[str, str]]) -> str:
    inside = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(entries, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'


def parts() -> dict[str, str]:
    """The parts of the template by name."""
    return {
        "[Content_Types].xml": _types(),
        "_rels/.rels": _relations([("officeDocument", "word/document.xml")]),
        "word/document.xml": _body(),
        "word/_rels/document.xml.rels": _relations(
            [
                ("styles", "styles.xml"),
                ("fontTable", "fontTable.xml"),
                ("footer", "footer1.xml"),
                ("footer", "footer2.xml"),
                ("settings", "settings.xml"),
            ]
        ),
        "word/styles.xml": _styles(),
        "word/fontTable.xml": _fonts(),
        "word/settings.xml": _settings(),
        "word/footer1.xml": _footer("right"),
        "word/footer2.xml": _footer("left"),
    }


def build(target: Path = TARGET) -> None:
    """Write the template; the same parts always give the same file."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts().items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    build()
