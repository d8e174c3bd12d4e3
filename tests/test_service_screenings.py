"""Screenings by the service: handed in, watched, cancelled, decided on, fetched, removed, and never lost."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import httpx
from service_batch import ROSTER, URL, Client, batch, ended, findings, hand_in, service

from checker import decisions
from checker.service.access import Principal
from checker.service.database import Database
from checker.service.models import Decision, Screening, ScreeningUnit, now
from checker.service.screening_folder import Accepted, Event, Folder, accept_file, current
from checker.service.screening_jobs import Asked, Handed, Screenings, Wanted
from checker.service.settings import ServiceSettings
from checker.service.tokens import Tokens
from checker.service.uploads import Upload

UNIT = "禾渡县"
CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with service(tmp_path_factory.mktemp("service") / "data", hooks=("127.0.0.1",)) as made:
        yield made


@pytest.fixture(scope="module")
def done(client: Client) -> str:
    """A screening of two units that has ended."""
    ident = hand_in(client, batch(), ROSTER, name="第一轮")
    assert ended(client, ident)["state"] == "done"
    return ident


def tokens_in(data: Path, *holders: tuple[str, str]) -> list[str]:
    """Tokens for a service that is still to be started: their secrets, by role and unit."""
    data.mkdir(mode=0o700)
    database = Database(ServiceSettings(data=data).database_url)
    database.migrate()
    secrets = [Tokens(database).add(f"{role}{unit}", role, unit).secret for role, unit in holders]
    database.close()
    return secrets


def stream(client: Client, ident: str, last: int | None = None) -> list[tuple[int, str, dict[str, Any]]]:
    """The events of a screening: id, kind, data."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    answer = client.get(f"{URL}/{ident}/events", headers=headers)
    found = []
    for block in answer.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if "id" in lines:
            found.append((int(lines["id"]), lines["event"], json.loads(lines["data"])))
    return found


# ---- one screening from beginning to end ----------------------------------------------------------------------


def test_counts(client: Client, done: str) -> None:
    """When it has ended, it tells how many units and papers there were, by verdict, and for which year."""
    told = client.get(f"{URL}/{done}").json()
    assert (told["name"], told["year"], told["by"]) == ("第一轮", 2020, "本机")
    assert told["counts"]["units"] == 2
    assert told["counts"]["papers"] == 12
    assert told["counts"]["verdicts"]["return"] == 2
    assert told["created"] <= told["started"] <= told["ended"]


def test_units(client: Client, done: str) -> None:
    """Each unit has its verdict, its counts, its page, and its whole record as results.jsonl has it."""
    units = {entry["unit"]: entry for entry in client.get(f"{URL}/{done}/units").json()["units"]}
    assert units.keys() == {UNIT, "濮阳市渠务局"}
    assert client.get(f"{URL}/{done}/results/{units[UNIT]['page']}").status_code == 200
    for name, entry in units.items():
        record = client.get(f"{URL}/{done}/units/{name}").json()
        assert (record["unit"]["name"], record["counts"]["error"]) == (name, entry["counts"]["error"])


def test_events(client: Client, done: str) -> None:
    """Whoever comes anew gets how things stand; whoever has lost the connection what came since, and at the end 204."""
    latest = stream(client, done)
    assert [kind for _, kind, _ in latest] == ["state", "progress", "end"]
    assert latest[-1][2]["state"] == "done"
    first = stream(client, done, 0)
    stages = [data["stage"] for _, kind, data in first if kind == "progress"]
    assert list(dict.fromkeys(stages)) == ["读取材料", "比对雷同", "逐个单位检查", "写出结果"]
    assert [ident for ident, _, _ in first] == sorted({ident for ident, _, _ in first})
    middle = first[3][0]
    assert stream(client, done, middle) == first[4:]
    assert client.get(f"{URL}/{done}/events", headers={"Last-Event-ID": str(first[-1][0])}).status_code == 204


def test_events_of_an_earlier_run_are_left_out() -> None:
    """An end that was followed by another run is not told as the end."""
    kinds = ("state", "end", "state", "progress")
    events = [Event(number, kind, {}) for number, kind in enumerate(kinds)]
    assert [event.id for event in current(events)] == [2, 3]
    assert current(events[:2]) == events[:2]


def test_the_folder_is_private(client: Client, done: str) -> None:
    """Nobody else on the machine can read what was handed in, or what came of it."""
    folder = client.service.screenings.folder(done)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.path.parent.stat().st_mode) == 0o700
    assert not (folder.path / "sockets").exists()
    open_to_others = [file.name for file in folder.path.rglob("*") if file.is_file() and file.stat().st_mode & 0o077]
    assert open_to_others == []


def test_archive(client: Client, done: str) -> None:
    """Everything as a zip: all results with their Chinese names, and nothing of the store."""
    answer = client.get(f"{URL}/{done}/archive.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        assert archive.read("index.html") == client.get(f"{URL}/{done}/results/index.html").content
    assert {"index.html", "汇总表.xlsx", "归属表.xlsx", "results.jsonl", f"单位/{UNIT}/考核材料检查报告.html"} <= names
    assert not [name for name in names if ".kaohe" in name]


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".kaohe/store.sqlite",
        "../request.json",
        "%2e%2e/request.json",
        "%2e%2e%2frequest.json",
        "..%5crequest.json",
        "单位/%2e%2e/%2e%2e/request.json",
        "单位/禾渡县/x/../考核材料检查报告.html",
        "/etc/passwd",
        "单位",
        "单位/禾渡县",
        "单位/禾渡县/",
        "index.html%00",
        f"单位/禾渡县/{'长' * 100}",
    ],
)
def test_nothing_but_results_is_served(client: Client, done: str, path: str) -> None:
    """No path leads out of the results, nor to what is not for people."""
    # httpx would tidy the path up; this one goes out as it is.
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=10) as connection:
        target = f"{URL}/{done}/results/{quote(path, safe='%/.')}"
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split()[1] == b"404"


def test_no_link_leads_out(client: Client, done: str) -> None:
    """A link among the results is not followed."""
    folder = client.service.screenings.folder(done)
    link = folder.results / "单位" / UNIT / "link.txt"
    link.symlink_to("/etc/hostname")
    try:
        assert folder.result(f"单位/{UNIT}/link.txt") is None
    finally:
        link.unlink()


def test_pages_run_our_scripts_alone(client: Client, done: str) -> None:
    """Pages come with a policy that knows their own style and script by their hashes, and no others."""
    for path in ("index.html", f"单位/{UNIT}/考核材料检查报告.html"):
        page = client.get(f"{URL}/{done}/results/{path}")
        policy = page.headers["content-security-policy"]
        own = re.findall(r"'sha256-[^']+'", unescape(page.text.partition("</head>")[0]))
        assert len(own) == 2
        assert all(mark in policy for mark in own)
        assert policy.startswith("sandbox ")
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
    assert "policy" not in client.get(f"{URL}/{done}").json()["options"]
    table = client.get(f"{URL}/{done}/results/汇总表.xlsx")
    assert table.headers["content-disposition"].startswith("attachment")
    assert table.headers["x-content-type-options"] == "nosniff"


def test_pages_in_a_browser(tmp_path: Path) -> None:
    """A person signed in follows the links of the worklist and downloads; what was put into a page does not run."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not CHROMIUM.is_file():
        pytest.skip("Chromium is not installed")
    secret = tokens_in(tmp_path / "data", ("reviewer", ""))[0]
    with service(tmp_path / "data", login=True) as client, playwright.sync_playwright() as made:
        client.headers["Authorization"] = f"Bearer {secret}"
        ident = hand_in(client, batch(禾渡县="placeholders"), ROSTER)
        ended(client, ident)
        index = client.service.screenings.folder(ident).results / "index.html"
        planted = "<script>document.title = 'planted'; fetch('/api/v1/screenings')</script><img src=/signout></body>"
        index.write_text(index.read_text("utf-8").replace("</body>", planted), "utf-8")

        browser = made.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context()
        signed = client.service.sign_ins.begin(secret)
        assert signed is not None
        cookie = {"name": "kaohe", "value": signed[1], "url": client.url, "httpOnly": True, "sameSite": "Strict"}
        context.add_cookies([cookie])
        page = context.new_page()
        asked: list[str] = []
        page.on("response", lambda answer: asked.append(answer.url))
        page.goto(f"{client.url}{URL}/{ident}/results/index.html")
        assert page.title().startswith("审查结果")
        assert page.evaluate("document.cookie") == ""
        page.locator('a[href*="%E5%8D%95%E4%BD%8D"][href$=".html"]').first.click()
        page.wait_for_url("**/%E5%8D%95%E4%BD%8D/**")
        assert page.locator("h1").count() == 1
        assert len(asked) == 2, asked
        page.go_back()
        with page.expect_download() as download:
            page.locator('a[href$=".docx"]').first.click()
        assert download.value.suggested_filename.endswith(".docx")
        browser.close()


def test_history(client: Client, done: str) -> None:
    """Screenings are found by unit and by year, with what became of the unit; other units and years find none."""
    found = client.get(URL, params={"unit": "禾渡", "year": 2020}).json()
    assert done in [item["id"] for item in found["items"]]
    assert [entry["unit"] for entry in found["items"][-1]["units"]] == [UNIT]
    assert client.get(URL, params={"unit": "禾渡", "year": 2019}).json()["total"] == 0
    assert client.get(URL, params={"unit": "%"}).json()["total"] == 0


def test_who_did_what_is_noted(client: Client, done: str) -> None:
    """The audit log says which screening was handed in, and who looked at a unit's page; no word of a paper."""
    client.get(f"{URL}/{done}/results/单位/{UNIT}/考核材料检查报告.html")
    entries = client.service.audit.entries(limit=1000)
    assert [entry.who for entry in entries if entry.what == f"{done} 第一轮"] == ["本机"]
    assert [entry for entry in entries if entry.what.endswith(f"{done}/results/单位/{UNIT}/考核材料检查报告.html")]


# ---- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "fields", "status", "code"),
    [
        ({}, {}, 422, "no-papers"),
        ({"file": ("材料.zip", b"no zip")}, {}, 415, "not-a-zip"),
        ({"file": ("材料.zip", b"")}, {}, 422, "empty-file"),
        ({"file": ("材料.rar", b"Rar!")}, {}, 415, "other-archive"),
        ({"file": ("a.zip", b"PK"), "roster": ("花名册.docx", b"PK")}, {}, 415, "not-a-table"),
        ({"file": ("a.zip", b"PK"), "roster": ("花名册.xlsx", b"PK\x03\x04 cut")}, {}, 422, "not-a-table"),
        ({"file": ("a.zip", b"PK"), "roster": ("花名册.csv", "单位,姓名\n".encode())}, {}, 422, "empty-roster"),
        ({"file": ("a.zip", b"PK"), "accept": ("a.toml", b"[[accept")}, {}, 422, "bad-decisions"),
        ({"file": ("a.zip", b"PK")}, {"previous": "0" * 16}, 404, "no-screening"),
        ({"file": ("a.zip", b"PK")}, {"notice": "/etc/passwd"}, 422, "unknown-notice"),
        ({"file": ("a.zip", b"PK")}, {"copies": "some"}, 422, "invalid"),
        ({"file": ("a.zip", b"PK")}, {"round": "x"}, 422, "invalid"),
        ({"file": ("a.zip", b"PK")}, {"colour": "red"}, 422, "unknown-field"),
        ({"file": ("a.zip", b"PK")}, {"webhook": "http://elsewhere.test/"}, 422, "webhook-not-allowed"),
        ({"file": ("a.zip", b"PK")}, {"webhook": "http://127.0.0.1/"}, 422, "bad-webhook-secret"),
    ],
)  # fmt: skip
def test_refusals(client: Client, files: dict[str, Any], fields: dict[str, str], status: int, code: str) -> None:
    """What cannot be meant is refused with a sentence, at once, and leaves nothing behind."""
    root = client.service.settings.data / "screenings"
    before = set(root.iterdir())
    answer = client.post(URL, files=files or {"roster": ("a.csv", ROSTER)}, data=fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert str(root.parent) not in answer.json()["detail"]
    assert set(root.iterdir()) == before


def test_the_same_key_is_one_screening(client: Client) -> None:
    """A request that is sent again under its key makes no second screening."""
    files, headers = {"file": ("a.zip", batch(禾渡县="thin-report"))}, {"Idempotency-Key": "once"}
    first, again = (client.post(URL, files=files, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    ended(client, first.json()["id"])
    other = client.post(URL, files={"file": ("b.zip", b"PK")}, headers=headers)
    assert other.json()["code"] == "idempotency-key-reused"


# ---- decisions ------------------------------------------------------------------------------------------------


def test_decisions(client: Client) -> None:
    """An accepted finding is so after the next run and in the next round, in its unit alone, until it is returned."""
    # Both units hand in the same papers, so that they have findings with the same fingerprints.
    first = hand_in(client, batch(禾渡县="placeholders", 沐野县="placeholders"))
    ended(client, first)
    finding = findings(client, first, UNIT)[-1]
    mark = finding["fingerprint"]

    def decide(ident: str, verb: str, reason: str) -> None:
        body = {"unit": UNIT, "rule": finding["rule"], "fingerprint": mark, "verb": verb, "reason": reason}
        assert client.post(f"{URL}/{ident}/decisions", json=body).status_code == 201
        assert client.get(f"{URL}/{ident}").json()["undone"] == 1

    def run_again(ident: str) -> dict[str, Any]:
        assert client.post(f"{URL}/{ident}/rerun").status_code == 202
        # Whatever else there is, only that one unit is checked again.
        assert ended(client, ident)["counts"]["checked"] == 1
        return {it["fingerprint"]: it["accepted"] for it in findings(client, ident, UNIT)}

    decide(first, "accept", '已电话核实 "属实"\n')
    accepted = run_again(first)[mark]
    assert (accepted["reason"], accepted["by"]) == ('已电话核实 "属实"', "本机")
    assert client.get(f"{URL}/{first}").json()["undone"] == 0
    assert not [it for it in findings(client, first, "沐野县") if it["accepted"]]

    second = hand_in(client, batch(禾渡县="placeholders"), previous=first)
    ended(client, second)
    assert [it["fingerprint"] for it in findings(client, second, UNIT) if it["accepted"]] == [mark]

    # The round before may be removed: what was found then is still known.
    assert client.delete(f"{URL}/{first}").status_code == 204
    decide(second, "return", "再核")
    assert run_again(second)[mark] is None
    remaining = client.get(f"{URL}/{second}/units/{UNIT}").json()["round"]["remaining"]
    assert mark in [it["fingerprint"] for it in remaining]
    listed = client.get(f"{URL}/{second}/decisions").json()["decisions"]
    assert [(it["verb"], it["by"], it["current"]) for it in listed] == [
        ("accept", "本机", False),
        ("return", "本机", True),
    ]


def test_decisions_on_what_is_not_there(client: Client, done: str) -> None:
    """A finding that the results do not have cannot be decided on, nor one without a reason."""
    body = {"unit": UNIT, "rule": "roster", "fingerprint": "0" * 16, "verb": "accept", "reason": "x"}
    assert client.post(f"{URL}/{done}/decisions", json=body).json()["code"] == "no-finding"
    assert client.post(f"{URL}/{done}/decisions", json={**body, "unit": "没有"}).json()["code"] == "no-finding"
    assert client.post(f"{URL}/{done}/decisions", json={**body, "reason": " \n"}).json()["code"] == "no-reason"
    assert client.post(f"{URL}/{done}/decisions", json={**body, "verb": "delete"}).status_code == 422


def test_accept_file(tmp_path: Path) -> None:
    """Whatever is written as a reason comes back from the file of decisions."""
    place = tmp_path / decisions.FILE_NAME
    entry = Accepted("roster", "0123456789abcdef", '引号"、反斜杠\\、\x07、]] = [[accept]]', "考核办", now())
    place.write_bytes(accept_file("禾渡县\n[[accept]]", [entry]))
    (read,) = decisions.load(place)
    assert (read.rule, read.fingerprint, read.by) == (entry.rule, entry.fingerprint, entry.by)
    assert read.reason == '引号"、反斜杠\\、 、]] = [[accept]]'


# ---- authors --------------------------------------------------------------------------------------------------


def test_an_author_sees_its_own_unit_alone(tmp_path: Path) -> None:
    """An author's token opens the page and the record of its unit; of the others it does not even say that they are."""
    secrets = tokens_in(tmp_path / "data", ("reviewer", ""), ("author", UNIT), ("author", "沐野县"))
    reviewer, author, stranger = ({"Authorization": f"Bearer {secret}"} for secret in secrets)
    with service(tmp_path / "data", login=True) as client:
        client.headers.update(reviewer)
        ident = hand_in(client, batch(), ROSTER, name="濮阳市渠务局等")
        assert ended(client, ident)["by"] == "reviewer"
        page, other = (f"{URL}/{ident}/results/单位/{unit}/考核材料检查报告.html" for unit in (UNIT, "濮阳市渠务局"))
        finding = findings(client, ident, "濮阳市渠务局")[0]
        body = {"unit": "濮阳市渠务局", "rule": finding["rule"], "fingerprint": finding["fingerprint"]}
        decided = client.post(f"{URL}/{ident}/decisions", json={**body, "verb": "accept", "reason": "属实"})
        assert (decided.status_code, decided.json()["by"]) == (201, "reviewer")

        client.headers.update(author)
        assert client.get(page).status_code == 200
        assert client.get(f"{URL}/{ident}/units/{UNIT}").json()["unit"]["name"] == UNIT
        shown = [f"{URL}", f"{URL}/{ident}", f"{URL}/{ident}/units", f"{URL}/{ident}/decisions"]
        for path in shown:
            answer = client.get(path)
            assert answer.status_code == 200
            assert "渠务" not in answer.text, path
        assert [item["id"] for item in client.get(URL).json()["items"]] == [ident]
        hidden = [other, f"{URL}/{ident}/units/濮阳市渠务局"]
        hidden += [
            f"{URL}/{ident}/results/{name}" for name in ("index.html", "汇总表.xlsx", "归属表.xlsx", "results.jsonl")
        ]
        assert [client.get(path).status_code for path in hidden] == [404] * len(hidden)
        forbidden = [client.get(f"{URL}/{ident}/{name}") for name in ("archive.zip", "events")]
        forbidden += [client.post(f"{URL}/{ident}/{name}", json={}) for name in ("cancel", "rerun", "decisions")]
        forbidden += [client.delete(f"{URL}/{ident}"), client.post(URL, files={"file": ("a.zip", batch())})]
        assert [answer.status_code for answer in forbidden] == [403] * len(forbidden)

        client.headers.update(stranger)
        assert client.get(URL).json()["total"] == 0
        assert [client.get(path).status_code for path in (page, *shown[1:])] == [404] * 4


# ---- waiting, cancelling, keeping -----------------------------------------------------------------------------


def test_one_after_the_other(client: Client) -> None:
    """While one runs the others wait; each can be cancelled, leaves no process, and can be run again."""
    first, second = (hand_in(client, batch()) for _ in range(2))
    assert client.get(f"{URL}/{second}").json()["state"] == "waiting"
    assert client.get(f"{URL}/{second}").json()["ahead"] == 1
    assert client.post(f"{URL}/{second}/rerun").json()["code"] == "still-running"
    assert client.post(f"{URL}/{second}/cancel").json()["state"] == "cancelled"
    until = time.monotonic() + 20
    while client.get(f"{URL}/{first}").json()["progress"] is None and time.monotonic() < until:
        time.sleep(0.02)
    process = client.service.screenings._running[first]
    assert process is not None
    assert client.post(f"{URL}/{first}/cancel").json()["state"] == "cancelled"
    assert process.poll() is not None
    assert not members_of(process.pid)
    assert client.post(f"{URL}/{first}/cancel").json()["code"] == "already-ended"
    assert stream(client, first)[-1][1:] == ("end", stream(client, first)[-1][2])
    client.post(f"{URL}/{first}/rerun")
    assert ended(client, first)["state"] == "done"
    for ident in (first, second):
        assert client.delete(f"{URL}/{ident}").status_code == 204
        assert client.get(f"{URL}/{ident}").status_code == 404
        assert not client.service.screenings.folder(ident).path.exists()


def members_of(group: int) -> list[int]:
    """The processes of a process group that are still there."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def test_a_run_that_dies_is_told(client: Client) -> None:
    """A process that is killed from outside makes a failed screening with a sentence, and the next one runs."""
    ident = hand_in(client, batch(禾渡县="thin-report"))
    until = time.monotonic() + 20
    while (process := client.service.screenings._running.get(ident)) is None and time.monotonic() < until:
        time.sleep(0.01)
    assert process is not None
    os.killpg(process.pid, signal.SIGKILL)
    told = ended(client, ident)
    assert (told["state"], told["error"][:8]) == ("failed", "审查进程意外退出")
    client.post(f"{URL}/{ident}/rerun")
    assert ended(client, ident)["state"] == "done"


def test_a_batch_that_cannot_be_screened(client: Client) -> None:
    """A zip that is none inside ends with what the results say of it, and nothing else stops."""
    ident = hand_in(client, b"PK\x03\x04 and no more")
    told = ended(client, ident)
    assert (told["state"], told["counts"]["unread"]) == ("done", 1)


def test_kept_as_long_as_it_is_said(tmp_path: Path) -> None:
    """What ended longer ago than it is kept is removed; what ended since, and what waits, is not."""
    with service(tmp_path / "data", keep=timedelta(days=90)) as client:
        screenings, database = client.service.screenings, client.service.database
        states = {"a" * 16: ("done", 91), "b" * 16: ("failed", 91), "c" * 16: ("done", 89), "d" * 16: ("running", 99)}
        with database.session() as session:
            for ident, (state, days) in states.items():
                folder = Folder(tmp_path / "data" / "screenings" / ident)
                folder.make()
                folder.known()
                session.add(
                    Screening(
                        id=ident, name="x", by="x", state=state, created=now() - timedelta(days=200), year=2020,
                        ended=None if state == "running" else now() - timedelta(days=days),
                    )
                )  # fmt: skip
        assert sorted(screenings.remove_old()) == ["a" * 16, "b" * 16]
        rows, _ = screenings.list(Wanted())
        assert {row.id for row in rows} == {"c" * 16, "d" * 16}
        assert {folder.name for folder in (tmp_path / "data" / "screenings").iterdir()} == {"c" * 16, "d" * 16}


def test_leftovers_of_a_crash(tmp_path: Path) -> None:
    """At a start, half-made folders and temporary files are gone; a row without its folder fails with a sentence."""
    data = tmp_path / "data"
    with service(data) as client, client.service.database.session() as session:
        session.add(Screening(id="e" * 16, name="x", by="x", state="running", year=2020))
    half = Folder(data / "screenings" / ("f" * 16))
    half.make()
    (data / "tmp" / "removed-x").mkdir(parents=True)
    (data / "tmp" / "removed-x" / "总结.docx").write_bytes(b"words")
    with service(data) as client:
        assert not half.path.exists()
        assert not (data / "tmp" / "removed-x").exists()
        told = ended(client, "e" * 16)
        assert (told["state"], "不在数据文件夹里" in told["error"]) == ("failed", True)


def test_both_databases(database: Any, tmp_path: Path) -> None:
    """SQLite and PostgreSQL alike hold screenings, their units and decisions, and lose all of them together."""
    settings = ServiceSettings(data=tmp_path, hooks=("localhost",))
    made = Screenings(SimpleNamespace(settings=settings, database=database))  # type: ignore[arg-type]
    (tmp_path / "screenings").mkdir()
    papers = [Upload("file", "材料.zip", 2, "", b"PK")]
    who = Principal("考核办", "reviewer")
    asked = Asked(webhook="http://localhost:1/x", webhook_secret="0123456789abcdef")
    ident = made.create(Handed(papers), asked, who).id
    assert (made.states(), made.ahead(ident)) == ({"waiting": 1}, 0)
    with database.session() as session:
        session.add(ScreeningUnit(screening_id=ident, unit=UNIT, verdict="pass", counts={"error": 0}))
        session.add(
            Decision(screening_id=ident, unit=UNIT, rule="r", fingerprint="f", verb="accept", reason="", by="x")
        )
    assert made.list(Wanted(unit="渡", year=2020, state="waiting"))[1] == 1
    assert made.list(Wanted(own="渡"))[1] == 0
    assert made.units_of([ident], Wanted(own=UNIT))[ident][0].counts == {"error": 0}
    assert made.cancel(ident).state == "cancelled"
    made.delete(ident)
    assert (made.list(Wanted())[1], made.decisions(ident)) == (0, [])


# ---- a service that is killed ---------------------------------------------------------------------------------

_SERVE = """
import sys
from pathlib import Path
from checker.service.server import serve
from checker.service.settings import ServiceSettings
serve(ServiceSettings(data=Path(sys.argv[1]), port=0, jobs=1), lambda url: print(url, flush=True))
"""


@contextmanager
def serving(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A real service in a process of its own, and its address."""
    command = [sys.executable, "-c", _SERVE, str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip().rstrip("/")
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_killed_in_the_middle(tmp_path: Path) -> None:
    """After kill -9 of the service nothing of the run goes on; a new start ends it, without reading again."""
    data = tmp_path / "data"
    with serving(data) as (process, url):
        papers = batch(禾渡县="placeholders", 濮阳市渠务局="clean-bureau", 桑榆区="clean-zone")
        ident = httpx.post(f"{url}{URL}", files={"file": ("材料.zip", papers)}, timeout=60).json()["id"]
        events = Folder(data / "screenings" / ident).events
        until = time.monotonic() + 60
        # In the middle: the papers are read, not all units are checked.
        while not (events.is_file() and "比对雷同" in events.read_text("utf-8")) and time.monotonic() < until:
            time.sleep(0.01)
        groups = {int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _runs(entry, ident)}
        assert groups
        process.send_signal(signal.SIGKILL)
        process.wait()
        while any(map(members_of, groups)) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(map(members_of, groups))
    with serving(data) as (process, url):
        answer = httpx.get(f"{url}{URL}/{ident}/events", timeout=60)
        assert "event: end" in answer.text
        told = httpx.get(f"{url}{URL}/{ident}").json()
        assert (told["state"], told["counts"]["units"]) == ("done", 3)
        reading = [json.loads(line) for line in events.read_text("utf-8").splitlines() if "读取材料" in line]
        assert reading[-1]["kept"] > 0
        process.terminate()
        assert process.wait(30) == 0
    assert list((data / "tmp").iterdir()) == []


def _runs(entry: Path, ident: str) -> bool:
    try:
        words = (entry / "cmdline").read_bytes()
    except OSError:
        return False
    return b"screening_worker" in words and ident.encode() in words
