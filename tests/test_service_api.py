"""POST /api/v1/checks and its neighbours, over a real connection."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from loaders import SAMPLES
from service_parts import Served, by_name, served, until, whose

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from checker.render.json import schema
from checker.service.settings import ServiceSettings

ZONE = SAMPLES / "clean-zone"
PAPER = ZONE / "工作总结.docx"
HEADERS = ("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that really checks."""
    data = tmp_path_factory.mktemp("data")
    with served(ServiceSettings(data=data, port=0, jobs=1, rate=0, files_most=8)) as running:
        yield running


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service whose checks do what the names of the files say."""
    data = tmp_path_factory.mktemp("data")
    with served(ServiceSettings(data=data, port=0, jobs=1, rate=0, timeout=20), by_name) as running:
        yield running


def files(*paths: Path) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (path.name, path.read_bytes())) for path in paths]


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["code"] == code
    assert told["type"] == f"urn:kaohe:problem:{code}"
    assert told["detail"].endswith("。")
    return told


def test_one_file_gives_the_report_and_a_verdict_to_branch_on(real: Served) -> None:
    answer = real.client.post("/api/v1/checks", files=files(PAPER), data={"unit": "某某局", "fail_on": "never"})
    assert answer.status_code == 200
    report = answer.json()
    jsonschema.validate(report, json.loads(schema()))
    assert report["submission"]["unit"] == "某某局"
    assert [document["path"] for document in report["documents"]] == ["工作总结.docx"]
    assert answer.headers["kaohe-verdict"] == report["verdict"] == "return"
    assert answer.headers["kaohe-passed"] == "true"


def test_a_whole_submission_passes(real: Served) -> None:
    papers = sorted(path for path in ZONE.iterdir() if path.suffix == ".docx")
    answer = real.client.post("/api/v1/checks", files=files(*papers), data={"unit_type": "zone"})
    report = answer.json()
    assert len(report["documents"]) >= len(papers)
    assert (report["verdict"], answer.headers["kaohe-passed"]) == ("pass", "true")


def test_strict_tells_by_the_status_what_fail_on_says(real: Served) -> None:
    given = {"strict": "true"}
    refused = real.client.post("/api/v1/checks", files=files(PAPER), data=given)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/json")
    assert refused.json()["verdict"] == "return"
    passed = real.client.post("/api/v1/checks", files=files(PAPER), data={**given, "fail_on": "never"})
    assert passed.status_code == 200


def test_what_cannot_be_read_is_an_error_in_the_report_and_never_passes(real: Served) -> None:
    answer = real.client.post(
        "/api/v1/checks", files=[("files", ("总结.docx", b"\x00\x01" * 50))], data={"fail_on": "never"}
    )
    assert answer.status_code == 200
    assert answer.headers["kaohe-passed"] == "false"
    assert [(entry["path"], entry["code"]) for entry in answer.json()["errors"]] == [("总结.docx", "not-docx")]


def test_pasted_text_is_a_paper(real: Served) -> None:
    answer = real.client.post("/api/v1/checks", files={"text": (None, "2020年度工作总结\n\n全年工作扎实推进。")})
    (document,) = answer.json()["documents"]
    assert (document["path"], document["kind"]) == ("粘贴的文字.txt", "team-summary")


def test_person_and_flags_reach_the_rules(real: Served) -> None:
    (paper,) = (SAMPLES / "clean-bureau").glob("*党外*.docx")
    given = {"person": "某某", "flags": ["non-party"], "kind": "cadre-report"}
    report = real.client.post("/api/v1/checks", files=files(paper), data=given).json()
    assert (report["submission"]["person"], report["submission"]["flags"]) == ("某某", ["non-party"])
    assert report["documents"][0]["kind_source"] == "given"


def test_a_path_in_a_name_is_cut_off(real: Served) -> None:
    answer = real.client.post("/api/v1/checks", files=[("files", ("..\\..\\etc/passwd/总结.docx", PAPER.read_bytes()))])
    assert answer.json()["documents"][0]["path"] == "总结.docx"


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ({"kind": "novel"}, "invalid", "kind"),
        ({"unit_type": "moon"}, "invalid", "unit_type"),
        ({"fail_on": "sometimes"}, "invalid", "fail_on"),
        ({"flags": "king"}, "invalid", "flags"),
        ({"strict": "perhaps"}, "invalid", "strict"),
        ({"not_applicable": "religion"}, "invalid", "not_applicable"),
        ({"notice": "/etc/passwd"}, "unknown-notice", "notice"),
        ({"colour": "red"}, "unknown-field", "colour"),
        ({"unit": "局" * 101}, "invalid", "unit"),
    ],
)
def test_a_wrong_value_is_named(real: Served, data: dict[str, str], code: str, field: str) -> None:
    told = problem(real.client.post("/api/v1/checks", files=files(PAPER), data=data), 422, code)
    assert told["field"] == field


def test_a_value_is_given_once_and_an_empty_one_not_at_all(real: Served) -> None:
    twice = real.client.post("/api/v1/checks", files=files(PAPER), data={"kind": ["team-summary", "other"]})
    assert problem(twice, 422, "invalid")["field"] == "kind"
    empty = real.client.post("/api/v1/checks", files=files(PAPER), data={"kind": "", "unit_type": "", "fail_on": ""})
    assert empty.status_code == 200


def test_a_topic_that_the_notice_does_not_know_is_refused(real: Served) -> None:
    problem(real.client.post("/api/v1/checks", files=files(PAPER), data={"not_applicable": "x=y"}), 422, "bad-usage")


def test_what_is_no_form_with_files_is_refused(real: Served) -> None:
    problem(real.client.post("/api/v1/checks", json={"text": "总结"}), 415, "unsupported-media-type")
    problem(real.client.post("/api/v1/checks", files={"unit": (None, "某某局")}), 422, "no-files")
    broken = {"content-type": "multipart/form-data; boundary=x"}
    cut = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nabc'
    problem(real.client.post("/api/v1/checks", content=cut, headers=broken), 422, "bad-form")
    problem(real.client.post("/api/v1/checks", files=files(*[PAPER] * 9)), 422, "too-many-files")


def test_nothing_of_a_check_stays_on_disk(real: Served) -> None:
    big = b"%PDF-1.4 " + b"0" * (3 << 20)
    real.client.post("/api/v1/checks", files=[("files", ("大.pdf", big))])
    assert list(real.service.settings.temporary.iterdir()) == []


def test_what_is_noted_of_a_check(real: Served) -> None:
    real.client.post("/api/v1/checks", files=files(PAPER), data={"unit": "记录局"})
    (entry,) = real.service.audit.entries(unit="记录局")
    assert (entry.who, entry.action, entry.what, entry.status) == ("本机", "check", "return：工作总结.docx", 200)


def test_notices_and_values_to_choose_from(real: Served) -> None:
    told = real.client.get("/api/v1/notices").json()
    assert [(entry["id"], entry["default"]) for entry in told["notices"]] == [("puyang-2020", True)]
    assert told["kinds"]["team-summary"] == "领导班子工作总结"


def test_errors_of_routes_are_problems_too(real: Served) -> None:
    problem(real.client.get("/api/v1/nothing-here"), 404, "not-found")
    problem(real.client.get("/api/v1/checks"), 405, "method-not-allowed")


def test_every_answer_carries_the_policy(real: Served) -> None:
    for path in ("/healthz", "/api/v1/notices", "/api/v1/nothing-here"):
        headers = real.client.get(path).headers
        assert all(name in headers for name in HEADERS), path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_alive_and_ready(real: Served) -> None:
    assert real.client.get("/healthz").json() == {"status": "ok"}
    assert real.client.get("/readyz").json()["status"] == "ready"


def test_no_longer_ready_when_told_to_stop(fake: Served) -> None:
    fake.service.stopping.set()
    try:
        answer = fake.client.get("/readyz")
    finally:
        fake.service.stopping.clear()
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


def test_the_description_says_what_the_service_does(real: Served) -> None:
    told = real.client.get("/api/v1/openapi.json").json()
    operation = told["paths"]["/api/v1/checks"]["post"]
    form = operation["requestBody"]["content"]["multipart/form-data"]
    assert {"files", "notice", "kind", "unit", "unit_type", "person", "flags", "fail_on"} <= set(
        form["schema"]["properties"]
    )
    assert {"200", "413", "415", "422", "429", "503"} <= set(operation["responses"])
    for status, answer in operation["responses"].items():
        for content in answer["content"].values():
            jsonschema.validate(content["example"], content["schema"]), status


def test_an_author_checks_for_its_own_unit_and_a_key_is_its_own(tmp_path: Path) -> None:
    settings = ServiceSettings(data=tmp_path, port=0, jobs=1, rate=0, login=True)
    with served(settings, whose, tokens=[("甲", "author", "渠务局"), ("报送系统", "reviewer", "")]) as running:
        author, system = (f"Bearer {secret}" for secret in running.secrets)

        def ask(token: str, key: str = "", **data: str) -> httpx.Response:
            headers = {"Authorization": token, **({"Idempotency-Key": key} if key else {})}
            given = [("files", ("good.txt", b""))]
            return running.client.post("/api/v1/checks", files=given, data=data, headers=headers)

        assert ask(author).text == "渠务局"
        problem(ask(author, unit="别的局"), 403, "other-unit")
        assert ask(system, unit="别的局").text == "别的局"
        assert ask(author, "k", unit="渠务局").headers.get("idempotency-replayed") is None
        assert ask(system, "k", unit="渠务局").headers.get("idempotency-replayed") is None
        assert ask(author, "k", unit="渠务局").headers["idempotency-replayed"] == "true"
        problem(ask("Bearer nonsense"), 401, "bad-token")
        problem(running.client.post("/api/v1/checks", files=[("files", ("good.txt", b""))]), 401, "unauthorized")


# ---- idempotency ----------------------------------------------------------------------------------------------


def once(served: Served, key: str, name: str = "good.txt", content: bytes = b"", **data: str) -> httpx.Response:
    return served.client.post(
        "/api/v1/checks", files=[("files", (name, content))], data=data, headers={"Idempotency-Key": key}
    )


def test_the_same_request_again_gets_the_same_answer_and_no_second_check(fake: Served) -> None:
    done = fake.service.checks.outcomes["done"]
    first, second = once(fake, "a-1"), once(fake, "a-1")
    assert second.content == first.content
    assert second.headers["kaohe-verdict"] == first.headers["kaohe-verdict"]
    assert (first.headers.get("idempotency-replayed"), second.headers.get("idempotency-replayed")) == (None, "true")
    assert fake.service.checks.outcomes["done"] == done + 1


def test_a_key_for_something_else_is_refused(fake: Served) -> None:
    once(fake, "a-2")
    problem(once(fake, "a-2", content=b"2"), 422, "idempotency-key-reused")
    problem(once(fake, "a-2", unit="某某局"), 422, "idempotency-key-reused")
    problem(once(fake, "with space"), 422, "bad-idempotency-key")


def test_while_the_first_is_checked_the_second_is_told_to_wait(fake: Served) -> None:
    answers: list[httpx.Response] = []
    first = threading.Thread(target=lambda: answers.append(once(fake, "a-3", "sleep.txt", b"1")))
    first.start()
    until(lambda: fake.service.checks.running)
    told = once(fake, "a-3", "sleep.txt", b"1")
    problem(told, 409, "in-flight")
    assert told.headers["retry-after"] == "1"
    first.join()
    assert once(fake, "a-3", "sleep.txt", b"1").content == answers[0].content


def test_a_request_that_failed_may_be_tried_again(fake: Served) -> None:
    problem(once(fake, "a-4", kind="novel"), 422, "invalid")
    assert once(fake, "a-4").status_code == 200
    fake.service.checks._closed = True
    try:
        problem(once(fake, "a-6"), 503, "stopping")
    finally:
        fake.service.checks._closed = False
    assert once(fake, "a-6").status_code == 200


def test_a_request_that_a_crash_cut_off_may_be_tried_again(fake: Served) -> None:
    from datetime import timedelta

    from checker.service.models import IdempotencyKey

    before = fake.service.began - timedelta(seconds=5)
    with fake.service.database.session() as session:
        session.add(IdempotencyKey(key="a-5", principal="open:本机", route="checks", body_hash="x", created=before))
    assert once(fake, "a-5").status_code == 200


def test_a_client_that_goes_away_is_taken_out_of_the_queue(fake: Served) -> None:
    slow = threading.Thread(target=lambda: once(fake, "b-1", "sleep.txt", b"2"))
    done = fake.service.checks.outcomes["done"]
    slow.start()
    until(lambda: fake.service.checks.running)
    with pytest.raises(httpx.ReadTimeout):
        fake.client.post("/api/v1/checks", files=[("files", ("good.txt", b""))], timeout=0.3)
    until(lambda: not fake.service.checks.waiting)
    slow.join()
    assert fake.service.checks.outcomes["done"] == done + 1
