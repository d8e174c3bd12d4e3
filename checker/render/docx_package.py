"""Writing into a Word package: a few parts are replaced, every other byte of content stays as it was."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from checker.errors import WriteError

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_EXTRA = struct.Struct("<HH")
_DESCRIPTOR_FLAG, _UTF8_FLAG = 0x08, 0x800
_ZIP64 = 0x0001
_MADE_BY, _NEEDED, _NEW_DATE = 20, 20, (1980, 1, 1, 0, 0, 0)

# What stands before the root element: byte order mark, declaration, comments, processing instructions.
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class XmlPart:
    """One part as a tree to be changed, and the bytes around its root element, which stay as they are."""

    root: etree._Element
    head: bytes
    tail: bytes
    encoding: str

    def serialise(self) -> bytes:
        """The bytes of the part."""
        if self.encoding != "UTF-8":
            return etree.tostring(self.root.getroottree(), encoding=self.encoding, xml_declaration=True)
        return self.head + etree.tostring(self.root, encoding="UTF-8", with_tail=False) + self.tail


def load_xml(data: bytes) -> XmlPart:
    """Parse a part for writing: unlike for reading, comments and the strict namespaces are kept as they are."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(data, parser)
    encoding = (root.getroottree().docinfo.encoding or "UTF-8").upper()
    if encoding not in ("UTF-8", "US-ASCII", "ASCII") or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return XmlPart(root, b"", b"", encoding)
    head = _HEAD.match(data)
    end = data.find(b">", max(data.rfind(b"</"), 0)) + 1 if len(root) else len(data)
    return XmlPart(root, head[0] if head else b"", data[end:], "UTF-8")


def repack(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The package with `parts` in place of the parts of these names; new ones come last.

    All other entries are copied as they lie in the file, packed, in the same order and with the same dates.
    """
    out = io.BytesIO()
    directory: list[bytes] = []
    waiting = dict(parts)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            name, content_packed = packed_entry(data, info)
            content = waiting.pop(info.filename, None)
            if content is not None:
                content_packed = _pack(info, content)
            directory.append(_write(out, info, name, content_packed))
        comment = archive.comment
    for filename, content in waiting.items():
        info = zipfile.ZipInfo(filename, _NEW_DATE)
        info.create_system = 0
        directory.append(_write(out, info, filename.encode("ascii"), _pack(info, content)))
    start, table = out.tell(), b"".join(directory)
    count = len(directory)
    if count > 0xFFFF or start + len(table) > 0xFFFFFFFF:
        raise WriteError("文件过大，无法写入批注。")
    out.write(table + _END.pack(b"PK\5\6", 0, 0, count, count, len(table), start, len(comment)) + comment)
    return out.getvalue()


def packed_entry(data: bytes, info: zipfile.ZipInfo) -> tuple[bytes, bytes]:
    """The raw name and the packed bytes of one entry."""
    header = _LOCAL.unpack_from(data, info.header_offset)
    name_at = info.header_offset + _LOCAL.size
    start = name_at + header[9] + header[10]
    return data[name_at : name_at + header[9]], data[start : start + info.compress_size]


def _pack(info: zipfile.ZipInfo, content: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.CRC, info.file_size = zlib.crc32(content), len(content)
    packed = packer.compress(content) + packer.flush()
    info.compress_size = len(packed)
    return packed


def _write(out: io.BytesIO, info: zipfile.ZipInfo, name: bytes, packed: bytes) -> bytes:
    """Write one entry; return its line in the directory. Sizes stand in the header, so no descriptor follows."""
    offset = out.tell()
    flags = info.flag_bits & ~_DESCRIPTOR_FLAG
    date, time = _dos_time(info)
    extra = _extra(info.extra)
    needed = max(_NEEDED, info.extract_version if info.extract_version < 45 else _NEEDED)
    common = (flags, info.compress_type, time, date, info.CRC, info.compress_size, info.file_size, len(name))
    out.write(_LOCAL.pack(b"PK\3\4", needed, *common, len(extra)) + name + extra + packed)
    made_by = (info.create_system << 8) | (info.create_version if info.create_version < 45 else _MADE_BY)
    attributes = info.internal_attr, info.external_attr
    line = _CENTRAL.pack(b"PK\1\2", made_by, needed, *common, len(extra), len(info.comment), 0, *attributes, offset)
    return line + name + extra + info.comment


def _dos_time(info: zipfile.ZipInfo) -> tuple[int, int]:
    year, month, day, hour, minute, second = info.date_time
    return (year - 1980) << 9 | month << 5 | day, hour << 11 | minute << 5 | second // 2


def _extra(extra: bytes) -> bytes:
    """The extra fields without the large-file sizes: they would contradict the sizes that we write."""
    kept, at = b"", 0
    while at + _EXTRA.size <= len(extra):
        kind, size = _EXTRA.unpack_from(extra, at)
        if kind != _ZIP64:
            kept += extra[at : at + _EXTRA.size + size]
        at += _EXTRA.size + size
    return kept
