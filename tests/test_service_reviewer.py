"""The pages of reviewers and administrators, asked for without a script: who sees what, decisions, looking back."""

from __future__ import annotations

import contextlib
import io
import re
import time
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import httpx
from running_service import running

from checker.service import review_views as views
from checker.service.database import Database
from checker.service.models import Decision, now
from checker.service.settings import ServiceSettings
from checker.service.tokens import Tokens

SAMPLES = Path(__file__).parents[1] / "corpus_samples"
UNITS = {"禾渡县": "placeholders", "汀西县": "honesty", "澶浦县": "clean-county"}
HTML = {"accept": "text/html"}


def batch(more: int = 0) -> bytes:
    """A zip with a folder for each unit, and so many units more that say the same."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as target:
        for unit, sample in {**UNITS, **{f"第{number}县": "placeholders" for number in range(more)}}.items():
            for path in sorted((SAMPLES / sample).glob("*.docx")):
                target.write(path, f"{unit}/{path.name}")
    return data.getvalue()


class Person:
    """Somebody with a browser that runs no script."""

    def __init__(self, url: str, token: str) -> None:
        self.client = httpx.Client(base_url=url, headers=HTML, timeout=60)
        page = self.client.get("/signin").text
        answer = self.client.post("/signin", data={"token": token, "csrf": csrf_in(page)}, headers={"origin": url})
        assert answer.status_code == 303
        self.url = url

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, path: str, fields: dict[str, str] | None = None, page: str = "/screenings/new", **more: Any) -> Any:
        """Send a form of `page`, with the field that shows that it is one of ours."""
        data = {"csrf": csrf_in(self.get(page).text), **(fields or {})}
        return self.client.post(path, data=data, headers={"origin": self.url}, **more)


def csrf_in(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]*)"', page)
    return found[1] if found else ""


class Office:
    """A service that asks for tokens, with one screening that has ended."""

    def __init__(self, url: str, service: Any, people: dict[str, Person]) -> None:
        self.url, self.service, self.people = url, service, people
        self.place = self.screened(batch(), {"name": "2020年度第一轮"})

    def screened(self, data: bytes, fields: dict[str, str], roster: str = "") -> str:
        """The page of a screening of `data`, once it has ended."""
        reviewer = self.people["reviewer"]
        # As a browser sends it, also where no roster was chosen.
        files = {"files": ("材料.zip", data), "roster": ("花名册.csv" if roster else "", roster.encode())}
        answer = reviewer.post("/screenings", fields, files=files)
        assert answer.status_code == 303, answer.text
        self.wait(answer.headers["location"])
        return str(answer.headers["location"])

    def wait(self, place: str) -> str:
        """The page, once nothing runs there."""
        until = time.monotonic() + 90
        while 'id="live"' in (page := self.people["reviewer"].get(place).text):
            assert time.monotonic() < until, "the screening did not end"
            time.sleep(0.2)
        return page

    def unit(self, name: str) -> str:
        return f"{self.place}/units/{quote(name)}"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The service with an author, a reviewer and an administrator."""
    settings = ServiceSettings(tmp_path_factory.mktemp("office") / "data", jobs=1, login=True, rate=0)
    settings.data.mkdir(mode=0o700)
    database = Database(settings.database_url)
    database.migrate()
    tokens = Tokens(database)
    secrets = {
        role: tokens.add(name, role, unit).secret
        for role, name, unit in (("author", "老李", "禾渡县"), ("reviewer", "老王", ""), ("admin", "老张", ""))
    }
    database.close()
    with running(settings) as (url, service), contextlib.ExitStack() as ending:
        people = {role: ending.enter_context(Person(url, secret)) for role, secret in secrets.items()}
        yield Office(url, service, people)


def finding_of(page: str, severity: str = "error") -> dict[str, str]:
    """Rule and fingerprint of the first finding of that severity that nobody has decided on."""
    for piece in page.split('<li class="finding ')[1:]:
        if piece.startswith(severity) and 'value="accept"' in piece:
            return dict(re.findall(r'name="(rule|fingerprint|at)" value="([^"]*)"', piece))
    raise AssertionError("no such finding")


def plain(page: str) -> str:
    """What a page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


# ---- a batch --------------------------------------------------------------------------------------------------


def test_a_batch_ends_with_its_units_the_gravest_first_and_ways_to_all_results(office: Office) -> None:
    page = office.people["reviewer"].get(office.place).text
    assert re.findall(r"/units/[^\"]+\">([^<]+)</a>", page)[-1] == "澶浦县"
    assert "3 个单位" in plain(page)
    for link in re.findall(r'href="(/api/v1/screenings/[^"]+|[^"]+forms\.zip)"', page):
        assert office.people["reviewer"].get(unescape(link)).status_code == 200, link


def test_the_forms_of_all_units_come_as_one_zip(office: Office) -> None:
    answer = office.people["reviewer"].get(f"{office.place}/forms.zip")
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert "禾渡县审查意见表.docx" in names
    assert not [*office.service.settings.temporary.glob("forms-*")]


def test_a_name_that_is_no_zip_leads_back_to_the_form_with_what_was_filled_in(office: Office) -> None:
    answer = office.people["reviewer"].post("/screenings", {"name": "试试"}, files={"files": ("材料.rar", b"Rar!")})
    assert answer.status_code == 415
    assert 'value="试试"' in answer.text and "文件要重新选一次" in answer.text


@pytest.mark.parametrize(("field", "name"), [("roster", "花名册"), ("pins", "归属表")])
def test_a_table_that_cannot_be_read_is_refused_before_anything_runs(office: Office, field: str, name: str) -> None:
    files = {"files": ("材料.zip", batch()), field: (f"{name}.csv", "甲,乙\n1,2\n".encode())}
    answer = office.people["reviewer"].post("/screenings", files=files)
    assert answer.status_code == 422 and f"{name}.csv" in answer.text


def test_an_empty_roster_is_there_to_be_filled_in(office: Office) -> None:
    answer = office.people["reviewer"].get("/screenings/roster.xlsx")
    assert "填写说明" in zipfile.ZipFile(io.BytesIO(answer.content)).read("xl/workbook.xml").decode()


def test_units_are_found_by_name_and_verdict(office: Office) -> None:
    page = office.people["reviewer"].get(f"{office.place}?q={quote('禾渡')}&verdict=return").text
    assert "筛出 1 个单位" in plain(page) and "汀西县" not in page
    assert "没有这样的单位" in office.people["reviewer"].get(f"{office.place}?q=无此单位").text


def test_a_screening_that_runs_is_watched_without_a_script_and_cancelled(office: Office) -> None:
    reviewer = office.people["reviewer"]
    place = reviewer.post("/screenings", files={"files": ("材料.zip", batch(60))}).headers["location"]
    page = reviewer.get(place).text
    assert '<meta http-equiv="refresh"' in page and "取消这次审查" in page
    assert reviewer.get(f"{place}/progress").json()["state"] in ("waiting", "running")
    assert reviewer.post(f"{place}/cancel").status_code == 303
    page = reviewer.get(place).text
    assert "已取消" in page and "接着做" in page
    assert reviewer.post(f"{place}/cancel").status_code == 303, "cancelled twice is cancelled"
    assert reviewer.post(f"{place}/delete").headers["location"] == "/screenings"
    assert reviewer.get(place).status_code == 404


# ---- decisions ------------------------------------------------------------------------------------------------


def test_a_finding_is_accepted_with_who_and_when_and_counts_no_more_after_the_next_run(office: Office) -> None:
    reviewer, unit = office.people["reviewer"], office.unit("禾渡县")
    given = finding_of(reviewer.get(unit).text)
    answer = reviewer.post(unit, {**given, "verb": "accept", "reason": "已电话核实"}, unit)
    assert answer.headers["location"].endswith(f"#{given['at']}")
    said = plain(reviewer.get(unit).text)
    assert re.search(r"已接受 ：已电话核实 老王，\d{4}-\d\d-\d\d \d\d:\d\d，重新审查后计入结论", said)
    assert "有 1 个单位的处理还没有计入结论（1 处）" in reviewer.get(office.place).text
    reviewer.post(f"{office.place}/rerun")
    page = plain(office.wait(office.place))
    assert "错误 4 提醒 5 已接受 1" in page and "还没有计入结论" not in page
    reviewer.post(unit, {**given, "verb": "undo"}, unit)
    assert "有 1 个单位的处理还没有计入结论（1 处）" in reviewer.get(office.place).text
    reviewer.post(f"{office.place}/rerun")
    assert "错误 5 提醒 5" in plain(office.wait(office.place))


def test_all_findings_of_a_rule_that_nobody_decided_on_are_returned_at_once(office: Office) -> None:
    reviewer, unit = office.people["reviewer"], office.unit("禾渡县")
    given = finding_of(reviewer.get(unit).text, "warning")
    reviewer.post(unit, {**given, "verb": "accept", "reason": "这一处不用改"}, unit)
    page = reviewer.get(unit).text
    assert "一起处理" in page
    bulk = {"rule": given["rule"], "fingerprint": "", "verb": "return", "reason": "请统一修改"}
    assert reviewer.post(unit, bulk, unit).status_code == 303
    said = plain(reviewer.get(unit).text)
    assert said.count("已退回 ：请统一修改") == 4 and said.count("已接受 ：这一处不用改") == 1
    assert reviewer.post(unit, bulk, unit).status_code == 404, "nothing is left to decide on"


def test_a_decision_without_a_reason_is_not_taken(office: Office) -> None:
    reviewer, unit = office.people["reviewer"], office.unit("汀西县")
    given = finding_of(reviewer.get(unit).text)
    answer = reviewer.post(unit, {**given, "verb": "accept", "reason": "  "}, unit)
    assert answer.status_code == 422 and "请写明理由" in answer.text
    assert "已接受" not in reviewer.get(unit).text


def test_a_form_without_its_field_is_not_taken(office: Office) -> None:
    reviewer, unit = office.people["reviewer"], office.unit("汀西县")
    given = {**finding_of(reviewer.get(unit).text), "verb": "accept", "reason": "无"}
    for path in (unit, f"{office.place}/delete", f"{office.place}/rerun"):
        answer = reviewer.client.post(path, data=given, headers={"origin": office.url})
        assert answer.status_code == 403, path
    assert "已接受" not in reviewer.get(unit).text


# ---- looking back ---------------------------------------------------------------------------------------------


ROSTER = "单位,单位类型,姓名,职务\n禾渡县,县（区）,周启航,县长\n汀西县,县（区）,李远,县长\n"


def test_the_history_of_a_unit_tells_what_was_mended_since_the_round_before(office: Office) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as target:
        for path in sorted((SAMPLES / "placeholders").glob("*述学报告.docx")):
            target.write(path, f"禾渡县/{path.name}")
        target.write(SAMPLES / "clean-county" / "领导班子工作总结.docx", "禾渡县/工作总结.docx")
    previous = office.place.rpartition("/")[2]
    place = office.screened(data.getvalue(), {"name": "2020年度第二轮", "previous": previous}, ROSTER)
    page = office.people["reviewer"].get(f"/history?unit={quote('禾渡')}&year=2020").text
    said = plain(page)
    assert "找到 2 条" in said and "2020年度第二轮" in said and "没有上一轮" in said
    assert re.search(r"改好 [1-9]\d* 还在 [1-9]\d*", said)
    assert "没有找到" in office.people["reviewer"].get(f"/history?unit={quote('禾渡')}&year=2019").text
    unit = plain(office.people["reviewer"].get(f"{place}/units/{quote('禾渡县')}").text)
    assert "改好了的（" in unit
    owing = plain(office.people["reviewer"].get(f"{place}/units/{quote('汀西县')}").text)
    assert "应交没交 领导班子工作总结" in owing and "领导干部述职述廉述学报告（李远）" in owing
    assert "2020年度第一轮" in plain(office.people["reviewer"].get(place).text)


# ---- an author ------------------------------------------------------------------------------------------------


def test_an_author_sees_its_own_unit_and_nothing_else(office: Office) -> None:
    author = office.people["author"]
    for path in ("/screenings", office.place, office.unit("禾渡县"), "/history", f"/history?unit={quote('汀西')}"):
        answer = author.get(path)
        assert answer.status_code == 200, path
        for hidden in ("汀西县", "澶浦县", "第一轮", "材料.zip", "老王老"):
            assert hidden not in answer.text, (path, hidden)
    page = author.get(office.unit("禾渡县")).text
    assert 'value="accept"' not in page and "打开检查报告" in page
    report = re.search(r'href="([^"]+)">打开检查报告', page)
    assert report is not None and author.get(unescape(report[1])).status_code == 200
    assert author.get(office.unit("汀西县")).status_code == 404


@pytest.mark.parametrize("path", ["new", "forms.zip", "cancel", "rerun", "delete", "decide", "tokens", "audit"])
def test_an_author_is_let_through_no_door_of_a_reviewer(office: Office, path: str) -> None:
    author = office.people["author"]
    if path in ("new", "tokens", "audit"):
        assert author.get({"new": "/screenings/new"}.get(path, f"/{path}")).status_code == 403
    elif path == "forms.zip":
        assert author.get(f"{office.place}/forms.zip").status_code == 403
    else:
        place = office.unit("禾渡县") if path == "decide" else f"{office.place}/{path}"
        assert author.post(place, {"verb": "accept"}, "/screenings").status_code == 403


def test_who_is_not_signed_in_is_led_to_the_sign_in_page_and_back(office: Office) -> None:
    answer = httpx.get(f"{office.url}{office.place}", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/signin?next={office.place}"
    answer = httpx.post(f"{office.url}{office.unit('禾渡县')}", headers={**HTML, "origin": office.url})
    assert answer.status_code == 401 and "登录" in answer.text and answer.text.startswith("<!DOCTYPE html>")


# ---- the administrator ----------------------------------------------------------------------------------------


def test_a_token_is_shown_once_opens_the_door_and_is_revoked(office: Office) -> None:
    admin = office.people["admin"]
    fields = {"name": "新来的", "role": "author", "unit": "汀西县", "expires": "2099-12-31"}
    page = admin.post("/tokens", fields, "/tokens").text
    secret = re.search(r'value="(kh_[^"]+)"', page)
    assert secret is not None
    listed = admin.get("/tokens").text
    assert secret[1] not in listed and "2099-12-31" in listed
    ident = secret[1].split("_")[1]
    with Person(office.url, secret[1]) as newcomer:
        assert newcomer.get("/screenings").status_code == 200
        admin.post(f"/tokens/{ident}/revoke", {}, "/tokens")
        assert newcomer.get("/screenings").status_code == 303
    assert admin.post("/tokens/nosuch/revoke", {}, "/tokens").status_code == 404


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "甲", "role": "author", "expires": "2099-12-31"}, "要写明单位"),
        ({"name": "甲", "role": "king", "expires": "2099-12-31"}, "没有 king 这个角色"),
        ({"name": "甲", "role": "reviewer", "expires": "2001-01-01"}, "已经过去"),
        ({"name": "甲", "role": "reviewer", "expires": "后天"}, "请写明用到哪一天"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused_with_what_was_filled_in(
    office: Office, fields: dict[str, str], why: str
) -> None:
    answer = office.people["admin"].post("/tokens", fields, "/tokens")
    assert answer.status_code == 422 and why in answer.text
    assert 'value="甲"' in answer.text


def test_the_log_says_who_looked_and_who_decided(office: Office) -> None:
    reviewer, unit = office.people["reviewer"], office.unit("澶浦县")
    reviewer.get(unit)
    page = office.people["admin"].get(f"/audit?who={quote('老王')}&action=see-unit&unit={quote('澶浦县')}").text
    row = plain(page.partition("<tbody>")[2])
    assert "老王 审查人 查看单位的问题" in row and "澶浦县" in row and "✓ 完成" in row
    assert "没有这样的记录" in office.people["admin"].get("/audit?since=2001-01-01&until=2001-01-02").text
    assert "日期要写成" in office.people["admin"].get("/audit?since=x").text


# ---- without a service ----------------------------------------------------------------------------------------


def decision(number: int, verb: str, fingerprint: str = "f") -> Decision:
    at = now()
    return Decision(
        id=number, screening_id="s", unit="甲", rule="r", fingerprint=fingerprint, verb=verb, reason="", by="", at=at
    )


def test_the_newest_decision_stands_and_one_taken_back_stands_no_more() -> None:
    made = [decision(1, "accept"), decision(2, "return"), decision(3, "accept", "g"), decision(4, "undo", "g")]
    assert {key: one.verb for key, one in views.standing(made)["甲"].items()} == {("r", "f"): "return"}


def test_a_name_of_a_unit_with_a_slash_leads_to_its_page() -> None:
    assert views.unit_link("/screenings/1", "甲/乙?#") == "/screenings/1/units/%E7%94%B2%2F%E4%B9%99%3F%23"
