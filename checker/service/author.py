"""The author's page: hand in papers or paste a text, see what to mend, fetch the copies, check again.

The papers are gone when the answer is there. What came of them is kept with the `Handouts`, for the browser that asked.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from markupsafe import Markup

from checker import notice as notices
from checker.document import FLAGS, PAPER_KINDS, UNIT_TYPES
from checker.errors import KaoheError, NoticeError
from checker.rules import length
from checker.service import pages, uploads
from checker.service.access import Principal, require
from checker.service.answers import ALL, BODY, COPIES, Before, Filled, Visitor, keep, packed, refuse_unreadable
from checker.service.check_task import CheckAnswer, CheckTask, Handed
from checker.service.limits import client_of
from checker.service.problems import ProblemError, answer, of_error
from checker.service.service import service_of
from checker.service.settings import ServiceSettings
from checker.submission import is_paper

PASTED = "粘贴的文字.txt"
ACCEPT = (
    ".docx,.docm,.doc,.wps,.odt,.rtf,.pdf,.ofd,.txt,.md,.html,.htm,.mht,.xls,.xlsx,.et,.zip,.png,.jpg,.jpeg,.tif,.tiff"
)
"""Endings that the window for choosing files shows; what a file is, is told by its content."""
_TOPIC = "topic-"
_NAMELESS = "未命名"
"""What `uploads` calls a file without a name, which is what a browser sends for a field left empty."""
_FORMATS = ("html", "docx", "form", "pdf")
_CHECK = require("check", uploads=True)


# ---- routes ---------------------------------------------------------------------------------------------------


def _wants_data(request: Request) -> bool:
    """Whether the script of the page asks, which shows problems in its own way."""
    return "application/json" in request.headers.get("accept", "")


class _Route(APIRoute):
    """Tells a person in a page, and not in JSON, why a request was refused; what was pasted is given back."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except (ProblemError, KaoheError) as error:
                if request.method != "POST" or _wants_data(request):
                    raise
                return await _refused(request, error if isinstance(error, ProblemError) else of_error(error))

        return handler


router = APIRouter(route_class=_Route, include_in_schema=False)


@router.get("/")
async def begin(request: Request, again: str = "", principal: Principal = Depends(_CHECK)) -> Response:  # noqa: B008
    """The form; `again` is the answer that the next one is to be compared with."""
    visitor = Visitor(request, principal)
    before = await asyncio.to_thread(visitor.before, again)
    if again and before is None:
        gone = "上次的结果已经删除了（只留30分钟），没有办法再比较；可以重新检查。"
        return await _form(request, principal, Filled(), error=gone)
    response = await _form(request, principal, before.meta.filled if before else Filled(), before)
    # Nothing of a paper is in it, and a browser that may keep it gives back what was pasted when one goes back.
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@router.post("/check")
async def check(request: Request, principal: Principal = Depends(_CHECK)) -> Response:  # noqa: B008
    """Check what was handed in; a person is led to the answer, the script of the page is told where it is."""
    service, visitor = service_of(request), Visitor(request, principal)
    async with uploads.received(request) as form:
        filled = request.state.filled = _filled(form, principal)
        before = request.state.before = await asyncio.to_thread(visitor.before, form.get("again"))
        files = _handed(form.files("files"), filled.text)
        if not files:
            raise ProblemError(422, "nothing", "还没有交材料：请选择文件，或者把文字粘贴到框里。")
        result = await service.checks.submit(_task(service.settings, files, filled), client_of(request))
    _note(request, principal, filled, result)
    refuse_unreadable(result)
    ident = await asyncio.to_thread(keep, visitor, result, filled, before)
    place = f"{pages.root(request)}/check/{ident}"
    response: Response
    if _wants_data(request):
        response = Response(msgspec.json.encode({"page": place}), media_type="application/json")
    else:
        response = RedirectResponse(f"{place}#answer", status_code=303)
    visitor.remember(request, response)
    return response


@router.get("/check")
async def nowhere(request: Request) -> Response:
    """Whoever reloads the page after a refusal is led back to the form."""
    return RedirectResponse(f"{pages.root(request)}/", status_code=303)


@router.get("/check/{ident}")
async def answer_page(request: Request, ident: str, principal: Principal = Depends(_CHECK)) -> Response:  # noqa: B008
    """The report, with the way to the files above it and, after a second check, what has changed."""
    visitor = Visitor(request, principal)
    meta = await asyncio.to_thread(visitor.meta, ident)
    body = await asyncio.to_thread(visitor.get, ident, BODY)
    if meta is None or body is None:
        raise _gone()
    return pages.page(
        request,
        "answer.html.j2",
        ident=ident,
        until=meta.until,
        summary=meta.summary,
        copies=[file for file in meta.downloads if file.format in COPIES],
        others=[file for file in meta.downloads if file.format not in COPIES],
        failures=meta.failures,
        body=Markup(body.decode()),
    )


@router.get("/check/{ident}/{key}")
async def download(request: Request, ident: str, key: str, principal: Principal = Depends(_CHECK)) -> Response:  # noqa: B008
    """One file of an answer."""
    visitor = Visitor(request, principal)
    meta = await asyncio.to_thread(visitor.meta, ident)
    if meta is None:
        raise _gone()
    names = {file.key: file.name for file in meta.downloads}
    if key == ALL:
        name, data = "检查结果.zip", await asyncio.to_thread(packed, visitor, ident, names)
    else:
        name = names.get(key, "")
        data = await asyncio.to_thread(visitor.get, ident, key) if name else None
    if data is None:
        raise _gone()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    shown = f"attachment; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
    return Response(data, media_type=kind, headers={"Content-Disposition": shown})


def _gone() -> ProblemError:
    return ProblemError(
        404, "gone", "这次检查的结果已经删除（只留30分钟），或者不是在这个浏览器里检查的。请重新检查一遍。"
    )


# ---- the form -------------------------------------------------------------------------------------------------


async def _form(
    request: Request,
    principal: Principal | None,
    filled: Filled,
    before: Before | None = None,
    *,
    status: int = 200,
    error: str = "",
    problems: Iterable[str] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    settings = service_of(request).settings
    known = await asyncio.to_thread(_notices, settings.notice, settings.notices)
    chosen = filled.notice if filled.notice in known else settings.notice
    own_unit = principal.only_unit if principal else None
    return pages.page(
        request,
        "author.html.j2",
        status=status,
        headers=headers,
        principal=principal,
        here="/",
        form=msgspec.structs.replace(filled, notice=chosen, unit=own_unit or filled.unit),
        own_unit=own_unit or "",
        kinds=PAPER_KINDS,
        unit_types=UNIT_TYPES,
        flags=FLAGS,
        topics=known[chosen].topics,
        notices={key: entry.title for key, entry in known.items()},
        limits=msgspec.json.encode({key: entry.limits for key, entry in known.items()}).decode(),
        accept=ACCEPT,
        size_max=settings.body_size,
        files_max=settings.files_most,
        local=settings.open,
        error=error,
        problems=list(problems),
        before={"ident": before.ident, "at": before.meta.at, "summary": before.meta.summary} if before else None,
    )


async def _refused(request: Request, problem: ProblemError) -> Response:
    """Why it was not checked: above the form with what was filled in, or as a page of its own."""
    filled = getattr(request.state, "filled", None)
    if filled is None:
        return answer(request, problem)
    listed = problem.more.get("problems", ())
    chosen = "" if listed or problem.code == "nothing" else "文件要重新选一次。"
    return await _form(
        request,
        request.state.principal,
        filled,
        getattr(request.state, "before", None),
        status=problem.status,
        error=problem.detail + chosen,
        problems=[str(entry) for entry in listed] if isinstance(listed, (list, tuple)) else (),
        headers=problem.headers,
    )


def _filled(form: uploads.Form, principal: Principal | None) -> Filled:
    """What was filled in; what none of the choices offers counts as not chosen."""
    own_unit = principal.only_unit if principal else None
    return Filled(
        unit_type=form.get("unit_type") if form.get("unit_type") in UNIT_TYPES else "",
        unit=own_unit or form.get("unit").strip()[:100],
        person=form.get("person").strip()[:50],
        flags=tuple(flag for flag in form.all("flags") if flag in FLAGS),
        kind=form.get("kind") if form.get("kind") in PAPER_KINDS else "",
        notice=form.get("notice"),
        not_applicable={
            name.removeprefix(_TOPIC): reason
            for name in form.fields
            if name.startswith(_TOPIC) and (reason := form.get(name).strip()[:200])
        },
        text=form.get("text").replace("\r\n", "\n").replace("\r", "\n"),
    )


class _Known(msgspec.Struct, frozen=True):
    """A notice that may be chosen: its title, the limits of 字数 by kind of paper, its topics by id."""

    title: str
    limits: dict[str, int]
    topics: dict[str, str]


@lru_cache(maxsize=4)
def _notices(first: str, others: tuple[str, ...]) -> Mapping[str, _Known]:
    known = {}
    for name in dict.fromkeys((first, *notices.shipped(), *others)):
        try:
            loaded = notices.load(name)
        except NoticeError:
            if name == first:
                raise
            continue
        limits = {
            kind: rule.params.max
            for rule in loaded.rules
            if isinstance(rule.params, length.Params)
            for kind in rule.applies_to
        }
        speaking = (rule for rule in loaded.rules if rule.kind.covers == "topics")
        topics = {topic.id: topic.name for rule in speaking for topic in rule.params.topics}
        known[name] = _Known(f"{loaded.title}（{loaded.year}年）" if loaded.title else name, limits, topics)
    return known


# ---- the check ------------------------------------------------------------------------------------------------


def _handed(files: Iterable[uploads.Upload], text: str) -> tuple[Handed, ...]:
    """The papers; a field left empty is none."""
    chosen = [upload for upload in files if upload.size or upload.name != _NAMELESS]
    found = [Handed(upload.name, upload.content) for upload in chosen if is_paper(PurePosixPath(upload.name))]
    if text.strip():
        found.append(Handed(PASTED, text.encode("utf-8", "replace")))
    return tuple(found)


def _task(settings: ServiceSettings, files: tuple[Handed, ...], filled: Filled) -> CheckTask:
    known = _notices(settings.notice, settings.notices)
    chosen = filled.notice if filled.notice in known else settings.notice
    return CheckTask(
        files=files,
        notice=chosen,
        kind=filled.kind or None,
        unit=filled.unit,
        unit_type=filled.unit_type,
        person=filled.person,
        flags=frozenset(filled.flags),
        not_applicable={
            topic: reason for topic, reason in filled.not_applicable.items() if topic in known[chosen].topics
        },
        grades=settings.grades,
        formats=_FORMATS,
        limits=settings.limits,
    )


def _note(request: Request, principal: Principal, filled: Filled, result: CheckAnswer) -> None:
    """Who had papers checked: no name of a file, no text."""
    service_of(request).audit.note(principal, "check", result.verdict, filled.unit, client_of(request))
