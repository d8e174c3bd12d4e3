"""Safe opening of an OPC package (the zip file that a .docx is) and of the XML in it.

Also used where a marked-up copy is written, so that both see the same parts and the same trees.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from checker.errors import ReadError
from checker.readers.kept import Kept
from checker.readers.limits import MEGABYTE, Limits
from checker.readers.sniff import FORMAT_NAMES

_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_STORED_OR_DEFLATED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_STRICT = b"http://purl.oclc.org/ooxml/"
_STRICT_TAG = "{" + _STRICT.decode()
_HEAD = 4096
_KEPT_UP_TO = 256 * 1024
_TRANSITIONAL: tuple[tuple[bytes, bytes], ...] = tuple(
    (_STRICT + strict, b"http://schemas.openxmlformats.org/" + transitional)
    for strict, transitional in (
        (b"wordprocessingml/main", b"wordprocessingml/2006/main"),
        (b"officeDocument/relationships", b"officeDocument/2006/relationships"),
        (b"officeDocument/math", b"officeDocument/2006/math"),
        (b"drawingml/wordprocessingDrawing", b"drawingml/2006/wordprocessingDrawing"),
        (b"drawingml/main", b"drawingml/2006/main"),
        (b"drawingml/picture", b"drawingml/2006/picture"),
        (b"drawingml/chart", b"drawingml/2006/chart"),
        (b"drawingml/diagram", b"drawingml/2006/diagram"),
    )
)

DAMAGED = "文件已损坏或不完整，请用 Word 或 WPS 打开修复后另存为 .docx。"
NOT_DOCX = "这是 ZIP 压缩包，不是 Word 文档，请解压后逐份上报 .docx 文件。"


class Relationship(NamedTuple):
    """One relationship of a part: `kind` is the last segment of its type, `target` a part name."""

    kind: str
    target: str
    external: bool


@dataclass(frozen=True, slots=True)
class Package:
    """An open package; parts are named without a leading slash."""

    data: bytes
    archive: zipfile.ZipFile
    limits: Limits
    names: dict[str, zipfile.ZipInfo]

    def read(self, name: str) -> bytes:
        """The bytes of one part, checked against the limits before and while unpacking."""
        info = self.names.get(name.lower())
        if info is None:
            raise ReadError("damaged", DAMAGED)
        _check_part(info, self.limits)
        try:
            with self.archive.open(info) as stream:
                data = stream.read(self.limits.part_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
            raise ReadError("damaged", DAMAGED) from None
        if len(data) > self.limits.part_size:
            raise _too_large(len(data), self.limits)
        return data

    def packed(self, name: str) -> bytes | None:
        """What stands for the content of a part without unpacking it: equal keys mean equal content.

        None where the part cannot be found in the file in the plain way, or is too long to keep.
        """
        info = self.names[name.lower()]
        if info.compress_size > _KEPT_UP_TO or info.file_size > _KEPT_UP_TO * 4 or info.flag_bits & 0x1:
            return None
        header = self.data[info.header_offset : info.header_offset + 30]
        if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
            return None
        begin = (
            info.header_offset + 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        )
        content = self.data[begin : begin + info.compress_size]
        return b"%d %d %d " % (info.compress_type, info.file_size, info.CRC) + content

    def holds(self, name: str) -> bool:
        """Whether the package has a part of this name; case does not matter in part names."""
        return name.lower() in self.names

    def relationships(self, source: str = "") -> dict[str, Relationship]:
        """The relationships of the part `source` ("" for the package itself), by their id."""
        folder, name = posixpath.split(source)
        part = posixpath.join(folder, "_rels", name + ".rels")
        if not self.holds(part):
            return {}
        packed = self.packed(part)
        key = None if packed is None else (folder, packed)
        return _KEPT.get(key, lambda: _relationships(folder, parse_xml(self.read(part), self.limits)))

    def main_part(self) -> str:
        """The name of the main document part, found by relationship and not by name."""
        for relation in self.relationships().values():
            if relation.kind == "officeDocument" and not relation.external and self.holds(relation.target):
                return relation.target
        raise _no_main_part(self)


def open_package(data: bytes, limits: Limits) -> Package:
    """Open `data` as a package; refuse what is damaged, hostile or too large."""
    _check_directory(data, limits)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, IndexError):
        raise ReadError("damaged", DAMAGED) from None
    infos = archive.infolist()
    if len(infos) > limits.parts:
        raise ReadError("too-large", f"文件内部有 {len(infos)} 个部件，超过 {limits.parts} 个的上限，请另存后重试。")
    names: dict[str, zipfile.ZipInfo] = {}
    total = 0
    for info in infos:
        name = info.filename
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
            raise ReadError("unsafe-package", "文件内部含有指向外部的路径，已拒绝读取，请用 Word 或 WPS 另存为 .docx。")
        key = name.lower()
        if key in names:
            raise ReadError("unsafe-package", "文件内部有重名的部件，内容不可信，请用 Word 或 WPS 另存为 .docx。")
        names[key] = info
        total += info.file_size
    if total > limits.total_size:
        raise _too_large(total, limits)
    return Package(data, archive, limits, names)


def parse_xml(data: bytes, limits: Limits) -> etree._Element:
    """Parse one part. No document type, no entities, nothing fetched; strict namespaces become transitional."""
    if b"<!DOCTYPE" in data[:_HEAD].replace(b"\x00", b""):
        raise _unsafe_xml()
    if data.count(b"<") > limits.tags:
        raise _too_much_inside()
    root = _parse(data, limits)
    if root.getroottree().docinfo.doctype:
        raise _unsafe_xml()
    if not isinstance(root.tag, str) or not root.tag.startswith(_STRICT_TAG):
        return root
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = etree.tostring(root, encoding="utf-8")
    for strict, transitional in _TRANSITIONAL:
        data = data.replace(strict, transitional)
    return _parse(data, limits)


def _parse(data: bytes, limits: Limits) -> etree._Element:
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        raise _bad_xml(error, limits) from None
    except (ValueError, LookupError):
        raise ReadError("damaged", DAMAGED) from None
    if root is None:
        raise ReadError("damaged", DAMAGED)
    return root


def _relationships(folder: str, root: etree._Element) -> dict[str, Relationship]:
    found: dict[str, Relationship] = {}
    for element in root.iter(_RELATION):
        target = element.get("Target", "")
        external = element.get("TargetMode") == "External"
        kind = element.get("Type", "").rpartition("/")[2]
        place = target if external else posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")
        found[element.get("Id", "")] = Relationship(kind, place, external)
    return found


_KEPT: Kept[dict[str, Relationship]] = Kept(64)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _check_directory(data: bytes, limits: Limits) -> None:
    """Refuse a table of contents too large to load; a missing one means that the end of the file is cut off."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 66_000))
    if end < 0 or len(data) - end < 22:
        raise ReadError("damaged", DAMAGED)
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    if size != 0xFFFFFFFF and size > limits.directory_size:
        raise ReadError("too-large", "文件内部的部件过多，已拒绝读取，请用 Word 或 WPS 另存为 .docx。")


def _check_part(info: zipfile.ZipInfo, limits: Limits) -> None:
    """What the table of contents says of one part that we are about to unpack."""
    if info.flag_bits & 0x1:
        raise ReadError("encrypted", "文件内部设有密码，无法读取，请取消密码保护后重新上报。")
    if info.compress_type not in _STORED_OR_DEFLATED:
        raise ReadError("unsupported-compression", "文件用了 Word 不支持的压缩方式，请用 Word 或 WPS 另存为 .docx。")
    if info.file_size > limits.part_size:
        raise _too_large(info.file_size, limits)
    if info.file_size > limits.ratio_from and info.file_size > limits.ratio * max(info.compress_size, 1):
        raise _too_large(info.file_size, limits)


def _too_large(size: int, limits: Limits) -> ReadError:
    return ReadError(
        "too-large",
        f"文件解压后内容过大（{size / MEGABYTE:.0f} MB，单个部件上限 {limits.part_size / MEGABYTE:g} MB），"
        "疑似异常文件，已拒绝读取，请用 Word 或 WPS 另存为 .docx。",
    )


def _too_much_inside() -> ReadError:
    return ReadError("too-large", "文件内部的内容过多过长，疑似异常文件，已拒绝读取，请用 Word 或 WPS 另存为 .docx。")


def _unsafe_xml() -> ReadError:
    return ReadError("unsafe-xml", "文件内部含有实体声明，可能不安全，已拒绝读取，请用 Word 或 WPS 另存为 .docx。")


def _bad_xml(error: etree.XMLSyntaxError, limits: Limits) -> ReadError:
    """libxml2's own bounds (depth, length of one text) speak through the same exception as bad syntax."""
    said = (error.msg or "").lower()
    if "depth" in said:
        return too_deep(limits)
    if "entit" in said or "amplification" in said:
        return _unsafe_xml()
    if "huge" in said or "too long" in said or "too big" in said:
        return _too_much_inside()
    return ReadError("damaged", DAMAGED)


def too_deep(limits: Limits) -> ReadError:
    """The refusal of a file whose elements or tables are nested beyond reason."""
    return ReadError(
        "too-deep",
        f"文件内部嵌套过深（表格最多 {limits.table_depth} 层），疑似异常文件，请用 Word 或 WPS 整理后另存为 .docx。",
    )


def too_many(limits: Limits) -> ReadError:
    """The refusal of a file with more paragraphs than any paper has."""
    return ReadError("too-large", f"文件超过 {limits.paragraphs} 段，不像单份考核材料，请拆分后再上报。")


def _no_main_part(package: Package) -> ReadError:
    """Say what a zip file without a Word document in it is."""
    if package.holds("ofd.xml"):
        return _other("ofd")
    if not package.holds("mimetype"):
        return ReadError("not-docx", NOT_DOCX)
    said = package.read("mimetype")[:100].decode("ascii", "replace")
    for suffix, name in (("opendocument.text", "odt"), (".spreadsheet", "ods"), (".presentation", "odp")):
        if suffix in said:
            return _other(name)
    return ReadError("not-docx", NOT_DOCX)


def _other(name: str) -> ReadError:
    return ReadError("unsupported-format", f"这是{FORMAT_NAMES[name]}，暂不支持，请用 Word 或 WPS 打开后另存为 .docx。")
