"""The audit log for administrators."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, BeforeValidator, Field

from checker.service.access import Principal, require
from checker.service.models import AuditEntry
from checker.service.service import service_of

router = APIRouter(tags=["audit"])

_MOST = 1000
_EXAMPLE = {
    "entries": [
        {
            "id": 1001,
            "at": "2020-12-20T08:00:00Z",
            "who": "报送系统",
            "role": "author",
            "action": "check",
            "what": "return：工作总结.docx",
            "unit": "某某局",
            "client": "10.1.1.20",
            "status": 200,
        }
    ],
    "next": 1001,
}


def _date(text: str) -> str:
    """A date as written; a bare number would be taken for seconds since 1970."""
    if text[:4].isdigit() and text[4:5] == "-":
        return text
    raise ValueError("no date")


Moment = Annotated[datetime, BeforeValidator(_date)]


class AuditLine(BaseModel):
    """One entry: who did what, where from, and how it was answered."""

    id: int
    at: datetime
    who: str = Field(description="令牌的名称；空：不知道是谁")
    role: str
    action: str
    what: str
    unit: str
    client: str
    status: int


class AuditPage(BaseModel):
    """Entries, the newest first. `next` is what to give as `before` for the page after; null: there is none."""

    entries: list[AuditLine]
    next: int | None


@router.get(
    "/api/v1/audit",
    summary="审计日志：谁在什么时候看了、做了什么（管理员）",
    responses={200: {"description": "一页，新的在前", "content": {"application/json": {"example": _EXAMPLE}}}},
)
async def audit_log(
    request: Request,
    principal: Annotated[Principal, Depends(require("audit"))],
    since: Moment | None = None,
    until: Moment | None = None,
    who: Annotated[str, Query(max_length=200)] = "",
    action: Annotated[str, Query(max_length=40)] = "",
    unit: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 100,
) -> AuditPage:
    """A page of the log."""
    found = await asyncio.to_thread(
        service_of(request).audit.entries,
        since=_aware(since),
        until=_aware(until),
        who=_clean(who),
        action=_clean(action),
        unit=_clean(unit),
        before=before,
        limit=limit,
    )
    return AuditPage(entries=[_line(entry) for entry in found], next=found[-1].id if len(found) == limit else None)


def _line(entry: AuditEntry) -> AuditLine:
    return AuditLine(**{name: getattr(entry, name) for name in AuditLine.model_fields})


def _aware(moment: datetime | None) -> datetime | None:
    """A moment without a time zone is taken as UTC, as the log shows it."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def _clean(text: str) -> str:
    """PostgreSQL takes no NUL."""
    return text.replace("\0", "")
