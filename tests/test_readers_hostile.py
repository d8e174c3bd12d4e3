"""Files that are broken, hostile or something else: each ends in one sentence with a code, at once."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from build_docx import NAMESPACES, docx, docx_parts, paragraphs, part, relationships, zipped

from checker.document import Document
from checker.errors import ReadError
from checker.readers import Limits, read, read_path

GOOD = docx(paragraphs("正文一段", "正文二段"))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


def attempt(data: bytes, name: str = "材料.docx", limits: Limits | None = None) -> Document:
    """Read, within the two seconds (of this process) that even a hostile file may cost."""
    began = time.process_time()
    try:
        return read(name, data, limits or Limits())
    finally:
        assert time.process_time() - began < 2


def refusal(data: bytes, name: str = "材料.docx", limits: Limits | None = None) -> ReadError:
    with pytest.raises(ReadError) as caught:
        attempt(data, name, limits)
    message = caught.value.message
    assert message.endswith("。")
    assert any("一" <= character <= "鿿" for character in message)
    return caught.value


def document(body: str) -> str:
    return f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>"


def nested(element: str, depth: int, inner: str = "") -> str:
    opening = "".join(f"<w:{name}>" for name in element.split())
    closing = "".join(f"</w:{name}>" for name in reversed(element.split()))
    return opening * depth + inner + closing * depth


def patched(data: bytes, offset: int, value: bytes) -> bytes:
    """`data` with the same field overwritten in every entry of the table of contents of the zip file."""
    out = bytearray(data)
    at = out.find(b"PK\x01\x02")
    while at >= 0:
        out[at + offset : at + offset + len(value)] = value
        at = out.find(b"PK\x01\x02", at + 4)
    return bytes(out)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        read_path(tmp_path / "没有.docx")
    assert caught.value.code == "not-found"


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        read_path(tmp_path)
    assert caught.value.code == "is-folder"


def test_path_with_an_impossible_character() -> None:
    with pytest.raises(ReadError) as caught:
        read_path(Path("a\x00b"))
    assert caught.value.code == "read-failed"


def test_size_is_looked_at_before_loading(tmp_path: Path) -> None:
    path = tmp_path / "大.docx"
    with path.open("wb") as stream:
        stream.truncate(5 * 1024**3)
    with pytest.raises(ReadError) as caught:
        read_path(path)
    assert caught.value.code == "too-large"


def test_path_reads_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "好.docx"
    path.write_bytes(GOOD)
    assert read_path(path).text == read("好.docx", GOOD).text == "正文一段\n正文二段"


@pytest.mark.parametrize(
    ("data", "name", "code", "said"),
    [
        pytest.param(b"", "a.docx", "empty-file", "0 字节", id="empty"),
        pytest.param(PNG, "a.docx", "not-docx", "PNG 图片", id="picture renamed"),
        pytest.param(PNG, "a.png", "unsupported-format", "PNG 图片", id="picture"),
        pytest.param(b"\xff\xd8\xff\xe0" + b"\x00" * 9, "a.docx", "not-docx", "JPEG", id="jpeg renamed"),
        pytest.param(b"%PDF-1.7\n", "a.docx", "bad-pdf", "PDF", id="pdf renamed, cut off"),
        pytest.param("普通文字".encode(), "a.docx", "not-docx", "纯文本", id="text renamed"),
        pytest.param(OLE + "EncryptedPackage".encode("utf-16-le"), "a.docx", "encrypted", "密码", id="encrypted"),
        pytest.param(OLE, "a.doc", "unsupported-format", "Office", id="ole"),
        pytest.param(bytes(range(256)) * 4, "a.docx", "not-docx", "无法识别", id="noise"),
        pytest.param(bytes(range(256)) * 4, "a.bin", "unsupported-format", "无法识别", id="noise by another name"),
        pytest.param(b"Rar!\x1a\x07\x00", "a.rar", "unsupported-format", "解压", id="rar"),
        pytest.param(GOOD[:200], "a.docx", "damaged", "损坏", id="truncated at the head"),
        pytest.param(GOOD[:-30], "a.docx", "damaged", "损坏", id="truncated at the end"),
        pytest.param(b"PK\x03\x04" + b"\x00" * 40, "a.docx", "damaged", "损坏", id="zip head only"),
        pytest.param(zipped({"说明.txt": "x"}), "a.docx", "not-docx", "ZIP", id="zip of other things"),
        pytest.param(
            zipped({"_rels/.rels": relationships({"officeDocument": "word/none.xml"})}),
            "a.docx",
            "not-docx",
            "ZIP",
            id="main part missing",
        ),
        pytest.param(
            zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}),
            "a.odt",
            "unsupported-format",
            "odt",
            id="odt",
        ),
        pytest.param(zipped({"OFD.xml": "<x/>"}), "a.ofd", "damaged", "损坏", id="ofd"),
        pytest.param(docx_parts("<workbook/>"), "a.docx", "not-docx", "Excel", id="workbook"),
        pytest.param(docx_parts("<presentation/>"), "a.docx", "not-docx", "PowerPoint", id="presentation"),
        pytest.param(docx_parts("<w:document"), "a.docx", "damaged", "损坏", id="malformed"),
        pytest.param(docx_parts(""), "a.docx", "damaged", "损坏", id="empty main part"),
        pytest.param(docx_parts(b"\xff\xfe<"), "a.docx", "damaged", "损坏", id="odd encoding"),
        pytest.param(docx(paragraphs("文"), styles="<w:x"), "a.docx", "damaged", "损坏", id="malformed styles"),
        pytest.param(docx(""), "a.docx", "no-text", "没有文字", id="no text"),
        pytest.param(docx_parts(f"<w:document {NAMESPACES}/>"), "a.docx", "no-text", "没有文字", id="no body"),
        pytest.param(
            docx("<w:p><w:r><w:drawing><pic:pic/></w:drawing></w:r></w:p>"), "a.docx", "no-text", "扫描件", id="scan"
        ),
    ],
)
def test_refused(data: bytes, name: str, code: str, said: str) -> None:
    error = refusal(data, name)
    assert error.code == code
    assert said in error.message


@pytest.mark.parametrize("at", range(0, len(GOOD), max(1, len(GOOD) // 150)))
def test_truncated_anywhere(at: int) -> None:
    assert refusal(GOOD[:at]).code in {"damaged", "empty-file", "not-docx"}


@pytest.mark.parametrize("at", range(0, len(GOOD), max(1, len(GOOD) // 300)))
def test_one_bit_wrong_anywhere(at: int) -> None:
    data = bytearray(GOOD)
    data[at] ^= 0x55
    try:
        attempt(bytes(data))
    except ReadError as error:
        assert error.message.endswith("。")


def test_bad_checksum() -> None:
    assert refusal(patched(GOOD, 16, b"\x01\x02\x03\x04")).code == "damaged"


def test_unsupported_compression() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    assert refusal(out.getvalue()).code == "unsupported-compression"
    assert refusal(patched(GOOD, 10, b"\x63\x00")).code == "unsupported-compression"


def test_password_on_the_entries() -> None:
    assert refusal(patched(GOOD, 8, b"\x01\x00")).code == "encrypted"


@pytest.mark.parametrize("name", ["/word/extra.xml", "../../etc/x", "word/../../x", "..\\x"])
def test_names_that_lead_outside(name: str) -> None:
    out = io.BytesIO(GOOD)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, "x")
    assert refusal(out.getvalue()).code == "unsafe-package"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["word/document.xml", "WORD/Document.xml"])
def test_two_parts_of_one_name(name: str) -> None:
    out = io.BytesIO(GOOD)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, document(paragraphs("另一份")))
    assert refusal(out.getvalue()).code == "unsafe-package"


def bomb(size: int, filling: bytes = b" ") -> bytes:
    """A .docx whose main part holds a text and then `size` bytes of filling."""
    out = io.BytesIO(zipped({"_rels/.rels": relationships({"officeDocument": "word/document.xml"})}))
    head, tail = document(paragraphs("文") + "|").encode().split(b"|")
    chunk = filling * (1024**2 // len(filling))
    with (
        zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("word/document.xml", "w") as stream,
    ):
        stream.write(head)
        for _ in range(size // 1024**2):
            stream.write(chunk)
        stream.write(tail)
    return out.getvalue()


def test_zip_bomb_costs_no_memory() -> None:
    data = bomb(200 * 1024**2)
    tracemalloc.start()
    assert refusal(data).code == "too-large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 1024**2


def test_high_ratio_is_refused() -> None:
    assert refusal(bomb(9 * 1024**2), limits=Limits(ratio=100)).code == "too-large"
    assert attempt(bomb(9 * 1024**2), limits=Limits(ratio=10_000)).text == "文"


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize(
    "filling",
    [
        b"<w:p/>",
        b"<w:p><w:r><w:t>x</w:t></w:r></w:p>",
        b"<w:p><w:r><w:br/><w:br/><w:br/><w:br/><w:br/><w:br/><w:br/></w:r></w:p>",
        b"<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>",
        b"<x/>",
        b"<w:sdt/>",
    ],
)
def test_bombs_of_elements(filling: bytes, size: int) -> None:
    """Short mark-up repeated over and over stays below the limits on size, not below those on count."""
    try:
        attempt(bomb(size * 1024**2, filling), limits=Limits(ratio=10_000))
    except ReadError as error:
        assert error.code == "too-large"


def test_size_that_lies() -> None:
    """A part that says it is small yields no more than it says, and then its checksum is wrong."""
    data = patched(bomb(40 * 1024**2), 24, struct.pack("<I", 2000))
    assert refusal(data).code in {"damaged", "too-large"}


def test_sum_of_parts_is_limited() -> None:
    assert refusal(GOOD, limits=Limits(total_size=100)).code == "too-large"
    assert refusal(GOOD, limits=Limits(file_size=100)).code == "too-large"
    assert refusal(GOOD, limits=Limits(part_size=100)).code == "too-large"


def test_number_of_parts_is_limited() -> None:
    assert refusal(GOOD, limits=Limits(parts=2)).code == "too-large"
    assert refusal(GOOD, limits=Limits(directory_size=10)).code == "too-large"


def test_entity_expansion() -> None:
    levels = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    source = f'<!DOCTYPE x [<!ENTITY a0 "ha">{levels}]>' + document(paragraphs("&a9;"))
    assert refusal(docx_parts(source)).code == "unsafe-xml"


def test_entities_behind_a_long_comment() -> None:
    source = f"<!--{'x' * 9000}-->" + '<!DOCTYPE x [<!ENTITY a "秘">]>' + document(paragraphs("&a;"))
    assert refusal(docx_parts(source)).code == "unsafe-xml"


def test_entities_in_utf_16() -> None:
    source = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "秘">]>' + document(paragraphs("&a;"))
    assert refusal(docx_parts(source.encode("utf-16"))).code == "unsafe-xml"


def test_external_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("秘密")
    source = f'<!DOCTYPE x [<!ENTITY a SYSTEM "{secret.as_uri()}">]>' + document(paragraphs("&a;"))
    assert refusal(docx_parts(source)).code == "unsafe-xml"


def test_document_type_without_entities() -> None:
    assert refusal(docx_parts("<!DOCTYPE x>" + document(paragraphs("文")))).code == "unsafe-xml"


def test_entities_in_another_part() -> None:
    data = zipped({"_rels/.rels": '<!DOCTYPE x [<!ENTITY a "x">]><Relationships/>'})
    assert refusal(data).code == "unsafe-xml"


@pytest.mark.parametrize("depth", [31, 60, 300, 10_000])
def test_nested_tables(depth: int) -> None:
    assert refusal(docx(nested("tbl tr tc", depth, paragraphs("文")))).code == "too-deep"


@pytest.mark.parametrize("depth", [250, 600, 1_900, 10_000])
@pytest.mark.parametrize(
    "element",
    ["sdt sdtContent", "customXml", "p r pict txbxContent", "tbl tr tc", "ins"],
)
def test_nested_anything(element: str, depth: int) -> None:
    body = nested(element, depth // len(element.split()), paragraphs("文"))
    try:
        attempt(docx(body))
    except ReadError as error:
        assert error.code in {"too-deep", "no-text"}


@pytest.mark.parametrize("depth", [250, 600, 1_900, 10_000])
@pytest.mark.parametrize(
    "element",
    ["hyperlink", "smartTag", "sdt sdtContent", "ins", "r ruby rubyBase", "del", "fldSimple"],
)
def test_nested_inside_a_paragraph(element: str, depth: int) -> None:
    inner = nested(element, depth // len(element.split()), "<w:r><w:t>文</w:t></w:r>")
    try:
        attempt(docx(f"<w:p>{inner}</w:p>"))
    except ReadError as error:
        assert error.code in {"too-deep", "no-text"}


@pytest.mark.parametrize("depth", [20, 250, 600, 1_900])
def test_nested_alternatives(depth: int) -> None:
    opening = '<mc:AlternateContent><mc:Choice Requires="wps">' * (depth // 2)
    closing = "</mc:Choice></mc:AlternateContent>" * (depth // 2)
    for body in (
        f"<w:p><w:r>{opening}<w:t>文</w:t>{closing}</w:r></w:p>",
        f"<w:p>{opening}<w:r><w:t>文</w:t></w:r>{closing}</w:p>",
        f"{opening}{paragraphs('文')}{closing}",
        f"<w:p><w:r><w:drawing>{opening}<w:txbxContent>{paragraphs('文')}</w:txbxContent>{closing}</w:drawing></w:r></w:p>",
    ):
        try:
            assert attempt(docx(body)).text.strip() == "文"
        except ReadError as error:
            assert error.code == "too-deep"


def test_a_table_in_a_text_box_in_a_table() -> None:
    """Tables inside text boxes count towards the same limit."""
    body = paragraphs("文")
    for _ in range(40):
        row = f"<w:tbl><w:tr><w:tc>{body}</w:tc></w:tr></w:tbl>"
        body = f"<w:p><w:r><w:pict><v:textbox><w:txbxContent>{row}</w:txbxContent></v:textbox></w:pict></w:r></w:p>"
    assert refusal(docx(body)).code == "too-deep"


def test_odd_values_do_no_harm() -> None:
    big = "9" * 30
    body = (
        f'<w:tbl><w:tr><w:trPr><w:gridBefore w:val="{big}"/></w:trPr><w:tc><w:tcPr><w:gridSpan w:val="-5"/></w:tcPr>'
        f'{paragraphs("甲")}</w:tc></w:tr></w:tbl><w:p><w:pPr><w:outlineLvl w:val="x"/><w:pStyle/><w:numPr>'
        f'<w:ilvl w:val="{big}"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:rPr><w:sz w:val="大"/></w:rPr>'
        '<w:fldChar/><w:sym w:font="Wingdings" w:char="FFFFFFFFFF"/><w:t>乙</w:t></w:r></w:p>'
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>丙</w:t></w:r></w:p>'
    )
    numbering = (
        '<w:abstractNum w:abstractNumId="0"><w:numStyleLink w:val="L"/></w:abstractNum>'
        '<w:abstractNum w:abstractNumId="1"><w:styleLink w:val="L"/><w:lvl w:ilvl="0"><w:start w:val="-7"/>'
        '<w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1%9%0"/></w:lvl><w:lvl w:ilvl="77"/></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/><w:lvlOverride/></w:num>'
    )
    styles = (
        '<w:style w:type="numbering" w:styleId="L"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    found = read("a.docx", docx(body, numbering=numbering, styles=styles))
    assert found.text == "甲\n乙\n丙"


def test_long_text_in_one_node_is_refused_or_read() -> None:
    data = docx(paragraphs("文" * 4_000_000))
    with pytest.raises(ReadError) as caught:
        read("a.docx", data)
    assert caught.value.code == "too-large"


def test_many_small_elements_are_read_in_time() -> None:
    data = docx(paragraphs(*["一句话。"] * 20_000))
    assert len(read("a.docx", data).blocks) == 20_000


def test_a_name_for_every_kept_store_is_content() -> None:
    """Two parts that differ only in what is packed are never mixed up, whatever their checksums say."""
    first = docx(paragraphs("文"), styles='<w:style w:type="paragraph" w:default="1" w:styleId="a"/>')
    second = docx(
        paragraphs("文"),
        styles='<w:style w:type="paragraph" w:default="1" w:styleId="a">'
        '<w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>',
    )
    checksum = struct.pack("<I", zlib.crc32(b"same"))
    assert [read("a.docx", data).blocks[0].kind for data in (first, second)] == ["paragraph", "heading"]
    assert refusal(patched(second, 16, checksum)).code == "damaged"


def test_external_relationships_are_never_followed() -> None:
    rels = relationships({"officeDocument": "word/document.xml"})
    outside = rels.replace('Target="word', 'TargetMode="External" Target="http://localhost/word')
    data = zipped({"_rels/.rels": outside, "word/document.xml": part("document", "")})
    assert refusal(data).code == "not-docx"
