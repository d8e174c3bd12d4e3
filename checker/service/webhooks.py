"""Webhooks: when a screening has ended, the system that asked for it is told.

The request, exactly:

    POST <the URL given with the screening>
    Content-Type: application/json
    User-Agent: kaohe/<version>
    Kaohe-Event: screening.ended
    Kaohe-Delivery: <32 hex digits; the same at every attempt, so that a receiver knows what it has already>
    Kaohe-Signature: t=<seconds since 1970, of this attempt>,v1=<64 hex digits>

    {"id":"<screening>","state":"done|failed|cancelled","verdicts":{"error":0,"return":3,"remarks":1,"pass":9},
     "at":"2020-12-20T08:00:00+00:00"}

`v1` is HMAC-SHA256, in lower-case hex, with the secret that was given with the screening (its UTF-8 bytes) as the key,
over the digits of `t`, a full stop and the body byte for byte as it was sent: `b"%d.%s" % (t, body)`. A receiver works
it out anew over the bytes that it got, compares without giving away where they differ (`hmac.compare_digest`), and
refuses a `t` that is more than five minutes from its own clock. There may be further `key=value` pairs, and one day
further `v1=`; a receiver takes a request in which any `v1` fits. `verdicts` is empty where there are no results.

No word of a paper and no name of a unit or file is in it: whoever wants more asks the service, with a token.

Any answer 2xx within ten seconds is a success. A redirect is not followed and counts as a failure, as all else does;
then it is tried again after about 5 s, 10 s, 20 s … at most an hour, for 24 hours. What waits is in the database, and
outlives the service. Targets are only those that the administrator listed (`hooks`).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from checker import __version__
from checker.service.models import Delivery, now
from checker.service.problems import ProblemError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from checker.service.database import Database

EVENT = "screening.ended"
SECRET_LEAST, SECRET_MOST = 16, 200
_LOG = logging.getLogger("kaohe.service")
_PORTS = {"http": 80, "https": 443}
_SECONDS = 10.0
_AT_ONCE = 4
_KEPT = timedelta(days=30)
"""So long it can be seen what became of a delivery."""


@dataclass(frozen=True, slots=True)
class Patience:
    """When to try again, in seconds: first after `first`, each time doubled up to `longest`, given up after `most`."""

    first: float = 5.0
    longest: float = 3600.0
    most: float = 24 * 3600.0

    def wait(self, attempts: int, jitter: float) -> float:
        """How long to wait after so many attempts; `jitter` (0 to 1) spreads what failed together."""
        whole = min(self.longest, self.first * 2.0 ** min(attempts - 1, 30))
        return float(whole * (0.5 + jitter))


def signature(secret: bytes, moment: int, body: bytes) -> str:
    """The value of the header Kaohe-Signature; see the head of this file."""
    digest = hmac.new(secret, b"%d.%s" % (moment, body), hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


class Webhooks:
    """What is to be delivered, and the threads that do it."""

    def __init__(
        self,
        database: Database,
        targets: Sequence[str],
        secret_of: Callable[[str], bytes | None],
        patience: Patience = Patience(),
    ) -> None:
        """`targets` are host names (any port), host:port, or whole origins (https://host:port)."""
        self._database = database
        self._targets = tuple(targets)
        self._secret_of = secret_of
        self._patience = patience
        self._wake = threading.Event()
        self._stopping = False
        self._flying: set[str] = set()
        self._thread: threading.Thread | None = None

    # ── asking ────────────────────────────────────────────────────────

    def refuse_foreign(self, url: str, secret: str) -> None:
        """ProblemError where nothing may be sent there, or where there is nothing good to sign it with."""
        if not url:
            if secret:
                raise ProblemError(422, "bad-webhook", "给了 webhook_secret，没有给 webhook；请两个都给，或都不给。")
            return
        if not self.allowed(url):
            raise ProblemError(
                422,
                "webhook-not-allowed",
                "这个通知地址不在允许的名单里；请管理员在配置的 [serve] hooks 里加上它的主机名。",
            )
        if not SECRET_LEAST <= len(secret) <= SECRET_MOST:
            raise ProblemError(
                422,
                "bad-webhook-secret",
                f"用 webhook 时要给 webhook_secret（{SECRET_LEAST} 到 {SECRET_MOST} 个字符），接收方据此核对签名。",
            )

    def allowed(self, url: str) -> bool:
        """Whether the administrator lists the host of `url`."""
        if len(url) > 2000 or any(ord(character) <= 32 or ord(character) > 126 for character in url):
            return False
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:
            return False
        # Backslashes and user names are read differently by different programs.
        if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or "\\" in url:
            return False
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        own = {host, parts.hostname, f"{host}:{port}", f"{parts.scheme}://{host}:{port}"}
        if port == _PORTS[parts.scheme]:
            own.add(f"{parts.scheme}://{host}")
        return any(target.lower().rstrip("/") in own for target in self._targets)

    def put(
        self,
        session: Session,
        ident: str,
        url: str,
        state: str,
        verdicts: Mapping[str, int],
        moment: datetime,
    ) -> None:
        """Have it delivered that a screening has ended, if what `session` does is kept."""
        body = {"id": ident, "state": state, "verdicts": dict(verdicts), "at": moment.isoformat()}
        session.add(
            Delivery(
                id=secrets.token_hex(16),
                screening_id=ident,
                url=url,
                body=msgspec.json.encode(body).decode(),
                next_at=moment,
                state="waiting",
            )
        )

    # ── delivering ────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to deliver, also what an earlier run left."""
        self._thread = threading.Thread(target=self._run, name="kaohe-webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; what is not delivered waits for the next start."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2 * _SECONDS)

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def _run(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="kaohe-webhook") as pool:
            while not self._stopping:
                self._wake.clear()
                wait = 60.0
                with contextlib.suppress(SQLAlchemyError):
                    wait = self._hand_out(pool)
                self._wake.wait(wait)
            pool.shutdown(cancel_futures=True)

    def _hand_out(self, pool: ThreadPoolExecutor) -> float:
        """Hand what is due to the threads; how long there is nothing to do."""
        moment = now()
        with self._database.session() as session:
            old = select(Delivery).where(Delivery.state != "waiting", Delivery.next_at < moment - _KEPT)
            for row in session.scalars(old):
                session.delete(row)
            query = select(Delivery.id, Delivery.next_at).where(Delivery.state == "waiting").order_by(Delivery.next_at)
            waiting = [(ident, at) for ident, at in session.execute(query) if ident not in self._flying]
        due = [ident for ident, at in waiting if at is None or at <= moment]
        for ident in due[: 4 * _AT_ONCE]:
            self._flying.add(ident)
            pool.submit(self._deliver, ident)
        if len(due) > 4 * _AT_ONCE:
            return 1.0
        later = [(at - moment).total_seconds() for _, at in waiting if at is not None and at > moment]
        return min(60.0, max(0.05, min(later, default=60.0)))

    def _deliver(self, ident: str) -> None:
        try:
            self._attempt(ident)
        except Exception as error:
            _LOG.error("webhook %s: %s", ident, type(error).__name__)
        finally:
            self._flying.discard(ident)
            self._wake.set()

    def _attempt(self, ident: str) -> None:
        with self._database.session() as session:
            row = session.get(Delivery, ident)
        if row is None or row.state != "waiting" or self._stopping:
            return
        told = self._send(row)
        moment = now()
        with self._database.session() as session:
            row = session.get(Delivery, ident)
            if row is None:
                return
            row.attempts += 1
            row.last = told or "ok"
            row.state, row.next_at = self._next(row, told, moment)

    def _next(self, row: Delivery, told: str, moment: datetime) -> tuple[str, datetime]:
        """The state of a delivery after an attempt, and when the next one is due; `told` is empty for a success."""
        if not told:
            return "done", moment
        later = moment + timedelta(seconds=self._patience.wait(row.attempts, random.random()))
        ended = datetime.fromisoformat(msgspec.json.decode(row.body)["at"])
        if later - ended > timedelta(seconds=self._patience.most):
            return "given-up", moment
        return "waiting", later

    def _send(self, row: Delivery) -> str:
        """One attempt: what went wrong, or an empty word."""
        import httpx

        secret = self._secret_of(row.screening_id)
        if secret is None:
            return "no secret"
        if not self.allowed(row.url):  # the list is another since
            return "not allowed"
        body = row.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"kaohe/{__version__}",
            "Kaohe-Event": EVENT,
            "Kaohe-Delivery": row.id,
            "Kaohe-Signature": signature(secret, int(time.time()), body),
        }
        try:
            # Neither a proxy nor a password from the environment: it goes there and nowhere else.
            with (
                httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", row.url, content=body, headers=headers) as response,
            ):
                return "" if 200 <= response.status_code < 300 else f"HTTP {response.status_code}"
        except Exception as error:
            return type(error).__name__
