"""The hook for other systems: check papers and branch on the verdict; which notices there are; is the service alive."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from checker.document import FLAGS, PAPER_KINDS, UNIT_TYPES
from checker.errors import KaoheError, NoticeError
from checker.report import SEVERITIES, VERDICT_NAMES
from checker.service import api_docs as docs
from checker.service.access import Principal, require
from checker.service.check_task import NEVER, CheckAnswer, CheckTask, Handed
from checker.service.idempotency import Answer, Once
from checker.service.limits import client_of
from checker.service.problems import ProblemError, of_error
from checker.service.service import Service, service_of
from checker.service.settings import ServiceSettings
from checker.service.uploads import Form, bare_name, received

router = APIRouter()

_FIELDS = (
    "files", "text", "text_name", "notice", "kind", "unit", "unit_type", "person", "flags", "not_applicable",
    "fail_on", "whole", "strict", "csrf",
)  # fmt: skip
_SINGLE = frozenset(_FIELDS) - {"files", "flags", "not_applicable"}
_MEDIA_TYPE = "application/json"
_TRUE = {"true": True, "1": True, "false": False, "0": False, "": False}


# ---- checks ---------------------------------------------------------------------------------------------------


@router.post("/api/v1/checks", tags=["检查"], responses=docs.CHECK_RESPONSES, openapi_extra=docs.CHECK_REQUEST)
async def check(request: Request, principal: Principal = Depends(require("check", uploads=True))) -> Response:  # noqa: B008
    """检查一个单位的一套材料，直接返回报告。

    所有文件算作同一个单位的一套材料。材料只用于这一次检查，答复以后立即删除。

    调用方按 `verdict`（也在响应头 `Kaohe-Verdict` 里）和 `Kaohe-Passed` 决定收不收；
    只能看状态码的系统请加 `strict=true`：没有通过就返回 422，内容仍是同一份报告。
    """
    service = service_of(request)
    async with received(request) as form:
        task, strict = task_of(form, service.settings, principal), _truth(form, "strict")
        once = _once(request, service, principal)
        if once is not None:
            before = await once.begin(form.digest)
            if before is not None:
                return Response(
                    before.body, before.status, {**before.headers, "Idempotency-Replayed": "true"}, _MEDIA_TYPE
                )
        answer: Answer | None = None
        try:
            checked = await _patiently(request, service, task, client_of(request) + principal.token_id)
            answer = _answer(checked, strict=strict)
        except KaoheError as error:
            raise of_error(error) from None
        finally:
            if once is not None:
                await asyncio.shield(once.forget() if answer is None else once.keep(answer))
    _note(request, service, principal, task, answer)
    return Response(answer.body, answer.status, dict(answer.headers), _MEDIA_TYPE)


def task_of(form: Form, settings: ServiceSettings, principal: Principal) -> CheckTask:
    """What a form asks for; ProblemError says what is wrong with it. Also for the author's page."""
    unknown = [name for name in (*form.fields, *(upload.field for upload in form.uploads)) if name not in _FIELDS]
    if unknown:
        raise _invalid("unknown-field", f"不认识的项目 {unknown[0][:40]}；可用的有 {'、'.join(_FIELDS)}。", unknown[0])
    twice = [name for name in _SINGLE if len(form.all(name)) > 1]
    if twice:
        raise _invalid("invalid", f"{twice[0]} 只能写一次。", twice[0])
    files = [Handed(upload.name, upload.content) for upload in form.files("files")]
    if form.get("text").strip():
        name = bare_name(form.get("text_name") or "粘贴的文字.txt")
        files.append(Handed(name if "." in name else f"{name}.txt", form.get("text").encode()))
    if not files:
        raise _invalid("no-files", "请给出要检查的文件（files），可以有多个。", "files")
    flags = [flag for value in form.all("flags") for flag in value.replace(",", " ").split()]
    for flag in flags:
        _choice("flags", flag, FLAGS)
    return CheckTask(
        files=tuple(files),
        notice=_notice_named(form.get("notice"), settings),
        kind=_choice("kind", form.get("kind"), PAPER_KINDS) or None,
        unit=unit_for(form.get("unit"), principal),
        unit_type=_choice("unit_type", form.get("unit_type"), UNIT_TYPES),
        person=_line("person", form.get("person")),
        flags=frozenset(flags),
        not_applicable=_reasons(form),
        grades=settings.grades,
        fail_on=_choice("fail_on", form.get("fail_on"), [*SEVERITIES, NEVER]) or "error",
        limits=settings.limits,
        whole=not form.get("whole") or _truth(form, "whole"),
    )


def unit_for(unit: str, principal: Principal) -> str:
    """The unit that papers are checked for: an author's own, whatever is left out; 403 for another's."""
    named = _line("unit", unit)
    own = principal.only_unit
    if own is None:
        return named
    if named and named != own:
        raise ProblemError(403, "other-unit", f"这个令牌只能检查“{own}”的材料。")
    return own


async def _patiently(request: Request, service: Service, task: CheckTask, client: str) -> CheckAnswer:
    """The answer; who goes away while it waits is taken out of the queue."""
    waiting = asyncio.ensure_future(service.checks.submit(task, client))
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        waiting.cancel()
        # Nobody reads this any more; the log may.
        raise ProblemError(400, "client-gone", "连接已断开，没有检查。")
    finally:
        gone.cancel()
        waiting.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answer(checked: CheckAnswer, *, strict: bool) -> Answer:
    headers = {"Kaohe-Verdict": checked.verdict, "Kaohe-Passed": "true" if checked.passed else "false"}
    return Answer(422 if strict and not checked.passed else 200, headers, checked.report)


def _once(request: Request, service: Service, principal: Principal) -> Once | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    return Once(service, key, principal.token_id or f"{principal.via}:{principal.name}", "checks")


def _note(request: Request, service: Service, principal: Principal, task: CheckTask, answer: Answer) -> None:
    """What was refused is noted at the doors."""
    names = "、".join(handed.name for handed in task.files)
    what = f"{answer.headers['Kaohe-Verdict']}：{names}"
    service.audit.note(principal, "check", what, task.unit, client_of(request), answer.status)


def _notice_named(wanted: str, settings: ServiceSettings) -> str:
    """What `notice.load` takes, for an id that may be asked for. A client never names a file of this machine."""
    if not wanted:
        return settings.notice
    offered = notices(settings)
    if wanted not in offered:
        raise _invalid("unknown-notice", f"没有 {wanted[:40]} 这份考核通知；可用的有 {'、'.join(offered)}。", "notice")
    return offered[wanted].source


def _choice(name: str, value: str, allowed: Any) -> str:
    if value and value not in allowed:
        raise _invalid("invalid", f"{name} 没有 {value[:40]} 这个选择；可用的有 {'、'.join(map(str, allowed))}。", name)
    return value


def _line(name: str, value: str) -> str:
    text = " ".join(value.split())
    if len(text) > 100:
        raise _invalid("invalid", f"{name} 太长，不能超过 100 字。", name)
    return text


def _truth(form: Form, name: str) -> bool:
    value = form.get(name).lower()
    if value not in _TRUE:
        raise _invalid("invalid", f"{name} 只能是 true 或 false。", name)
    return _TRUE[value]


def _reasons(form: Form) -> dict[str, str]:
    reasons = {}
    for value in form.all("not_applicable"):
        topic, _, reason = value.partition("=")
        if not topic.strip() or not reason.strip():
            raise _invalid(
                "invalid", "not_applicable 要写成 事项=理由，例如 religion=本单位没有这项职能。", "not_applicable"
            )
        reasons[topic.strip()] = _line("not_applicable", reason)
    return reasons


def _invalid(code: str, detail: str, field: str) -> ProblemError:
    return ProblemError(422, code, detail, more={"field": field[:40]})


# ---- notices --------------------------------------------------------------------------------------------------


class Offered(msgspec.Struct, frozen=True):
    """A notice that may be asked for; `source` is where it comes from."""

    id: str
    title: str
    number: str
    year: int
    rules: tuple[tuple[str, str], ...]
    source: str


@lru_cache(maxsize=4)
def _offered(names: tuple[str, ...]) -> Mapping[str, Offered]:
    from checker import notice

    found: dict[str, Offered] = {}
    for name in names:
        loaded = notice.load(name)
        rules = tuple((rule.id, rule.name) for rule in loaded.rules)
        found.setdefault(loaded.id, Offered(loaded.id, loaded.title, loaded.number, loaded.year, rules, name))
    return found


def notices(settings: ServiceSettings) -> Mapping[str, Offered]:
    """The notices that may be asked for by id, the usual one first; NoticeError where a file of one is no good."""
    from checker import notice

    return _offered(tuple(dict.fromkeys((settings.notice, *settings.notices, *notice.shipped()))))


@router.get("/api/v1/notices", tags=["检查"], responses=docs.NOTICES_RESPONSES)
async def list_notices(request: Request, principal: Principal = Depends(require("notices"))) -> Response:  # noqa: B008
    """可以选用的考核通知，和请求里各项可以取的值。"""
    settings = service_of(request).settings
    try:
        offered = await asyncio.to_thread(notices, settings)
    except NoticeError as error:
        raise ProblemError(500, error.code, "服务器上的考核通知读不了，请联系管理员。") from None
    data = {
        "notices": [
            {
                "id": entry.id,
                "title": entry.title,
                "number": entry.number,
                "year": entry.year,
                "default": number == 0,
                "rules": [{"id": id_, "name": name} for id_, name in entry.rules],
            }
            for number, entry in enumerate(offered.values())
        ],
        "kinds": dict(PAPER_KINDS),
        "unit_types": dict(UNIT_TYPES),
        "flags": dict(FLAGS),
        "verdicts": dict(VERDICT_NAMES),
    }
    return Response(msgspec.json.encode(data), media_type=_MEDIA_TYPE)


# ---- alive ----------------------------------------------------------------------------------------------------


@router.get("/healthz", tags=["运行"], responses=docs.HEALTH_RESPONSES)
async def healthz() -> Response:
    """服务进程还活着。"""
    return Response(b'{"status":"ok"}', media_type=_MEDIA_TYPE)


@router.get("/readyz", tags=["运行"], responses=docs.READY_RESPONSES)
async def readyz(request: Request) -> Response:
    """服务现在就能受理检查：检查进程已就绪，数据库连得上，排队没有满。"""
    service = service_of(request)
    checks = {
        "checks": service.checks.ready,
        "database": await asyncio.to_thread(_database_answers, service),
        "running": not service.stopping.is_set(),
    }
    ready = all(checks.values())
    body = msgspec.json.encode({"status": "ready" if ready else "not-ready", "parts": checks})
    return Response(body, 200 if ready else 503, {} if ready else {"Retry-After": "2"}, _MEDIA_TYPE)


def _database_answers(service: Service) -> bool:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with service.database.session() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True
