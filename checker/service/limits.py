"""The outermost layer: who may ask at all, how often and how much, and the headers that every answer carries."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checker.readers.limits import MEGABYTE
from checker.service.problems import ProblemError, answer
from checker.service.service import Service
from checker.service.settings import LOCAL_NAMES, ServiceSettings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""The policy of our own pages. An answer that has one of its own keeps it: a report has a style and a script in it."""
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_PLAIN_BODY = MEGABYTE
"""What is no upload of files is short."""
_BODIES = 64
_BODIES_EACH = 8
"""Uploads at a time: of all clients, and of one."""
_CLIENTS = 10_000
"""How many clients are remembered for the rate; the one that was quiet longest is forgotten first."""
_FREE = ("/static/", "/healthz", "/readyz", "/metrics")
"""Paths that do not count towards the rate."""
_ALIVE = frozenset({"/healthz", "/readyz"})
"""What the health check of a container asks for by the address of the machine; it tells nothing of any paper."""
_FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SEND_SECONDS = 120.0
"""A client that takes nothing of its answer for so long is given up."""
_DRAIN_SECONDS = 2.0


def install(app: FastAPI, service: Service) -> None:
    """Put the layer around `app`."""
    app.add_middleware(Gate, service=service)


def client_of(request: Request) -> str:
    """The address that a request came from, also through a proxy that we trust."""
    service = request.app.state.service
    return address_of(request.scope, request.headers, service.settings)


def address_of(scope: Scope, headers: Headers, settings: ServiceSettings) -> str:
    """The address of the client: what the nearest proxy of ours says, else who is connected."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if address not in settings.proxies or settings.open:
        return address
    hops = [hop.strip() for line in headers.getlist("x-forwarded-for") for hop in line.split(",")]
    for hop in reversed(hops):
        if not _is_address(hop):
            return address
        if hop not in settings.proxies:
            return hop
    return address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class Rate:
    """`rate` requests a minute and client; as many may come at once. 0: no limit."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> None:
        """Count one request; ProblemError 429 where there were too many."""
        if not self._rate:
            return
        now = time.monotonic()
        left, then = self._left.pop(client, (float(self._rate), now))
        left = min(float(self._rate), left + (now - then) * self._rate / 60)
        self._left[client] = (max(0.0, left - 1), now)
        if len(self._left) > _CLIENTS:
            self._left.popitem(last=False)
        if left < 1:
            wait = round((1 - left) * 60 / self._rate + 0.5)
            raise ProblemError(
                429, "too-many-requests", f"一分钟内的请求超过 {self._rate} 次，请 {wait} 秒后再试。", retry_after=wait
            )


class Gate:
    """See the head of this file."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._settings = service.settings
        self._rate = Rate(self._settings.rate)
        self._bodies: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        settings = self._settings
        body = Body(receive, settings.body_size, settings.body_idle, settings.body_seconds)
        guarded = self._guarded(scope, headers, body, send)
        client = address_of(scope, headers, settings)
        try:
            self._admit(scope, headers, client)
            with self._body(scope, headers, client, body):
                body.most = self._most(headers)
                await self._app(scope, body, guarded)
        except ProblemError as problem:
            await answer(Request(scope), problem)(scope, receive, guarded)

    def _admit(self, scope: Scope, headers: Headers, client: str) -> None:
        """Refuse what no part of the service should ever see."""
        if self._path(scope) not in _ALIVE:
            self._refuse_foreign_names(headers)
        if self._settings.open and any(name in headers for name in _FORWARDED):
            raise ProblemError(
                403, "proxy-without-login", "服务前面有代理，而启动时没有要求登录；请用 --login 启动，再发放令牌。"
            )
        if scope["method"] not in _SAFE:
            _refuse_other_sites(headers)
        if not self._path(scope).startswith(_FREE):
            self._rate.take(client)

    def _refuse_foreign_names(self, headers: Headers) -> None:
        """A page on the internet can give its own name our address, and would then read what we answer."""
        settings = self._settings
        known = {*settings.hosts, settings.host} | (LOCAL_NAMES if settings.loopback else frozenset())
        if not settings.open and not settings.hosts:
            return  # a token is asked for, which no other site has
        name = _host_name(headers.get("host", ""))
        if name not in {entry.lower() for entry in known}:
            raise ProblemError(
                421,
                "unknown-host",
                "请用 127.0.0.1 或 localhost 打开本服务；要用别的名字，请在启动时用 --host-name 写明。",
            )

    def _most(self, headers: Headers) -> int:
        """How many bytes the body may have; ProblemError 413 where it says itself that it has more."""
        multipart = headers.get("content-type", "").lower().startswith("multipart/form-data")
        most = self._settings.body_size if multipart else min(_PLAIN_BODY, self._settings.body_size)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            raise too_large(most)
        return most

    @contextmanager
    def _body(self, scope: Scope, headers: Headers, client: str, body: Body) -> Iterator[None]:
        """Keep count of those who are sending something, for as long as they do."""
        if scope["method"] in _SAFE or headers.get("content-length", "") == "0":
            yield
            return
        if self._bodies[client] >= _BODIES_EACH and not self._settings.open:
            raise ProblemError(429, "too-many-uploads", f"同时上传的请求超过 {_BODIES_EACH} 个，请等前面的传完。")
        if self._bodies.total() >= _BODIES:
            raise ProblemError(503, "busy", "同时上传的人太多，请稍后再试。")
        self._bodies[client] += 1

        def ended() -> None:
            self._bodies[client] -= 1
            if not self._bodies[client]:
                del self._bodies[client]

        body.ended = ended
        try:
            yield
        finally:
            body.finish()

    def _guarded(self, scope: Scope, headers: Headers, body: Body, send: Send) -> Send:
        kept = self._path(scope).startswith("/static/")

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    told.setdefault(name, value)
                told.setdefault("Cache-Control", "no-cache" if kept else "no-store")
                if self._settings.secure_cookie:
                    told.setdefault("Strict-Transport-Security", "max-age=31536000")
            elif not message.get("more_body") and not body.done and (body.begun or "expect" not in headers):
                # A client that is still sending would see a broken connection in place of the answer.
                await sent({**message, "more_body": True})
                await body.drain()
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await sent(message)

        async def sent(message: Message) -> None:
            async with asyncio.timeout(_SEND_SECONDS):
                await send(message)

        return guarded

    def _path(self, scope: Scope) -> str:
        return str(scope["path"]).removeprefix(self._settings.base_path)


class Body:
    """`receive` with limits: of bytes, of seconds without any, of seconds in all."""

    def __init__(self, receive: Receive, most: int, idle: float, whole: float) -> None:
        self._receive = receive
        self._idle = idle
        self._until = time.monotonic() + whole
        self._seen = 0
        self.most = most
        self.begun = False
        self.done = False
        self.ended: Callable[[], None] = _nothing
        """Called once, as soon as nothing more comes."""

    def finish(self) -> None:
        """Nothing more comes, or nobody wants it."""
        ended, self.ended = self.ended, _nothing
        ended()

    async def __call__(self) -> Message:
        if self.done:  # what is waited for now is the end of the connection
            return await self._receive()
        self.begun = True
        try:
            async with asyncio.timeout(min(self._idle, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            raise ProblemError(
                408, "too-slow", "上传太慢或中途停住，已放弃，请检查网络后重新上传。", headers={"Connection": "close"}
            ) from None
        self._seen += len(message.get("body", b""))
        self.done = message["type"] != "http.request" or not message.get("more_body", False)
        if self.done:
            self.finish()
        if self._seen > self.most:
            raise too_large(self.most)
        return message

    async def drain(self) -> None:
        """Take what still comes, for a moment, and throw it away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not self.done:
                    self.done = not (await self._receive()).get("more_body", False)


def _nothing() -> None:
    """What nobody waits for."""


def too_large(most: int) -> ProblemError:
    """The refusal of a body with more than `most` bytes."""
    shown = f"{most / MEGABYTE:g}"
    return ProblemError(
        413,
        "too-large",
        f"一次上传的内容超过 {shown} MB 的上限，请分几次上传，或压缩文件里的图片。",
        headers={"Connection": "close"},
        more={"limit": most},
    )


def _refuse_other_sites(headers: Headers) -> None:
    """A page of another site can send a form here in the name of whoever looks at it. Programs send no such headers."""
    site = headers.get("sec-fetch-site")
    if site in ("same-origin", "none"):
        return
    origin = headers.get("origin")
    own = origin is not None and urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    if (site is not None and not own) or (origin is not None and not own):
        raise ProblemError(403, "other-site", "这个请求来自别的网站，没有受理；请在本服务的页面上操作。")


def _host_name(host: str) -> str:
    """The name in a Host header, without the port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
