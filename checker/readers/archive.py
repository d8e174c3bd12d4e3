"""A .zip file that holds a submission: its members, each read as if it were a file. Nothing is ever written to disk."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, NamedTuple

from checker.errors import ReadError
from checker.readers.limits import MEGABYTE, Limits
from checker.readers.sniff import sniff, zip_names

_ADVICE = "请解压后逐份上报。"
_DAMAGED = f"压缩包已损坏或不完整，请重新压缩，或{_ADVICE}"
_READABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_MOST_NAME = 1000


class Member(NamedTuple):
    """One file of an archive: its name with / between folders, and its bytes or why they could not be had.

    `modified` is when the file was written (seconds since 1970, 0: unknown).
    """

    name: str
    content: bytes | ReadError
    modified: float = 0.0


def is_archive(data: bytes) -> bool:
    """Whether this is a zip file of files, and not a document that happens to be a zip package."""
    return sniff(data) == "zip" and next(zip_names(data), None) is not None


def members(data: bytes, limits: Limits) -> Iterator[Member]:
    """The files of an archive in their order; those of an archive inside it follow under its name.

    ReadError where the archive as a whole cannot be read or is not to be trusted.
    """
    yield from members_in(io.BytesIO(data), limits)


def members_in(stream: IO[bytes], limits: Limits) -> Iterator[Member]:
    """The same of an archive that may be too large to be held in memory."""
    yield from _Opened(limits).members(stream, "", limits.archive_depth)


def find(path: str, sources: Mapping[str, bytes], limits: Limits) -> bytes | None:
    """The bytes of the file that `path` names inside an archive: 材料.zip/工作总结.docx; None where there is none."""
    for index, character in enumerate(path):
        if character not in "/\\" or index == 0:
            continue
        outer, inner = path[:index], path[index + 1 :]
        data = sources.get(outer)
        if data is None and Path(outer).is_file():
            data = Path(outer).read_bytes()
        if data is None or not is_archive(data):
            continue
        for member in members(data, limits):
            if member.name == inner.replace("\\", "/") and isinstance(member.content, bytes):
                return member.content
    return None


class _Opened:
    """One archive with those inside it: what was unpacked so far counts for all of them together."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._files = 0
        self._bytes = 0

    def members(self, stream: IO[bytes], prefix: str, depth: int) -> Iterator[Member]:
        archive = _open(stream, self._limits)
        seen: set[str] = set()
        names = _names(archive.infolist())
        for _, name in names:
            _check_name(name)
        for info, name in names:
            if info.is_dir() or name.endswith("/"):
                continue
            shown = prefix + name
            self._files += 1
            if self._files > self._limits.members:
                raise ReadError("too-large", f"压缩包里超过 {self._limits.members} 个文件，请分开上报。")
            if name in seen:
                yield Member(shown, ReadError("unsafe-package", f"压缩包里有两个同名的文件，请核对后{_ADVICE}"))
                continue
            seen.add(name)
            yield from self._member(archive, info, shown, depth)

    def _member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, shown: str, depth: int) -> Iterator[Member]:
        try:
            content = self._read(archive, info)
            nested = is_archive(content)
            if nested and depth < 1:
                raise ReadError("too-deep", f"压缩包里套的压缩包层数过多，没有读取，{_ADVICE}")
            inside = list(self.members(io.BytesIO(content), shown + "/", depth - 1)) if nested else None
        except ReadError as error:
            if error.code == "too-large" and self._bytes > self._limits.archive_size:
                raise
            yield Member(shown, error)
            return
        if inside is None:
            yield Member(shown, content, _modified(info))
        elif inside:
            yield from inside
        else:
            yield Member(shown, _empty())

    def _read(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
        """The bytes of one member; what is unpacked is counted, whatever the table of contents says."""
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise ReadError("encrypted", f"压缩包设有密码，无法读取，请取消密码保护，或{_ADVICE}")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ReadError("unsafe-package", "这是压缩包里的链接，不是文件，没有读取，请把文件本身放进压缩包。")
        if info.compress_type not in _READABLE:
            raise ReadError("unsupported-compression", f"压缩包用了不支持的压缩方式，{_ADVICE}")
        most = min(self._limits.file_size, self._limits.archive_size - self._bytes)
        if info.file_size > most:
            self._bytes += info.file_size
            raise _too_large(self._limits)
        try:
            with archive.open(info) as stream:
                content = stream.read(most + 1)
        except _BROKEN:
            raise ReadError("damaged", _DAMAGED) from None
        self._bytes += len(content)
        if len(content) > most:
            raise _too_large(self._limits)
        return content


_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
)


def _modified(info: zipfile.ZipInfo) -> float:
    """When a member was written; the time in an archive is that of the clock on its maker's wall."""
    try:
        return datetime(*info.date_time).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _open(stream: IO[bytes], limits: Limits) -> zipfile.ZipFile:
    stream.seek(max(0, stream.seek(0, io.SEEK_END) - 66_000))
    tail = stream.read()
    end = tail.rfind(b"PK\x05\x06")
    size = int.from_bytes(tail[end + 12 : end + 16], "little")
    if end >= 0 and size != 0xFFFFFFFF and size > limits.directory_size:
        raise ReadError("too-large", f"压缩包里的文件过多，已拒绝读取，{_ADVICE}")
    try:
        archive = zipfile.ZipFile(stream)
    except _BROKEN:
        raise ReadError("damaged", _DAMAGED) from None
    if len(archive.infolist()) > limits.parts:
        raise ReadError("too-large", f"压缩包里的文件过多，已拒绝读取，{_ADVICE}")
    if not any(not info.is_dir() for info in archive.infolist()):
        raise _empty()
    return archive


def _empty() -> ReadError:
    return ReadError("empty-folder", "压缩包里没有文件，请核对后重新压缩。")


def _too_large(limits: Limits) -> ReadError:
    return ReadError(
        "too-large",
        f"压缩包里的文件解压后过大（单个上限 {limits.file_size / MEGABYTE:g} MB，"
        f"合计上限 {limits.archive_size / MEGABYTE:g} MB），已拒绝读取，{_ADVICE}",
    )


def _names(infos: list[zipfile.ZipInfo]) -> list[tuple[zipfile.ZipInfo, str]]:
    """Each entry with its name. Names without the UTF-8 mark are in GBK if they come from Chinese Windows.

    One archive is written by one program: the encoding is told from all of its unmarked names together.
    """
    raw = [info.orig_filename.encode("cp437", "replace") for info in infos if not info.flag_bits & _UTF8_FLAG]
    encoding = next((name for name in ("utf-8", "gb18030") if _decodes(raw, name)), "cp437")
    found: list[tuple[zipfile.ZipInfo, str]] = []
    for info in infos:
        name = info.orig_filename
        if not info.flag_bits & _UTF8_FLAG:
            name = _unicode_path(info.extra) or name.encode("cp437", "replace").decode(encoding, "replace")
        found.append((info, name.split("\0")[0].replace("\\", "/").removeprefix("./")))
    return found


def _decodes(names: list[bytes], encoding: str) -> bool:
    try:
        for name in names:
            name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _unicode_path(extra: bytes) -> str:
    """The name in the Info-ZIP Unicode Path field, where there is one."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        if kind == 0x7075 and size > 5:
            return extra[at + 9 : at + 4 + size].decode("utf-8", "replace")
        at += 4 + size
    return ""


def _check_name(name: str) -> None:
    """Refuse an archive one of whose names leads out of it."""
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/") or len(name) > _MOST_NAME:
        raise ReadError("unsafe-package", f"压缩包内含有指向外部的路径，已拒绝读取，{_ADVICE}")
