"""The doors of the service: who a request comes from, whether it may do what it asks for, and a note of both.

`Doors` stands around all routes. It looks at the headers alone, so that nobody who does not belong can make the service
take in a body, and it writes down what was done and what was refused. The routes name their action (`access.require`).
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checker.errors import UsageError
from checker.service import audit
from checker.service.access import LOCAL, ROLES, Principal, Role
from checker.service.limits import client_of
from checker.service.problems import ProblemError
from checker.service.service import Service, service_of
from checker.service.settings import ServiceSettings

if TYPE_CHECKING:
    from checker.service.database import Database

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PUBLIC = frozenset({"/signin", "/signout"})
"""The paths that take a body from those who are not signed in."""
_UNNOTED = frozenset({"metrics", "notices"})
"""Actions that show nothing of any paper."""
_SEEN_ONCE = 600.0
"""Seconds in which a page that looks again and again is noted once."""
_REFUSED_ONCE = 60.0
_STREAM_CHECK = 5.0
"""Seconds after which an answer that goes on and on is ended where its token was revoked meanwhile."""
_KEY: Final = secrets.token_bytes(32)
"""Of this process: pages that a sign-on proxy lets in have no cookie of ours from which a token could be worked out."""
_THREADS = ThreadPoolExecutor(4, thread_name_prefix="kaohe-door")
"""Their own, so that no work that fills the common ones keeps people waiting at the door."""


def install(app: FastAPI, service: Service) -> None:
    """Put the doors around the routes of `app`."""
    app.add_middleware(Doors, service=service)


def check_doors(settings: ServiceSettings, database: Database) -> None:
    """UsageError where the service would stand open to others, or where nobody at all could come in."""
    from checker.service.tokens import Tokens

    if settings.trusted_header:
        if not settings.proxies:
            raise UsageError("用了统一登录（trusted_header），就要写明代理的地址（proxies）。")
        if not settings.people:
            raise UsageError("用了统一登录（trusted_header），就要在配置的 [serve.people] 里写明谁是什么角色。")
    for name in settings.people:
        person(settings, name)
    if settings.open or settings.trusted_header:
        return
    database.migrate()  # nobody may have been here before
    if Tokens(database).any_valid():
        return
    where = "要求登录" if settings.loopback else f"在 {settings.host} 上，别的机器也能访问"
    raise UsageError(
        f"服务{where}，但还没有能用的令牌，没有启动。请先发一个：kaohe token add --name 名称 --role admin",
        "no-tokens",
    )


def person(settings: ServiceSettings, name: str) -> Principal | None:
    """Who a user of the sign-on proxy is here; None for one who is not on the list."""
    entry = settings.people.get(name)
    if entry is None:
        return None
    role, _, unit = entry.strip().partition(" ")
    if role not in ROLES or (role == "author") != bool(unit.strip()):
        raise UsageError(
            f"[serve.people] 里 {name} 的写法不对：应是 admin、reviewer，或 author 加空格加单位名称（author 禾渡县）。"
        )
    mark = hmac.digest(_KEY, name.encode("utf-8", "surrogatepass"), "sha256")
    csrf = base64.urlsafe_b64encode(mark).decode().rstrip("=")
    return Principal(name, cast(Role, role), unit.strip(), via="proxy", csrf=csrf)


async def identify(request: Request) -> Principal | None:
    """Who sent the request; None where it does not say. ProblemError where what it says is not true."""
    state = request.state
    if not hasattr(state, "principal"):
        state.principal = None
        loop = asyncio.get_running_loop()
        state.principal = await loop.run_in_executor(_THREADS, _identify, service_of(request), request)
    return cast("Principal | None", state.principal)


async def admit(request: Request, action: str, uploads: bool) -> Principal:
    """Who sent the request and may do `action`; ProblemError 401 or 403 otherwise. `uploads`: see `require`."""
    principal = await identify(request)
    if principal is None:
        raise unknown(request)
    request.state.action = action
    if not principal.may(action):
        raise ProblemError(403, "forbidden", f"您的角色是{ROLES[principal.role]}，不能做这件事；需要的话请找管理员。")
    await _guard(request, principal, uploads)
    return principal


def check_csrf(request: Request, given: str | None) -> None:
    """For whoever reads a form with files himself: its field `csrf`, before anything is done. ProblemError 403."""
    principal: Principal | None = getattr(request.state, "principal", None)
    if request.method in _SAFE or principal is None or principal.via in ("open", "bearer"):
        return
    if CSRF_HEADER in request.headers:  # was looked at already
        return
    _compare(given, principal)


def unknown(request: Request) -> ProblemError:
    """The refusal of one who did not say who he is: people are led to the sign-in page."""
    gone = cookie_name(request) in request.cookies
    root = str(request.scope.get("root_path") or "").rstrip("/")
    if request.method in ("GET", "HEAD") and _wants_page(request, root):
        path = request.url.path.removeprefix(root) + (f"?{request.url.query}" if request.url.query else "")
        query = f"?next={quote(path, safe='/')}{'&over=1' if gone else ''}"
        return ProblemError(
            303, "sign-in", "请先登录。", title="请先登录", headers={"Location": f"{root}/signin{query}"}
        )
    detail = "登录已过期，请重新登录。" if gone else "请先登录，或在请求头 Authorization 里带上令牌。"
    return ProblemError(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})


def cookie_name(request: Request) -> str:
    """With `__Host-` no neighbour on another port or subdomain can put a cookie of his in place of ours."""
    return "__Host-kaohe" if service_of(request).settings.secure_cookie else "kaohe"


def from_here(headers: Headers) -> bool:
    """Whether a browser says that the request was made by a page of ours."""
    if headers.get("sec-fetch-site") == "same-origin":
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def _identify(service: Service, request: Request) -> Principal | None:
    by_proxy = _by_proxy(service.settings, request)
    bearer = _bearer(request.headers)
    if bearer is not None:
        principal = service.tokens.find(bearer)
        if principal is None:
            raise ProblemError(
                401,
                "bad-token",
                "令牌无效：可能写错、已到期或已作废，请找管理员换一个。",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        return principal
    if by_proxy is not None:
        return by_proxy
    if service.settings.open:
        return LOCAL
    cookie = request.cookies.get(cookie_name(request))
    return service.sign_ins.find(cookie) if cookie else None


def _bearer(headers: Headers) -> str | None:
    """The token in the headers. Other schemes are left alone: a sign-on proxy may pass on its own."""
    values = headers.getlist("authorization")
    if len(values) > 1:
        raise ProblemError(400, "bad-request", "请求头 Authorization 只能有一个。")
    scheme, _, secret = values[0].partition(" ") if values else ("", "", "")
    return secret.strip() if scheme.lower() == "bearer" else None


def _by_proxy(settings: ServiceSettings, request: Request) -> Principal | None:
    """Who the sign-on proxy says it is. Nobody but the proxy may say so."""
    if not settings.trusted_header:
        return None
    values = request.headers.getlist(settings.trusted_header)
    if not values:
        return None
    peer = (request.client.host if request.client else "").removeprefix("::ffff:")
    if peer not in settings.proxies:
        raise ProblemError(403, "not-the-proxy", "这个请求没有经过统一登录，没有受理；请从统一登录的入口进入。")
    if len(values) > 1:
        raise ProblemError(400, "bad-request", f"请求头 {settings.trusted_header} 出现了不止一次，没有受理。")
    try:
        name = values[0].strip().encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise ProblemError(400, "bad-request", f"请求头 {settings.trusted_header} 不是 UTF-8。") from None
    if not name:
        return None
    principal = person(settings, name)
    if principal is None:
        raise ProblemError(403, "forbidden", "您已通过统一登录，但没有使用本系统的权限，请找管理员开通。")
    return principal


async def _guard(request: Request, principal: Principal, uploads: bool) -> None:
    """Refuse what a page of another site made the browser of `principal` send (CSRF).

    A bearer token is sent by no browser on its own. On an open service the outermost layer (`limits`) refuses what
    comes from other sites; where a cookie or a proxy vouches, the page must also prove that it is one of ours.
    """
    if request.method in _SAFE or principal.via in ("open", "bearer"):
        return
    if not from_here(request.headers):
        raise ProblemError(403, "other-site", "这个请求不是从本服务的页面发出的，没有受理。")
    given = request.headers.get(CSRF_HEADER)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given is None and uploads and kind == "multipart/form-data":
        return  # `uploads.received` calls `check_csrf` before anything is done
    if given is None and kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        field = (await request.form(max_files=0)).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    _compare(given, principal)


def _compare(given: str | None, principal: Principal) -> None:
    if not given or not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), principal.csrf.encode()):
        raise ProblemError(403, "stale-page", "这个页面已经过期，没有受理；请刷新页面后再试。")


def _wants_page(request: Request, root: str) -> bool:
    path = request.url.path.removeprefix(root)
    return not path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


class Doors:
    """See the head of this file."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service
        self._noted = _Lately()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("app", None)
        request = Request(scope)
        occasion = audit.Occasion(client_of(request))
        mark = audit.OCCASION.set(occasion)
        answer = _Answer(self, request, occasion, send)
        try:
            await self._before_the_body(request)
            await self._app(scope, receive, answer)
        except ProblemError as problem:
            self.note(request, occasion, problem.status)
            raise
        finally:
            audit.OCCASION.reset(mark)

    async def _before_the_body(self, request: Request) -> None:
        """Nobody who is not known sends a body."""
        path = request.scope["path"].removeprefix(str(request.scope.get("root_path") or "").rstrip("/"))
        if request.method in _SAFE or path in _PUBLIC:
            return
        principal = await identify(request)
        if principal is None:
            raise unknown(request)
        if principal.via in ("cookie", "proxy"):
            if not from_here(request.headers):
                raise ProblemError(403, "other-site", "这个请求不是从本服务的页面发出的，没有受理。")
            if (given := request.headers.get(CSRF_HEADER)) is not None:
                _compare(given, principal)

    def note(self, request: Request, occasion: audit.Occasion, status: int) -> None:
        """One line in the audit log, unless the route wrote its own."""
        if occasion.noted:
            return
        principal: Principal | None = getattr(request.state, "principal", None)
        action: str = getattr(request.state, "action", "")
        what = f"{request.method} {request.scope['path']}"
        who = principal.name if principal is not None else ""
        if status in (401, 403):
            if self._noted.new(("refused", who, occasion.client, status), _REFUSED_ONCE):
                self._service.audit.note(principal, "refused", what, client=occasion.client, status=status)
            return
        if principal is None or not action or action in _UNNOTED:
            return
        if request.method in _SAFE and not self._noted.new((who, what, status), _SEEN_ONCE):
            return
        self._service.audit.note(principal, action, what, client=occasion.client, status=status)


class _Answer:
    """`send`, with a note of how it went; an answer without an end stops where its sender is let in no more."""

    def __init__(self, doors: Doors, request: Request, occasion: audit.Occasion, send: Send) -> None:
        self._doors = doors
        self._request = request
        self._occasion = occasion
        self._send = send
        self._checked = time.monotonic()
        self._over = False

    async def __call__(self, message: Message) -> None:
        if self._over:
            return
        if message["type"] == "http.response.start":
            self._doors.note(self._request, self._occasion, message["status"])
        elif message.get("more_body") and time.monotonic() - self._checked > _STREAM_CHECK:
            self._checked = time.monotonic()
            if not await self._still_in():
                self._over = True
                message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def _still_in(self) -> bool:
        if getattr(self._request.state, "principal", None) is None:
            return True
        loop = asyncio.get_running_loop()
        try:
            again = await loop.run_in_executor(_THREADS, _identify, service_of(self._request), self._request)
        except ProblemError:
            return False
        return again is not None


class _Lately:
    """What was noted lately, so that it is not noted again and again."""

    _MOST = 10_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: OrderedDict[tuple[object, ...], float] = OrderedDict()

    def new(self, key: tuple[object, ...], seconds: float) -> bool:
        """Whether `key` did not come within the last `seconds`."""
        moment = self._clock()
        if self._until.get(key, 0.0) > moment:
            return False
        self._until[key] = moment + seconds
        self._until.move_to_end(key)
        if len(self._until) > self._MOST:
            self._until.popitem(last=False)
        return True
