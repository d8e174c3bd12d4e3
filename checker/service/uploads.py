"""Forms with files, taken in as they come: short files stay in memory, long ones go to private files on disk.

Nothing here waits for the disk in the event loop, so that one who sends much does not hold up the others.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from checker.readers.limits import MEGABYTE
from checker.service.private import create
from checker.service.problems import ProblemError
from checker.service.service import service_of

_IN_MEMORY = MEGABYTE
_FIELD = 4 * MEGABYTE
"""Bytes of a field that is no file; a pasted paper is one."""
_FIELDS = 200
_HEADER = 16 * 1024
_BATCH = 256 * 1024
"""Bytes that are handed to a thread at a time."""
_NAME = 200
_FREE = 128 * MEGABYTE
"""So much of the disk is left to the database and to the others."""
_ENCODED_NAME = re.compile(rb";\s*filename\*=utf-8'[^']*'([^;\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file: the field it came in, its bare name, its size and SHA-256, its bytes or where they lie."""

    field: str
    name: str
    size: int
    sha256: str
    content: bytes | Path

    def data(self) -> bytes:
        """Its bytes. Not to be called in the event loop where they lie on disk."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent. `digest` is the same for the same fields and files, however they were packed."""

    fields: Mapping[str, tuple[str, ...]]
    uploads: tuple[Upload, ...]
    digest: str

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field."""
        values = self.fields.get(name)
        return values[-1] if values else default

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return self.fields.get(name, ())

    def files(self, *names: str) -> tuple[Upload, ...]:
        """The files that came in the fields `names`."""
        return tuple(upload for upload in self.uploads if upload.field in names)


@asynccontextmanager
async def received(request: Request, files_most: int | None = None) -> AsyncIterator[Form]:
    """The form of `request`; what lies on disk is removed at the end of the block, whatever happens.

    ProblemError 415 where it is no multipart form, 422 where it is broken or holds too many files, 403 where a page of
    another site made a browser send it. How large it may be
    and how long it may take is watched over in `limits`.
    """
    from checker.service.doors import check_csrf

    settings = service_of(request).settings
    kind, options = parse_options_header(request.headers.get("content-type", "").encode("latin-1"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise ProblemError(
            415,
            "unsupported-media-type",
            "请用 multipart/form-data 上传文件，例如：curl -F files=@工作总结.docx。",
            headers={"Accept-Post": "multipart/form-data"},
        )
    taker = _Taker(boundary, settings.temporary, files_most or settings.files_most)
    try:
        try:
            await _take(request, taker)
        except ClientDisconnect:  # nobody reads this any more; it only ends the request quietly
            raise ProblemError(400, "client-gone", "连接在上传途中断开，没有检查。") from None
        form = taker.form()
        check_csrf(request, form.get("csrf") or None)
        yield form
    finally:
        if taker.on_disk:
            await asyncio.shield(asyncio.to_thread(taker.remove))


async def _take(request: Request, taker: _Taker) -> None:
    waiting = bytearray()
    async for chunk in request.stream():
        waiting += chunk
        if len(waiting) >= _BATCH:
            await asyncio.to_thread(taker.write, bytes(waiting))
            waiting.clear()
    # The end of a short form is no work worth a thread.
    if len(waiting) < _BATCH // 4 and not taker.on_disk:
        taker.write(bytes(waiting))
        taker.finish()
    else:
        await asyncio.to_thread(taker.write, bytes(waiting))
        await asyncio.to_thread(taker.finish)


@dataclass(slots=True)
class _Part:
    name: str
    file: str | None
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    memory: bytearray = field(default_factory=bytearray)
    path: Path | None = None
    stream: IO[bytes] | None = None


class _Taker:
    """Takes a form apart as its bytes come in. Used by one thread at a time."""

    def __init__(self, boundary: bytes, folder: Path, files_most: int) -> None:
        self._folder = folder
        self._files_most = files_most
        self._parts: list[_Part] = []
        self._part: _Part | None = None
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._headers: dict[bytes, bytes] = {}
        self._header_size = 0
        self._ended = False
        callbacks: dict[str, Callable[..., None]] = {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_done,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]

    @property
    def on_disk(self) -> bool:
        """Whether anything was written to disk."""
        return any(part.path is not None for part in self._parts)

    def write(self, data: bytes) -> None:
        try:
            if self.on_disk and shutil.disk_usage(self._folder).free < _FREE:
                raise _no_space()
            self._parser.write(data)
        except MultipartParseError:
            raise _broken() from None
        except OSError:
            raise _no_space() from None

    def finish(self) -> None:
        if not self._ended:
            raise _broken()
        self._close()

    def form(self) -> Form:
        fields: dict[str, list[str]] = {}
        whole = hashlib.sha256()
        uploads = []
        for part in self._parts:
            for piece in (part.name, "" if part.file is None else f"/{part.file}", part.digest.hexdigest()):
                whole.update(hashlib.sha256(piece.encode("utf-8", "surrogatepass")).digest())
            if part.file is None:
                fields.setdefault(part.name, []).append(bytes(part.memory).decode("utf-8", "replace"))
            else:
                content = bytes(part.memory) if part.path is None else part.path
                uploads.append(Upload(part.name, part.file, part.size, part.digest.hexdigest(), content))
        return Form({name: tuple(values) for name, values in fields.items()}, tuple(uploads), whole.hexdigest())

    def remove(self) -> None:
        self._close()
        for part in self._parts:
            if part.path is not None:
                with suppress(OSError):
                    part.path.unlink(missing_ok=True)

    def _close(self) -> None:
        for part in self._parts:
            if part.stream is not None:
                part.stream.close()
                part.stream = None

    def _begin(self) -> None:
        self._headers = {}
        self._header_size = 0
        self._header = (bytearray(), bytearray())

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(self._piece(data, start, end))

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(self._piece(data, start, end))

    def _piece(self, data: bytes, start: int, end: int) -> bytes:
        self._header_size += end - start
        if self._header_size > _HEADER:
            raise _broken()
        return data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._header[0]).lower()] = bytes(self._header[1])
        self._header = (bytearray(), bytearray())

    def _headers_done(self) -> None:
        header = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(header)
        if b"name" not in options:
            raise _broken()
        name = options[b"name"].decode("utf-8", "replace")
        file = _file_name(header, options)
        if file is not None:
            if sum(part.file is not None for part in self._parts) >= self._files_most:
                raise ProblemError(
                    422, "too-many-files", f"一次最多上传 {self._files_most} 个文件，请分几次上传，或打包成 zip。"
                )
        elif len(self._parts) >= _FIELDS + self._files_most:
            raise ProblemError(422, "too-many-fields", "表单里的项目太多，请核对请求。")
        self._part = _Part(name, file)
        self._parts.append(self._part)

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        assert part is not None
        piece = data[start:end]
        part.size += len(piece)
        part.digest.update(piece)
        if part.file is None and part.size > _FIELD:
            raise ProblemError(413, "too-large", f"{part.name[:40]} 的内容太长，请存成文件再上传。")
        if part.file is not None and part.stream is None and part.size > _IN_MEMORY:
            part.path = self._folder / f"upload-{secrets.token_hex(16)}"
            part.stream = create(part.path)
            part.stream.write(part.memory)
            part.memory = bytearray()
        if part.stream is not None:
            part.stream.write(piece)
        else:
            part.memory.extend(piece)

    def _part_end(self) -> None:
        if self._part is not None and self._part.stream is not None:
            self._part.stream.close()
            self._part.stream = None
        self._part = None

    def _end(self) -> None:
        self._ended = True


def _file_name(header: bytes, options: Mapping[bytes, bytes]) -> str | None:
    """The bare name of a file: never a path, and nothing that cannot be shown. None where the part is no file."""
    encoded = _ENCODED_NAME.search(header)  # the parser knows only the plain form
    if encoded is None and b"filename" not in options:
        return None
    raw = unquote_to_bytes(encoded[1]) if encoded else options[b"filename"]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")  # what an old Windows program sends
    return bare_name(text)


def bare_name(text: str) -> str:
    """The last part of a path in either way of writing, without control characters, not longer than a disk takes."""
    name = "".join(char for char in text.replace("\\", "/").rsplit("/", 1)[-1] if char.isprintable()).strip()
    if name in ("", ".", ".."):
        return "未命名"
    stem, dot, ending = name.rpartition(".")
    if len(name) > _NAME and dot and len(ending) <= 10:
        return stem[: _NAME - len(ending) - 1] + dot + ending
    return name[:_NAME]


def _no_space() -> ProblemError:
    return ProblemError(503, "no-space", "服务器的磁盘快满了，请稍后再试或联系管理员。", retry_after=60)


def _broken() -> ProblemError:
    return ProblemError(422, "bad-form", "上传的表单不完整或写法不对，请重新上传。")
