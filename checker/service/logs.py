"""Structured logs: one line of JSON for each request and each event, on standard error.

What a line may hold is listed here; everything else stays out. Never a word of a paper, the name of a file, a token, a
query or an address that somebody typed: routes appear as templates, foreign libraries with the bare text of their
message and without its values, errors with their kind and place and without their message.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import PurePath
from traceback import extract_tb
from typing import Any, TextIO

from fastapi import FastAPI, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checker.service.problems import ProblemError, answer
from checker.service.service import Service

HEADER = "X-Request-ID"
LEVEL = "KAOHE_LOG"
"""The variable that sets the level: debug, info, warning or error."""
_GONE = 499
"""The status of a request whose client left before the answer was whole; nginx writes the same."""
_FIELDS = ("request_id", "method", "route", "status", "ms", "role", "sent")
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = ("/healthz", "/readyz", "/metrics", "/static")
"""Routes that programs ask again and again: their lines are written only where something went wrong."""
_OURS = "kaohe"
_LOG = logging.getLogger("kaohe.request")

_current: ContextVar[str] = ContextVar("kaohe_request_id", default="")


class JsonLines(logging.Formatter):
    """One line of JSON a record."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record),
        }
        for name in _FIELDS:
            value = getattr(record, name, None)
            if value not in (None, ""):
                line[name] = value
        if "request_id" not in line and (current := _current.get()):
            line["request_id"] = current
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = place(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _event(record: logging.LogRecord) -> str:
    """What happened. The words that a library puts into its message may be anyone's: they are left out."""
    ours = record.name == _OURS or record.name.startswith(f"{_OURS}.")
    values = record.args if isinstance(record.args, tuple) else ("",)
    harmless = ours or all(isinstance(value, (int, float)) for value in values)
    text = record.getMessage() if harmless else str(record.msg)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:500]


def place(error: BaseException) -> str:
    """The kind of an error and where it came from; its message may hold words of a paper."""
    frames = extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    return f"{type(error).__name__} ({PurePath(frames[-1].filename).name}:{frames[-1].lineno})"


def set_up(stream: TextIO | None = None) -> None:
    """Let all logs of this process go to `stream` (standard error) as lines of JSON.

    On a terminal only warnings: there sits a person who wants to see that the service runs, not each request.
    """
    target = sys.stderr if stream is None else stream
    named = logging.getLevelNamesMapping().get(os.environ.get(LEVEL, "").upper())
    level = named or (logging.WARNING if target.isatty() else logging.INFO)
    handler = logging.StreamHandler(target)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old.formatter, JsonLines)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in (_OURS, "uvicorn.error"):
        logging.getLogger(name).setLevel(level)


def install(app: FastAPI, service: Service) -> None:
    """Put the layer around everything else in `app`."""
    app.add_middleware(Watch, service=service)


class Watch:
    """Gives each request its id, counts it, and writes one line when its answer has ended."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._metrics = service.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ident = request_id(Headers(scope=scope).get(HEADER, ""))
        scope.setdefault("state", {})["request_id"] = ident
        token = _current.set(ident)
        seen = _Seen(ident)
        began = time.perf_counter()
        try:
            await self._app(scope, receive, seen.sending(send))
        except Exception as error:  # the last place that can answer it with the id by which it is found in the log
            _LOG.error("internal error", exc_info=error)
            if not seen.status:
                unknown = ProblemError(500, "internal-error", "服务内部出错，这次没有完成，请稍后再试或联系管理员。")
                await answer(Request(scope), unknown)(scope, receive, seen.sending(send))
        finally:
            self._tell(scope, seen, time.perf_counter() - began)
            _current.reset(token)

    def _tell(self, scope: Scope, seen: _Seen, seconds: float) -> None:
        route = route_of(scope)
        status = seen.status if seen.whole else _GONE
        self._metrics.request(route, scope["method"], status, seconds)
        # A scanner asks for addresses that are not there; only what went wrong here is worth a warning.
        level = logging.WARNING if status >= 500 else logging.INFO
        if route.startswith(_QUIET) and status < 400:
            level = logging.DEBUG
        if not _LOG.isEnabledFor(level):
            return
        principal = scope["state"].get("principal")
        _LOG.log(
            level,
            "request",
            extra={
                "request_id": seen.ident,
                "method": scope["method"] if scope["method"].isalpha() else "other",
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "role": getattr(principal, "role", ""),
                "sent": seen.sent,
            },
        )


class _Seen:
    """What was sent of one answer."""

    def __init__(self, ident: str) -> None:
        self.ident = ident
        self.status = 0
        self.sent = 0
        self.whole = False

    def sending(self, send: Send) -> Send:
        """`send` with the id on every answer."""

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                MutableHeaders(scope=message)[HEADER] = self.ident
            await send(message)
            if message["type"] == "http.response.body":
                self.sent += len(message.get("body", b""))
                self.whole = not message.get("more_body", False)

        return watched


def request_id(given: str) -> str:
    """The id that the caller gave, so that its log and ours can be laid side by side; else a new one."""
    return given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex


def route_of(scope: Scope) -> str:
    """The template of the route that a request came to, and nothing that a client made up."""
    path = getattr(scope.get("route"), "path", None)
    if path:
        return str(path)
    return "/static" if scope["path"].startswith("/static/") else "(none)"
