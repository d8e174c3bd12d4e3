"""What the service refuses before any work is done, and how it begins and ends as a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from loaders import SAMPLES
from service_parts import Served, by_name, served, until

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from starlette.datastructures import Headers

from checker import commands
from checker.errors import UsageError
from checker.readers.limits import MEGABYTE
from checker.service import limits, server
from checker.service.configuration import configured, duration
from checker.service.handouts import Handouts
from checker.service.limits import address_of
from checker.service.settings import ServiceSettings, is_loopback
from checker.service.uploads import bare_name

PAPER = SAMPLES / "clean-zone" / "工作总结.docx"
FORM = {"Content-Type": "multipart/form-data; boundary=x"}
HEAD = '--x\r\nContent-Disposition: form-data; name="files"; filename="大.pdf"\r\n\r\n'.encode()
TAIL = b"\r\n--x--\r\n"


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with narrow limits, whose checks do what the names of the files say."""
    data = tmp_path_factory.mktemp("data")
    settings = ServiceSettings(data=data, port=0, jobs=1, rate=0, timeout=20, body_size=8 * MEGABYTE, body_idle=2)
    with served(settings, by_name) as running:
        yield running


def upload(size: int, piece: bytes = b"0" * 65536) -> Iterator[bytes]:
    """A form with one file, sent without its length."""
    yield HEAD
    for _ in range(size // len(piece)):
        yield piece
    yield TAIL


# ---- requests -------------------------------------------------------------------------------------------------


def test_too_many_requests_are_told_when_to_come_back(tmp_path: Path) -> None:
    with served(ServiceSettings(data=tmp_path, port=0, jobs=1, rate=6), by_name) as running:
        statuses = [running.client.get("/api/v1/notices").status_code for _ in range(8)]
        assert statuses == [200] * 6 + [429] * 2
        refused = running.client.get("/api/v1/notices")
        assert refused.json()["code"] == "too-many-requests"
        assert 1 <= int(refused.headers["retry-after"]) <= 11
        assert running.client.get("/healthz").status_code == 200


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(fake: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", fake.port, timeout=10)
    connection.putrequest("POST", "/api/v1/checks")
    for name, value in {**FORM, "Content-Length": str(9 * MEGABYTE)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, answer.headers["content-type"]) == (413, "application/problem+json")
    assert "8 MB" in answer.read().decode()


def test_a_body_that_grows_too_large_is_cut_off_and_leaves_nothing(fake: Served) -> None:
    answer = fake.client.post("/api/v1/checks", content=upload(12 * MEGABYTE), headers=FORM)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    until(lambda: list(fake.service.settings.temporary.iterdir()) == [])


def test_a_long_body_that_is_no_form_is_refused(fake: Served) -> None:
    answer = fake.client.post("/api/v1/checks", content=b"0" * (2 * MEGABYTE), headers={"Content-Type": "text/plain"})
    assert answer.status_code == 413


def test_a_body_that_stops_on_the_way_is_given_up_and_holds_up_nobody(fake: Served) -> None:
    with socket.create_connection(("127.0.0.1", fake.port), timeout=10) as slow:
        slow.sendall(
            b"POST /api/v1/checks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n" + HEAD
        )
        answer = fake.client.post("/api/v1/checks", files=[("files", ("good.txt", b""))])
        assert answer.status_code == 200
        assert not select.select([slow], [], [], 0)[0]
        told = b""
        while piece := slow.recv(65536):
            told += piece
    assert told.startswith(b"HTTP/1.1 408")
    assert b'"too-slow"' in told


def test_one_client_sends_only_so_much_at_a_time_and_what_waits_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_BODIES_EACH", 2)
    settings = ServiceSettings(data=tmp_path, port=0, jobs=1, rate=0, login=True)
    with served(settings, by_name, tokens=[("报送系统", "reviewer", "")]) as running:
        running.client.headers["Authorization"] = f"Bearer {running.secrets[0]}"

        def check(name: str = "good.txt") -> int:
            given = [("files", (name, b"1.5"))]
            return running.client.post("/api/v1/checks", files=given).status_code

        with ThreadPoolExecutor(4) as pool:
            checks = running.service.checks
            answers = []
            for number in range(1, 5):
                answers.append(pool.submit(check, "sleep.txt"))
                until(lambda number=number: checks.running + checks.waiting == number)  # type: ignore[misc]
            assert [answer.result() for answer in answers] == [200] * 4
        head = f"POST /api/v1/checks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {running.secrets[0]}\r\n"
        head += "Content-Length: 5000\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n"
        with contextlib.ExitStack() as stack:

            def one_more() -> None:
                slow = stack.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=10))
                slow.sendall(head.encode() + HEAD)

            until(lambda: one_more() or check() == 429)
        until(lambda: check() == 200)


def test_a_large_upload_does_not_hold_up_others(tmp_path: Path) -> None:
    settings = ServiceSettings(data=tmp_path, port=0, jobs=1, rate=0, body_size=300 * MEGABYTE)
    with served(settings, by_name) as running:
        answers: list[int] = []

        def send() -> None:
            with httpx.Client(timeout=120) as client:
                url = f"http://127.0.0.1:{running.port}/api/v1/checks"
                answers.append(client.post(url, content=upload(200 * MEGABYTE), headers=FORM).status_code)

        sender = threading.Thread(target=send)
        sender.start()
        times = []
        while sender.is_alive():
            began = time.monotonic()
            assert running.client.post("/api/v1/checks", files=[("files", ("good.txt", b""))]).status_code == 200
            times.append(time.monotonic() - began)
        assert answers == [200]
        assert len(times) >= 3
        assert sorted(times)[len(times) // 2] < 0.25


def test_a_head_that_never_comes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_HEADER_SECONDS", 0.3)
    with served(ServiceSettings(data=tmp_path, port=0, jobs=1), by_name) as running:
        for before in (b"", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", running.port), timeout=10) as slow:
                slow.sendall(before)
                assert not before or slow.recv(65536).startswith(b"HTTP/1.1 200")
                slow.sendall(b"GET /healthz HT")
                while slow.recv(65536):
                    pass


def test_pages_of_other_sites_are_kept_out(fake: Served) -> None:
    def post(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return fake.client.post("/api/v1/checks", files=[("files", ("good.txt", b""))], headers=named).status_code

    own = f"http://127.0.0.1:{fake.port}"
    assert post(origin=own) == 200
    assert post(sec_fetch_site="same-origin", origin=own) == 200
    assert post(origin="https://evil.example") == 403
    assert post(origin="null") == 403
    assert post(sec_fetch_site="cross-site") == 403
    assert post(sec_fetch_site="same-site", origin="http://127.0.0.1:1") == 403


def test_an_open_service_answers_only_to_its_own_names(fake: Served) -> None:
    for host, status in (("localhost", 200), ("127.0.0.1:1", 200), ("[::1]", 200), ("evil.example", 421), ("", 421)):
        assert fake.client.get("/api/v1/notices", headers={"Host": host}).status_code == status, host


def test_an_open_service_is_not_put_behind_a_proxy(fake: Served) -> None:
    answer = fake.client.get("/api/v1/notices", headers={"X-Forwarded-For": "10.1.1.1"})
    assert (answer.status_code, answer.json()["code"]) == (403, "proxy-without-login")


def test_whose_address_counts(tmp_path: Path) -> None:
    def address(peer: str, *said: str, **more: object) -> str:
        settings = ServiceSettings(data=tmp_path, login=True, proxies=("127.0.0.1", "10.0.0.2"), **more)  # type: ignore[arg-type]
        headers = Headers(raw=[(b"x-forwarded-for", line.encode()) for line in said])
        return address_of({"type": "http", "client": (peer, 1)}, headers, settings)

    assert address("10.9.9.9", "1.2.3.4") == "10.9.9.9"
    assert address("127.0.0.1", "6.6.6.6, 1.2.3.4") == "1.2.3.4"
    assert address("127.0.0.1", "6.6.6.6", "1.2.3.4, 10.0.0.2") == "1.2.3.4"
    assert address("127.0.0.1", "nonsense") == "127.0.0.1"
    assert address("127.0.0.1") == "127.0.0.1"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("总结.docx", "总结.docx"),
        ("C:\\材料\\总结.docx", "总结.docx"),
        ("../../etc/passwd", "passwd"),
        ("..", "未命名"),
        ("a\x00b\n.docx", "ab.docx"),
        ("总" * 300 + ".docx", "总" * 195 + ".docx"),
    ],
)
def test_names_of_files_are_names_and_nothing_else(given: str, kept: str) -> None:
    assert bare_name(given) == kept


# ---- settings -------------------------------------------------------------------------------------------------


def test_settings_come_from_flags_then_the_file_then_defaults(tmp_path: Path) -> None:
    file = tmp_path / "kaohe.toml"
    file.write_text(
        'unit = "某某局"\nnotice = "puyang-2020"\n[limits]\npages = 7\n'
        '[serve]\nport = 9000\nupload-mb = 30\nkeep = "30d"\nhosts = ["kaohe.local"]\n'
        '[serve.people]\nzhang = "admin"\n',
        "utf-8",
    )
    settings = configured(str(file), {"port": 9100, "host": None, "hosts": ()})
    assert (settings.port, settings.host, settings.body_size) == (9100, "127.0.0.1", 30 * MEGABYTE)
    assert settings.keep is not None
    assert (settings.keep.days, settings.hosts, dict(settings.people)) == (30, ("kaohe.local",), {"zhang": "admin"})
    assert settings.limits.pages == 7
    assert settings.open


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("colour = 1", "不认识的设置 colour"),
        ('port = "x"', "port 的值不对"),
        ("port = 70000", "port 应当在 0 和 65535 之间"),
        ('keep = "long"', "keep 应当写成"),
        ('proxies = ["nginx"]', "不是 IP 地址"),
        ('base-path = "kaohe/"', "base-path"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "kaohe.toml"
    file.write_text(f"[serve]\n{line}\n", "utf-8")
    with pytest.raises(UsageError, match=words):
        configured(str(file), {})


def test_check_leaves_the_settings_of_the_service_alone(tmp_path: Path) -> None:
    from checker import config

    file = tmp_path / "kaohe.toml"
    file.write_text('unit = "某某局"\n[serve]\nport = 9000\n', "utf-8")
    assert config.settings(str(file), {}).unit == "某某局"


def test_the_command_line_loads_nothing_of_the_service() -> None:
    heavy = "fastapi uvicorn sqlalchemy pydantic checker.service"
    code = f"import sys, checker.commands; print([it for it in '{heavy}'.split() if it in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8").stdout == "[]\n"


def test_how_long_is_written() -> None:
    assert [duration(text).total_seconds() / 3600 for text in ("12h", "2d", "1周", "3 天")] == [12, 48, 168, 72]


@pytest.mark.parametrize(
    ("host", "own"), [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
                      ("::", False), ("10.1.1.1", False), ("localhost.evil.example", False)],
)  # fmt: skip
def test_what_is_this_machine_alone(host: str, own: bool, tmp_path: Path) -> None:
    assert is_loopback(host) is own
    assert ServiceSettings(data=tmp_path, host=host).open is own
    assert not ServiceSettings(data=tmp_path, host=host, login=True).open


def test_the_address_that_is_shown_can_be_opened(tmp_path: Path) -> None:
    def shown(host: str, **more: object) -> str:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            settings = ServiceSettings(data=tmp_path, host=host, **more)  # type: ignore[arg-type]
            return server.address(settings, listening).replace(str(listening.getsockname()[1]), "1")

    assert shown("127.0.0.1", base_path="/kaohe") == "http://127.0.0.1:1/kaohe/"
    assert shown("::1") == "http://[::1]:1/"
    assert shown("0.0.0.0", hosts=("kaohe.local",)) == "http://kaohe.local:1/"
    assert shown("0.0.0.0") == f"http://{socket.gethostname()}:1/"


# ---- handouts -------------------------------------------------------------------------------------------------


def test_files_are_handed_out_to_their_owner_alone(tmp_path: Path) -> None:
    handouts = Handouts(tmp_path / "handouts")
    ident = handouts.put("甲", {"批注/../../总结.docx": b"1", "form": b"2"})
    assert handouts.get("甲", ident, "form") == b"2"
    assert handouts.get("乙", ident, "form") is None
    assert handouts.get("甲", ident, "0") is None
    assert handouts.names("甲", ident) == ("批注/../../总结.docx", "form")
    on_disk = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    assert [path.name for path in on_disk] == ["handouts", ident, "0", "1"]
    if sys.platform != "win32":
        assert {stat.S_IMODE((tmp_path / path).stat().st_mode) for path in on_disk} == {0o700, 0o600}


def test_files_are_gone_after_their_time_and_with_the_next_start(tmp_path: Path) -> None:
    handouts = Handouts(tmp_path / "handouts", kept=0.2)
    first = handouts.put("甲", {"a": b"1"})
    time.sleep(0.25)
    assert handouts.get("甲", first, "a") is None
    second = handouts.put("甲", {"a": b"1"})
    assert [path.name for path in (tmp_path / "handouts").iterdir()] == [second]
    Handouts(tmp_path / "handouts").clear()
    assert list((tmp_path / "handouts").iterdir()) == []


# ---- a process of its own -------------------------------------------------------------------------------------


class Process:
    """`kaohe serve` on a free port."""

    def __init__(self, data: Path, *flags: str) -> None:
        command = [sys.executable, "-m", "checker", "serve", "--port", "0", "--jobs", "1", "--data", str(data), *flags]
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, encoding="utf-8"
        )
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", self.first)
        assert found, self.first + self.process.communicate()[1]
        self.port = int(found[1])


@contextlib.contextmanager
def process(data: Path, *flags: str) -> Iterator[Process]:
    started = Process(data, *flags)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
        for stream in (started.process.stdout, started.process.stderr):
            if stream is not None:
                stream.close()
        started.process.wait()


def half_a_request(port: int, body: bytes, sent: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    head = f"POST /api/v1/checks HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    connection.sendall(f"{head}Content-Type: multipart/form-data; boundary=x\r\n\r\n".encode() + body[:sent])
    return connection


def refused(capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    assert commands.run(["serve", *flags]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    return told.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that a test can send like Ctrl-C")
def test_a_stop_finishes_what_was_begun_and_nothing_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "new" / "data"
    body = HEAD.replace("大.pdf".encode(), "工作总结.docx".encode()) + PAPER.read_bytes() + TAIL
    with process(data) as service:
        assert "只有本机能访问" in service.first
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert f"端口 {service.port} 已被" in refused(
            capsys, "--port", str(service.port), "--data", str(tmp_path / "other")
        )
        assert "另一个 kaohe serve 正在用" in refused(capsys, "--port", "0", "--data", str(data))
        with half_a_request(service.port, body, 3000) as connection:
            time.sleep(0.5)
            service.process.send_signal(signal.SIGINT)
            time.sleep(0.5)
            connection.sendall(body[3000:])
            told = b""
            while piece := connection.recv(65536):
                told += piece
        assert told.startswith(b"HTTP/1.1 200")
        assert b'"kaohe/report/1"' in told
        out, _ = service.process.communicate(timeout=40)
        assert (service.process.returncode, out) == (0, "服务已停止。\n")
    assert list((data / "tmp").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes of files")
def test_what_a_killed_service_left_is_private_and_gone_after_the_next_start(tmp_path: Path) -> None:
    with process(tmp_path) as service:
        body = HEAD + b"0" * (4 * MEGABYTE) + TAIL
        with half_a_request(service.port, body, 3 * MEGABYTE):
            until(lambda: list((tmp_path / "tmp").iterdir()))
            service.process.kill()
            service.process.wait()
    (left,) = (tmp_path / "tmp").iterdir()
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    assert "大" not in left.name
    with process(tmp_path):
        assert not left.exists()


def test_nobody_is_served_where_nobody_is_asked_who_he_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "--host", "0.0.0.0", "--port", "0", "--data", str(tmp_path))
    assert "令牌" in told
    assert "kaohe token add" in told
    assert "令牌" in refused(capsys, "--login", "--port", "0", "--data", str(tmp_path))
