"""The author's way through the service in a real browser: by keyboard, without script, when things go wrong."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.language.count import count_words

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
AXE = os.environ.get("KAOHE_AXE", "")
"""The file axe.min.js of axe-core; without it the check of accessibility is left out."""
SAMPLES = Path(__file__).parents[1] / "corpus_samples"
LISTS = SAMPLES / "missing-lists" / "三个清单.docx"
SUMMARY = "禾渡县2020年度领导班子工作总结\n一、党的建设\n禾渡县严格落实全面从严治党责任，开展专题学习12次。\n"
LONG = SUMMARY + "我们认真抓好各项工作。" * 400

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")


@contextlib.contextmanager
def serving(data: Path, *flags: str) -> Iterator[str]:
    """`kaohe serve` as a user starts it; the address it prints."""
    command = [sys.executable, "-m", "checker", "serve", "--port", "0", "--data", str(data), "--jobs", "1", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        timer = threading.Timer(60, process.kill)
        timer.start()
        found = re.search(r"http://\S+?/(?=（)", process.stdout.readline())
        timer.cancel()
        try:
            assert found is not None, "the service did not start"
            yield found[0].rstrip("/")
        finally:
            process.terminate()
            process.communicate(timeout=60)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An open service."""
    with serving(tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser."""
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page as somebody who was never here; what a script or the policy complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(address: str, **options: Any) -> Any:
        context = chromium.new_context(locale="zh-CN", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def answered(page: Any) -> None:
    """Wait until the answer is there."""
    page.wait_for_url(re.compile("/check/"))


def focused(page: Any) -> str:
    """The id of what has the focus."""
    return str(page.evaluate("document.activeElement.id"))


def tab_to(page: Any, ident: str) -> None:
    """Go on with the tab key until `ident` has the focus."""
    for _ in range(60):
        if focused(page) == ident:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{ident} cannot be reached by keyboard")


def test_by_keyboard_alone(visit: Callable[..., Any], url: str) -> None:
    """Paste, send, read, check again and see what was mended, without a mouse."""
    page = visit(f"{url}/")
    tab_to(page, "text")
    page.keyboard.insert_text(LONG)
    tab_to(page, "kind")
    page.keyboard.type("领导")
    tab_to(page, "send")
    page.keyboard.press("Enter")
    answered(page)
    assert focused(page) == "answer"
    again = page.get_by_role("link", name="再次检查")
    again.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("again="))
    assert page.input_value("#text") == LONG
    tab_to(page, "text")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(SUMMARY)
    tab_to(page, "send")
    page.keyboard.press("Space")
    answered(page)
    assert "改好了 1 处" in page.inner_text(".turn .tallies")


def test_without_script(visit: Callable[..., Any], url: str) -> None:
    """The form works where no script runs."""
    page = visit(f"{url}/", java_script_enabled=False)
    page.set_input_files("#files", LISTS)
    page.fill("#text", SUMMARY)
    page.click("#send")
    answered(page)
    assert page.locator(".contents li").count() >= 4


def test_files_are_chosen_dropped_and_removed(visit: Callable[..., Any], url: str) -> None:
    """Files add up, however they come; one can be removed; what is left is checked and its copy fetched."""
    page = visit(f"{url}/", accept_downloads=True)
    page.set_input_files("#files", [LISTS, SAMPLES / "missing-lists" / "工作总结.docx"])
    page.evaluate(
        """() => {
          const carried = new DataTransfer();
          carried.items.add(new File(["拖进来的材料"], "拖来.txt"));
          const told = { dataTransfer: carried, bubbles: true, cancelable: true };
          document.getElementById("drop").dispatchEvent(new DragEvent("drop", told));
        }"""
    )
    assert page.locator("#chosen li").count() == 3
    page.get_by_role("button", name="移除工作总结.docx").click()
    page.get_by_role("button", name="移除拖来.txt").click()
    assert page.inner_text("#chosen-said").startswith("已移除拖来.txt，还有1个文件")
    page.click("#send")
    answered(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="批注副本").click()
    assert download.value.suggested_filename == f"{LISTS.stem}（审查批注）.docx"
    assert Path(download.value.path()).read_bytes().startswith(b"PK")


def test_count_follows_the_typing(visit: Callable[..., Any], url: str) -> None:
    """字数 is that of the checker at every moment; beyond the limit it says by how much."""
    page = visit(f"{url}/")
    for text in (SUMMARY, "GDP增长5%，don’t", LONG):
        page.fill("#text", text)
        assert page.inner_text("#count") == str(count_words(text))
    page.select_option("#kind", "team-summary")
    assert f"多{count_words(LONG) - 3500}字" in page.inner_text("#count-limit")
    page.locator("#count-said", has_text="超出上限").wait_for(state="attached")
    page.click("#send")
    answered(page)
    assert f"{count_words(LONG)}字" in page.inner_text(".gauge")


def test_report_works_under_the_policy_of_the_service(visit: Callable[..., Any], url: str) -> None:
    """The script and the style of the report run in the page of the answer."""
    page = visit(f"{url}/")
    page.fill("#text", SUMMARY)
    page.click("#send")
    answered(page)
    page.get_by_role("button", name="下一条").click()
    assert page.locator(".entry.hit").count() == 1
    assert page.evaluate("getComputedStyle(document.querySelector('.verdict')).borderLeftStyle") == "solid"


def test_wrong_file_is_told_at_once(visit: Callable[..., Any], url: str) -> None:
    """The message takes the focus and names the file, which stays chosen."""
    page = visit(f"{url}/")
    page.set_input_files("#files", {"name": "照片.gif", "mimeType": "image/gif", "buffer": b"GIF89a" + b"\0" * 64})
    page.click("#send")
    page.wait_for_selector("#alert:not([hidden])")
    assert focused(page) == "alert" and "照片.gif：" in page.inner_text("#alert-list")
    assert page.locator("#chosen li").count() == 1 and page.is_enabled("#send")


def test_nothing_handed_in_is_told_at_once(visit: Callable[..., Any], url: str) -> None:
    """An empty form is not sent."""
    page = visit(f"{url}/")
    page.click("#send")
    assert focused(page) == "alert" and "还没有交材料" in page.inner_text("#alert")


def test_busy_service_is_tried_again(visit: Callable[..., Any], url: str) -> None:
    """Where the queue is full the page says so, waits as long as it is told and tries again by itself."""
    page = visit(f"{url}/")
    refused = []

    def once(route: Any) -> None:
        if refused:
            route.continue_()
            return
        refused.append(route.request.url)
        route.fulfill(status=503, headers={"Retry-After": "2"}, body="{}", content_type="application/problem+json")

    page.route("**/check", once)
    page.fill("#text", SUMMARY)
    page.click("#send")
    page.locator("#progress-said", has_text="2秒后自动再试").wait_for()
    answered(page)
    assert len(refused) == 1


def test_waiting_can_be_given_up(visit: Callable[..., Any], url: str) -> None:
    """Who does not want to wait gets the form back, with everything in it."""
    page = visit(f"{url}/")
    page.route("**/check", lambda route: route.fulfill(status=503, headers={"Retry-After": "60"}, body="{}"))
    page.fill("#text", SUMMARY)
    page.click("#send")
    page.get_by_role("button", name="不等了").click()
    assert focused(page) == "send" and page.is_hidden("#progress") and page.input_value("#text") == SUMMARY


def test_service_that_is_gone_is_told(visit: Callable[..., Any], url: str) -> None:
    """Without a connection nothing is lost, and what to do is said."""
    page = visit(f"{url}/")
    page.fill("#text", SUMMARY)
    page.route("**/check", lambda route: route.abort())
    page.click("#send")
    page.wait_for_selector("#alert:not([hidden])")
    assert "连不上" in page.inner_text("#alert") and page.input_value("#text") == SUMMARY


def test_sign_in_that_ran_out_loses_nothing(visit: Callable[..., Any], tmp_path: Path) -> None:
    """Files and text stay; after signing in in another window the same page goes on."""
    token = [sys.executable, "-m", "checker", "token", "add", "--data", str(tmp_path), "--name", "张三"]
    made = subprocess.run([*token, "--role", "author", "--unit", "禾渡县"], capture_output=True, text=True, check=True)
    secret = re.findall(r"kh_\w+[\w-]*", made.stdout + made.stderr)[0]

    def sign_in(page: Any) -> None:
        page.fill("#token", secret)
        page.keyboard.press("Enter")
        page.wait_for_selector("#send")

    with serving(tmp_path, "--login") as url:
        page = visit(f"{url}/")
        sign_in(page)
        page.fill("#text", SUMMARY)
        page.set_input_files("#files", LISTS)
        page.context.clear_cookies()
        page.click("#send")
        page.wait_for_selector("#alert:not([hidden])")
        assert "登录已经过期" in page.inner_text("#alert")
        with page.expect_popup() as popup:
            page.get_by_role("link", name="在新窗口登录").click()
        sign_in(popup.value)
        sync_api.expect(popup.value.locator("#text")).to_have_value(SUMMARY)
        popup.value.close()
        assert page.input_value("#text") == SUMMARY and page.locator("#chosen li").count() == 1
        page.click("#send")
        answered(page)
        assert page.locator(".contents li").count() >= 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_every_screen_and_is_accessible(visit: Callable[..., Any], url: str, scheme: str) -> None:
    """No page is wider than the screen, from a small phone to a wide desk; axe finds no serious fault."""
    page = visit(f"{url}/", color_scheme=scheme)
    page.fill("#text", LONG)
    page.click("#send")
    answered(page)
    first = page.url.partition("#")[0]
    page.get_by_role("link", name="再次检查").click()
    page.fill("#text", SUMMARY)
    page.click("#send")
    answered(page)
    turn = page.url.partition("#")[0]
    faults = []
    for address in (f"{url}/", f"{url}/?again={first.rpartition('/')[2]}", first, turn, f"{url}/nowhere"):
        page.goto(address)
        for width in (320, 390, 768, 1280, 1600):
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                faults.append(f"{address} is {wide} wide at {width}")
            if AXE and width in (320, 1280):
                faults += serious(page)
    assert faults == []


@pytest.mark.skipif(not AXE, reason="KAOHE_AXE does not name axe.min.js of axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/screenings", "/screenings/new", "/history", "/tokens", "/audit"])
def test_other_pages_are_accessible(visit: Callable[..., Any], url: str, scheme: str, path: str) -> None:
    """axe finds no serious fault in the pages of the reviewer and of the administrator either."""
    page = visit(f"{url}{path}", color_scheme=scheme)
    assert page.title() and page.locator("h1", has_text="没有找到").count() == 0
    assert serious(page) == []


def serious(page: Any) -> list[str]:
    """What axe calls serious or critical."""
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{page.url}: {entry['id']} {entry['nodes'][0]['html'][:120]}"
        for entry in found["violations"]
        if entry["impact"] in ("serious", "critical")
    ]
