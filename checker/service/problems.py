"""What went wrong, as RFC 9457 wants it told: application/problem+json with a stable `code` and Chinese sentences."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from checker.errors import KaoheError, NoticeError, ReadError, UsageError

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("kaohe.service")

_TITLES: Mapping[int, str] = {
    400: "请求的写法不对",
    401: "需要先登录",
    403: "没有这项权限",
    404: "没有找到",
    405: "这个地址不支持这种请求",
    408: "上传太慢，已停止",
    409: "与正在进行的请求冲突",
    410: "已经删除",
    411: "请求没有说明长度",
    412: "内容已被别人改动",
    413: "上传的内容太大",
    415: "不支持这种内容",
    421: "不认识这个主机名",
    422: "提交的内容不对",
    429: "请求太频繁",
    431: "请求头太大",
    500: "程序内部出错",
    503: "服务正忙",
    504: "超过了时限",
}
_CODES: Mapping[int, str] = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid",
    429: "too-many-requests",
    500: "internal-error",
    503: "busy",
}


class ProblemError(Exception):
    """Ends a request with a problem document. `detail` is one Chinese sentence that says what to do.

    `retry_after` are seconds; 429 and 503 always carry some. `more` are further members of the document.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        title: str = "",
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.title = title or _TITLES.get(status, HTTPStatus(status).phrase)
        self.detail = detail
        self.headers = dict(headers or {})
        if retry_after is None and status in (429, 503):
            retry_after = 5
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, retry_after))
        self.more = dict(more or {})

    def document(self) -> dict[str, object]:
        """The members of the problem document."""
        return {
            "type": f"urn:kaohe:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.more,
        }


def response(problem: ProblemError) -> Response:
    """The answer that tells of the problem."""
    return Response(msgspec.json.encode(problem.document()), problem.status, problem.headers, media_type=MEDIA_TYPE)


def answer(request: Request, problem: ProblemError) -> Response:
    """The same as a page for a person with a browser."""
    from checker.service import pages  # which needs what is defined above

    if problem.status >= 400 and pages.wants_page(request):
        return pages.error_page(request, problem.status, problem.detail, problem.title, problem.headers)
    return response(problem)


def of_error(error: KaoheError) -> ProblemError:
    """The problem that an error of the checker amounts to, where it ends a request."""
    if isinstance(error, (ReadError, UsageError, NoticeError)):
        return ProblemError(413 if error.code == "too-large" else 422, error.code, error.message)
    return ProblemError(500, error.code, error.message)


def install(app: FastAPI) -> None:
    """Every error of every route becomes a problem document; pages may answer with a page before it comes to that."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(KaoheError, _kaohe)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return answer(request, error)


async def _kaohe(request: Request, error: Exception) -> Response:
    assert isinstance(error, KaoheError)
    return answer(request, of_error(error))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    sentences = {
        400: "服务读不懂这个请求，请核对请求的写法。",
        404: "这个地址上没有内容，请核对网址。",
        405: "这个地址不支持这种请求方法。",
    }
    detail = sentences.get(status, _TITLES.get(status, "请求没有完成") + "。")
    headers = {**(error.headers or {}), **({"Allow": _allowed(request)} if status == 405 else {})}
    return answer(request, ProblemError(status, _CODES.get(status, "error"), detail, headers=headers))


def _allowed(request: Request) -> str:
    """All methods that the address takes; what raised the error knows those of one route only."""
    routes = request.app.router.routes
    found = (
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    )
    return ", ".join(found)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # The values themselves stay out: they may be words of a paper.
    places = [".".join(str(step) for step in entry["loc"]) for entry in error.errors()]
    named = "、".join(dict.fromkeys(places))
    return response(ProblemError(422, "invalid", f"这些参数不对：{named}。", more={"errors": places}))


async def _unexpected(request: Request, error: Exception) -> Response:
    # The message of an unknown error may hold words of a paper: only its kind is told.
    _LOG.error("internal error: %s", type(error).__name__)
    return answer(request, ProblemError(500, "internal-error", "服务内部出错，这次没有完成，请稍后再试或联系管理员。"))
