"""Tokens: random secrets that let a person or a system in. There are no accounts and no passwords.

A secret is 256 random bits, so its plain SHA-256 is stored: the slow hashes made for passwords guard what people choose
and others can guess. Nobody guesses this, and a slow hash would only cost every request of a calling system its time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from sqlalchemy import select, update

from checker.errors import UsageError
from checker.service.access import ROLES, Principal, Role
from checker.service.models import SignIn, Token, now

if TYPE_CHECKING:
    from checker.service.database import Database

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""For the short id, which people read to each other: no letter that looks like another."""
_FORM = re.compile(rf"kh_([{_LETTERS}]{{10}})_([A-Za-z0-9_-]{{43}})")
_USED_EVERY = timedelta(minutes=1)
"""`last_used` is written no more often: a busy system must not make every request a write."""
_NO_HASH = bytes(32)

DEFAULT_DAYS = 365


class Added(NamedTuple):
    """A new token and its secret, which is nowhere else."""

    token: TokenInfo
    secret: str


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token as it may be shown."""

    id: str
    name: str
    role: Role
    unit: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None

    @property
    def state(self) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now() else "valid"

    def principal(self) -> Principal:
        """Who comes with this token."""
        return Principal(self.name, self.role, self.unit, self.id)


class Tokens:
    """The tokens in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, role: str, unit: str = "", expires: datetime | None = None) -> Added:
        """A new token; UsageError where it makes no sense. The secret is in the answer and nowhere else."""
        name, unit = name.strip(), unit.strip()
        if not name or len(name) > 200:
            raise UsageError("令牌要有名称（不超过 200 字），写明给谁用。")
        if role not in ROLES:
            raise UsageError(f"没有 {role} 这个角色；可用的有 {'、'.join(ROLES)}。")
        if role == "author" and not unit:
            raise UsageError("填报人（author）的令牌要写明单位（--unit），持有人只看得到这个单位的材料和结果。")
        if len(unit) > 200:
            raise UsageError("单位名称太长，不能超过 200 字。")
        if expires is not None and expires <= now():
            raise UsageError("到期时间已经过去了，这个令牌不能用。")
        id_ = "".join(secrets.choice(_LETTERS) for _ in range(10))
        secret = f"kh_{id_}_{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip('=')}"
        row = Token(id=id_, name=name, role=role, unit=unit, hash=_hash(secret), created=now(), expires=expires)
        with self._database.session() as session:
            session.add(row)
        return Added(info_of(row), secret)

    def list(self) -> tuple[TokenInfo, ...]:
        """All tokens, the newest first; those that count no more too."""
        with self._database.session() as session:
            return tuple(
                info_of(row) for row in session.scalars(select(Token).order_by(Token.created.desc(), Token.id))
            )

    def revoke(self, id_: str) -> TokenInfo:
        """End a token and all sign-ins with it, at once. UsageError where there is none with this id."""
        with self._database.session() as session:
            row = session.get(Token, id_)
            if row is None:
                raise UsageError(f"没有编号为 {id_} 的令牌；用 kaohe token list 查看。")
            row.revoked = row.revoked or now()
            session.query(SignIn).filter(SignIn.token_id == id_).delete()
            return info_of(row)

    def find(self, secret: str) -> Principal | None:
        """Who comes with this secret; None where it opens nothing (unknown, expired, revoked)."""
        match = _FORM.fullmatch(secret)
        if match is None:
            return None
        with self._database.session() as session:
            row = session.get(Token, match[1])
            # Compared also where there is no such id: how long it takes tells nothing.
            fits = hmac.compare_digest(_hash(secret), bytes(row.hash) if row is not None else _NO_HASH)
            if row is None or not fits or info_of(row).state != "valid":
                return None
            info = info_of(row)
        self._used(info)
        return info.principal()

    def any_valid(self) -> bool:
        """Whether there is a token that opens anything."""
        return any(token.state == "valid" for token in self.list())

    def _used(self, token: TokenInfo) -> None:
        moment = now()
        if token.last_used is not None and moment - token.last_used < _USED_EVERY:
            return
        with self._database.session() as session:
            session.execute(update(Token).where(Token.id == token.id).values(last_used=moment))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def info_of(row: Token) -> TokenInfo:
    """A row as it may be shown."""
    role = cast(Role, row.role)
    return TokenInfo(row.id, row.name, role, row.unit, row.created, row.expires, row.revoked, row.last_used)
