"""What the pages of the service share: templates that escape everything, the errors in words, the look.

A page carries no script and no style of its own: both are files of the service, also those of a report that is shown
in a page, so its policy needs no exception.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader

from checker.render import page as rendering
from checker.render import phrases as say

HERE = Path(__file__).parent
STATIC = HERE / "static"

router = APIRouter(include_in_schema=False)


@router.get("/look.css")
def look() -> Response:
    """The colours and the type of the report, for the pages of the service too."""
    return _asset("base.css", "text/css")


@router.get("/report.css")
def report_style() -> Response:
    """The style of a report that is shown in a page of ours."""
    return _asset("report.css", "text/css")


@router.get("/report.js")
def report_script() -> Response:
    """Its script."""
    return _asset("report.js", "text/javascript")


def _asset(name: str, kind: str) -> Response:
    return Response(rendering.asset(name), media_type=kind, headers={"Cache-Control": "max-age=3600"})


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = rendering.environment()
    loaders = [FileSystemLoader(HERE / "templates")]
    if environment.loader is not None:
        environment.loader = ChoiceLoader([*loaders, environment.loader])
    return environment


def fragment(name: str, **values: Any) -> str:
    """A template filled in, without what a whole page knows."""
    return _environment().get_template(name).render(**values)


def root(request: Request) -> str:
    """The path below which the service is to be found, without a slash at its end."""
    return str(request.scope.get("root_path") or "").rstrip("/")


def page(
    request: Request, name: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """A whole page. Every template sees `root`, `principal` (None: nobody is signed in), `here` and `version`."""
    common = {
        "root": root(request),
        "principal": getattr(request.state, "principal", None),
        "here": str(request.url.path).removeprefix(root(request)) or "/",
        "version": say.version(),
    }
    html = fragment(name, **{**common, **values})
    return HTMLResponse(html, status, headers=headers)


def wants_page(request: Request) -> bool:
    """Whether a person with a browser asks, and not a program."""
    inner = str(request.url.path).removeprefix(root(request))
    return not inner.startswith("/api/") and "text/html" in request.headers.get("accept", "")


_TITLES = {
    400: "请求有误",
    401: "请先登录",
    403: "没有权限",
    404: "找不到这一页",
    405: "不能这样打开",
    413: "文件太大",
    415: "这种文件不能检查",
    422: "填写的内容有误",
    429: "请求太多",
    500: "程序出错了",
    503: "现在太忙",
}


def error_page(
    request: Request, status: int, detail: str = "", title: str = "", headers: dict[str, str] | None = None
) -> HTMLResponse:
    """An error as a page: what happened and what to do, in Chinese."""
    wait = (headers or {}).get("Retry-After", "")
    return page(
        request,
        "error.html.j2",
        status=status,
        headers=headers,
        title=title or _TITLES.get(status, "出错了"),
        detail=detail,
        wait=int(wait) if wait.isdecimal() else 0,
        signed_out=status == 401,
        sent=request.method == "POST",
    )
