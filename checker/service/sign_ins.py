"""Browsers that are signed in. The cookie holds a random secret; everything else stays in the database.

A sign-in hangs on its token: it is looked up with every request, so a token that is revoked or has come to its end
ends all sign-ins made with it, at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, update

from checker.service.access import Principal
from checker.service.models import SignIn, Token, now
from checker.service.tokens import Tokens, info_of

if TYPE_CHECKING:
    from checker.service.database import Database

IDLE = timedelta(hours=2)
"""After so long without a request a sign-in is over."""
WHOLE = timedelta(hours=12)
"""And after so long in any case: a working day."""
_SEEN_EVERY = timedelta(minutes=1)


class SignIns:
    """The sign-ins in the database."""

    def __init__(self, database: Database, tokens: Tokens) -> None:
        self._database = database
        self._tokens = tokens

    def begin(self, secret: str) -> tuple[Principal, str] | None:
        """Sign in with a token: who that is, and what the cookie holds. None where the token opens nothing."""
        principal = self._tokens.find(secret)
        if principal is None:
            return None
        cookie = secrets.token_urlsafe(32)
        with self._database.session() as session:
            session.execute(delete(SignIn).where(_over(now())))
            session.add(SignIn(id=_hash(cookie), token_id=principal.token_id, created=now(), seen=now()))
        return _by_cookie(principal, cookie), cookie

    def find(self, cookie: str) -> Principal | None:
        """Who is signed in with this cookie; None where the sign-in is over."""
        moment = now()
        with self._database.session() as session:
            row = session.get(SignIn, _hash(cookie))
            if row is None or row.created + WHOLE <= moment or row.seen + IDLE <= moment:
                return None
            token = session.get(Token, row.token_id)
            if token is None or info_of(token).state != "valid":
                return None
            if moment - row.seen >= _SEEN_EVERY:
                session.execute(update(SignIn).where(SignIn.id == row.id).values(seen=moment))
            return _by_cookie(info_of(token).principal(), cookie)

    def end(self, cookie: str) -> None:
        """Sign out."""
        with self._database.session() as session:
            session.execute(delete(SignIn).where(SignIn.id == _hash(cookie)))


def _over(moment: datetime):  # type: ignore[no-untyped-def]  # SQLAlchemy's own type says no more
    return or_(SignIn.created <= moment - WHOLE, SignIn.seen <= moment - IDLE)


def _hash(cookie: str) -> bytes:
    """256 random bits need no slow hash; see `tokens`."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()


def _by_cookie(principal: Principal, cookie: str) -> Principal:
    """With the token that its forms must carry: worked out from the secret, so that nothing more is stored."""
    mark = hmac.digest(cookie.encode("utf-8", "surrogatepass"), b"csrf", "sha256")
    return replace(principal, via="cookie", csrf=base64.urlsafe_b64encode(mark).decode().rstrip("="))
