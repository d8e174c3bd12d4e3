"""The reviewer's way through the service in a real browser: upload, watch, cancel, decide, run again; by keyboard."""

from __future__ import annotations

import io
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright import sync_api
from running_service import running

from checker.service.database import Database
from checker.service.service import Service
from checker.service.settings import ServiceSettings
from checker.service.tokens import Tokens

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
AXE = os.environ.get("KAOHE_AXE", "")
"""The file axe.min.js of axe-core; without it the check of accessibility is left out."""
SAMPLES = Path(__file__).parents[1] / "corpus_samples"
FINISHED = 90_000

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")


class Office(NamedTuple):
    """A service that asks for a token, the token of a reviewer, and a small batch and a long one."""

    url: str
    service: Service
    secret: str
    small: Path
    long: Path


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The service."""
    folder = tmp_path_factory.mktemp("reviewer")
    settings = ServiceSettings(folder / "data", jobs=1, login=True, rate=0)
    settings.data.mkdir(mode=0o700)
    database = Database(settings.database_url)
    database.migrate()
    secret = Tokens(database).add("老王", "admin").secret
    database.close()
    small = zipped(folder / "材料.zip", {"禾渡县": "placeholders"})
    long = zipped(folder / "很多.zip", {f"第{number}县": "placeholders" for number in range(80)})
    with running(settings) as (url, service):
        yield Office(url, service, secret, small, long)


def zipped(path: Path, units: dict[str, str]) -> Path:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as target:
        for unit, sample in units.items():
            for paper in sorted((SAMPLES / sample).glob("*.docx")):
                target.write(paper, f"{unit}/{paper.name}")
    path.write_bytes(data.getvalue())
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser."""
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, office: Office) -> Iterator[Callable[..., Any]]:
    """Opens a page as the signed-in reviewer; what a script or the policy complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(path: str, **options: Any) -> Any:
        context = chromium.new_context(locale="zh-CN", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
        page.goto(f"{office.url}{path}")
        signed_in(page, office)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def signed_in(page: Any, office: Office) -> None:
    page.fill("#token", office.secret)
    page.keyboard.press("Enter")
    page.wait_for_selector("form.leave")


def handed_in(page: Any, batch: Path, name: str) -> None:
    page.set_input_files("#files", batch)
    page.fill("#name", name)
    page.click("#send")
    page.wait_for_selector("dl.facts")


@pytest.fixture(scope="module")
def ended(chromium: Any, office: Office) -> str:
    """The path of a screening that has ended."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{office.url}/screenings/new")
    signed_in(page, office)
    handed_in(page, office.small, "第一轮")
    page.wait_for_selector("text=打开审查台账", timeout=FINISHED)
    path = page.url.removeprefix(office.url).partition("#")[0]
    context.close()
    return str(path)


def unit_path(ended: str) -> str:
    return f"{ended}/units/禾渡县"


def test_a_batch_is_uploaded_watched_and_its_worklist_leads_to_every_unit(
    visit: Callable[..., Any], office: Office
) -> None:
    page = visit("/screenings/new")
    handed_in(page, office.small, "一路看下来")
    page.wait_for_selector("text=打开审查台账", timeout=FINISHED)  # the page went on by itself
    page.click("text=打开审查台账")
    page.wait_for_url("**/index.html")
    page.locator("a", has_text="禾渡县").first.click()
    page.wait_for_url("**/%E5%8D%95%E4%BD%8D/**.html")
    assert "禾渡县" in page.inner_text("body") and page.locator("#token").count() == 0


def test_progress_is_told_with_stage_and_figures_and_a_screening_is_cancelled(
    visit: Callable[..., Any], office: Office
) -> None:
    page = visit("/screenings/new")
    handed_in(page, office.long, "要取消的")
    page.locator("#amount", has_text="/").wait_for(timeout=FINISHED)
    said = page.inner_text("#stage")
    assert said in ("读取材料", "比对雷同", "逐个单位检查")
    assert page.get_attribute("#said", "role") == "status"
    page.click("text=取消这次审查…")
    page.click("text=确定取消")
    page.wait_for_selector("text=已取消")
    page.click("text=删除这次审查…")
    page.click("text=确定删除")
    page.wait_for_selector("h1:has-text('批量审查')")
    assert "要取消的" not in page.inner_text("main")


def test_events_that_do_not_come_through_are_asked_for(visit: Callable[..., Any], office: Office) -> None:
    page = visit("/screenings/new")
    page.route("**/events", lambda route: route.abort())
    handed_in(page, office.small, "没有事件")
    page.wait_for_selector("text=打开审查台账", timeout=FINISHED)


def test_a_finding_is_accepted_and_taken_back_without_leaving_the_place(visit: Callable[..., Any], ended: str) -> None:
    page = visit(unit_path(ended))
    finding = page.locator(".finding").first
    finding.locator("summary").click()
    other = page.locator(".finding").nth(1)
    other.locator("summary").click()
    other.locator("input[name=reason]").fill("还没写完")
    finding.locator("input[name=reason]").fill("已电话核实")
    finding.locator("button[value=accept]").click()
    page.wait_for_selector(".finding .decision")
    assert "已接受：已电话核实" in finding.inner_text() and "老王" in finding.inner_text()
    assert page.inner_text("#said") == "已接受"
    assert other.locator("input[name=reason]").input_value() == "还没写完"
    assert page.evaluate("document.activeElement.value") == "undo"
    assert page.locator("#waiting").is_visible()
    page.keyboard.press("Enter")
    finding.locator("summary").wait_for()
    assert page.locator("#waiting").is_hidden() and page.inner_text("#said") == "已撤销处理"


def test_what_was_decided_counts_after_the_next_run(visit: Callable[..., Any], ended: str) -> None:
    page = visit(unit_path(ended))
    before = page.inner_text(".state")
    bulk = page.locator("details.bulk:visible").first
    bulk.locator("summary").click()
    bulk.locator("input[name=reason]").fill("模板如此")
    bulk.locator("button[value=accept]").click()
    page.wait_for_selector(".finding .decision")
    page.click("text=这次审查的页面")
    page.click("text=按处理意见重新审查")
    page.wait_for_selector("#live")
    page.wait_for_selector("#live", state="detached", timeout=FINISHED)
    page.click("a:has-text('禾渡县')")
    page.wait_for_selector("#findings-title")
    assert "错误 5" in before and "错误" not in page.inner_text(".state") and "已接受 5" in page.inner_text(".state")


def test_a_sign_in_that_has_run_out_loses_neither_the_reason_nor_the_files(
    visit: Callable[..., Any], office: Office, ended: str
) -> None:
    page = visit(unit_path(ended))
    finding = page.locator(".finding:has(button[value=return])").first
    finding.locator("summary").click()
    finding.locator("input[name=reason]").fill("请核对数字")
    page.context.clear_cookies()
    finding.locator("button[value=return]").click()
    page.wait_for_selector("#alert:not([hidden])")
    assert "登录已经过期" in page.inner_text("#alert")
    with page.expect_popup() as opening:
        page.click("#alert a")
    signed_in(opening.value, office)
    finding.locator("button[value=return]").click()
    page.wait_for_selector(".decision.return")
    assert "请核对数字" in page.inner_text(".decision.return")

    page.goto(f"{office.url}/screenings/new")
    page.set_input_files("#files", office.small)
    page.context.clear_cookies()
    page.click("#send")
    page.wait_for_selector("#alert:not([hidden])")
    with page.expect_popup() as opening:
        page.click("#alert a")
    signed_in(opening.value, office)
    page.click("#send")
    page.wait_for_selector("dl.facts")


def test_a_reviewer_needs_no_mouse(visit: Callable[..., Any], office: Office, ended: str) -> None:
    page = visit("/screenings")
    page.on("filechooser", lambda chooser: chooser.set_files(office.small))  # the window of the system itself

    def to(selector: str) -> None:
        """Press Tab until that element has the focus."""
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"no way to {selector}")

    to("a[href$='/screenings/new']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#files")
    to("#files")
    page.keyboard.press("Enter")
    page.locator("#files-said", has_text="选了 1 个文件").wait_for()
    to("#name")
    page.keyboard.type("只用键盘")
    to("#send")
    page.keyboard.press("Enter")
    page.wait_for_selector("dl.facts")
    page.goto(office.url + ended)
    to("a[href*='/units/']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#findings-title")
    to(".finding .one summary")
    page.keyboard.press("Enter")
    to(".finding input[name=reason]")
    page.keyboard.type("已核实")
    to(".finding button[value=accept]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".decision.accept")
    assert page.evaluate("document.activeElement.closest('.finding') !== null")


def test_without_a_script_a_batch_is_handed_in_watched_and_decided_on(
    visit: Callable[..., Any], office: Office
) -> None:
    page = visit("/screenings/new", java_script_enabled=False)
    handed_in(page, office.small, "没有脚本")
    page.wait_for_selector("text=打开审查台账", timeout=FINISHED)
    page.click("a:has-text('禾渡县')")
    finding = page.locator(".finding").first
    finding.locator("summary").click()
    finding.locator("input[name=reason]").fill("已核实")
    finding.locator("button[value=accept]").click()
    page.wait_for_selector(".decision.accept")
    assert re.search(r"#finding-\d+$", page.url)


def test_the_secret_of_a_new_token_is_ready_to_be_copied(visit: Callable[..., Any]) -> None:
    page = visit("/tokens")
    page.fill("#name", "小赵")
    page.select_option("#role", "reviewer")
    page.click("button:has-text('发令牌')")
    page.wait_for_selector("#secret")
    page.click("#copy")
    page.locator("#copied", has_text="已复制。").wait_for()
    page.goto(page.url)
    assert page.locator("#secret").count() == 0 and "小赵" in page.inner_text("table")


PAGES = ("/screenings", "/screenings/new", "{ended}", "{ended}/units/禾渡县", "/history?unit=禾渡", "/tokens", "/audit")


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_has_to_be_moved_sideways(visit: Callable[..., Any], office: Office, ended: str, width: int) -> None:
    page = visit("/screenings", viewport={"width": width, "height": 800})
    for path in PAGES:
        page.goto(office.url + path.format(ended=ended))
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path


FAULTS = """axe.run().then((found) => found.violations
  .filter((it) => ["serious", "critical"].includes(it.impact))
  .map((it) => it.id + ": " + it.nodes[0].html))"""


@pytest.mark.skipif(not AXE, reason="KAOHE_AXE does not name axe.min.js")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(visit: Callable[..., Any], office: Office, ended: str, scheme: str) -> None:
    page = visit("/screenings", color_scheme=scheme, bypass_csp=True)
    for path in PAGES:
        page.goto(office.url + path.format(ended=ended))
        page.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })")
        page.add_script_tag(path=AXE)
        faults = page.evaluate(FAULTS)
        assert faults == [], path
