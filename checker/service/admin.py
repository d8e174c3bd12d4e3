"""The administrator's pages: who may come in, and who saw and did what."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from checker.errors import UsageError
from checker.render import phrases as say
from checker.service import pages
from checker.service.access import ROLES, Principal, require
from checker.service.models import AuditEntry
from checker.service.problems import ProblemError
from checker.service.review_views import Look, moment
from checker.service.reviewer import PageRoute
from checker.service.service import service_of
from checker.service.tokens import DEFAULT_DAYS, Added, TokenInfo

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Tokens = Annotated[Principal, Depends(require("tokens"))]
Audit = Annotated[Principal, Depends(require("audit"))]

_AUDIT_PAGE = 100
_MOST = 200
_ROLE_WORDS: Mapping[str, str] = {
    "author": "填报人：检查自己的材料，看本单位的结果",
    "reviewer": "审查人：批量审查，处理问题",
    "admin": "管理员：还能发令牌、看操作记录",
}
_STATES: Mapping[str, Look] = {
    "valid": Look("valid", "✓", "可用"),
    "expired": Look("expired", "×", "已到期"),
    "revoked": Look("revoked", "×", "已作废"),
}
_ACTIONS: Mapping[str, str] = {
    "check": "检查材料",
    "signin": "登录",
    "signin-refused": "登录没有成功",
    "signout": "退出",
    "refused": "没有放行",
    "screen": "提交审查",
    "screenings": "查看审查",
    "own-results": "查看结果",
    "see-unit": "查看单位的问题",
    "cancel": "取消审查",
    "rerun": "重新审查",
    "decide": "处理问题",
    "decide-accept": "接受问题",
    "decide-return": "退回问题",
    "decide-undo": "撤销处理",
    "download": "下载全部结果",
    "delete": "删除审查",
    "tokens": "查看令牌",
    "token-add": "发令牌",
    "token-revoke": "作废令牌",
    "audit": "查看操作记录",
    "purge": "清理",
}
_OUTCOMES: Mapping[int, str] = {401: "没有登录", 403: "没有权限", 404: "没有找到", 429: "次数太多", 503: "太忙"}


@dataclass(frozen=True, slots=True)
class Row:
    """A token in the table."""

    id: str
    name: str
    role: str
    unit: str
    state: Look
    created: str
    expires: str
    last_used: str


def _row(token: TokenInfo) -> Row:
    return Row(
        token.id,
        say.one_line(token.name),
        ROLES[token.role],
        say.one_line(token.unit),
        _STATES[token.state],
        moment(token.created),
        _last_day(token.expires),
        moment(token.last_used),
    )


def _last_day(expires: datetime | None) -> str:
    """The last day on which it opens anything."""
    return f"{(expires - timedelta(seconds=1)).astimezone():%Y-%m-%d}" if expires is not None else ""


# ---- tokens ---------------------------------------------------------------------------------------------------


@router.get("/tokens")
async def tokens_page(request: Request, principal: Tokens) -> Response:
    """All tokens, and the form for a new one."""
    return await _tokens(request, {})


async def _tokens(
    request: Request, filled: Mapping[str, str], error: str = "", made: Added | None = None, status: int = 200
) -> Response:
    rows = await asyncio.to_thread(service_of(request).tokens.list)
    until = f"{date.today() + timedelta(days=DEFAULT_DAYS)}"
    return pages.page(
        request,
        "tokens.html.j2",
        status=status,
        tokens=[_row(token) for token in rows],
        roles=_ROLE_WORDS.items(),
        error=error,
        made=None if made is None else {"name": made.token.name, "secret": made.secret},
        filled={"name": "", "role": "author", "unit": "", "expires": until, **filled},
    )


@router.post("/tokens")
async def add(request: Request, principal: Tokens) -> Response:
    """A new token. Its secret is in this answer and nowhere else, so the answer is the page itself."""
    service = service_of(request)
    form = await request.form()
    filled = {name: _clean(str(form.get(name, ""))) for name in ("name", "role", "unit", "expires")}
    try:
        ends = _end_of(filled["expires"])
        if ends is None:
            raise UsageError("请写明用到哪一天。")
        made = await asyncio.to_thread(service.tokens.add, filled["name"], filled["role"], filled["unit"], ends)
    except UsageError as error:
        return await _tokens(
            request, filled, error.message.replace("（author）", "").replace("（--unit）", ""), None, 422
        )
    service.audit.note(principal, "token-add", f"{made.token.id} {made.token.name} {made.token.role}", made.token.unit)
    return await _tokens(request, {}, made=made)


@router.post("/tokens/{ident}/revoke")
async def revoke(request: Request, ident: str, principal: Tokens) -> Response:
    """End a token, and every sign-in with it."""
    service = service_of(request)
    try:
        if not ident.isalnum():
            raise UsageError("")
        gone = await asyncio.to_thread(service.tokens.revoke, ident)
    except UsageError:
        raise ProblemError(404, "no-token", "没有这个令牌，请回到令牌页核对。") from None
    service.audit.note(principal, "token-revoke", f"{gone.id} {gone.name}", gone.unit)
    return RedirectResponse(f"{pages.root(request)}/tokens", status_code=303)


# ---- audit ----------------------------------------------------------------------------------------------------


@router.get("/audit")
async def audit_page(
    request: Request,
    principal: Audit,
    who: str = "",
    action: str = "",
    unit: str = "",
    since: str = "",
    until: str = "",
    before: str = "",
) -> Response:
    """A page of the log, the newest first."""
    given = {"who": who, "action": action, "unit": unit, "since": since, "until": until}
    filled = {name: _clean(value) for name, value in given.items()}
    error, wanted = "", dict[str, Any]()
    first, last = _start_of(filled["since"]), _end_of(filled["until"])
    if (filled["since"] and first is None) or (filled["until"] and last is None):
        error = "日期要写成 2020-12-31 这样。"
    wanted |= {"since": first, "until": last, "who": filled["who"], "action": filled["action"], "unit": filled["unit"]}
    wanted["before"] = int(before) if before.isascii() and before.isdigit() and 0 < int(before[:12]) < 2**31 else None
    found = await asyncio.to_thread(lambda: service_of(request).audit.entries(limit=_AUDIT_PAGE + 1, **wanted))
    more = len(found) > _AUDIT_PAGE
    found = found[:_AUDIT_PAGE]
    query = {name: value for name, value in filled.items() if value}
    older = f"{pages.root(request)}/audit?{urlencode({**query, 'before': found[-1].id})}" if more else ""
    return pages.page(
        request,
        "audit.html.j2",
        rows=[_line(entry) for entry in found],
        filled=filled,
        actions=_ACTIONS.items(),
        error=error,
        older=older,
    )


def _line(entry: AuditEntry) -> dict[str, str]:
    return {
        "at": f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}",
        "who": entry.who,
        "role": ROLES.get(entry.role, "") if entry.role else "",
        "action": _action(entry),
        "what": say.one_line(entry.what),
        "unit": entry.unit,
        "client": entry.client,
        "outcome": "✓ 完成" if entry.status < 400 else f"× {_OUTCOMES.get(entry.status, '没有完成')}",
    }


def _action(entry: AuditEntry) -> str:
    """What was done; who only opened the page on which it is done did not do it."""
    if entry.action in ("screen", "decide", "delete") and entry.what.startswith("GET "):
        return "打开页面"
    return _ACTIONS.get(entry.action, entry.action)


def _start_of(text: str) -> datetime | None:
    """The first moment of a day on the clock of this machine; None where it is no day."""
    try:
        return datetime.combine(date.fromisoformat(text), time()).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _end_of(text: str) -> datetime | None:
    """The first moment after a day."""
    try:
        return _start_of(f"{date.fromisoformat(text) + timedelta(days=1)}")
    except (ValueError, OverflowError):
        return None


def _clean(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()[:_MOST]
