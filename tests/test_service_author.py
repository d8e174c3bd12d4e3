"""The author's page, asked over HTTP as a browser without script would."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import html5lib
import httpx
from running_service import Running, running

from checker.document import FLAGS, PAPER_KINDS, UNIT_TYPES
from checker.language.count import count_words
from checker.service import answers, author, pages
from checker.service.app import create_app
from checker.service.limits import POLICY
from checker.service.problems import ProblemError
from checker.service.settings import ServiceSettings

SAMPLES = Path(__file__).parents[1] / "corpus_samples"
LISTS = SAMPLES / "missing-lists" / "三个清单.docx"
SUMMARY = "禾渡县2020年度领导班子工作总结\n一、党的建设\n禾渡县严格落实全面从严治党责任，开展专题学习12次。\n"
NONE = {"files": ("", b"")}
"""What a browser sends for a field of files left empty; it also makes the form one with parts."""
LONG = SUMMARY + "我们认真抓好各项工作。" * 400


def browser(url: str) -> httpx.Client:
    """What asks for pages and follows where it is led, as a browser does."""
    headers = {"accept": "text/html,application/xhtml+xml", "origin": url}
    return httpx.Client(base_url=url, headers=headers, follow_redirects=True, timeout=60, trust_env=False)


@pytest.fixture(scope="module")
def open_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One open service for the tests of this file."""
    settings = ServiceSettings(data=tmp_path_factory.mktemp("data"), jobs=1, rate=0, body_size=3 * 1024 * 1024)
    with running(settings) as found:
        yield found


@pytest.fixture
def client(open_service: Running) -> Iterator[httpx.Client]:
    """A browser that was never here."""
    with browser(open_service.url) as found:
        yield found


def paste(client: httpx.Client, text: str, **fields: str) -> str:
    """The address of the answer to a pasted text."""
    answer = client.post("/check", data={"text": text, **fields}, files=NONE, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("#")[0]


# ---- the form -------------------------------------------------------------------------------------------------


def test_form_offers_everything_that_can_be_said(client: httpx.Client) -> None:
    """Every type of unit, every kind of paper and every flag can be chosen."""
    page = client.get("/").text
    values = set(re.findall(r'value="([^"]*)"', page))
    assert {*UNIT_TYPES, *PAPER_KINDS, *FLAGS} <= values


def test_form_says_where_the_paper_goes(client: httpx.Client) -> None:
    """It says that nothing leaves the machine, and what is deleted when."""
    page = client.get("/").text
    assert "只在这台电脑上检查" in page and "检查完材料就删除" in page and "只留30分钟" in page


def test_every_field_has_a_label(client: httpx.Client) -> None:
    """A screen reader has a name for every field that is seen."""
    page = html5lib.parse(client.get("/").text, namespaceHTMLElements=False)
    labelled = {label.get("for") for label in page.iter("label")}
    inside = {id(field) for label in page.iter("label") for field in label.iter("input")}
    fields = [field for name in ("input", "select", "textarea") for field in page.iter(name)]
    seen = [field for field in fields if field.get("type") != "hidden"]
    assert len(seen) >= 9
    assert [field.get("id") for field in seen if field.get("id") not in labelled and id(field) not in inside] == []


def test_pages_carry_no_script_and_no_style_of_their_own(client: httpx.Client) -> None:
    """The strict policy of the service holds for the report too, and breaks nothing in it."""
    for path in ("/", paste(client, SUMMARY)):
        answer = client.get(path)
        assert answer.headers["content-security-policy"] == POLICY
        assert not re.search(r"<style|\sstyle=|<script>|\son\w+=|http-equiv", answer.text)


def test_pages_are_well_formed(client: httpx.Client) -> None:
    """A strict parser takes the form, the answer, the comparison and an error without complaint."""
    first = paste(client, SUMMARY)
    again = paste(client, LONG, again=first.rpartition("/")[2])
    for path in ("/", f"/?again={first.rpartition('/')[2]}", first, again, "/nowhere"):
        html5lib.HTMLParser(strict=True).parse(client.get(path).text)


def test_assets_of_the_pages_are_there(client: httpx.Client) -> None:
    """Every style and script that a page names is served, with its own kind."""
    wanted = re.findall(
        r'(?:href|src)="(/[^"]+\.(?:css|js))', client.get("/").text + client.get(paste(client, "a")).text
    )
    assert len(set(wanted)) >= 6
    for path in set(wanted):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/css" if path.endswith("css") else "text/javascript")


# ---- checking -------------------------------------------------------------------------------------------------


def test_pasted_text_is_checked(client: httpx.Client) -> None:
    """A pasted paper gets its report, with the count and the text that was pasted."""
    page = client.get(paste(client, LONG, kind="team-summary")).text
    assert f"{count_words(LONG)}字" in page
    assert "开展专题学习12次" in page
    assert "需要修改后再报" in page


def test_choices_reach_the_report(client: httpx.Client) -> None:
    """Unit, type, person and flags that were chosen stand at the head of the report."""
    page = client.get(
        paste(
            client, "述职报告", unit="禾渡县", unit_type="county", person="甲某", flags="non-party", kind="cadre-report"
        )
    ).text
    assert all(f"<dd>{value}</dd>" in page for value in ("禾渡县", "县（区）", "甲某", "党外干部"))


def test_what_is_no_choice_is_not_taken(client: httpx.Client) -> None:
    """A kind, a type and a notice that nobody offers count as not chosen, and open no file of the machine."""
    page = client.get(paste(client, SUMMARY, kind="x", unit_type="y", flags="z", notice="/etc/passwd")).text
    assert "领导班子工作总结" in page and "单位类型" not in page


def test_files_are_checked_and_copies_can_be_fetched(client: httpx.Client) -> None:
    """An uploaded paper gives the marked-up copy, the form and the report as a file, under their own names."""
    answer = client.post("/check", files=[("files", (LISTS.name, LISTS.read_bytes()))])
    links = dict(re.findall(r'href="(/check/[^"]+)" download="([^"]+)"', answer.text))
    assert {Path(name).suffix for name in links.values()} == {".docx", ".html", ".zip"}
    packed = next(link for link, name in links.items() if name.endswith(".zip"))
    assert set(zipfile.ZipFile(io.BytesIO(client.get(packed).content)).namelist()) == {*links.values()} - {
        links[packed]
    }
    for link, name in links.items():
        file = client.get(link)
        assert file.status_code == 200 and file.headers["content-disposition"].startswith("attachment")
        if name.startswith(LISTS.stem):
            assert "word/comments.xml" in zipfile.ZipFile(io.BytesIO(file.content)).namelist()
    assert any(name.startswith(LISTS.stem) for name in links.values())


@pytest.mark.parametrize("text", [SUMMARY, "无题\n随便写写。"], ids=["summary", "unknown"])
def test_answer_speaks_no_jargon(client: httpx.Client, text: str) -> None:
    """No option of the command line stands in what a clerk reads."""
    assert "--" not in re.sub(r"<[^>]*>", "", client.get(paste(client, text)).text)


def test_words_that_are_put_plainly_are_still_those_of_the_checker() -> None:
    """Every sentence that speaks of an option, and none besides, has its plain words."""
    package = Path(author.__file__).parents[1]
    places = [
        *(package / "rules").glob("*.py"),
        *(package / "notices").glob("*.yml"),
        package / "engine.py",
        package / "submission.py",
    ]
    source = "".join(place.read_text(encoding="utf-8") for place in places)
    assert [words for words in answers.PLAIN if words not in source] == []
    for words in answers.PLAIN:
        source = source.replace(words, "")
    assert re.findall(r".*(?:用|写) ?--[a-z]+.*", source) == []


def test_topic_that_is_not_ours_is_no_fault(client: httpx.Client) -> None:
    """A reason beside a topic takes its finding away, and the report shows the reason."""
    keys = re.findall(r'name="(topic-[^"]+)"', client.get("/").text)
    before = client.get(paste(client, SUMMARY)).text
    after = client.get(paste(client, SUMMARY, **dict.fromkeys(keys, "本单位没有这项职能"), **{"topic-x": "a"})).text
    assert len(keys) > 5 and after.count('class="entry"') < before.count('class="entry"')
    assert "本单位没有这项职能" in after


def test_answer_belongs_to_one_browser(client: httpx.Client) -> None:
    """Whoever has the address alone sees nothing, neither the page nor the files."""
    path = paste(client, SUMMARY)
    assert client.get(path).status_code == 200
    client.cookies.clear()
    for inner in (path, f"{path}/file-0"):
        assert client.get(inner).status_code == 404
    client.cookies.set("kaohe_visit", "")
    assert client.get(path).status_code == 404


def test_only_the_empty_form_may_be_kept_by_the_browser(client: httpx.Client) -> None:
    """So going back gives a pasted text back, and nothing of an answer lies on the disk."""
    path = paste(client, SUMMARY)
    kept = [client.get(place).headers["cache-control"] for place in ("/", path, f"{path}/file-0")]
    assert kept == ["private, no-cache", "no-store", "no-store"]


def test_inner_files_of_an_answer_are_not_served(client: httpx.Client) -> None:
    """Only what the page offers can be fetched."""
    path = paste(client, SUMMARY)
    assert client.get(f"{path}/file-0").status_code == 200
    assert [client.get(f"{path}/{key}").status_code for key in ("meta", "body", "report", "..%2Fmeta")] == [404] * 4


def test_script_is_told_where_the_answer_is(client: httpx.Client) -> None:
    """The script of the page gets data and not a page."""
    answer = client.post("/check", data={"text": SUMMARY}, files=NONE, headers={"accept": "application/json"})
    assert client.get(answer.json()["page"]).status_code == 200


def test_names_and_text_are_escaped(client: httpx.Client) -> None:
    """Mark-up in names, fields and text is shown and does nothing."""
    evil = "<img src=x onerror=alert(1)>"
    page = client.post(
        "/check", data={"text": evil + SUMMARY, "unit": evil}, files={"files": (f"{evil}.txt", SUMMARY.encode())}
    )
    assert page.status_code == 200 and "&lt;img src=x" in page.text and "<img" not in page.text


def test_paper_is_gone_after_the_answer(tmp_path: Path) -> None:
    """No file with a word of the paper is left but the answer, and the answer goes with the service."""
    word = "独一无二的标记词"
    big = (SUMMARY + word + "。" + "　" * 400_000).encode()  # long enough to be taken in by way of the disk
    settings = ServiceSettings(data=tmp_path, jobs=1)
    with running(settings) as found, browser(found.url) as client:
        answer = client.post("/check", files={"files": ("总结.txt", big)})
        assert answer.status_code == 200 and word in answer.text
        holding = [path for path in tmp_path.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]
        assert holding and all("handouts" in path.parts for path in holding)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]


# ---- checking again -------------------------------------------------------------------------------------------


def test_second_check_tells_what_changed(client: httpx.Client) -> None:
    """What was mended, what remains and what is new stand above the new report."""
    first = paste(client, LONG, kind="team-summary")
    mended = SUMMARY + "打造“××”品牌，成效显著。\n"
    page = client.get(paste(client, mended, kind="team-summary", again=first.rpartition("/")[2])).text
    turn = re.search(r'<section class="turn".*?</section>', page, re.S)
    assert turn is not None
    tallies = dict(re.findall(r"(改好了|还在|新出现) <strong>(\d+)</strong>", turn[0]))
    assert int(tallies["改好了"]) >= 1 and int(tallies["还在"]) >= 1 and int(tallies["新出现"]) >= 1
    assert page.index("</h1>") < page.index(turn[0]) < page.index('class="verdict')


def test_second_check_keeps_what_was_filled_in(client: httpx.Client) -> None:
    """Unit, type and flags need not be told twice."""
    first = paste(client, SUMMARY, unit="禾渡县", unit_type="county", flags="party-chief")
    page = client.get(f"/?again={first.rpartition('/')[2]}").text
    assert 'value="禾渡县"' in page
    assert re.search(r'value="county" selected', page) and re.search(r'value="party-chief" checked', page)


def test_answer_that_is_gone_is_told(client: httpx.Client) -> None:
    """Who comes too late is told so, and can check anew."""
    page = client.get("/?again=unknown")
    assert page.status_code == 200 and "已经删除" in page.text and "和上次" not in client.get(paste(client, "a")).text


# ---- what goes wrong ------------------------------------------------------------------------------------------


def test_nothing_handed_in_is_told(client: httpx.Client) -> None:
    """An empty form comes back with what to do."""
    answer = client.post("/check", data={"text": " \n"}, files=NONE)
    assert answer.status_code == 422 and "还没有交材料" in answer.text and "<form" in answer.text


def test_wrong_file_is_told_by_name(client: httpx.Client) -> None:
    """Where nothing could be read the form says of each file why, and another can be chosen at once."""
    answer = client.post("/check", files=[("files", ("照片.gif", b"GIF89a" + b"\0" * 64)), ("files", ("空.docx", b""))])
    assert answer.status_code == 422 and "<form" in answer.text
    listed = re.search(r'<ul id="alert-list">(.*?)</ul>', answer.text, re.S)
    assert listed is not None and "照片.gif：" in listed[1] and "空.docx：" in listed[1]


def test_readable_file_beside_a_wrong_one_is_checked(client: httpx.Client) -> None:
    """One bad file does not hide what is to be said of the others."""
    answer = client.post(
        "/check", files=[("files", ("照片.gif", b"GIF89a" + b"\0" * 64)), ("files", (LISTS.name, LISTS.read_bytes()))]
    )
    assert answer.status_code == 200 and "没有检查的文件（1个）" in answer.text


def test_too_large_is_told_as_a_page(client: httpx.Client) -> None:
    """A body beyond the bound is refused with a sentence, not with JSON."""
    answer = client.post("/check", files={"files": ("大.txt", b"a" * 4 * 1024 * 1024)})
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("text/html") and "3 MB" in answer.text


def test_busy_service_gives_the_text_back(
    client: httpx.Client, open_service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who finds no place loses nothing of what was pasted, and is told when to try again."""

    async def full(*_: object) -> None:
        raise ProblemError(503, "busy", "正在检查的人太多，请稍后再试。", retry_after=7)

    monkeypatch.setattr(open_service.service.checks, "submit", full)
    answer = client.post("/check", data={"text": SUMMARY.replace("\n", "\r\n"), "unit": "禾渡县"}, files=NONE)
    assert answer.status_code == 503 and answer.headers["retry-after"] == "7"
    assert f"\n{SUMMARY}</textarea>" in answer.text and 'value="禾渡县"' in answer.text
    told = client.post("/check", data={"text": "a"}, files=NONE, headers={"accept": "application/json"})
    assert told.status_code == 503 and told.json()["detail"].startswith("正在检查的人太多")


def test_unknown_page_is_told_in_chinese(client: httpx.Client) -> None:
    """A wrong address leads back to the beginning; a program still gets its document."""
    page = client.get("/nowhere")
    assert page.status_code == 404 and 'href="/"' in page.text and "<h1>" in page.text
    assert client.get("/nowhere", headers={"accept": "*/*"}).headers["content-type"] == "application/problem+json"


# ---- signed in ------------------------------------------------------------------------------------------------


@pytest.fixture
def signed_in(tmp_path: Path) -> Iterator[tuple[httpx.Client, str]]:
    """An author of 禾渡县 with its token, on a service that asks who comes."""
    settings = ServiceSettings(data=tmp_path, jobs=1, login=True, rate=0)
    app = create_app(settings)
    service = app.state.service
    service.database.migrate()
    secret = service.tokens.add("张三", "author", "禾渡县").secret
    with running(settings, app) as found, browser(found.url) as client:
        yield client, secret


def test_signed_in_author(signed_in: tuple[httpx.Client, str]) -> None:
    """An author is led to the sign-in page, checks for its own unit only, and must prove that its page is ours."""
    client, secret = signed_in
    assert 'name="token"' in client.get("/").text
    form = client.post("/signin", data={"token": secret, "next": "/"}).text
    csrf = re.findall(r'name="csrf" value="([^"]+)"', form)[-1]
    assert 'value="禾渡县"' in form and "readonly" in form and "只在本单位的服务器上检查" in form
    data = {"text": SUMMARY, "unit": "别的县"}
    forged = client.post("/check", data=data, files=NONE)
    assert forged.status_code == 403 and "后退" in forged.text
    answer = client.post("/check", data={**data, "csrf": csrf}, files=NONE)
    assert answer.status_code == 200 and "<dd>禾渡县</dd>" in answer.text and "别的县" not in answer.text
    assert 'href="/check/' in answer.text
    client.cookies.clear()
    gone = client.post("/check", data=data, files=NONE)
    assert gone.status_code == 401 and "后退" in gone.text


# ---- 字数 -----------------------------------------------------------------------------------------------------

NODE = shutil.which("node") or ""


@pytest.mark.skipif(not NODE, reason="node is not installed")
def test_count_in_the_browser_is_that_of_the_checker(tmp_path: Path) -> None:
    """The script counts every sample, and every mixture of odd characters, as the checker does."""
    import random

    from checker.readers import read_path

    samples = sorted(SAMPLES.glob("*/*.docx"))
    texts = [read_path(path).text for path in samples]
    chance = random.Random(7)
    odd = [chr(code) for code in range(0x20, 0x3100, 3) if not 0xD800 <= code <= 0xDFFF]
    odd += [
        *"“”‘’—…·、。，Ａ１％ａ字数\t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u3000\u200b\ufeff\u00ad\ufe0f",
        "\U00020000",
        "\U0001f600",
        "\U000e0100",
    ]
    odd += [
        *"\u1100\u11ff\u2e80\u302a\u3099\uac00\ud7af\ufe10\ufe20\uff01\uffef",
        "\U0001b000",
        "\U0003ffff",
        "\U0001f1ff",
    ]
    texts += ["".join(chance.choices(odd, k=chance.randint(1, 60))) for _ in range(3000)]
    texts += [chr(code) + "a字" + chr(code) for code in range(0x10000) if not 0xD800 <= code <= 0xDFFF]
    texts += ["plain words only", "don’t — really…", "", " ", "GDP增长5%"]
    (tmp_path / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    script = "require(process.argv[1]);" + (
        "const t=JSON.parse(require('fs').readFileSync(process.argv[2],'utf8'));"
        "console.log(JSON.stringify(t.map(kaoheCount)))"
    )
    ran = subprocess.run(
        [NODE, "-e", script, str(pages.STATIC / "count.js"), str(tmp_path / "texts.json")],
        capture_output=True,
        check=True,
        timeout=60,
    )
    counted = json.loads(ran.stdout)
    wrong = [
        (text[:40], ours, count_words(text))
        for text, ours in zip(texts, counted, strict=True)
        if ours != count_words(text)
    ]
    assert len(samples) > 15 and wrong == []


def test_accepted_endings_are_those_that_can_be_read() -> None:
    """The window for choosing files shows the formats that the readers know."""
    assert {".docx", ".doc", ".wps", ".pdf", ".ofd", ".xlsx", ".zip", ".txt"} <= set(author.ACCEPT.split(","))
