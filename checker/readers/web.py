"""Web pages (HTML, MHT), which web offices hand out under the name of a Word file: from the bytes to a `Document`.

Nothing is fetched and nothing is run. An anchor's node is the number of the text node.
"""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message

from lxml import etree

from checker.document import Document, Note, Reading
from checker.errors import ReadError
from checker.readers.flow import Source, assemble
from checker.readers.limits import Limits
from checker.readers.package import DAMAGED, too_deep
from checker.readers.web_walk import Walk

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([a-zA-Z0-9_.:-]{1,40})""")
_HEAD = 4096
_LOST = Note("web-page", 1, "网页格式可能已丢失的内容（自动编号、修订痕迹、文本框），请以 Word 原稿为准")
_CHINESE = frozenset({"gb2312", "gbk", "gb_2312-80", "x-gbk"})
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_html(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read a web page."""
    return _read(name, _decode(data, ""), sha256, limits)


def read_mht(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read the page of a web archive; what comes with it are pictures and styles."""
    if len(data) > limits.part_size:
        raise _too_large()
    try:
        message = message_from_bytes(data)
        part = next((part for part in message.walk() if part.get_content_type() == "text/html"), None)
        page = None if part is None else _page(part)
    except RecursionError:
        raise too_deep(limits) from None
    except (MessageError, ValueError, LookupError, IndexError, AttributeError, TypeError):
        page = None
    if page is None:
        raise ReadError("damaged", DAMAGED)
    return _read(name, page, sha256, limits)


def _page(part: Message) -> str | None:
    payload = part.get_payload(decode=True)
    return _decode(payload, part.get_content_charset() or "") if isinstance(payload, bytes) else None


def _read(name: str, page: str, sha256: str, limits: Limits) -> Document:
    source = page.replace("\x00", "").encode("utf-8", "replace")
    if len(source) > limits.part_size or source.count(b"<") > limits.tags:
        raise _too_large()
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise ReadError("damaged", DAMAGED) from None
    if root is None:
        raise ReadError("no-text", "文件里没有文字，请核对是否选错文件。")
    walk = Walk(root, limits)
    document = assemble(Source(name, "html", sha256, "html"), walk.body(root), walk.counts, limits)
    read = Note("web-page", 1, "实为网页格式，按网页正文读取")
    reading = Reading((*document.reading.read, read), (*document.reading.not_read, _LOST))
    return replace(document, reading=reading)


def _decode(data: bytes, said: str) -> str:
    """The text of a page: by its mark, by what it or the archive says, else UTF-8 or GB18030."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").lstrip("\ufeff")
    named = _CHARSET.search(data[:_HEAD])
    for encoding in (named[1].decode().lower() if named else "", said, "utf-8"):
        try:
            return data.decode("gb18030" if encoding in _CHINESE else encoding)
        except (LookupError, ValueError):
            continue
    return data.decode("gb18030", "replace")


def _too_large() -> ReadError:
    return ReadError("too-large", "网页内容过多过长，不像单份考核材料，请用 Word 或 WPS 打开后另存为 .docx。")
