"""Webhooks: signed, tried again until they are taken, sent nowhere but where the administrator said."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from service_batch import batch, ended, hand_in, service

from checker.service.database import Database
from checker.service.models import Delivery, Screening, now
from checker.service.webhooks import Patience, Webhooks, signature

SECRET = "一个足够长的密钥，用来签名，不少于十六个字"


class Got:
    """What came to a receiver, each request with its headers and body."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[tuple[dict[str, str], bytes]] = []

    def wait(self, count: int, seconds: float = 30.0) -> None:
        until = time.monotonic() + seconds
        while len(self.requests) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.requests) >= count


@contextmanager
def receiver(*statuses: int) -> Iterator[tuple[Got, str]]:
    """A system that answers with these statuses, one after the other, then with 200; and its address."""
    got = Got(*statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.requests.append((dict(self.headers), body))
            self.send_response(got.statuses.pop(0) if got.statuses else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield got, f"http://127.0.0.1:{server.server_address[1]}/hook?of=screening"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def put(database: Database, hooks: Webhooks, url: str, ident: str = "0" * 16, ago: float = 0) -> None:
    """Have it told that a screening ended so many seconds ago."""
    with database.session() as session:
        if session.get(Screening, ident) is None:
            session.add(Screening(id=ident, name="x", by="x", state="done"))
            session.flush()
        hooks.put(session, ident, url, "done", {"return": 2}, now() - timedelta(seconds=ago))
    hooks.wake()


def only(database: Database, state: str, seconds: float = 20.0) -> Delivery:
    """The only delivery, once it is in that state."""
    until = time.monotonic() + seconds
    while True:
        with database.session() as session:
            (row,) = session.query(Delivery).all()
        if row.state == state or time.monotonic() > until:
            assert row.state == state
            return row
        time.sleep(0.02)


@contextmanager
def delivering(database: Database, *targets: str, patience: Patience) -> Iterator[Webhooks]:
    hooks = Webhooks(database, targets, lambda _: SECRET.encode(), patience)
    hooks.start()
    try:
        yield hooks
    finally:
        hooks.stop()


SOON = Patience(first=0.05, longest=0.2)


def test_end_to_end(tmp_path: Path) -> None:
    """The end of a screening is told, signed so that the receiver can check it, without a name of anything."""
    with receiver() as (got, url), service(tmp_path / "data", hooks=("127.0.0.1",)) as client:
        ident = hand_in(client, batch(禾渡县="thin-report"), name="很机密", webhook=url, webhook_secret=SECRET)
        told = ended(client, ident)
        assert SECRET not in json.dumps(told, ensure_ascii=False)
        got.wait(1)
    ((headers, body),) = got.requests
    parts = dict(part.split("=", 1) for part in headers["Kaohe-Signature"].split(","))
    expected = hmac.new(SECRET.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert parts["v1"] == expected
    assert abs(int(parts["t"]) - time.time()) < 60
    assert headers["Kaohe-Event"] == "screening.ended"
    data = json.loads(body)
    assert data.keys() == {"id", "state", "verdicts", "at"}
    assert (data["id"], data["state"], sum(data["verdicts"].values())) == (ident, "done", 1)


def test_tried_again(database: Database) -> None:
    """A receiver that fails twice gets it a third time: the same delivery with the same body, signed anew."""
    with receiver(500, 302) as (got, url), delivering(database, "127.0.0.1", patience=SOON) as hooks:
        put(database, hooks, url)
        row = only(database, "done")
    assert (row.attempts, len(got.requests)) == (3, 3)
    assert len({headers["Kaohe-Delivery"] for headers, _ in got.requests}) == 1
    assert len({body for _, body in got.requests}) == 1


def test_outlives_the_service(tmp_path: Path) -> None:
    """What was not delivered when the service ended is delivered after the next start."""
    database = Database(f"sqlite:///{tmp_path / 'kaohe.db'}")
    database.migrate()
    with receiver(503) as (got, url):
        with delivering(database, "127.0.0.1", patience=Patience(first=1.0)) as hooks:
            put(database, hooks, url)
            got.wait(1)
            while only(database, "waiting").attempts < 1:
                time.sleep(0.02)
        with delivering(database, "127.0.0.1", patience=SOON):
            assert only(database, "done").attempts == 2
    database.close()


def test_nobody_there(database: Database) -> None:
    """Where nobody listens it is tried again, and given up when a day has passed, with what went wrong last."""
    with receiver() as (_, url):
        pass
    with delivering(database, "127.0.0.1", patience=SOON) as hooks:
        put(database, hooks, url, ago=24 * 3600 - 0.5)
        row = only(database, "given-up")
    assert row.attempts >= 2
    assert row.last == "ConnectError"


def test_a_slow_receiver_holds_up_nobody(database: Database) -> None:
    """While one receiver does not answer, others get theirs."""
    silent = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            silent.wait(20)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with receiver() as (got, url), delivering(database, "127.0.0.1", patience=SOON) as hooks:
        put(database, hooks, f"http://127.0.0.1:{server.server_address[1]}/")
        put(database, hooks, url)
        got.wait(1, 5)
        silent.set()
        server.shutdown()
        server.server_close()


def test_waits() -> None:
    """The wait doubles from five seconds up to an hour, give or take a half."""
    patience = Patience()
    assert [patience.wait(attempts, 0.5) for attempts in (1, 2, 3, 11, 40)] == [5, 10, 20, 3600, 3600]
    assert (patience.wait(1, 0.0), patience.wait(1, 1.0)) == (2.5, 7.5)


def test_signature() -> None:
    """The signature is what the docstring says."""
    expected = hmac.new(b"secret", b"1600000000.{}", hashlib.sha256).hexdigest()
    assert signature(b"secret", 1600000000, b"{}") == f"t=1600000000,v1={expected}"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://oa.example.cn/hook", True),
        ("https://oa.example.cn:8443/hook?x=1", True),
        ("https://OA.example.cn/", True),
        ("http://10.1.1.5:8080/", True),
        ("http://10.1.1.5/", False),
        ("https://safe.example.cn/", True),
        ("http://safe.example.cn/", False),
        ("https://safe.example.cn:444/", False),
        ("http://[fd00::5]:80/", True),
        ("http://evil.cn/?oa.example.cn", False),
        ("http://oa.example.cn.evil.cn/", False),
        ("http://oa.example.cn@evil.cn/", False),
        ("http://evil.cn\\@oa.example.cn/", False),
        ("http://oa.example.cn\n.evil.cn/", False),
        ("ftp://oa.example.cn/", False),
        ("file:///etc/passwd", False),
        ("http://", False),
        ("http://oa.example.cn:x/", False),
    ],
)
def test_targets(url: str, allowed: bool) -> None:
    """Only hosts on the list, with the port and the scheme where the list has them."""
    targets = ("oa.example.cn", "10.1.1.5:8080", "https://safe.example.cn", "[fd00::5]")
    assert Webhooks(None, targets, lambda _: None).allowed(url) is allowed  # type: ignore[arg-type]


def test_a_target_that_was_taken_off_the_list(database: Database) -> None:
    """What waits is not sent any more where the list has changed."""
    with receiver() as (got, url), delivering(database, "elsewhere.test", patience=SOON) as hooks:
        put(database, hooks, url, ago=24 * 3600)
        assert only(database, "given-up").last == "not allowed"
    assert got.requests == []
