"""Decisions of people: replies in marked-up papers, kaohe-accept.toml, baselines, and what each of them changes."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import docx
import pytest
import sample_report
from jsonschema import Draft202012Validator
from loaders import SAMPLES

import checker
from checker import decisions
from checker.commands import run
from checker.document import Reply
from checker.errors import UsageError
from checker.hallmark import AUTHOR, rule_of, stamp, stamped, unstamped
from checker.readers import read
from checker.render import html, text
from checker.render import json as json_report
from checker.render.docx import render
from checker.report import Decision, Finding, Report, Stale

W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
W15 = "http://schemas.microsoft.com/office/word/2012/wordml"
MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
LINKS = "word/commentsExtended.xml"

LINES = (
    "某局领导班子2020年度工作总结",
    "一、总体情况",
    "全年修路XX公里，架桥12座。",
    "二、主要工作",
    "坚定“三个自信”，完成投资XX亿元。",
)


def paper(folder: Path, lines: Sequence[str] = LINES, name: str = "总结.docx") -> Path:
    """A summary as a Word file."""
    word = docx.Document()
    for line in lines:
        word.add_paragraph(line)
    word.save(str(folder / name))
    return folder / name


def marked(report: Report, to: Path) -> Path:
    """The marked-up copy of the one file of a report."""
    (output,) = render(report)
    to.write_bytes(output.data)
    return to


def check(path: Path, **settings: Any) -> Report:
    return checker.check(path, kind="team-summary", **settings)


def on(report: Report, quote: str) -> Finding:
    """The first finding on these words."""
    return next(finding for finding in report.findings if finding.quote == quote)


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(contents: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return out.getvalue()


def number_of(data: bytes, fingerprint: str) -> str:
    """The id of our comment on the finding of that fingerprint."""
    comments = parts(data)["word/comments.xml"].decode()
    found = re.search(r"<w:comment (?:(?!<w:comment ).)*?" + stamp(fingerprint), comments, re.DOTALL)
    assert found is not None
    head = re.search(r'w:id="(\d+)"', found[0])
    assert head is not None
    return head[1]


def reply(
    data: bytes, fingerprint: str, said: Sequence[str], *, way: str = "linked", author: str = "王某", number: int = 900
) -> bytes:
    """The file with a reply to the comment on a finding.

    It is linked to it, or a comment of its own on the same words, or one that is anchored there without a range.
    """
    contents = parts(data)
    parent = number_of(data, fingerprint)
    body = contents["word/document.xml"].decode()
    # As Word nests them: the marks of the reply directly behind those of its comment.
    body = re.sub(
        rf'(<w:commentRangeStart w:id="{parent}"/>)', rf'\1<w:commentRangeStart w:id="{number}"/>', body, count=1
    )
    body = re.sub(
        rf'(<w:r>(?:(?!</w:r>).)*<w:commentReference w:id="{parent}"/></w:r>)',
        rf'\1<w:commentRangeEnd w:id="{number}"/><w:r><w:commentReference w:id="{number}"/></w:r>',
        body,
        count=1,
    )
    assert body.count(f'w:id="{number}"') == 3
    contents["word/document.xml"] = body.encode()
    if way == "anchored":
        body = re.sub(rf'<w:commentRange(Start|End) w:id="{number}"/>', "", body)
        contents["word/document.xml"] = body.encode()
    comments = contents["word/comments.xml"].decode()
    head, middle = re.match(r"(.*<w:comments)(.*)", comments, re.DOTALL).groups()  # type: ignore[union-attr]
    if "xmlns:w14" not in middle:
        middle = f' xmlns:w14="{W14}"' + middle
    paragraphs = "".join(
        f'<w:p w14:paraId="0000{number:03}{at}"><w:r><w:t>{line}</w:t></w:r></w:p>' for at, line in enumerate(said)
    )
    date_ = "2020-12-20T09:00:00Z"
    answer = f'<w:comment w:id="{number}" w:author="{author}" w:date="{date_}" w:initials="王">{paragraphs}</w:comment>'
    if way == "linked":
        # Programs that link replies give ids to all paragraphs when they save; the last one stands for the comment.
        ids: dict[str, str] = {}
        pieces = re.split(r"(?=<w:comment )", middle)
        for at, piece in enumerate(pieces):
            found = re.match(r'<w:comment [^>]*w:id="(\d+)"', piece)
            if found is None:
                continue
            last = piece.rindex("<w:p>") if "<w:p>" in piece else -1
            known = re.findall(r'<w:p [^>]*w14:paraId="(\w+)"', piece)
            if last >= 0 and not (known and piece.rindex("<w:p ") > last):
                ids[found[1]] = f"00A{at:05}"
                pieces[at] = piece[:last] + f'<w:p w14:paraId="{ids[found[1]]}">' + piece[last + 5 :]
            else:
                ids[found[1]] = known[-1]
        middle = "".join(pieces)
        entry = f'<w15:commentEx w15:paraId="{ids[parent]}" w15:done="0"/>'
        entry += f'<w15:commentEx w15:paraId="0000{number:03}{len(said) - 1}" w15:paraIdParent="{ids[parent]}"/>'
        contents[LINKS] = f'<w15:commentsEx xmlns:w15="{W15}">{entry}</w15:commentsEx>'.encode()
        relations = contents["word/_rels/document.xml.rels"].decode()
        if "commentsExtended" not in relations:
            link = '<Relationship Id="rIdX" Type="http://schemas.microsoft.com/office/2011/relationships/'
            link += 'commentsExtended" Target="commentsExtended.xml"/></Relationships>'
            contents["word/_rels/document.xml.rels"] = relations.replace("</Relationships>", link).encode()
    comments = head + middle.replace("</w:comments>", answer + "</w:comments>")
    contents["word/comments.xml"] = comments.encode()
    return packed(contents)


def replied(folder: Path, said: Sequence[str] = ("忽略：尚未公布",), way: str = "linked") -> tuple[Path, Report]:
    """A marked-up copy in its own folder, with a reply about the first placeholder, and the report it was made of."""
    first = check(paper(folder))
    copy = folder / "审" / "总结（审查批注）.docx"
    copy.parent.mkdir()
    marked(first, copy)
    copy.write_bytes(reply(copy.read_bytes(), on(first, "XX").fingerprint, said, way=way))
    return copy, first


# ── the hallmark ──────────────────────────────────────────────────────


def test_a_fingerprint_comes_back_from_a_comment_and_is_not_seen() -> None:
    """What stands behind the rule in the last line tells the fingerprint and has no width."""
    for fingerprint in ("0123456789abcdef", "0" * 16, "f" * 16):
        line = "（placeholder）" + stamp(fingerprint)
        assert (stamped(line), rule_of(line), unstamped(line)) == (fingerprint, "placeholder", "（placeholder）")
        assert text.columns(stamp(fingerprint)) == 0
    assert (stamp("0"), stamped("（placeholder）"), rule_of("好")) == ("", "", "")


# ── what a reply says ─────────────────────────────────────────────────

SAID: Mapping[str, tuple[str, str] | None] = {
    "忽略：尚未公布": ("ignored", "尚未公布"),
    "已核：与台账一致": ("checked", "与台账一致"),
    "忽略:尚未公布": ("ignored", "尚未公布"),
    " 　忽略 ： 尚未公布 ": ("ignored", "尚未公布"),
    "「忽略：尚未公布」": ("ignored", "尚未公布"),
    "\u200b忽略：\ufeff尚未公布": ("ignored", "尚未公布"),
    "忽略：引自“十四五”": ("ignored", "引自“十四五”"),
    "忽略：第一\n第二": ("ignored", "第一 第二"),
    "Reply to 考核材料审查 (2020/12/20):\n已核：属实": ("checked", "属实"),
    "忽略：": ("ignored", ""),
    "忽略": ("ignored", ""),
    "「已核」": ("checked", ""),
    "同意，马上改": None,
    "请不要忽略：这里要改": None,
    "已忽略：不算": None,
    "忽略不计": None,
    "": None,
}


@pytest.mark.parametrize("words", SAID)
def test_what_a_reply_says(words: str) -> None:
    """忽略 and 已核 with either colon and any blanks are decisions; other words are none."""
    decision = decisions.said(Reply("placeholder", "0" * 16, words, "王某", "2020-12-20"))
    assert (None if decision is None else (decision.verb, decision.reason)) == SAID[words]


# ── replies in the paper ──────────────────────────────────────────────


@pytest.mark.parametrize("way", ["linked", "same words", "anchored"])
def test_a_reply_is_a_decision(tmp_path: Path, way: str) -> None:
    """The finding is accepted with reason, author and date; it is still there, and no longer counts."""
    copy, first = replied(tmp_path, way=way)
    again = check(copy)
    (accepted,) = again.accepted
    assert accepted.fingerprint == on(first, "XX").fingerprint
    decision = accepted.accepted
    assert decision is not None
    assert (decision.reason, decision.by, decision.date, decision.verb, decision.source) == (
        "尚未公布", "王某", "2020-12-20", "ignored", "reply",
    )  # fmt: skip
    assert again.stale == ()
    assert len(again.findings) == len(first.findings)
    assert again.counts()["error"] == first.counts()["error"] - 1
    assert again.coverage[0].count == first.coverage[0].count
    assert again.submission.documents[0].text == first.submission.documents[0].text


@pytest.mark.parametrize("way", ["linked", "same words", "anchored"])
def test_replies_stay_when_our_comments_are_replaced(tmp_path: Path, way: str) -> None:
    """Marked up again and again, the file keeps the reply, tied to the new comment, and says the same each time."""
    copy, first = replied(tmp_path, way=way)
    for _ in range(3):
        report = check(copy)
        assert [finding.quote for finding in report.accepted] == ["XX"]
        marked(report, copy)
        comments = parts(copy.read_bytes())["word/comments.xml"].decode()
        assert comments.count('w:author="王某"') == 1
        assert comments.count(f'w:author="{AUTHOR}"') == len(first.findings)
        assert "【已忽略｜错误" in comments
        assert "处理意见：尚未公布（王某，2020-12-20，批注回复）" in comments
        links = parts(copy.read_bytes())[LINKS].decode()
        assert links.count("paraIdParent") == 1
        assert len(re.findall(r"commentEx ", links)) == 2
        assert docx.Document(str(copy)).comments is not None
        assert check(copy).coverage[0].count == first.coverage[0].count


def test_a_reply_outlives_edits_elsewhere(tmp_path: Path) -> None:
    """With text put before, other words mended and a placeholder added, the decision holds on its own words."""
    copy, _ = replied(tmp_path)
    contents = parts(copy.read_bytes())
    body = contents["word/document.xml"].decode().replace("三个自信", "四个自信")
    opening = "<w:p><w:r><w:t>以上报告，新增项目XX个。</w:t></w:r></w:p>"
    body = re.sub(r"(?=<w:p>(?:(?!<w:p>).)*一、总体情况)", opening, body, count=1, flags=re.DOTALL)
    contents["word/document.xml"] = body.encode()
    copy.write_bytes(packed(contents))
    again = check(copy)
    assert again.submission.documents[0].text.count("XX") == 3
    (accepted,) = again.accepted
    document, span = accepted.document, accepted.span
    assert document is not None
    assert span is not None
    assert document.text[span.start - 4 : span.end + 2] == "全年修路XX公里"


def test_a_decision_never_passes_to_another_place(tmp_path: Path) -> None:
    """When the accepted placeholder is filled in, the other one does not take its place, and the decision is stale."""
    copy, _ = replied(tmp_path)
    contents = parts(copy.read_bytes())
    contents["word/document.xml"] = contents["word/document.xml"].replace(b"<w:t>XX</w:t>", b"<w:t>86</w:t>", 1)
    copy.write_bytes(packed(contents))
    again = check(copy)
    assert again.submission.documents[0].text.count("XX") == 1
    assert again.accepted == ()
    (stale,) = again.stale
    assert (stale.decision.reason, stale.why) == ("尚未公布", decisions.GONE)


def test_a_reply_without_a_reason_is_told(tmp_path: Path) -> None:
    """忽略 alone accepts nothing, and the report says why."""
    copy, _ = replied(tmp_path, ("忽略：",))
    again = check(copy)
    assert again.accepted == ()
    assert [entry.why for entry in again.stale] == [decisions.NO_REASON]


def test_other_replies_change_nothing(tmp_path: Path) -> None:
    """A reply that is no decision is neither used nor told."""
    copy, first = replied(tmp_path, ("收到，这就改",))
    again = check(copy)
    assert (again.accepted, again.stale, again.counts()) == ((), (), first.counts())


def test_the_last_decision_counts(tmp_path: Path) -> None:
    """Of several replies to one comment the last decision holds; talk after it does not undo it."""
    copy, first = replied(tmp_path)
    fingerprint = on(first, "XX").fingerprint
    for at, words in enumerate(["已核：已经公布", "谢谢"]):
        copy.write_bytes(reply(copy.read_bytes(), fingerprint, [words], way="same words", number=901 + at))
    (accepted,) = check(copy).accepted
    assert accepted.accepted is not None
    assert (accepted.accepted.verb, accepted.accepted.reason) == ("checked", "已经公布")


def test_a_comment_on_words_with_several_of_ours_is_not_guessed(tmp_path: Path) -> None:
    """A loose comment where several of ours sit on the same words accepts none of them, and the report says so."""
    first = check(paper(tmp_path))
    copy = marked(first, tmp_path / "copy.docx")
    absent = next(finding for finding in first.findings if finding.span is None and finding.document)
    copy.write_bytes(reply(copy.read_bytes(), absent.fingerprint, ["忽略：没有"], way="same words"))
    again = check(copy)
    assert again.accepted == ()
    assert [entry.why for entry in again.stale] == [decisions.UNCLEAR]


def test_a_reply_is_read_in_any_encoding_and_damage_does_no_harm(tmp_path: Path) -> None:
    """Comments in UTF-16 are read; links that go round in circles or are no XML leave the paper readable."""
    copy, first = replied(tmp_path)
    contents = parts(copy.read_bytes())
    wide = contents["word/comments.xml"].decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    assert len(read("a.docx", packed({**contents, "word/comments.xml": wide})).replies) == 1
    circle = re.sub(rb'w15:done="0"/>', b'w15:paraIdParent="00009000"/>', contents[LINKS])
    for spoilt in ({LINKS: circle}, {LINKS: b"<oh"}, {"word/comments.xml": contents["word/comments.xml"][:-9]}):
        document = read("a.docx", packed({**contents, **spoilt}))
        assert document.text == first.submission.documents[0].text


def test_replies_in_a_copy_beside_the_paper_count(tmp_path: Path) -> None:
    """Who checks the paper, or the folder, means the replies in the marked-up copy that lies there too."""
    first = check(paper(tmp_path))
    copy = marked(first, tmp_path / "总结（审查批注）.docx")
    copy.write_bytes(reply(copy.read_bytes(), on(first, "XX").fingerprint, ["忽略：尚未公布"]))
    for given in (tmp_path, tmp_path / "总结.docx"):
        again = check(given)
        assert [Path(it.path).name for it in again.submission.documents] == ["总结.docx"]
        assert [finding.quote for finding in again.accepted] == ["XX"]


def test_a_copy_of_a_text_file_takes_replies_too(tmp_path: Path) -> None:
    """A Word file made of a .txt paper is replied to like any other, beside the paper or checked on its own."""
    (tmp_path / "总结.txt").write_text("\n".join(LINES), "utf-8")
    first = check(tmp_path / "总结.txt")
    copy = marked(first, tmp_path / "总结（审查批注）.docx")
    copy.write_bytes(reply(copy.read_bytes(), on(first, "XX").fingerprint, ["忽略：尚未公布"]))
    assert [finding.quote for finding in check(tmp_path / "总结.txt").accepted] == ["XX"]
    assert [finding.quote for finding in check(copy).accepted] == ["XX"]


# ── fingerprints ──────────────────────────────────────────────────────


@pytest.mark.parametrize("case", ["missing-topics", "thin-report", "party-chief-thin"])
def test_fingerprints_survive_edits_elsewhere(tmp_path: Path, case: str) -> None:
    """A paragraph added before and behind each paragraph of a sample changes no fingerprint of what is still found."""
    document = next(it for it in checker.check(SAMPLES / case).submission.documents if it.kind != "other")
    plain = [document.slice(block.span) for block in document.blocks]
    padded = [plain[0]]
    for line in plain[1:]:
        padded += [line, "有关情况如下。"]

    def found(lines: Sequence[str]) -> dict[str, tuple[str, str]]:
        (tmp_path / "a.txt").write_text("\n".join(lines), "utf-8")
        report = checker.check(tmp_path / "a.txt", kind=document.kind)
        return {finding.fingerprint: (finding.rule, finding.quote) for finding in report.findings}

    before, after = found(plain), found(padded)
    assert before
    gone = {key: what for key, what in before.items() if key not in after and what in after.values()}
    assert gone == {}
    assert len(before.keys() & after.keys()) >= 0.9 * len(before)


# ── files of decisions ────────────────────────────────────────────────


def entry(**values: object) -> str:
    given = {
        "rule": '"placeholder"', "fingerprint": '"0123456789abcdef"', "reason": '"尚未公布"', "by": '"王某"',
        "date": "2020-12-20", **values,
    }  # fmt: skip
    return "[[accept]]\n" + "".join(f"{key} = {value}\n" for key, value in given.items() if value is not None)


def accepting(finding: Finding, **values: object) -> str:
    return entry(**{"rule": f'"{finding.rule}"', "fingerprint": f'"{finding.fingerprint}"', **values})


def test_a_file_beside_the_paper_or_above_it(tmp_path: Path) -> None:
    """The nearest kaohe-accept.toml counts; --accept names another one in its place."""
    folder = tmp_path / "报送" / "一轮"
    folder.mkdir(parents=True)
    path = paper(folder)
    first = check(path)
    above, beside, other = tmp_path / decisions.FILE_NAME, folder / decisions.FILE_NAME, tmp_path / "别处.toml"
    above.write_text(accepting(on(first, "XX")), "utf-8")
    (accepted,) = check(path).accepted
    assert accepted.accepted is not None
    assert (accepted.accepted.by, accepted.accepted.date, accepted.accepted.source) == ("王某", "2020-12-20", "accept")
    beside.write_text("", "utf-8")
    assert check(path).accepted == ()
    other.write_text(accepting(on(first, "XX"), reason='"已核：属实"'), "utf-8")
    (accepted,) = check(folder, accept=other).accepted
    assert accepted.accepted is not None
    assert (accepted.accepted.verb, accepted.accepted.reason) == ("checked", "属实")


def test_rule_and_fingerprint_must_both_fit(tmp_path: Path) -> None:
    """The fingerprint of another rule accepts nothing and is told as stale."""
    path = paper(tmp_path)
    finding = on(check(path), "XX")
    (tmp_path / decisions.FILE_NAME).write_text(accepting(finding, rule='"summary-length"'), "utf-8")
    again = check(path)
    assert again.accepted == ()
    assert [(it.decision.rule, it.why) for it in again.stale] == [("summary-length", decisions.GONE)]


def test_what_did_not_run_is_not_called_gone(tmp_path: Path) -> None:
    """A decision on a rule that had nothing to check says so."""
    path = paper(tmp_path)
    (tmp_path / decisions.FILE_NAME).write_text(entry(rule='"report-length"'), "utf-8")
    assert [it.why for it in check(path).stale] == [decisions.NOT_RUN]


BAD: Mapping[str, tuple[str, int, str]] = {
    "no TOML": ("[[accept]]\nrule = 占位\n", 2, "TOML"),
    "an unknown key": (entry() + "ruel = 1\n", 7, "ruel"),
    "an unknown table": ("# 说明\n[other]\na = 1\n", 2, "other"),
    "not a list": ("[accept]\nrule = 1\n", 1, "[[accept]]"),
    "a missing key": (entry() + "\n" + entry(by=None), 8, "缺少 by"),
    "a wrong type": (entry(reason=3), 4, "reason 的值不对：应为 文字"),
    "a bad date": (entry(date='"去年"'), 6, "2020-12-20"),
    "a time": (entry(date="2020-12-20T09:00:00"), 6, "日期"),
    "a short fingerprint": (entry(fingerprint='"abc"'), 3, "16 位"),
    "an empty reason": (entry(reason='" "'), 4, "reason 不能是空的"),
    "the same twice": (entry() + entry(), 7, "第 1 行"),
    "behind a string of several lines": (entry(reason='"""a\n[[accept]]\nb"""') + entry(rule='""'), 10, "rule"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_of_decisions_is_refused(tmp_path: Path, name: str) -> None:
    """Whatever is wrong is told in one Chinese sentence with file and line."""
    content, line, says = BAD[name]
    path = tmp_path / "a.toml"
    path.write_text(content, "utf-8")
    with pytest.raises(UsageError) as caught:
        decisions.load(path)
    assert caught.value.message.startswith(f"{path}:{line}: "), caught.value.message
    assert says in caught.value.message
    assert "`" not in caught.value.message


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A file that is not there, and one in another encoding."""
    with pytest.raises(UsageError, match="读不了"):
        decisions.load(tmp_path / "无.toml")
    (tmp_path / "a.toml").write_bytes("# 说明".encode("gbk"))
    with pytest.raises(UsageError, match="UTF-8"):
        decisions.load(tmp_path / "a.toml")


# ── baselines ─────────────────────────────────────────────────────────


def test_a_baseline_accepts_what_was_there_and_nothing_new(tmp_path: Path) -> None:
    """After a baseline only new findings count; what was mended is stale, of the papers that are checked."""
    path = paper(tmp_path)
    first = check(path)
    file = tmp_path / "基线.toml"
    file.write_bytes(decisions.baseline(first, file, date(2020, 12, 1)))
    again = check(path, baseline=file)
    assert (again.open, again.stale, again.verdict) == ((), (), "pass")
    assert {it.accepted.source for it in again.accepted if it.accepted} == {"baseline"}
    paper(tmp_path, [line.replace("XX公里", "86公里") for line in LINES] + ["新增企业XX家。"])
    later = check(path, baseline=file)
    assert [(it.rule, it.quote) for it in later.open if it.rule == "placeholder"] == [("placeholder", "XX")]
    assert [it.decision.rule for it in later.stale] == ["placeholder"]
    other = paper(tmp_path, ["某厂领导班子2020年度工作总结", *LINES[1:]], "另一份.docx")
    assert [it for it in check(other, baseline=file).accepted if it.document] == []
    # Written again over itself, it keeps what it accepted and takes in what is new.
    file.write_bytes(decisions.baseline(later, file, date(2021, 1, 1)))
    assert check(path, baseline=file).open == ()
    assert check(path, baseline=file).stale == ()


def test_the_command_reads_and_writes_decisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--write-baseline, --baseline and --accept change the exit code as they should and never cost a paper."""
    monkeypatch.chdir(tmp_path)
    path = paper(tmp_path)
    words = ["check", "总结.docx", "--kind", "team-summary"]
    assert run([*words, "--write-baseline", "基线.toml"]) == 1
    assert run([*words, "--baseline", "基线.toml"]) == 0
    assert run([*words, "--baseline", "基线.toml", "--fail-on", "info"]) == 0
    assert run(["check", ".", "--kind", "team-summary", "--baseline", "基线.toml"]) == 0
    capsys.readouterr()
    assert run([*words, "--accept", "无.toml"]) == 2
    assert "无.toml" in capsys.readouterr().err
    before = path.read_bytes()
    assert run([*words, "--write-baseline", "总结.docx"]) == 2
    assert path.read_bytes() == before


# ── outputs ───────────────────────────────────────────────────────────

DECISION = Decision("figure-conflict", "0" * 16, "两处口径不同<b>", "王某", "2020-12-20", "checked", "reply", "a.docx")


def decided() -> Report:
    """The sample report with one finding accepted and one decision stale."""
    first = sample_report.FINDINGS[0]
    findings = (replace(first, accepted=replace(DECISION, rule=first.rule)), *sample_report.FINDINGS[1:])
    stale = Stale(replace(DECISION, reason="已经改了"), decisions.GONE)
    return replace(sample_report.REPORT, findings=findings, stale=(stale,), verdict=cast(Any, ""))


def test_the_verdict_leaves_out_what_is_accepted() -> None:
    """Errors that are all accepted leave a pass, and the words for it do not say that nothing was found."""
    first = sample_report.FINDINGS[0]
    report = replace(
        sample_report.REPORT, findings=(replace(first, accepted=DECISION),), errors=(), verdict=cast(Any, "")
    )
    assert (report.verdict, sum(report.counts().values())) == ("pass", 0)
    shown = text.render(report)[0].data.decode()
    assert "没有待处理的问题" in shown
    assert "没有发现问题" not in shown.partition("字数统计范围")[2]


def test_every_output_shows_what_is_accepted_and_what_is_stale() -> None:
    """Text, page and JSON tell the reason, the person, and the decisions that no longer hold."""
    report = decided()
    assert report.counts()["error"] == sample_report.REPORT.counts()["error"] - 1
    shown = re.sub(r"\s", "", text.render(report)[0].data.decode())
    page = html.render(report)[0].data.decode()
    for told in (shown, re.sub(r"\s", "", page)):
        assert "已核实" in told
        assert "（王某，2020-12-20，批注回复）" in told
        assert "已经改了" in told
        assert "对应的问题已不存在" in told
    assert "口径不同<b>" not in page
    # The unreadable file of the sample has a name that is no text, which JSON cannot hold.
    sound = [it for it in report.findings if it.document is sample_report.SUMMARY]
    coverage = sample_report.COVERAGE[:1]
    small = replace(report, findings=tuple(sound), coverage=coverage, errors=(), verdict=cast(Any, ""))
    small = replace(small, submission=replace(small.submission, unit_type=""))
    data = json.loads(json_report.render(small)[0].data)
    assert [it.message for it in Draft202012Validator(json.loads(json_report.schema())).iter_errors(data)] == []
    every = [*data["findings"], *(it for entry_ in data["documents"] for it in entry_["findings"])]
    (accepted,) = [it["accepted"] for it in every if it["accepted"]]
    assert accepted == {
        "verb": "checked", "reason": "两处口径不同<b>", "by": "王某", "date": "2020-12-20", "source": "reply",
    }  # fmt: skip
    assert [(it["reason"], it["why"]) for it in data["stale"]] == [("已经改了", decisions.GONE)]
