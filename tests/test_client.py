"""The client of the service: what it sends, how it waits and tries again, and against the running service."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import pickle
import shutil
import ssl
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from loaders import SAMPLES

httpx = pytest.importorskip("httpx", reason="the extra `service` is not installed")

from live_service import Live, running  # noqa: E402

from checker.client import Answer, Client, ServiceError, verify_signature  # noqa: E402
from checker.commands import run  # noqa: E402
from checker.errors import UsageError  # noqa: E402

HOLE = SAMPLES / "placeholders" / "工作总结.docx"
REPORT = {"schema": "kaohe/report/1", "verdict": "pass", "documents": [], "findings": [], "errors": []}
Handler = Callable[[Any], Any]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The service in a process of its own."""
    with running(tmp_path_factory.mktemp("data")) as found:
        yield found


class Scripted:
    """A client whose service gives these answers one after the other; it notes the requests and the pauses."""

    def __init__(self, *answers: Any, **options: Any) -> None:
        self.requests: list[Any] = []
        self.pauses: list[float] = []
        self._answers = list(answers)
        self.client = Client("http://kaohe.test", transport=httpx.MockTransport(self._answer), **options)
        self.client._sleep = self.pauses.append

    def _answer(self, request: Any) -> Any:
        request.read()
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def checked(passed: bool = True) -> Any:
    return httpx.Response(200, json=REPORT, headers={"Kaohe-Passed": "true" if passed else "false"})


def refused(status: int, code: str, **headers: str) -> Any:
    return httpx.Response(status, json={"status": status, "code": code, "detail": "请稍后再试。"}, headers=headers)


# ── trying again ──────────────────────────────────────────────────────


def test_waits_as_long_as_the_service_says() -> None:
    """429 and 503 are tried again after Retry-After, in seconds or as a date, with one key for all tries."""
    later = formatdate(time.time() + 30, usegmt=True)
    scripted = Scripted(
        refused(503, "busy", **{"Retry-After": "7"}), refused(429, "many", **{"Retry-After": later}), checked()
    )
    assert scripted.client.check(("甲.txt", b"x")).passed
    assert scripted.pauses[0] == 7
    assert 25 <= scripted.pauses[1] <= 30
    keys = {request.headers["Idempotency-Key"] for request in scripted.requests}
    assert len(scripted.requests) == 3
    assert len(keys) == 1


def test_each_call_has_a_key_of_its_own() -> None:
    """Two calls are two checks; a key that is given is kept."""
    scripted = Scripted(checked(), checked(), checked())
    for key in ("", "", "mine"):
        scripted.client.check(("甲.txt", b"x"), key=key)
    keys = [request.headers["Idempotency-Key"] for request in scripted.requests]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


def test_a_broken_connection_is_tried_again() -> None:
    """Where the answer is lost, the same request is sent again, byte for byte but for its boundary."""
    scripted = Scripted(httpx.ReadError("gone"), refused(409, "in-flight", **{"Retry-After": "1"}), checked())
    assert scripted.client.check(("甲.txt", b"words"), unit="某局").passed
    assert all(b"words" in request.content for request in scripted.requests)
    assert len(scripted.pauses) == 2


def test_gives_up_in_the_end() -> None:
    """After the last try the error of the service is raised; one that waiting does not mend is raised at once."""
    scripted = Scripted(*[refused(503, "busy", **{"Retry-After": "1"}) for _ in range(3)], tries=3)
    with pytest.raises(ServiceError) as raised:
        scripted.client.check(("甲.txt", b"x"))
    assert (raised.value.status, raised.value.code, raised.value.detail) == (503, "busy", "请稍后再试。")
    assert len(scripted.pauses) == 2
    for status in (401, 403, 413, 415, 422, 500):
        scripted = Scripted(refused(status, "no"))
        with pytest.raises(ServiceError) as raised:
            scripted.client.check(("甲.txt", b"x"))
        assert raised.value.status == status
        assert scripted.pauses == []


def test_a_conflict_that_stays_is_not_tried_again() -> None:
    """409 without Retry-After (it has ended already) is final."""
    scripted = Scripted(refused(409, "already-ended"))
    with pytest.raises(ServiceError, match="请稍后"):
        scripted.client.screening("0").cancel()


def test_never_waits_for_ever() -> None:
    """A Retry-After of hours is cut to a minute."""
    scripted = Scripted(refused(503, "busy", **{"Retry-After": "86400"}), checked())
    scripted.client.check(("甲.txt", b"x"))
    assert scripted.pauses == [60.0]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(200, text="<html>"), "not-kaohe"),
        (httpx.Response(200, text="<html>", headers={"Kaohe-Passed": "true"}), "not-kaohe"),
        (httpx.Response(400, text="<html>"), "error"),
        (httpx.Response(400, json=["x"]), "error"),
    ],
)
def test_an_answer_of_something_else(answer: Any, code: str) -> None:
    """What is none of the service's answers is an error in Chinese, not a crash."""
    with pytest.raises(ServiceError, match="服务") as raised:
        Scripted(answer).client.check(("甲.txt", b"x"))
    assert raised.value.code == code


def test_nobody_there() -> None:
    """A service that cannot be reached is told as such, with status 0."""
    with Client("http://127.0.0.1:9", tries=1) as client, pytest.raises(ServiceError) as raised:
        client.check(("甲.txt", b"x"))
    assert (raised.value.status, raised.value.code) == (0, "unreachable")


def test_a_certificate_of_the_inner_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that nobody vouches for is refused and told as such; SSL_CERT_FILE vouches for it."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Kaohe-Passed", "true")
            self.end_headers()
            self.wfile.write(json.dumps(REPORT).encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://localhost:{server.server_port}"
        with Client(url) as client, pytest.raises(ServiceError, match="证书") as raised:
            client.check(("甲.txt", b"x"))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with Client(url) as client:
            assert client.check(("甲.txt", b"x")).passed
        server.shutdown()
    assert raised.value.code == "bad-certificate"


@pytest.mark.parametrize("url", ["127.0.0.1:8910", "ftp://a", "http://", "http://a:b", ""])
def test_no_address(url: str) -> None:
    """What is no address is refused at once."""
    with pytest.raises(UsageError, match="网址"):
        Client(url)


def test_no_file(tmp_path: Path) -> None:
    """Without files, or with one that is not there, nothing is sent."""
    scripted = Scripted()
    for files in ([], tmp_path / "无.docx"):
        with pytest.raises(UsageError):
            scripted.client.check(files)
    assert scripted.requests == []


def test_the_error_survives_a_process() -> None:
    """The error can go from one process to another."""
    again = pickle.loads(pickle.dumps(ServiceError(503, "busy", "忙")))
    assert (again.status, again.code, again.detail, str(again)) == (503, "busy", "忙", "忙")


# ── signatures ────────────────────────────────────────────────────────

BODY = b'{"id":"5f0c2a9be1d34c77","state":"done"}'
SECRET = "0123456789abcdef-secret"


def signed(body: bytes = BODY, moment: float | None = None, secret: str = SECRET) -> str:
    at = int(time.time() if moment is None else moment)
    return f"t={at},v1=" + hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()


def test_a_good_signature() -> None:
    """What was signed a moment ago with the secret is good, also beside parts not known yet and other signatures."""
    good = signed()
    moment, _, value = good.partition(",")
    for header in (good, f"{good},v2=abc", f"{moment}, v1={'0' * 64}, {value}"):
        assert verify_signature(BODY, header, SECRET)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        "v1=" + "0" * 64,
        "t=1e3,v1=" + "0" * 64,
        signed(secret="another-secret-123"),
        signed(body=BODY + b" "),
        signed().replace("v1=", "v0="),
        signed() + ",t=1",
        signed(moment=time.time() - 3600),
        signed(moment=time.time() + 3600),
        "t=９,v1=é",
    ],
)
def test_a_bad_signature(header: str) -> None:
    """Another secret, another body, another time, a header in another form: none of them is good."""
    assert verify_signature(BODY, header, SECRET) is False


def test_no_secret_fits_nothing() -> None:
    """An empty secret, as from a setting that was forgotten, lets nothing in."""
    assert verify_signature(BODY, signed(secret=""), "") is False


def test_what_the_service_signs() -> None:
    """The service signs as the client verifies."""
    from checker.service.webhooks import signature

    assert verify_signature(BODY, signature(SECRET.encode(), int(time.time()), BODY), SECRET)


# ── against the running service ───────────────────────────────────────


def test_check(live: Live) -> None:
    """A paper with faults is not passed and its findings come back; fail_on says from which level on."""
    with Client(live.url) as client:
        answer = client.check(HOLE, whole=False)
        assert (answer.passed, answer.verdict) == (False, "return")
        assert {"placeholder", "fixed-expression"} <= {finding["rule"] for finding in answer.findings}
        assert client.check(HOLE, whole=False, fail_on="never").passed
        assert answer.report["documents"][0]["path"] == HOLE.name


def test_whole_or_part(live: Live) -> None:
    """That other papers are wanting is told of a whole submission only."""
    clean = SAMPLES / "clean-county" / "领导班子工作总结.docx"
    with Client(live.url) as client:
        assert client.check(clean).passed is False
        part = client.check([clean], whole=False)
    assert part.passed
    assert any("whole=false" in entry["reason"] for entry in part.report["not_checked"])


def test_what_is_told_arrives(live: Live) -> None:
    """Unit, kind, person, flags, topics out of scope: all of it is in the report."""
    with Client(live.url) as client:
        report = client.check(
            ("报告.txt", "述职报告\n一、学习情况\n参加学习12次。".encode()),
            kind="cadre-report",
            unit="某某局",
            unit_type="municipal",
            person="某某",
            flags=["non-party"],
            not_applicable={"religion": "没有这项职能"},
        ).report
    assert report["submission"] == {
        "unit": "某某局",
        "unit_type": "municipal",
        "person": "某某",
        "flags": ["non-party"],
        "not_applicable": {"religion": "没有这项职能"},
    }
    assert report["documents"][0]["kind"] == "cadre-report"


def test_the_same_key_is_checked_once(live: Live) -> None:
    """With the key of an earlier call its answer comes back; for other files the key is refused."""
    with Client(live.url) as client:
        first = client.check(HOLE, key="one")
        second = client.check(HOLE, key="one")
        assert (first.replayed, second.replayed) == (False, True)
        assert Answer(first.passed, first.verdict, first.report, True) == second
        with pytest.raises(ServiceError) as raised:
            client.check(("甲.txt", b"x"), key="one")
    assert raised.value.code == "idempotency-key-reused"


def test_screen(live: Live, tmp_path: Path) -> None:
    """A batch is handed in, watched to its end, fetched and removed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("placeholders", "clean-county"):
            for paper in (SAMPLES / name).glob("*.docx"):
                archive.write(paper, f"{name}/{paper.name}")
    with Client(live.url) as client:
        screening = client.screen(("一批.zip", packed.getvalue()), name="第一轮", copies="none", round=1)
        events = list(screening.events())
        assert [events[-1].name, events[-1].data["state"]] == ["end", "done"]
        assert {"state", "progress"} <= {event.name for event in events}
        assert list(client.screening(screening.id).events())[-1].name == "end"
        state = screening.wait(timeout=10)
        assert (state["state"], state["name"], state["counts"]["units"]) == ("done", "第一轮", 2)
        with zipfile.ZipFile(screening.download(tmp_path / "结果")) as results:
            assert results.testzip() is None
            assert any(name.endswith("index.html") for name in results.namelist())
        assert [path.suffix for path in (tmp_path / "结果").iterdir()] == [".zip"]
        assert b"<html" in screening.result("index.html").lower()
        with pytest.raises(ServiceError) as raised:
            screening.cancel()
        assert (raised.value.status, raised.value.code) == (409, "already-ended")
        screening.delete()
        with pytest.raises(ServiceError) as raised:
            screening.state()
    assert raised.value.code == "no-screening"


def test_hook_by_the_service(live: Live, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """kaohe hook says the same, line for line and by its exit code, whether the service checks or this machine."""
    folder = tmp_path / "某局"
    (folder / "二").mkdir(parents=True)
    for place, paper in ((folder / "总结.docx", HOLE), (folder / "二" / "总结.docx", HOLE.with_name("四个清单.docx"))):
        place.write_bytes(paper.read_bytes())
    broken = tmp_path / "坏.docx"
    broken.write_bytes(b"PK\x03\x04")
    for arguments in ([str(HOLE)], [str(HOLE), "--fail-on", "never"], [str(folder)], [str(broken), str(HOLE)]):
        told = []
        for more in ([], ["--service", live.url]):
            code = run(["hook", *arguments, *more])
            told.append((code, sorted(capsys.readouterr().out.splitlines())))
        assert told[0] == told[1]
        assert told[0][1]


def test_hook_is_told_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No service, a token that is none: one sentence each, exit code 2."""
    for name in [name for name in os.environ if name.startswith("KAOHE")]:
        monkeypatch.delenv(name)
    token = tmp_path / "token"
    token.write_text("two words", "utf-8")
    monkeypatch.setattr("checker.client._TRIES", 1)
    monkeypatch.setattr("checker.client.time.sleep", lambda seconds: None)
    for arguments in (
        ["--service", "http://127.0.0.1:9"],
        ["--service", "http://127.0.0.1:9", "--token-file", str(token)],
        ["--service", "http://127.0.0.1:9", "--token-file", str(tmp_path / "none")],
        ["--service", "nonsense"],
        ["--service", "http://127.0.0.1:9", "--baseline", "b.toml"],
    ):
        assert run(["hook", str(HOLE), *arguments]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.count("\n") == 1
        assert told.err.startswith("kaohe：")
        assert "程序内部出错" not in told.err


def test_events_go_on_where_they_broke() -> None:
    """A stream that breaks is taken up behind the last event that came, and none comes twice."""

    def stream(*events: tuple[int, str]) -> Any:
        text = "".join(f"id: {number}\nevent: {name}\ndata: {json.dumps({'n': number})}\n\n" for number, name in events)
        return httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})

    scripted = Scripted(stream((1, "state"), (2, "progress")), refused(503, "busy"), stream((3, "end")))
    assert [event.data["n"] for event in scripted.client.screening("0").events()] == [1, 2, 3]
    assert [request.headers.get("Last-Event-ID") for request in scripted.requests] == [None, "2", "2"]
