"""The log of the service: every request, and nothing of any paper."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import HTTPException
from running_service import Running, running

from checker.service import logs
from checker.service.app import create_app
from checker.service.settings import ServiceSettings

SECRET = "禾渡县绝密的一句话"


@pytest.fixture(scope="module")
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, stream: io.StringIO) -> Iterator[Running]:
    settings = ServiceSettings(tmp_path_factory.mktemp("logs"), jobs=1)
    app = create_app(settings)

    @app.get("/fails")
    async def fails() -> None:
        raise ValueError(SECRET)

    @app.get("/refuses/{name}")
    async def refuses(name: str) -> None:
        raise HTTPException(503)

    before = logging.getLogger().handlers[:]
    logs.set_up(stream)
    with running(settings, app) as found:
        yield found
    logging.getLogger().handlers[:] = before


@pytest.fixture
def lines(stream: io.StringIO) -> Any:
    """`count` lines since the beginning of the test; the line of a request comes a moment after its answer."""
    start = len(stream.getvalue())

    def found(count: int) -> list[dict[str, Any]]:
        until = time.monotonic() + 5
        while (written := stream.getvalue()[start:]).count("\n") < count and time.monotonic() < until:
            time.sleep(0.01)
        return [json.loads(line) for line in written.splitlines()]

    return found


def test_a_check_is_one_line_without_the_paper_its_name_or_the_query(service: Running, lines: Any) -> None:
    files = {"files": (f"{SECRET}.txt", (SECRET * 50).encode())}
    answer = httpx.post(f"{service.url}/api/v1/checks?x={SECRET}", files=files, timeout=60)
    assert answer.status_code == 200
    [line] = lines(1)
    assert {"method": "POST", "route": "/api/v1/checks", "status": 200, "role": "admin"}.items() <= line.items()
    assert line["ms"] > 0 and line["sent"] == len(answer.content) and line["level"] == "info"
    assert SECRET not in json.dumps(line, ensure_ascii=False)


def test_the_id_in_the_log_is_the_one_in_the_answer(service: Running, lines: Any) -> None:
    answer = httpx.get(f"{service.url}/api/v1/notices")
    assert [line["request_id"] for line in lines(1)] == [answer.headers["X-Request-ID"]]


def test_the_id_of_the_caller_is_kept_where_it_is_one(service: Running) -> None:
    for given, kept in (("case-2026.11.22_7", True), (SECRET, False), ("a b c d e f g h", False), ("x" * 65, False)):
        answer = httpx.get(f"{service.url}/healthz", headers={b"X-Request-ID": given.encode()})
        assert (answer.headers["X-Request-ID"] == given) is kept


def test_an_address_that_is_not_there_is_not_written_down(service: Running, lines: Any) -> None:
    assert httpx.get(f"{service.url}/{SECRET}/x?token={SECRET}").status_code == 404
    [line] = lines(1)
    assert (line["route"], line["status"]) == ("(none)", 404)
    assert SECRET not in str(line)


def test_values_in_a_route_are_not_written_down_and_5xx_is_a_warning(service: Running, lines: Any) -> None:
    httpx.get(f"{service.url}/refuses/{SECRET}")
    [line] = lines(1)
    assert (line["route"], line["level"]) == ("/refuses/{name}", "warning")


def test_an_error_is_told_with_its_kind_and_place_and_not_with_its_message(service: Running, lines: Any) -> None:
    answer = httpx.get(f"{service.url}/fails")
    assert answer.status_code == 500 and answer.headers["content-type"] == "application/problem+json"
    error, request = lines(2)
    assert error["error"].startswith("ValueError (test_service_logs.py:")
    assert error["request_id"] == request["request_id"] == answer.headers["X-Request-ID"]
    assert SECRET not in answer.text + str(error)


def test_what_programs_ask_again_and_again_is_not_written_down(service: Running, lines: Any) -> None:
    httpx.get(f"{service.url}/healthz")
    httpx.get(f"{service.url}/metrics")
    httpx.get(f"{service.url}/api/v1/notices")
    assert [line["route"] for line in lines(1)] == ["/api/v1/notices"]


def test_words_in_the_message_of_a_library_are_left_out_and_numbers_stay(lines: Any, service: Running) -> None:
    logging.getLogger("somebody").warning("cannot read %s", SECRET)
    logging.getLogger("uvicorn.error").warning("process %d", 42)
    assert [line["event"] for line in lines(2)] == ["cannot read %s", "process 42"]


def test_nobody_writes_a_line_of_his_own(lines: Any, service: Running) -> None:
    logging.getLogger("kaohe.checks").warning("one\n{} two")
    assert [line["event"] for line in lines(1)] == ["one {} two"]


def test_the_level_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    before, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("", "kaohe", "uvicorn.error")}
    try:
        monkeypatch.setenv(logs.LEVEL, "warning")
        target = io.StringIO()
        logs.set_up(target)
        logging.getLogger("kaohe.request").info("quiet")
        logging.getLogger("kaohe.request").warning("loud")
        assert [json.loads(line)["event"] for line in target.getvalue().splitlines()] == ["loud"]
    finally:
        root.handlers[:] = before
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def test_a_place_needs_no_traceback() -> None:
    assert logs.place(KeyError(SECRET)) == "KeyError"
    assert Path(__file__).name not in logs.place(KeyError(SECRET))
