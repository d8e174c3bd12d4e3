"""What Prometheus reads."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from running_service import Running, running

from checker.service.checks import Checks
from checker.service.metrics import memory
from checker.service.models import Screening
from checker.service.settings import ServiceSettings

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(ServiceSettings(tmp_path_factory.mktemp("metrics"), jobs=1)) as found:
        yield found


def figures(url: str, **more: str) -> Figures:
    """All figures by name and labels."""
    answer = httpx.get(f"{url}/metrics", headers=more)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def change(before: Figures, after: Figures, name: str, **labels: str) -> float:
    """By how much a figure has grown."""
    key = name, tuple(sorted(labels.items()))
    return after.get(key, 0.0) - before.get(key, 0.0)


def check(url: str, name: str = "工作总结.txt", data: bytes = "2020年度领导班子工作总结".encode()) -> httpx.Response:
    return httpx.post(f"{url}/api/v1/checks", files={"files": (name, data)}, timeout=60)


def test_a_check_is_counted_by_its_verdict_and_its_request_by_the_template(service: Running) -> None:
    before = figures(service.url)
    verdict = check(service.url).headers["Kaohe-Verdict"]
    after = figures(service.url)
    assert change(before, after, "kaohe_checks_total", verdict=verdict) == 1
    assert change(before, after, "kaohe_check_seconds_count") == 1
    assert change(before, after, "kaohe_check_wait_seconds_count") == 1
    route = "/api/v1/checks"
    assert change(before, after, "kaohe_requests_total", route=route, method="POST", status="200") == 1
    assert change(before, after, "kaohe_request_seconds_count", route=route) == 1


def test_a_file_that_cannot_be_read_is_counted_by_its_code(service: Running) -> None:
    before = figures(service.url)
    answer = check(service.url, "损坏.docx", b"PK\x03\x04 nothing").json()
    [code] = {error["code"] for error in answer.get("report", answer)["errors"]}
    after = figures(service.url)
    assert change(before, after, "kaohe_check_errors_total", code=code) == 1
    assert change(before, after, "kaohe_checks_total", verdict="error") == 1


def test_made_up_addresses_and_methods_make_no_figures_of_their_own(service: Running) -> None:
    for number in range(5):
        httpx.request(f"MADEUP{'X' * number}", f"{service.url}/nothing-{number}")
    found = figures(service.url)
    labels = [dict(pairs) for name, pairs in found if name == "kaohe_requests_total"]
    assert {"route": "(none)", "method": "other", "status": "404"} in labels
    assert not any("nothing" in str(pairs) or "MADEUP" in str(pairs) for pairs in labels)


def test_a_process_that_was_killed_is_counted_and_the_check_still_answered(service: Running) -> None:
    before = figures(service.url)
    [pid] = service.service.checks.pids()
    os.kill(pid, signal.SIGSTOP)  # so that the check is under way when the process ends
    ended = threading.Timer(0.5, os.kill, (pid, signal.SIGKILL))
    ended.start()
    assert check(service.url).status_code == 200
    ended.join()
    assert change(before, figures(service.url), "kaohe_workers_lost_total", cause="died") == 1


def test_the_present_moment(service: Running) -> None:
    found = figures(service.url)
    assert found["kaohe_queue_length", ()] == 0
    assert found["kaohe_queue_limit", ()] == service.service.settings.queue
    assert found["kaohe_workers", ()] == 1
    assert found["kaohe_database_up", ()] == 1
    assert found["kaohe_workers_memory_bytes", ()] > 10e6
    assert found["kaohe_data_free_bytes", ()] > 0


def test_screenings_are_counted_by_state(service: Running) -> None:
    key = "kaohe_screenings", (("state", "failed"),)
    before = figures(service.url)[key]
    with service.service.database.session() as session:
        session.add(Screening(id="0" * 16, name="甲", state="failed", by="乙"))
    assert figures(service.url)[key] - before == 1


def test_without_the_database_the_rest_is_still_told(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    def gone() -> None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr(service.service.database, "session", gone)
    found = figures(service.url)
    assert found["kaohe_database_up", ()] == 0
    assert ("kaohe_queue_length", ()) in found and not any(name == "kaohe_screenings" for name, _ in found)


def test_who_is_sent_away_from_a_full_queue_is_counted(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    before = figures(service.url)
    monkeypatch.setattr(Checks, "_is_full", lambda *_: True)
    assert check(service.url).status_code == 503
    assert change(before, figures(service.url), "kaohe_checks_refused_total") == 1


def test_where_tokens_are_asked_for_only_an_administrator_reads_them(
    service: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = replace(service.service.settings, data=tmp_path_factory.mktemp("closed"), login=True)
    from checker.service.database import Database
    from checker.service.tokens import Tokens

    database = Database(settings.database_url)
    database.migrate()
    tokens = Tokens(database)
    secrets = {
        role: tokens.add(role, role, "禾渡县" if role == "author" else "", None).secret
        for role in ("author", "reviewer", "admin")
    }
    with running(settings) as closed:
        assert httpx.get(f"{closed.url}/metrics").status_code == 401
        for role, status in (("author", 403), ("reviewer", 403), ("admin", 200)):
            headers = {"Authorization": f"Bearer {secrets[role]}"}
            assert httpx.get(f"{closed.url}/metrics", headers=headers).status_code == status


def test_memory_of_a_process_that_is_gone_is_nothing() -> None:
    assert memory(2**22 + 7) == 0
    assert memory(os.getpid()) > 1e6
