"""What a file is, told from its first bytes; names lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from checker.readers.encodings import wide

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_NAMES_LOOKED_AT = 20_000

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"%PDF-", "pdf"),
    (b"{\\rtf", "rtf"),
    (b"\xdb\xa5\x2d\x00", "doc"),
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b\x08", "gz"),
)

_MIMETYPES: tuple[tuple[bytes, str], ...] = (
    (b"application/vnd.oasis.opendocument.text", "odt"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    (b"application/vnd.oasis.opendocument.presentation", "odp"),
)

_WORD_XML = (b"schemas.microsoft.com/office/word/2003/wordml", b"schemas.microsoft.com/office/2006/xmlpackage")

FORMAT_NAMES: Mapping[str, str] = {
    "docx": "Word 文档（.docx）",
    "pdf": "PDF 文件",
    "doc": "旧版 Word 文档（.doc）",
    "ole": "旧版 Office 文件",
    "wps": "WPS 文字文档（.wps）",
    "rtf": "RTF 文件",
    "odt": "ODF 文本文档（.odt）",
    "ods": "ODF 表格（.ods）",
    "odp": "ODF 演示文稿（.odp）",
    "ofd": "OFD 版式文件",
    "xlsx": "Excel 工作簿（.xlsx）",
    "pptx": "PowerPoint 演示文稿",
    "zip": "ZIP 压缩包",
    "rar": "RAR 压缩包",
    "7z": "7z 压缩包",
    "gz": "GZ 压缩包",
    "xls": "旧版 Excel 工作簿（.xls）",
    "ppt": "旧版 PowerPoint 演示文稿（.ppt）",
    "heic": "HEIC 图片",
    "png": "PNG 图片",
    "jpeg": "JPEG 图片",
    "gif": "GIF 图片",
    "bmp": "BMP 图片",
    "tiff": "TIFF 图片",
    "webp": "WebP 图片",
    "html": "网页文件（HTML）",
    "mht": "网页存档（MHT）",
    "xml": "XML 文件",
    "text": "纯文本文件",
}

SHEETS = frozenset({"xls", "xlsx"})
PICTURES = frozenset({"png", "jpeg", "gif", "bmp", "tiff", "webp", "heic"})


def sniff(data: bytes) -> str:
    """The format of `data`: a key of FORMAT_NAMES, "encrypted", or "unknown"."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return _zip(data) if name == "zip" else name
    if data.startswith(_OLE):
        return _ole(data)
    if data[:2] == b"BM" and int.from_bytes(data[2:6], "little") == len(data):
        return "bmp"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1"):
        return "heic"
    if b"%PDF-" in data[:1024]:
        return "pdf"
    return _textual(data)


def _zip(data: bytes) -> str:
    """Which kind of package a zip file is; "zip" where it is none that we know, or where its end is cut off.

    The names come from the table of contents: a zip file that holds a .docx has the names of that file's parts in it
    somewhere too.
    """
    office = False
    for name in islice(zip_names(data), _NAMES_LOOKED_AT):
        key = name.lower()
        if office and key.startswith(b"word/"):
            return "docx"
        if key in (b"xl/workbook.xml", b"xl/workbook.bin"):
            return "xlsx"
        if key in (b"[content_types].xml", b"_rels/.rels"):
            office = True
        elif key == b"ofd.xml" and not office:
            return "ofd"
        elif key == b"mimetype" and not office:
            return _by_mimetype(data)
    return "docx" if office else "zip"


def _by_mimetype(data: bytes) -> str:
    """The kind of an OpenDocument package; its first part is its type, stored as it is."""
    head = data[:200]
    for mark, name in _MIMETYPES:
        if mark in head:
            return name
    return "zip"


def zip_names(data: bytes) -> Iterator[bytes]:
    """The raw names in the table of contents of a zip file, as far as it is whole."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 66_000))
    if end < 0 or len(data) - end < 22:
        return
    size, start = (int.from_bytes(data[end + at : end + at + 4], "little") for at in (12, 16))
    # What stands before the archive, and is not part of it, moves everything by its length.
    at = start if data[start : start + 4] == b"PK\x01\x02" else end - size
    while at >= 0 and data[at : at + 4] == b"PK\x01\x02":
        lengths = [int.from_bytes(data[at + place : at + place + 2], "little") for place in (28, 30, 32)]
        yield data[at + 46 : at + 46 + lengths[0]]
        at += 46 + sum(lengths)


def _ole(data: bytes) -> str:
    """Which kind of OLE file this is, by the names of its streams (UTF-16 in the directory)."""

    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if holds("EncryptedPackage"):
        return "encrypted"
    if holds("WordDocument") or holds("worddocument"):
        return "doc"
    if holds("MatOST"):
        return "wps"
    if holds("PowerPoint Document"):
        return "ppt"
    if holds("Workbook"):
        return "xls"
    return "ole"


def _textual(data: bytes) -> str:
    """Text of some kind, or "unknown"."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text"
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "html"
    if head.startswith(b"mime-version:") or (b"mime-version: 1" in head and b"multipart/related" in head):
        return "mht"
    if any(mark in head for mark in _WORD_XML):
        return "doc"
    if head.startswith(b"<?xml"):
        return "html" if b"<html" in head else "xml"
    if b"\x00" in data and wide(data) is None:
        return "unknown"
    return "text"
