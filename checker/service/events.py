"""/api/v1/screenings/{id}/events: what happens in a screening, as server-sent events.

Events have ids; whoever lost the connection sends the last one in Last-Event-ID (a browser does so by itself) and gets
what came after it. Whoever comes anew gets how things stand. Without news a comment is sent every 15 seconds. After
the event `end` the stream ends, and whoever connects again gets 204, at which a browser stops asking.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response, StreamingResponse

from checker.service import screening_docs as docs
from checker.service.access import Principal, require
from checker.service.problems import ProblemError
from checker.service.screening_folder import Event, Folder, current
from checker.service.screening_jobs import ENDED
from checker.service.service import Service, service_of

router = APIRouter(prefix="/api/v1/screenings", tags=["批量审查"])

HEARTBEAT = 15.0
_LOOK = 0.3
_AT_ONCE = 200
"""Streams at a time, of everybody together."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class _Streams:
    """How many there are. Only the event loop touches it."""

    open = 0


@router.get("/{id}/events", responses=docs.EVENTS, response_class=Response, openapi_extra=docs.LAST_EVENT)
async def events(
    request: Request, id: str, principal: Annotated[Principal, Depends(require("screenings"))]
) -> Response:
    """一次审查的进展（server-sent events）：state、progress、end；断开后带 Last-Event-ID 重连，不会漏。"""
    service = service_of(request)
    row = await asyncio.to_thread(service.screenings.get, id)
    folder = service.screenings.folder(id)
    last = _last_id(request)
    if last is not None and row.state in ENDED and not await asyncio.to_thread(folder.read_events, last):
        return Response(status_code=204)
    if _Streams.open >= _AT_ONCE:
        raise ProblemError(503, "busy", "同时看进展的人太多，请稍后再试。", retry_after=10)
    stream = _stream(service, id, folder, last)
    return StreamingResponse(stream, headers=_HEADERS, media_type="text/event-stream")


async def _stream(service: Service, ident: str, folder: Folder, last: int | None) -> AsyncIterator[bytes]:
    _Streams.open += 1
    try:
        found = await asyncio.to_thread(folder.latest) if last is None else []
        at, sent = last or 0, time.monotonic()
        yield b"retry: 3000\n\n"
        while not service.stopping.is_set():
            if found:
                yield b"".join(map(_written, found))
                at, sent = found[-1].id, time.monotonic()
                if found[-1].kind == "end":
                    return
            elif time.monotonic() - sent >= HEARTBEAT:
                if await asyncio.to_thread(_is_gone, service, ident):
                    return
                yield b": \xe7\xad\x89\xe5\xbe\x85\n\n"
                sent = time.monotonic()
            await asyncio.sleep(_LOOK)
            found = current(await asyncio.to_thread(folder.read_events, at)) if _grown(folder, at) else []
    finally:
        _Streams.open -= 1


def _grown(folder: Folder, at: int) -> bool:
    try:
        return folder.events.stat().st_size > at
    except OSError:
        return False


def _is_gone(service: Service, ident: str) -> bool:
    """Whether nothing more can come: the screening was removed, or its end could not be written down."""
    try:
        return service.screenings.get(ident).state in ENDED
    except ProblemError:
        return True


def _last_id(request: Request) -> int | None:
    given = request.headers.get("last-event-id", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


def _written(event: Event) -> bytes:
    data = json.dumps(dict(event.data), ensure_ascii=False)
    return f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n".encode()
