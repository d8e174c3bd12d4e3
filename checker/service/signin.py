"""The sign-in page: a person types a token once, and a cookie stands for it from then on."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from checker.service import pages
from checker.service.doors import check_csrf, cookie_name, from_here, identify
from checker.service.limits import client_of
from checker.service.problems import ProblemError
from checker.service.service import Service, service_of
from checker.service.settings import is_loopback
from checker.service.sign_ins import SignIns

router = APIRouter(include_in_schema=False)

_TRIES = 10
_WITHIN = 600.0
"""So many failed sign-ins of one address in so many seconds, then it has to wait."""
_CLIENTS = 10_000


class Failures:
    """Failed sign-ins by address."""

    def __init__(self) -> None:
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, client: str) -> int:
        """Seconds until `client` may try again; 0: at once."""
        times = self._times.get(client, deque())
        moment = time.monotonic()
        while times and times[0] <= moment - _WITHIN:
            times.popleft()
        return round(times[0] + _WITHIN - moment + 0.5) if len(times) >= _TRIES else 0

    def add(self, client: str) -> None:
        """Count one more."""
        self._times.setdefault(client, deque(maxlen=_TRIES)).append(time.monotonic())
        self._times.move_to_end(client)
        if len(self._times) > _CLIENTS:
            self._times.popitem(last=False)

    def forget(self, client: str) -> None:
        """Who has come in begins anew."""
        self._times.pop(client, None)


@router.get("/signin")
async def signin_page(request: Request) -> Response:
    """The page with one field."""
    following = _local(request.query_params.get("next", ""))
    if service_of(request).settings.open:
        return _to(request, following)
    over = "over" in request.query_params
    return _page(request, following, "登录已过期，请重新登录。" if over else "")


@router.post("/signin")
async def signin(request: Request) -> Response:
    """Sign in with the token in the form, or show the page again."""
    service = service_of(request)
    _refuse_other_sites(request)
    form = await request.form() if _is_plain_form(request) else {}
    secret, following = (str(form.get(name, "")).strip() for name in ("token", "next"))
    following = _local(following)
    if service.settings.open:
        return _to(request, following)
    if not _cookie_would_hold(request):
        raise ProblemError(
            403,
            "https-only",
            "登录只能经 https 进行，这个地址是 http，浏览器不会保存登录；请改用 https 网址，或找管理员。",
        )
    failures, client = _failures(request), client_of(request)
    if wait := failures.wait(client):
        service.audit.note(None, "signin-refused", client=client, status=429)
        raise ProblemError(
            429, "too-many-requests", f"登录失败的次数太多，请 {-(-wait // 60)} 分钟后再试。", retry_after=wait
        )
    begun = await asyncio.to_thread(_sign_ins(service).begin, secret)
    if begun is None:
        failures.add(client)
        service.audit.note(None, "signin-refused", client=client, status=401)
        return _page(request, following, "令牌不对，或者已到期、已作废。请核对后重新粘贴，或找管理员换一个。", 401)
    failures.forget(client)
    principal, cookie = begun
    service.audit.note(principal, "signin", client=client)
    old = request.cookies.get(cookie_name(request))
    if old:  # another sign-in of this browser ends with the new one
        await asyncio.to_thread(_sign_ins(service).end, old)
    answer = _to(request, following)
    _set_cookie(request, answer, cookie)
    return answer


@router.get("/signout")
async def signout_page(request: Request) -> Response:
    """For those who come by a link: signing out is a form, so that no other site can do it by a picture."""
    return _to(request, "/")


@router.post("/signout")
async def signout(request: Request) -> Response:
    """End the sign-in of this browser, here and in the database."""
    service = service_of(request)
    _refuse_other_sites(request)
    cookie = request.cookies.get(cookie_name(request))
    principal = await identify(request) if cookie else None
    if principal is not None and cookie:
        form = await request.form() if _is_plain_form(request) else {}
        check_csrf(request, str(form.get("csrf", "")))
        await asyncio.to_thread(_sign_ins(service).end, cookie)
        service.audit.note(principal, "signout", client=client_of(request))
    answer = _to(request, "/signin")
    _set_cookie(request, answer, "")
    return answer


def _sign_ins(service: Service) -> SignIns:
    return service.sign_ins


def _failures(request: Request) -> Failures:
    state = request.app.state
    if not hasattr(state, "signin_failures"):
        state.signin_failures = Failures()
    found: Failures = state.signin_failures
    return found


def _page(request: Request, following: str, error: str, status: int = 200) -> Response:
    request.state.principal = None
    return pages.page(request, "signin.html.j2", status=status, error=error, next=following, csrf="")


def _to(request: Request, path: str) -> Response:
    """See Other: a reload of the next page sends no form again."""
    return RedirectResponse(f"{pages.root(request)}{path}", 303)


def _set_cookie(request: Request, answer: Response, value: str) -> None:
    """Gone with the browser; when it is over, the database says."""
    put = partial(answer.set_cookie, cookie_name(request), value, path="/", httponly=True, samesite="strict")
    secure = _only_https(request)
    put(secure=secure) if value else put(secure=secure, max_age=0)


def _only_https(request: Request) -> bool:
    """Whether the cookie may go by https alone: always, but where nothing leaves this machine."""
    settings = service_of(request).settings
    return settings.secure_cookie or not (settings.loopback or is_loopback(request.url.hostname or ""))


def _cookie_would_hold(request: Request) -> bool:
    """A browser drops a cookie that it may send by https alone where the page came by http."""
    return not _only_https(request) or not request.headers.get("origin", "").startswith("http:")


def _local(path: str) -> str:
    """Where to go then: only within this service, whatever was asked for."""
    within = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if within and not path.startswith(("/signin", "/signout")) else "/"


def _refuse_other_sites(request: Request) -> None:
    """Nobody may sign a person in as someone else, or out, from a page of his own."""
    if not from_here(request.headers):
        raise ProblemError(403, "other-site", "请在本服务的登录页上登录。")


def _is_plain_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
