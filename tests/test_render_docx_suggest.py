"""Suggested wording as revisions: accepted it is right, rejected as before, undecided no part of the paper."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from lxml import etree
from test_render_docx import W, package, t

from checker import commands, engine, notice
from checker.document import Document, Submission
from checker.hallmark import AUTHOR
from checker.papers import recognise
from checker.readers import read
from checker.render.docx import render
from checker.report import Report

TITLE = "示例单位领导班子2020年度工作总结"
NAME = "材料/总结.docx"
IN_W = f"{{{W}}}"
BOLD = "<w:rPr><w:b/></w:rPr>"


def run(text: str, look: str = "") -> str:
    return f'<w:r>{look}<w:t xml:space="preserve">{text}</w:t></w:r>'


def paper(*runs: str) -> bytes:
    """A summary of a team with one paragraph made of these runs."""
    return package(f"<w:p>{t(TITLE)}</w:p><w:p>{''.join(runs)}</w:p>")


STRATEGIES = "统筹推进工业强市、生态立市、创新兴市、开放活市“四大战略”。"
RIGHT = STRATEGIES.replace("工业", "产业")

# The runs of a paragraph, and what it reads when everything that was suggested is accepted.
SUGGESTED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "a wrong member of the four strategies": ((run(STRATEGIES),), RIGHT),
    "a wrong member of a set phrase": (
        (run("增强“四个意识”（政治意识、大局意识、核心意识、服务意识）。"),),
        "增强“四个意识”（政治意识、大局意识、核心意识、看齐意识）。",
    ),
    "a misquoted set phrase": ((run("落实中央八条规定。"),), "落实中央八项规定。"),
    "one that becomes longer": (
        (run("学习习近平新时代特色社会主义思想。"),),
        "学习习近平新时代中国特色社会主义思想。",
    ),
    "several in one run": (
        (run("坚持四个自觉自信，做到两个坚决维护，落实一岗两责。"),),
        "坚持四个自信，做到两个维护，落实一岗双责。",
    ),
    "over the edges of runs": ((run("统筹推进工"), run("业强"), run(STRATEGIES[7:], BOLD)), RIGHT),
    "inside a link": (
        (run("见"), f'<w:hyperlink w:anchor="a">{run("中央八条规定")}</w:hyperlink>', run("。")),
        "见中央八项规定。",
    ),
    "inside a content control": (
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{run('落实中央八条规定')}</w:sdtContent></w:sdt>", run("。")),
        "落实中央八项规定。",
    ),
    "beside other things of its run": (
        (f"<w:r>{BOLD}<w:t>落实</w:t><w:br/><w:t>中央八条规定</w:t><w:br/><w:t>精神</w:t></w:r>",),
        "落实\n中央八项规定\n精神",
    ),
    "beside the revisions of another": (
        (
            run("落实"),
            f'<w:ins w:id="7" w:author="甲" w:date="2020-12-01T09:00:00Z">{run("好")}</w:ins>',
            '<w:del w:id="8" w:author="甲"><w:r><w:delText>差</w:delText></w:r></w:del>',
            run("中央八条规定"),
        ),
        "落实好中央八项规定",
    ),
}

# Faults that have no one right answer, or stand where no revision of ours belongs: they keep their comment alone.
LEFT: Mapping[str, tuple[str, ...]] = {
    "a member left out": (run("增强“四个意识”（政治意识、大局意识、核心意识）。"),),
    "members in another order": (run("增强“四个意识”（大局意识、政治意识、核心意识、看齐意识）。"),),
    "two wrong members": (run("增强“四个意识”（政治意识、大局意识、中心意识、服务意识）。"),),
    "quotes inside the words": (run("做到两个“坚决维护”。"),),
    "inserted by another": (
        run("落实"),
        f'<w:ins w:id="7" w:author="甲" w:date="2020-12-01T09:00:00Z">{run("中央八条规定")}</w:ins>',
    ),
    "the result of a field": (run("落实"), f'<w:fldSimple w:instr="REF a">{run("中央八条规定")}</w:fldSimple>'),
    "a control of plain text": (
        run("落实"),
        f"<w:sdt><w:sdtPr><w:text/></w:sdtPr><w:sdtContent>{run('中央八条规定')}</w:sdtContent></w:sdt>",
    ),
    "over the edge of a link": (run("落实中央八条"), f'<w:hyperlink w:anchor="a">{run("规定")}</w:hyperlink>'),
}


@cache
def rules() -> notice.Notice:
    return notice.load(notice.DEFAULT)


def checked(data: bytes) -> Report:
    return engine.run(rules(), Submission(tuple(recognise(read(NAME, data)))))


def marked(data: bytes, *, suggest: bool = True) -> bytes:
    (output,) = render(checked(data), {NAME: data}, suggest=suggest)
    return output.data


def body(data: bytes) -> etree._Element:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return etree.fromstring(archive.read("word/document.xml"))[0]


def decided(data: bytes, *, accept: bool) -> str:
    """What Word makes of the second paragraph when every revision of ours is accepted, or rejected.

    Worked out here once more, so that the checker's own way is held against another.
    """
    root = copy.deepcopy(body(data))
    words = []
    paragraph = root.findall(f"{IN_W}p")[1]
    for node in paragraph.iter(f"{IN_W}t", f"{IN_W}delText", f"{IN_W}br"):
        holders = list(node.iterancestors(f"{IN_W}ins", f"{IN_W}del"))
        ours = [it for it in holders if it.get(f"{IN_W}author") == AUTHOR]
        wanted = "ins" if accept else "del"
        shown = all(it.tag == IN_W + wanted for it in ours) if ours else all(it.tag == IN_W + "ins" for it in holders)
        if shown:
            words.append("\n" if node.tag == IN_W + "br" else node.text or "")
    return "".join(words)


def revisions(data: bytes) -> list[tuple[str, str]]:
    """What we delete and insert, in order."""
    own = (it for it in body(data).iter(f"{IN_W}ins", f"{IN_W}del") if it.get(f"{IN_W}author") == AUTHOR)
    return [(it.tag.removeprefix(IN_W), "".join(it.itertext())) for it in own]


def second(document: Document) -> str:
    return document.text.split("\n", 1)[1]


@pytest.mark.parametrize("name", SUGGESTED)
def test_accepted_it_is_right_and_rejected_it_is_as_before(name: str) -> None:
    """Each suggestion is a pair that a person decides on in Word, with either result."""
    runs, right = SUGGESTED[name]
    data = paper(*runs)
    copy_ = marked(data)
    assert revisions(copy_)
    assert decided(copy_, accept=True) == right
    assert decided(copy_, accept=False) == second(read(NAME, data))


@pytest.mark.parametrize("name", SUGGESTED)
def test_undecided_it_is_no_part_of_the_paper(name: str) -> None:
    """The marked copy reads and counts as the paper, has the same findings, and can be marked again and cleared."""
    data = paper(*SUGGESTED[name][0])
    copy_ = marked(data)
    before, after = checked(data), checked(copy_)
    assert read(NAME, copy_).text == read(NAME, data).text
    assert read(NAME, copy_).reading == read(NAME, data).reading
    assert [it.count for it in after.coverage] == [it.count for it in before.coverage]
    assert [it.fingerprint for it in after.findings] == [it.fingerprint for it in before.findings]
    assert revisions(marked(copy_)) == revisions(copy_)
    cleared = marked(copy_, suggest=False)
    assert revisions(cleared) == []
    assert decided(cleared, accept=True) == second(read(NAME, data))


@pytest.mark.parametrize("name", LEFT)
def test_what_has_no_one_right_answer_is_left_alone(name: str) -> None:
    """The copy is the same as without --suggest: a comment and no revision of ours."""
    data = paper(*LEFT[name])
    assert any(finding.rule in ("fixed-expression", "summary-four-strategies") for finding in checked(data).findings)
    assert revisions(marked(data)) == []


def test_the_look_of_the_words_is_kept() -> None:
    """New words look as the old ones, letter for letter where there are as many; what is around them stays."""
    copy_ = marked(paper(*SUGGESTED["over the edges of runs"][0]))
    (inserted,) = list(body(copy_).iter(f"{IN_W}ins"))
    looks = [("".join(it.itertext()), it.find(f"{IN_W}rPr/{IN_W}b") is not None) for it in inserted]
    assert looks == [("产", False), ("业强", False), ("市", True)]
    numbers = [it.get(f"{IN_W}id") for it in body(copy_).iter(f"{IN_W}ins", f"{IN_W}del")]
    assert len(set(numbers)) == len(numbers)


def test_a_comment_stands_around_the_revision() -> None:
    """What is wrong is still told beside it."""
    copy_ = marked(paper(run(STRATEGIES)))
    order = [it.tag.removeprefix(IN_W) for it in body(copy_).iter() if isinstance(it.tag, str)]
    start = order.index("del") - 1
    assert "commentRangeStart" in order[: start + 1]
    assert order.index("ins") < len(order) - order[::-1].index("commentRangeEnd")


@pytest.mark.parametrize("half", ["ins", "del"])
def test_a_pair_settled_by_half_is_read_like_any_revision(half: str) -> None:
    """When the one half is accepted in Word and the other still waits, the right wording is what is read."""
    part = {
        "ins": run("落实中央八条规定。").replace("中央八条规定", "中央")
        + f'<w:ins w:id="1" w:author="{AUTHOR}">{run("八项规定")}</w:ins>',
        "del": run("落实中央")
        + f'<w:del w:id="1" w:author="{AUTHOR}"><w:r><w:delText>八条规定</w:delText></w:r></w:del>'
        + run("八项规定"),
    }[half]
    assert "八项规定" in read(NAME, paper(part)).text
    assert "八条" not in read(NAME, paper(part)).text


def test_the_option_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--suggest writes the revision into the copy, never into the paper; with another format it is refused."""
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "总结.docx"
    source.write_bytes(paper(run(STRATEGIES)))
    before = source.read_bytes()
    arguments = ["check", str(source), "--format", "docx", "-o", str(tmp_path / "out"), "--suggest", "--cover"]
    assert commands.run(arguments) == 1
    (written,) = (tmp_path / "out").iterdir()
    assert revisions(written.read_bytes()) == [("del", "工业强市"), ("ins", "产业强市")]
    assert source.read_bytes() == before
    capsys.readouterr()
    assert commands.run(["check", str(source), "--suggest"]) == 2
    assert "--format docx" in capsys.readouterr().err
