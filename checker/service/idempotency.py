"""The Idempotency-Key header: a request that is sent again gets the answer of the first, and is done only once.

Answers tell of papers. They are kept for this purpose alone, in the database of the service, for a day at most.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from checker.service.models import IdempotencyKey, now
from checker.service.problems import ProblemError

if TYPE_CHECKING:
    from checker.service.service import Service

KEPT = timedelta(hours=24)
_LONGEST = timedelta(hours=2)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Once:
    """One request under its key. `found` is the answer that it had before; else `keep` or `forget` has to follow."""

    def __init__(self, service: Service, key: str, principal: str, route: str) -> None:
        """ProblemError 422 where `key` is none."""
        if not _KEY.fullmatch(key):
            raise ProblemError(422, "bad-idempotency-key", "Idempotency-Key 要是 1 到 200 个不带空格的英文字符。")
        self._database = service.database
        self._began = service.began
        self._where = (
            IdempotencyKey.key == key,
            IdempotencyKey.principal == principal[:200],
            IdempotencyKey.route == route,
        )
        self._values = {"key": key, "principal": principal[:200], "route": route}

    async def begin(self, digest: str) -> Answer | None:
        """The answer that was given before; None where this is the first time.

        ProblemError 409 while the first is being answered, 422 where the key was used for something else.
        """
        return await asyncio.to_thread(self._begin, digest)

    async def keep(self, answer: Answer) -> None:
        """Keep the answer for whoever asks again."""
        await asyncio.to_thread(self._keep, answer)

    async def forget(self) -> None:
        """There was no answer worth keeping: it may be tried again."""
        await asyncio.to_thread(self._forget)

    def _begin(self, digest: str) -> Answer | None:
        with self._database.session() as session:
            session.execute(delete(IdempotencyKey).where(IdempotencyKey.created < now() - KEPT))
            # What was being answered when an earlier run ended will never be; nor what takes longer than anything may.
            dead = max(self._began, now() - _LONGEST)
            session.execute(
                delete(IdempotencyKey).where(*self._where, IdempotencyKey.status == 0, IdempotencyKey.created < dead)
            )
        try:
            with self._database.session() as session:
                session.add(IdempotencyKey(**self._values, body_hash=digest, status=0, created=now()))
                session.flush()
            return None
        except IntegrityError:
            return self._before(digest)

    def _before(self, digest: str) -> Answer | None:
        with self._database.session() as session:
            row = session.query(IdempotencyKey).filter(*self._where).one_or_none()
            if row is None:  # it was given up in this very moment
                raise _in_flight()
            if row.body_hash != digest:
                raise ProblemError(
                    422, "idempotency-key-reused", "这个 Idempotency-Key 已用于另一次内容不同的请求，请换一个新的。"
                )
            if row.status == 0 or row.answer is None:
                raise _in_flight()
            headers, body = msgspec.msgpack.decode(zlib.decompress(row.answer), type=tuple[dict[str, str], bytes])
            return Answer(row.status, headers, body)

    def _keep(self, answer: Answer) -> None:
        packed = zlib.compress(msgspec.msgpack.encode((dict(answer.headers), answer.body)), 6)
        with self._database.session() as session:
            session.execute(update(IdempotencyKey).where(*self._where).values(status=answer.status, answer=packed))

    def _forget(self) -> None:
        with self._database.session() as session:
            session.execute(delete(IdempotencyKey).where(*self._where, IdempotencyKey.status == 0))


def _in_flight() -> ProblemError:
    return ProblemError(409, "in-flight", "同一个 Idempotency-Key 的请求还在检查，请稍后再取。", retry_after=1)
