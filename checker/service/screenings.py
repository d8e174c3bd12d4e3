"""/api/v1/screenings: batches are handed in, watched, cancelled, looked at, decided on, fetched and removed.

An author sees of a screening what there is on its own unit and nothing else; for whoever may not see one, it is not
there. What waits for the disk or the database runs in threads.
"""

from __future__ import annotations

import asyncio
import mimetypes
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response, StreamingResponse

from checker.screening.plan import CopiesFor
from checker.service import screening_docs as docs
from checker.service.access import Principal, require
from checker.service.idempotency import Answer, Once
from checker.service.limits import client_of
from checker.service.models import Decision, Screening, ScreeningUnit
from checker.service.problems import ProblemError
from checker.service.screening_folder import Folder, UnitEntry
from checker.service.screening_jobs import NAME_MOST, Asked, Handed, Screenings, Wanted, page_policy
from checker.service.service import service_of
from checker.service.uploads import Form, Upload, received

__all__ = ["Screenings", "router"]

router = APIRouter(prefix="/api/v1/screenings", tags=["批量审查"])

_PAGE_HEADERS: Mapping[str, str] = {"Cache-Control": "no-store"}
_FIELDS = frozenset(
    {"name", "notice", "previous", "copies", "cover", "suggest", "round", "webhook", "webhook_secret", "csrf"}
)
_FILES = frozenset({"file", "roster", "pins", "accept", "against"})
_COPIES = ("return", "all", "none")
_TRUE = {"true": True, "1": True, "on": True, "false": False, "0": False, "": False}
_CHUNK = 256 * 1024
_PACKED = frozenset({".docx", ".xlsx", ".pdf", ".zip", ".ofd", ".odt"})
_ROUNDS = 99

See = Annotated[Principal, Depends(require("own-results"))]
Review = Annotated[Principal, Depends(require("screenings"))]
Screen = Annotated[Principal, Depends(require("screen"))]
Decide = Annotated[Principal, Depends(require("decide"))]


# ---- handing in -----------------------------------------------------------------------------------------------


@router.post("", status_code=202, responses=docs.CREATED, openapi_extra=docs.CREATE)
async def create(
    request: Request, principal: Annotated[Principal, Depends(require("screen", uploads=True))]
) -> Response:
    """提交一批材料（zip）和花名册，排队审查。

    立即返回编号；进展看 `events` 或 `GET /api/v1/screenings/{id}`，结束时可以由 webhook 通知。
    """
    service = service_of(request)
    async with received(request) as form:
        handed, asked = _handed(form), _asked(form)
        key = request.headers.get("idempotency-key")
        who = principal.token_id or f"{principal.via}:{principal.name}"
        once = Once(service, key, who, "screenings") if key is not None else None
        if once is not None:
            before = await once.begin(form.digest)
            if before is not None:
                replayed = {**before.headers, "Idempotency-Replayed": "true"}
                return Response(before.body, before.status, replayed, "application/json")
        answer: Answer | None = None
        try:
            row = await asyncio.to_thread(service.screenings.create, handed, asked, principal)
            place = str(request.url.path).rstrip("/") + f"/{row.id}"
            service.audit.note(principal, "screen", f"{row.id} {row.name}", client=client_of(request), status=202)
            answer = Answer(202, {"Location": place}, msgspec.json.encode(_told(request, row, None)))
        finally:
            if once is not None:
                await asyncio.shield(once.forget() if answer is None else once.keep(answer))
    return Response(answer.body, 202, dict(answer.headers), "application/json")


def _handed(form: Form) -> Handed:
    for name in (*form.fields, *(upload.field for upload in form.uploads)):
        if name not in _FIELDS | _FILES:
            known = "、".join(sorted(_FILES | _FIELDS - {"csrf"}))
            raise _invalid("unknown-field", f"不认识的项目 {_shown(name)}；可用的有 {known}。", name)

    def one(name: str) -> Upload | None:
        found = _chosen(form, name)
        if len(found) > 1:
            raise _invalid("too-many-files", f"{name} 只能有一个文件。", name)
        return found[0] if found else None

    return Handed(_chosen(form, "file"), one("roster"), one("pins"), one("accept"), _chosen(form, "against"))


def _chosen(form: Form, name: str) -> tuple[Upload, ...]:
    """The files of a field; a browser sends one without name and content where none was chosen."""
    return tuple(it for it in form.files(name) if it.size or it.name != "未命名")


def _asked(form: Form) -> Asked:
    copies = form.get("copies") or "return"
    if copies not in _COPIES:
        raise _invalid("invalid", f"copies 只能是 {'、'.join(_COPIES)}。", "copies")
    turn = form.get("round").strip()
    if turn and not (turn.isascii() and turn.isdigit() and 1 <= int(turn[:4]) <= _ROUNDS and len(turn) < 4):
        raise _invalid("invalid", f"round 要是 1 到 {_ROUNDS} 的整数。", "round")
    return Asked(
        name=_line(form.get("name")),
        notice=_line(form.get("notice")),
        previous=_line(form.get("previous")),
        copies=cast(CopiesFor, copies),
        cover=_truth(form, "cover"),
        suggest=_truth(form, "suggest"),
        round=int(turn) if turn else None,
        webhook=form.get("webhook").strip(),
        webhook_secret=form.get("webhook_secret").strip(),
    )


def _truth(form: Form, name: str) -> bool:
    value = form.get(name).lower()
    if value not in _TRUE:
        raise _invalid("invalid", f"{name} 只能是 true 或 false。", name)
    return _TRUE[value]


# ---- looking --------------------------------------------------------------------------------------------------


@router.get("", responses=docs.LISTED)
async def history(
    request: Request,
    principal: See,
    unit: Annotated[str, Query(max_length=NAME_MOST, description="单位名称或其中几个字")] = "",
    year: Annotated[int | None, Query(ge=1900, le=2200, description="考核年度")] = None,
    state: Annotated[Literal["", "waiting", "running", "done", "cancelled", "failed"], Query()] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """历次审查，新的在前；可以按单位、年度和状态查。填报人只看到有本单位结果的。"""
    screenings = service_of(request).screenings
    wanted = Wanted(_line(unit), principal.only_unit, year, state)

    def found() -> dict[str, Any]:
        rows, total = screenings.list(wanted, page, size)
        units = screenings.units_of([row.id for row in rows], wanted)
        items = []
        for row in rows:
            item = _told(request, row, principal.only_unit)
            if wanted.unit or wanted.own is not None:
                item["units"] = [_unit_row(it) for it in units.get(row.id, ())]
            items.append(item)
        return {"items": items, "total": total, "page": page, "size": size}

    return _json(await asyncio.to_thread(found))


@router.get("/{id}", responses=docs.SHOWN)
async def show(request: Request, id: str, principal: See) -> Response:
    """一次审查：状态、进展、计数。"""
    screenings = service_of(request).screenings

    def found() -> dict[str, Any]:
        row = screenings.get(id, principal.only_unit)
        data = _told(request, row, principal.only_unit)
        if principal.only_unit is None:
            latest = {event.kind: event.data for event in screenings.folder(id).latest()}
            data["progress"] = latest.get("progress") if row.state == "running" else None
            data["ahead"] = screenings.ahead(id)
            decided = screenings.decisions(id)
            data["undone"] = sum(it.at > (row.started or row.created) for it in decided)
        else:
            data["units"] = [_unit_entry(it) for it in _units(screenings, id, principal)]
        return data

    return _json(await asyncio.to_thread(found))


@router.get("/{id}/units", responses=docs.UNITS)
async def units(request: Request, id: str, principal: See) -> Response:
    """各单位的结论和计数，最要紧的在前。"""
    screenings = service_of(request).screenings

    def found() -> dict[str, Any]:
        screenings.get(id, principal.only_unit)
        return {"units": [_unit_entry(it) for it in _units(screenings, id, principal)]}

    return _json(await asyncio.to_thread(found))


@router.get("/{id}/units/{unit:path}", responses=docs.UNIT)
async def unit(request: Request, id: str, unit: str, principal: See) -> Response:
    """一个单位的完整结果：材料、问题、缺少什么、与上一轮相比，格式同 results.jsonl 的一行。"""
    screenings = service_of(request).screenings

    def found() -> bytes:
        screenings.get(id, principal.only_unit)
        record = screenings.folder(id).record(unit) if principal.sees(unit) else None
        if record is None:
            raise ProblemError(404, "no-unit", "这次审查里没有这个单位的结果，请核对名称。")
        return record

    return Response(await asyncio.to_thread(found), media_type="application/json")


def _units(screenings: Screenings, ident: str, principal: Principal) -> list[UnitEntry]:
    return [entry for entry in screenings.folder(ident).units() if principal.sees(entry.name)]


# ---- results --------------------------------------------------------------------------------------------------


@router.get("/{id}/results/{path:path}", responses=docs.FILE, response_class=Response)
async def result(request: Request, id: str, path: str, principal: See) -> Response:
    """结果里的一个文件：index.html、汇总表.xlsx、归属表.xlsx、results.jsonl、单位/…。填报人只能取本单位的。"""
    screenings = service_of(request).screenings

    def found() -> tuple[Screening, Path | None]:
        row = screenings.get(id, principal.only_unit)
        return row, screenings.folder(id).result(path, principal.only_unit)

    row, place = await asyncio.to_thread(found)
    if place is None:
        raise ProblemError(404, "no-result", "结果里没有这个文件，可能还没有生成，或已被新的结果取代。")
    if place.suffix == ".html":
        headers = {**_PAGE_HEADERS, "Content-Security-Policy": row.options.get("policy") or page_policy()}
        return FileResponse(place, headers=headers, media_type="text/html; charset=utf-8")
    kind = mimetypes.guess_type(place.name)[0] or "application/octet-stream"
    kind = "application/x-ndjson" if place.suffix == ".jsonl" else kind
    return FileResponse(place, headers={**_PAGE_HEADERS, **_as_file(place.name)}, media_type=kind)


@router.get("/{id}/archive.zip", responses=docs.ARCHIVE, response_class=Response)
async def archive(request: Request, id: str, _: Annotated[Principal, Depends(require("download"))]) -> Response:
    """全部结果打成一个 zip，边打包边下载。"""
    screenings = service_of(request).screenings
    row = await asyncio.to_thread(screenings.get, id)
    folder = screenings.folder(id)
    if not await asyncio.to_thread(lambda: any(True for _ in folder.files())):
        raise ProblemError(404, "no-result", "这次审查还没有结果。")
    name = f"{_file_name(row.name)}-审查结果.zip"
    return StreamingResponse(packed(folder), headers=_as_file(name), media_type="application/zip")


class _Sink:
    """What the archive is written to: nothing is kept but what the client has not yet taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        found, self._pieces = b"".join(self._pieces), []
        return found


def packed(folder: Folder) -> Iterator[bytes]:
    """The results as an archive, piece by piece; a file that a new run has taken away meanwhile is left out."""
    sink = _Sink()
    with zipfile.ZipFile(cast(Any, sink), "w", zipfile.ZIP_DEFLATED) as target:
        for name, path in folder.files():
            try:
                stream = path.open("rb")
            except OSError:
                continue
            with stream:
                info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
                # Twice packed is no smaller.
                info.compress_type = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
                info.external_attr = 0o600 << 16
                with target.open(info, "w", force_zip64=info.file_size > 1 << 30) as into:
                    while piece := stream.read(_CHUNK):
                        into.write(piece)
                        if ready := sink.take():
                            yield ready
    yield sink.take()


# ---- ending, running again, removing --------------------------------------------------------------------------


@router.post("/{id}/cancel", responses=docs.CHANGED)
async def cancel(request: Request, id: str, principal: Screen) -> Response:
    """取消等候或正在进行的审查；做完的部分留着，可以重新运行接着做。"""
    row = await asyncio.to_thread(service_of(request).screenings.cancel, id)
    return _json(_told(request, row, None))


@router.post("/{id}/rerun", status_code=202, responses=docs.RERUN)
async def rerun(request: Request, id: str, principal: Screen) -> Response:
    """重新运行：算上新作的处理意见；没有变的不重新检查。"""
    row = await asyncio.to_thread(service_of(request).screenings.rerun, id)
    return _json(_told(request, row, None), 202)


@router.delete("/{id}", status_code=204, responses=docs.DELETED)
async def delete(request: Request, id: str, _: Annotated[Principal, Depends(require("delete"))]) -> Response:
    """删除一次审查：材料、结果和处理意见都不再保留。"""
    await asyncio.to_thread(service_of(request).screenings.delete, id)
    return Response(status_code=204)


# ---- decisions ------------------------------------------------------------------------------------------------


class DecisionBody(BaseModel):
    """接受一个问题（不再计入结论），或仍退回单位修改。"""

    model_config = ConfigDict(extra="forbid")

    unit: str = Field(min_length=1, max_length=NAME_MOST, description="单位", examples=["某某局"])
    rule: str = Field(min_length=1, max_length=100, description="规则编号", examples=["summary-length"])
    fingerprint: str = Field(
        pattern="^[0-9a-f]{16}$", description="问题的 fingerprint，见单位的结果", examples=["0123456789abcdef"]
    )
    verb: Literal["accept", "return"] = Field(description="accept 接受；return 退回修改（也用来撤回接受）")
    reason: str = Field(min_length=1, max_length=500, description="理由", examples=["已电话核实，情况属实"])


@router.post("/{id}/decisions", status_code=201, responses=docs.DECIDED)
async def decide(request: Request, id: str, body: DecisionBody, principal: Decide) -> Response:
    """记下对一个问题的处理意见；重新运行后结果里就算上了。"""
    screenings = service_of(request).screenings
    made = await asyncio.to_thread(
        screenings.decide, id, body.unit, body.rule, body.fingerprint, body.verb, _line(body.reason, 500), principal
    )
    what = f"{id} {body.verb} {body.rule} {body.fingerprint}"
    service_of(request).audit.note(principal, "decide", what, body.unit, client_of(request), 201)
    return _json(_decision(made, current=True), 201)


@router.get("/{id}/decisions", responses=docs.DECISIONS)
async def decisions(request: Request, id: str, principal: See) -> Response:
    """作过的处理意见，早的在前；同一个问题以最后一条（`current`）为准。填报人只看到本单位的。"""
    screenings = service_of(request).screenings

    def found() -> list[dict[str, Any]]:
        screenings.get(id, principal.only_unit)
        rows = screenings.decisions(id, principal.only_unit)
        newest = {(row.unit, row.rule, row.fingerprint): row.id for row in rows}
        return [_decision(row, current=newest[row.unit, row.rule, row.fingerprint] == row.id) for row in rows]

    return _json({"decisions": await asyncio.to_thread(found)})


# ---- what is told ---------------------------------------------------------------------------------------------


def _told(request: Request, row: Screening, only: str | None) -> dict[str, Any]:
    """A screening as the answers show it; to an author (`only`) nothing of the other units."""
    base = f"{str(request.scope.get('root_path') or '').rstrip('/')}{router.prefix}/{row.id}"
    told: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "year": row.year,
        "created": _time(row.created),
        "started": _time(row.started),
        "ended": _time(row.ended),
        "links": {"self": base, "results": f"{base}/results/index.html", "archive": f"{base}/archive.zip"},
    }
    if only is not None:
        del told["links"]["results"], told["links"]["archive"], told["name"]
        return told
    told["links"]["events"] = f"{base}/events"
    options = {key: value for key, value in row.options.items() if key not in ("papers", "policy")}
    return told | {"by": row.by, "error": row.error, "counts": row.counts, "options": options}


def _unit_entry(entry: UnitEntry) -> dict[str, Any]:
    return {
        "unit": entry.name,
        "unit_type": entry.unit_type,
        "known": entry.known,
        "verdict": entry.verdict,
        "counts": entry.counts,
        "page": entry.page,
        "form": entry.form,
    }


def _unit_row(row: ScreeningUnit) -> dict[str, Any]:
    return {"unit": row.unit, "verdict": row.verdict, "counts": row.counts}


def _decision(row: Decision, *, current: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "unit": row.unit,
        "rule": row.rule,
        "fingerprint": row.fingerprint,
        "verb": row.verb,
        "reason": row.reason,
        "by": row.by,
        "at": _time(row.at),
        "current": current,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def _json(data: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(data), status, media_type="application/json")


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def _file_name(name: str) -> str:
    return "".join("_" if it in '\\/:*?"<>|' or not it.isprintable() else it for it in name)[:80].strip(" .") or "审查"


def _line(text: str, most: int = NAME_MOST) -> str:
    """One line of what can be shown."""
    return " ".join("".join(it if it.isprintable() else " " for it in text).split())[:most]


def _shown(text: str) -> str:
    return _line(text, 40)


def _invalid(code: str, detail: str, field: str) -> ProblemError:
    return ProblemError(422, code, detail, more={"field": _shown(field)})
