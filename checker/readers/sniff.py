"""What a file is, told from its first bytes; names lie."""

from __future__ import annotations

from collections.abc import Mapping

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"%PDF-", "pdf"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
)

FORMAT_NAMES: Mapping[str, str] = {
    "pdf": "PDF 文件",
    "doc": "旧版 Word 文档（.doc）",
    "ole": "旧版 Office 文件",
    "wps": "WPS 文字文档（.wps）",
    "rtf": "RTF 文件",
    "odt": "ODF 文本文档（.odt）",
    "ods": "ODF 表格（.ods）",
    "odp": "ODF 演示文稿（.odp）",
    "ofd": "OFD 版式文件",
    "xlsx": "Excel 工作簿",
    "pptx": "PowerPoint 演示文稿",
    "zip": "ZIP 压缩包",
    "rar": "RAR 压缩包",
    "7z": "7z 压缩包",
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

PICTURES = frozenset({"png", "jpeg", "gif", "bmp", "tiff", "webp"})


def sniff(data: bytes) -> str:
    """The format of `data`: a key of FORMAT_NAMES, "encrypted", or "unknown"."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data.startswith(_OLE):
        return _ole(data)
    if data[:2] == b"BM" and int.from_bytes(data[2:6], "little") == len(data):
        return "bmp"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return _textual(data)


def _ole(data: bytes) -> str:
    """Which kind of OLE file this is, by the names of its streams (UTF-16 in the directory)."""

    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if holds("EncryptedPackage"):
        return "encrypted"
    if holds("WordDocument"):
        return "doc"
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
    if head.startswith(b"<?xml"):
        return "html" if b"<html" in head else "xml"
    if b"\x00" in data:
        return "unknown"
    return "text"
