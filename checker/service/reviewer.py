"""The reviewer's pages: hand in a batch, watch it run, decide on findings, run it again, look back.

Everything works without scripts: decisions are plain forms, a page of what runs loads itself anew. `reviewer.js` adds
live progress and decisions without a new page. An author sees of all this what there is on its own unit.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import zipfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, cast, get_args
from urllib.parse import quote, urlencode

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.background import BackgroundTask

from checker.errors import NoticeError
from checker.render import phrases as say
from checker.screening.plan import CopiesFor
from checker.service import pages, uploads
from checker.service import review_views as views
from checker.service.access import Principal, require
from checker.service.api import Offered
from checker.service.api import notices as offered_notices
from checker.service.models import Decision, Screening, ScreeningUnit
from checker.service.problems import ProblemError
from checker.service.screening_folder import UnitEntry
from checker.service.screening_jobs import Asked, Handed, Screenings, Verb, Wanted
from checker.service.service import Service, service_of

PAGE = 20
"""Screenings on a page of the list."""
UNITS_PAGE = 100
_PAST_MOST = 100
_EARLIER_MOST = 100
_REASON_MOST = 500
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

See = Annotated[Principal, Depends(require("own-results"))]
Screen = Annotated[Principal, Depends(require("screen"))]
Decide = Annotated[Principal, Depends(require("decide"))]
Delete = Annotated[Principal, Depends(require("delete"))]
Download = Annotated[Principal, Depends(require("download"))]


def wants_data(request: Request) -> bool:
    """Whether a script of ours asks, which shows problems in its own way."""
    return "application/json" in request.headers.get("accept", "")


class PageRoute(APIRoute):
    """Tells a person in a page, and not in JSON, why a request was refused."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except ProblemError as problem:
                if problem.status < 400 or wants_data(request):
                    raise
                return pages.error_page(request, problem.status, problem.detail, problem.title, problem.headers)

        return handler


router = APIRouter(route_class=PageRoute, include_in_schema=False)


# ---- lists ----------------------------------------------------------------------------------------------------


@router.get("/screenings")
async def screenings_page(request: Request, principal: See, page: str = "1") -> Response:
    """The screenings, the newest first."""
    service, root = service_of(request), pages.root(request)
    screenings = service.screenings
    only, number = principal.only_unit, _number(page)

    def found() -> dict[str, Any]:
        wanted = Wanted(own=only)
        rows, total = screenings.list(wanted, number, PAGE)
        own = screenings.units_of([row.id for row in rows], wanted)
        listed = [views.listed(row, root, next(iter(own.get(row.id, ())), None), whole=only is None) for row in rows]
        return {"rows": listed, "years": _years(service, only), "page": number, "pages": -(-total // PAGE)}

    return pages.page(request, "screenings.html.j2", **await asyncio.to_thread(found))


@router.get("/review")
async def review(request: Request) -> Response:
    """The other name of the list."""
    return _to(request, "/screenings")


@router.get("/history")
async def history_page(request: Request, principal: See, unit: str = "", year: str = "") -> Response:
    """Which screenings had a unit, what they said of it, and what was mended since the round before."""
    service, root = service_of(request), pages.root(request)
    screenings = service.screenings
    only = principal.only_unit
    part = _line(unit) if only is None else only

    def found() -> dict[str, Any]:
        asked = int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None
        known = _years(service, only)
        wanted = Wanted(unit=part if only is None else "", own=only, year=asked)
        rows: Sequence[Screening] = screenings.list(wanted, 1, _PAST_MOST)[0] if part else ()
        units = screenings.units_of([row.id for row in rows], wanted)
        pairs = [(row, of) for row in rows for of in units.get(row.id, ())]
        past = [
            views.past(row, of, root, _record(screenings, row.id, of.unit), whole=only is None)
            for row, of in pairs[:_PAST_MOST]
        ]
        return {"rows": past, "total": len(pairs), "years": known, "year": asked}

    return pages.page(request, "history.html.j2", unit=part, asked=bool(part), **await asyncio.to_thread(found))


def _years(service: Service, only: str | None) -> list[int]:
    """The years that there are screenings of, the newest first."""
    query = select(Screening.year).where(Screening.year.is_not(None)).distinct()
    if only is not None:
        query = query.join(ScreeningUnit).where(ScreeningUnit.unit == only)
    with service.database.session() as session:
        return sorted((year for year in session.scalars(query) if year is not None), reverse=True)


# ---- a new one ------------------------------------------------------------------------------------------------


@router.get("/screenings/new")
async def new_page(request: Request, principal: Screen, previous: str = "") -> Response:
    """The form to hand in a batch with."""
    return await _new(request, principal, Asked(previous=previous))


@router.get("/screenings/roster.xlsx")
async def roster_template(request: Request, principal: Screen) -> Response:
    """An empty roster to be filled in."""
    from checker.screening.roster_template import template

    return Response(await asyncio.to_thread(template), media_type=_XLSX, headers=_as_file("花名册.xlsx"))


async def _new(
    request: Request, principal: Principal | None, filled: Asked, problem: ProblemError | None = None
) -> Response:
    service = service_of(request)

    def found() -> dict[str, Any]:
        rows, _ = service.screenings.list(Wanted(state="done"), 1, _EARLIER_MOST)
        earlier = [(row.id, f"{say.one_line(row.name)}（{views.moment(row.ended)}）") for row in rows]
        offered = _offered(service)
        return {
            "earlier": earlier,
            "notices": {key: entry.title for key, entry in offered.items()},
            "notice": filled.notice or next(iter(offered), ""),
        }

    return pages.page(
        request,
        "new_screening.html.j2",
        status=problem.status if problem is not None else 200,
        headers=problem.headers if problem is not None else None,
        principal=principal,
        title=filled.name,
        copies=filled.copies,
        previous=filled.previous,
        error=f"{problem.detail}文件要重新选一次。" if problem is not None else "",
        size_max=service.settings.body_size,
        files_max=service.settings.files_most,
        **await asyncio.to_thread(found),
    )


@router.post("/screenings")
async def create(
    request: Request, principal: Annotated[Principal, Depends(require("screen", uploads=True))]
) -> Response:
    """Take in a batch, and lead to the page where it is watched."""
    service = service_of(request)
    filled = Asked()
    try:
        async with uploads.received(request) as form:
            filled = _asked(form)
            row = await asyncio.to_thread(service.screenings.create, _handed(form), filled, principal)
    except ProblemError as problem:
        if wants_data(request):
            raise
        return await _new(request, principal, filled, problem)
    service.audit.note(principal, "screen", row.id)
    place = f"{pages.root(request)}/screenings/{row.id}"
    if wants_data(request):
        return Response(msgspec.json.encode({"page": place}), media_type="application/json")
    return RedirectResponse(place, status_code=303)


def _handed(form: uploads.Form) -> Handed:
    def chosen(name: str) -> list[uploads.Upload]:
        # A browser sends a file without name and content where none was chosen.
        return [it for it in form.files(name) if it.size or it.name != "未命名"]

    def one(name: str) -> uploads.Upload | None:
        return next(iter(chosen(name)), None)

    return Handed(chosen("files"), one("roster"), one("pins"))


def _asked(form: uploads.Form) -> Asked:
    copies = form.get("copies")
    return Asked(
        name=_line(form.get("name")),
        notice=_line(form.get("notice")),
        previous=_line(form.get("previous")),
        copies=cast(CopiesFor, copies) if copies in get_args(CopiesFor) else "return",
    )


# ---- one screening --------------------------------------------------------------------------------------------


@router.get("/screenings/{ident}")
async def screening_page(
    request: Request, ident: str, principal: See, q: str = "", verdict: str = "", page: str = "1"
) -> Response:
    """How far it is while it runs; what came of it, and where to go from here, when it has ended."""
    service, root = service_of(request), pages.root(request)
    screenings, only = service.screenings, principal.only_unit
    part, wanted = _line(q), verdict if verdict in views.VERDICTS else ""

    def found() -> dict[str, Any]:
        row = screenings.get(ident, only)
        entries = [entry for entry in screenings.folder(ident).units() if principal.sees(entry.name)]
        it = _shown(service, row, entries, root, only)
        every = screenings.decisions(ident, only)
        decided = views.standing(every)
        fitting = [entry for entry in entries if part in entry.name and (not wanted or entry.verdict == wanted)]
        count = max(1, -(-len(fitting) // UNITS_PAGE))
        number = min(_number(page), count)
        cut = fitting[(number - 1) * UNITS_PAGE : number * UNITS_PAGE]
        return {
            "it": it,
            "progress": views.progress(screenings.folder(ident).latest()) if it.live else views.Progress(),
            "ahead": screenings.ahead(ident),
            "units": [views.unit_row(entry, it, decided.get(entry.name, {})) for entry in cut],
            "shown": len(fitting),
            "page": number,
            "pages": count,
            "waiting": _waiting(screenings, ident, every) if principal.may("decide") else None,
        }

    values = await asyncio.to_thread(found)
    link = f"{root}/screenings/{ident}?" + (f"{urlencode({'q': part, 'verdict': wanted})}&" if part or wanted else "")
    query = {"q": part, "verdict": wanted, "link": link}
    return pages.page(request, "screening.html.j2", query=query, verdicts=tuple(views.VERDICTS.values()), **values)


@router.get("/screenings/{ident}/progress")
async def progress(request: Request, ident: str, principal: See) -> Response:
    """How far it is, for the script where events do not come through (an old proxy)."""
    screenings = service_of(request).screenings

    def found() -> dict[str, Any]:
        row = screenings.get(ident, principal.only_unit)
        if row.state not in views.LIVE:
            return {"state": row.state}
        return {"state": row.state, **msgspec.to_builtins(views.progress(screenings.folder(ident).latest()))}

    return Response(msgspec.json.encode(await asyncio.to_thread(found)), media_type="application/json")


@router.post("/screenings/{ident}/cancel")
async def cancel(request: Request, ident: str, principal: Screen) -> Response:
    """End it; what was done stays."""
    service = service_of(request)
    try:
        await asyncio.to_thread(service.screenings.cancel, ident)
    except ProblemError as problem:
        if problem.code != "already-ended":  # it ended while the question was read: the page tells
            raise
    service.audit.note(principal, "cancel", ident)
    return _to(request, f"/screenings/{ident}")


@router.post("/screenings/{ident}/rerun")
async def rerun(request: Request, ident: str, principal: Screen) -> Response:
    """Run it again, with what was decided."""
    service = service_of(request)
    try:
        await asyncio.to_thread(service.screenings.rerun, ident)
    except ProblemError as problem:
        if problem.code != "still-running":  # a second click
            raise
    service.audit.note(principal, "rerun", ident)
    return _to(request, f"/screenings/{ident}")


@router.post("/screenings/{ident}/delete")
async def delete(request: Request, ident: str, principal: Delete) -> Response:
    """Remove it with everything that belongs to it."""
    service = service_of(request)
    await asyncio.to_thread(service.screenings.delete, ident)
    service.audit.note(principal, "delete", ident)
    return _to(request, "/screenings")


@router.get("/screenings/{ident}/forms.zip")
async def forms(request: Request, ident: str, principal: Download) -> Response:
    """The forms of all units in one file."""
    service = service_of(request)

    def made() -> Path | None:
        service.screenings.get(ident)
        folder = service.screenings.folder(ident)
        files = [(entry.name, folder.result(entry.form)) for entry in folder.units() if entry.form]
        return _packed([path for _, path in files if path is not None], service.settings.temporary)

    place = await asyncio.to_thread(made)
    if place is None:
        raise ProblemError(404, "no-result", "这次审查没有审查意见表：没有要退回修改的单位。")
    service.audit.note(principal, "download", ident)
    return FileResponse(
        place,
        media_type="application/zip",
        headers={**_as_file("审查意见表.zip"), "Cache-Control": "no-store"},
        background=BackgroundTask(place.unlink, missing_ok=True),
    )


def _packed(files: Sequence[Path], temporary: Path) -> Path | None:
    """The files as an archive in the private folder; None where there are none."""
    if not files:
        return None
    handle, name = tempfile.mkstemp(prefix=f"forms-{secrets.token_hex(4)}-", suffix=".zip", dir=temporary)
    with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as target:
        for path in files:
            target.write(path, path.name)
    return Path(name)


def _shown(service: Service, row: Screening, entries: Sequence[UnitEntry], root: str, only: str | None) -> views.Shown:
    earlier = None
    previous = str(row.options.get("previous") or "")
    if previous and only is None:
        try:
            earlier = service.screenings.get(previous)
        except ProblemError:
            earlier = None
    return views.shown(row, root, entries, _offered(service), earlier, whole=only is None)


def _waiting(screenings: Screenings, ident: str, every: Sequence[Decision]) -> dict[str, int]:
    """How many decisions the results do not know of yet, in how many units."""
    decided = views.standing(every)
    touched: dict[str, set[views.Key]] = {}
    for one in every:
        touched.setdefault(one.unit, set()).add((one.rule, one.fingerprint))
    counts = []
    for unit, keys in touched.items():
        read = _record(screenings, ident, unit)
        counts.append(views.changes(read, decided.get(unit, {}), keys) if read is not None else 0)
    return {"units": sum(count > 0 for count in counts), "changes": sum(counts)}


def _record(screenings: Screenings, ident: str, unit: str) -> views.Record | None:
    line = screenings.folder(ident).record(unit)
    return views.record(line) if line is not None else None


def _offered(service: Service) -> Mapping[str, Offered]:
    try:
        return offered_notices(service.settings)
    except NoticeError as error:
        raise ProblemError(500, error.code, "服务器上的考核通知读不了，请联系管理员。") from None


# ---- one unit -------------------------------------------------------------------------------------------------


@router.get("/screenings/{ident}/units/{unit:path}")
async def unit_page(request: Request, ident: str, unit: str, principal: See) -> Response:
    """What was found in the papers of a unit, and what was decided on it."""
    return await _unit(request, ident, unit, principal)


async def _unit(
    request: Request, ident: str, unit: str, principal: Principal, problem: ProblemError | None = None
) -> Response:
    service, root = service_of(request), pages.root(request)
    only = principal.only_unit

    def found() -> dict[str, Any]:
        row = service.screenings.get(ident, only)
        folder = service.screenings.folder(ident)
        entry = folder.unit(unit) if principal.sees(unit) else None
        read = _record(service.screenings, ident, unit) if entry is not None else None
        if entry is None or read is None:
            raise ProblemError(404, "no-unit", "这次审查里没有这个单位的结果，请核对名称。")
        it = _shown(service, row, [entry], root, only)
        decisions = service.screenings.decisions(ident, unit)
        shown = views.unit_shown(entry, read, it, root, decisions, _offered(service))
        return {"it": it, "unit": shown, "groups": shown.groups, "beside": _beside(folder.units(), unit, it, only)}

    values = await asyncio.to_thread(found)
    service.audit.note(principal, "see-unit", ident, unit)
    return pages.page(
        request,
        "unit.html.j2",
        status=problem.status if problem is not None else 200,
        error=problem.detail if problem is not None else "",
        may_decide=principal.may("decide") and not values["it"].live,
        **values,
    )


def _beside(entries: Sequence[UnitEntry], unit: str, it: views.Shown, only: str | None) -> list[tuple[str, str, str]]:
    """The ways to the units before and after this one, as the table has them."""
    if only is not None:
        return []
    at = next(number for number, entry in enumerate(entries) if entry.name == unit)
    ways = [("上一个单位", entries[at - 1])] if at else []
    ways += [("下一个单位", entries[at + 1])] if at + 1 < len(entries) else []
    return [(words, say.one_line(entry.name), views.unit_link(it.link, entry.name)) for words, entry in ways]


@router.post("/screenings/{ident}/units/{unit:path}")
async def decide(request: Request, ident: str, unit: str, principal: Decide) -> Response:
    """Accept a finding or send it back, take that back, or decide on all findings of a rule nobody decided on."""
    form = await request.form()
    given = {name: str(form.get(name, "")) for name in ("verb", "rule", "fingerprint", "reason", "at")}
    service = service_of(request)
    try:
        if given["verb"] not in get_args(Verb):
            raise ProblemError(422, "invalid", "请点“接受”或“退回”。")
        await asyncio.to_thread(_decide, service.screenings, ident, unit, given, principal)
    except ProblemError as problem:
        if wants_data(request) or problem.code == "no-screening":
            raise
        return await _unit(request, ident, unit, principal, problem)
    service.audit.note(principal, f"decide-{given['verb']}", f"{ident} {given['rule']}", unit)
    at = given["at"] if given["at"].isascii() and given["at"].replace("-", "").isalnum() else ""
    place = views.unit_link(f"/screenings/{ident}", unit)
    return _to(request, f"{place}{f'#{at}' if at else ''}")


def _decide(screenings: Screenings, ident: str, unit: str, given: Mapping[str, str], principal: Principal) -> None:
    verb, rule = cast(Verb, given["verb"]), given["rule"]
    reason = _line(given["reason"], _REASON_MOST)
    if screenings.get(ident).state in views.LIVE:
        raise ProblemError(409, "still-running", "这次审查正在重新做，做完后再处理。")
    for fingerprint in [given["fingerprint"]] if given["fingerprint"] else _undecided(screenings, ident, unit, rule):
        screenings.decide(ident, unit, rule, fingerprint, verb, reason, principal)


def _undecided(screenings: Screenings, ident: str, unit: str, rule: str) -> list[str]:
    """The findings of a rule in a unit that nobody has decided on."""
    read = _record(screenings, ident, unit)
    found = views.undecided(read, rule, screenings.decisions(ident, unit), unit) if read is not None else []
    if not found:
        raise ProblemError(404, "no-finding", "这一类问题已经都处理过了，请刷新后核对。")
    return found


# ---- small things ---------------------------------------------------------------------------------------------


def _to(request: Request, path: str) -> Response:
    return RedirectResponse(f"{pages.root(request)}{path}", status_code=303)


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def _number(text: str) -> int:
    return min(100_000, max(1, int(text))) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _line(text: str, most: int = 200) -> str:
    """One line of what can be shown."""
    return " ".join("".join(it if it.isprintable() else " " for it in text).split())[:most]
