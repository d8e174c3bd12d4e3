"""One small whole file, or several, for each format; made here, so that nothing depends on files of others."""

from __future__ import annotations

import io
import zipfile
from datetime import date

from build_docx import docx, paragraphs, zipped
from build_ofd import Text, ofd, table
from build_sheets import xls, xlsx

TEXT = "示例局领导班子2020年度工作总结\n\n一、总体情况\n一年来，我们做了工作（OFD、A4）。\n（一）政治建设\n1.抓好学习\n"
_REVISED = (
    '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    '<w:ins w:id="1" w:author="a"><w:r><w:t>插入</w:t></w:r></w:ins>'
    '<w:del w:id="2" w:author="a"><w:r><w:delText>删除</w:delText></w:r></w:del></w:p>'
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>指标</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>"
    '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    '<w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
)
_NUMBERING = (
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/>'
    '<w:lvlText w:val="%1、"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
)
_FOOTNOTES = '<w:footnote w:id="2"><w:p><w:r><w:t>脚注</w:t></w:r></w:p></w:footnote>'
_RTF = (
    r"{\rtf1\ansi\ansicpg936\deff0{\fonttbl{\f0 SimSun;}}{\colortbl;\red0\green0\blue0;}"
    r"\pard\qc\b\fs44 \u31034?\u20363?\u23616?\b0\par\pard\fi640 {\*\bkmkstart a}\'d2\'bb\'a1\'a2 text\par"
    r"\trowd\cellx1000\cellx2000\intbl a\cell b\cell\row{\deleted x}{\v hidden}{\footnote note}}"
)
_HTML = "<html><head><meta charset='utf-8'></head><body><p>一、总体情况</p><table><tr><td>a</td></tr></table>"
_ODT = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:text>'
    '<text:h text:outline-level="1">一、总体</text:h><text:p>正文<text:s text:c="2"/><text:tab/>字</text:p>'
    "<text:list><text:list-item><text:p>条目</text:p></text:list-item></text:list>"
    '<table:table><table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>格</text:p>'
    "</table:table-cell></table:table-row></table:table></office:text></office:body></office:document-content>"
)
_MHT = (
    'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html; '
    'charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><body><p>=E6=AD=A3</p></body></html>'
    "\r\n--b--\r\n"
)

_TABLE = (
    ["等次建议"],
    ["序号", "姓名", "等次", "日期"],
    [1, "赵一", "优秀", date(2020, 12, 25)],
    [2, "钱二", None, 0.25],
)


def _pdf() -> bytes:
    stream = b"BT /F1 16 Tf 72 700 Td (Summary 2020) Tj 0 -28 Td (Second line) Tj ET 72 600 200 40 re S"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start)


def _odt() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", _ODT)
    return out.getvalue()


def seeds() -> dict[str, bytes]:
    """File name to content."""
    word = docx(paragraphs("示例局工作总结", "正文") + _REVISED, numbering=_NUMBERING, footnotes=_FOOTNOTES)
    page = [
        Text("示例局工作总结", 60, 40, 7.76),
        Text("一、总体情况", 41, 60, 5.64),
        *table(28, 80, [["指标", "实绩"]]),
    ]
    layout = ofd([page, [Text("第二页", 28, 40, 5.64)]])
    return {
        "a.docx": word,
        "a.ofd": layout,
        "a.zip": zipped(
            {"单位/总结.docx": word, "清单.txt": TEXT.encode("gb18030"), "内.zip": zipped({"a.txt": TEXT})}
        ),
        "utf-8.txt": TEXT.encode(),
        "gb.txt": TEXT.encode("gb18030"),
        "wide.txt": TEXT.encode("utf-16-le"),
        "a.pdf": _pdf(),
        "a.rtf": _RTF.encode(),
        "a.odt": _odt(),
        "a.html": _HTML.encode(),
        "a.mht": _MHT.encode(),
        "a.xlsx": xlsx({"干部": _TABLE, "隐藏": [["a"]]}, rows=(2,), hidden=("隐藏",)),
        "a.xls": xls({"干部": _TABLE, "隐藏": [["a"]]}, hidden=("隐藏",)),
    }
