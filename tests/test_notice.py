"""A notice loads only when everything in it holds; what does not is named with file, line, rule and key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from loaders import params

from checker import notice as notices
from checker import verified
from checker.errors import NoticeError
from checker.notice import Notice

SOUND = """id: sound
title: 关于考核工作的通知
year: 2020
rules:
  - id: over
    name: 字数
    kind: length
    applies_to: team-summary
    clause: 一·1
    max: 3500
    severity: error
    message: 超{over}字
    examples: {with: {max: 3}, bad: 这是一段, good: 短}
"""
CHILD = "id: child\nextends: puyang-2020\n"


@pytest.fixture
def load(tmp_path: Path) -> Any:
    """Load a notice from its text."""

    def from_text(text: str, name: str = "own.yml") -> Notice:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return notices.load(path)

    return from_text


@pytest.mark.parametrize("case", params("notices.yml"))
def test_does_not_load(case: Mapping[str, Any], tmp_path: Path) -> None:
    """The notice is refused, at the line that is wrong, in words that name the rule and the key."""
    text = case.get("text", SOUND)
    if "change" in case:
        before, after = case["change"]
        assert before in text
        text = text.replace(before, after, 1)
    for name, other in case.get("files", {}).items():
        (tmp_path / name).write_text(other, "utf-8")
    path = tmp_path / "own.yml"
    path.write_text(text, "utf-8")
    with pytest.raises(NoticeError) as caught:
        notices.load(path)
    message = caught.value.message
    for word in case["says"]:
        assert word in message
    place = re.match(r"(.+?):(\d+): \S", message)
    assert place is not None
    if not case.get("elsewhere"):
        assert place.group(1) == str(path)
        wanted = line_of(text, case.get("at", "#!"))
        assert wanted <= int(place.group(2)) <= wanted + case.get("near", 0)
    assert "Error" not in message
    assert "\n" not in message


def line_of(text: str, words: str) -> int:
    """The number of the last line that holds `words`; 1 where none does."""
    return max((number for number, line in enumerate(text.splitlines(), 1) if words in line), default=1)


def test_the_sound_notice_loads(load: Any) -> None:
    """What the refused notices were made from is itself in order."""
    loaded = load(SOUND)
    assert [(rule.id, rule.params.max, rule.severity, rule.line) for rule in loaded.rules] == [
        ("over", 3500, "error", 5)
    ]
    assert loaded.year == 2020


def test_the_shipped_notice(notice: Notice) -> None:
    """The notice that ships loads with its examples verified, and says what it is."""
    assert (notice.id, notice.number, notice.year) == ("puyang-2020", "濮组文〔2020〕91号", 2020)
    assert notices.shipped() == ["puyang-2020"]
    assert notice.rule("summary-length") is not None
    assert notice.rule("nosuch") is None


def test_examples_that_hold_are_written_down(notice: Notice) -> None:
    """The examples of the notice as it is now were tried; after an edit run `python -m checker.verified`."""
    assert notice.digest in verified.known()


def test_another_notice_is_held_against_its_examples(load: Any) -> None:
    """What is not written down is tried: the same notice with an example that does not hold is refused."""
    with pytest.raises(NoticeError):
        load(SOUND.replace("bad: 这是一段", "bad: 短"))


def test_extends_takes_over_everything(load: Any, notice: Notice) -> None:
    """Without rules of its own a notice is its parent under another name."""
    child = load(CHILD)
    assert [rule.id for rule in child.rules] == [rule.id for rule in notice.rules]
    assert (child.id, child.title, child.number, child.year) == ("child", notice.title, notice.number, notice.year)


def test_override_by_key(load: Any, notice: Notice) -> None:
    """A rule with the id of an inherited one changes the keys that it gives, and keeps the rest and its place."""
    child = load(CHILD + "rules:\n  - id: summary-length\n    max: 4000\n")
    old, new = notice.rule("summary-length"), child.rule("summary-length")
    assert old is not None and new is not None
    assert (old.params.max, new.params.max) == (3500, 4000)
    assert (new.wordings, new.clause, new.params.near) == (old.wordings, old.clause, old.params.near)
    assert [rule.id for rule in child.rules] == [rule.id for rule in notice.rules]


def test_override_of_the_wording(load: Any) -> None:
    """A severity or message given for the rule holds for all its cases; one given for a case holds for that case."""
    whole = load(CHILD + "rules:\n  - {id: summary-length, severity: warning}\n").rule("summary-length")
    assert {case: wording.severity for case, wording in whole.wordings.items()} == {
        "over": "warning",
        "near": "warning",
    }
    text = "rules:\n  - id: summary-length\n    cases:\n      over: {severity: warning}\n"
    single = load(CHILD + text).rule("summary-length")
    assert {case: wording.severity for case, wording in single.wordings.items()} == {"over": "warning", "near": "info"}
    assert single.wordings["over"].message == whole.wordings["over"].message


def test_new_rules_come_last(load: Any, notice: Notice) -> None:
    """A rule with an id of its own is added to the inherited ones."""
    own = SOUND.partition("rules:\n")[2]
    child = load(CHILD + "rules:\n" + own)
    assert [rule.id for rule in child.rules] == [*(rule.id for rule in notice.rules), "over"]


def test_disable(load: Any, notice: Notice) -> None:
    """Disabled rules are gone; the others stay as they were."""
    child = load(CHILD + "disable: [roster, summary-length]\n")
    gone = {rule.id for rule in notice.rules} - {rule.id for rule in child.rules}
    assert gone == {"roster", "summary-length"}


def test_extends_a_file_beside_it(load: Any, tmp_path: Path) -> None:
    """`extends` may name a file, looked for beside the notice that names it."""
    (tmp_path / "sound.yml").write_text(SOUND, "utf-8")
    child = load("id: child\nextends: sound.yml\nrules:\n  - {id: over, max: 10}\n")
    assert [(rule.id, rule.params.max) for rule in child.rules] == [("over", 10)]


def test_an_inherited_key_is_told_where_it_stands(load: Any, tmp_path: Path) -> None:
    """An error in a key that the parent wrote names the parent's file and line."""
    broken = SOUND.replace("max: 3500", "max: many #!")
    (tmp_path / "sound.yml").write_text(broken, "utf-8")
    with pytest.raises(NoticeError, match=rf"sound\.yml:{line_of(broken, '#!')}: .*over"):
        load("id: child\nextends: sound.yml\nrules:\n  - {id: over, name: 新名}\n")


def test_not_there() -> None:
    """A notice that cannot be found is one sentence that names those that ship."""
    with pytest.raises(NoticeError, match=r"找不到.*puyang-2020"):
        notices.load("nosuch-2020")


def test_not_in_utf8(tmp_path: Path) -> None:
    """A file in another encoding is told to be saved as UTF-8."""
    path = tmp_path / "gbk.yml"
    path.write_bytes("title: 关于考核工作的通知".encode("gbk"))
    with pytest.raises(NoticeError, match="UTF-8"):
        notices.load(path)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    """Notepad writes UTF-8 with a mark before it."""
    path = tmp_path / "own.yml"
    path.write_bytes(SOUND.encode("utf-8-sig"))
    assert notices.load(path).id == "sound"


def test_a_topic_with_a_lexicon_of_its_choice(load: Any) -> None:
    """A topic may be looked up in a lexicon that bears another name."""
    text = (
        "rules:\n  - id: summary-topics\n    topics:\n"
        "      - {id: fire, name: 消防, lexicon: topics/fire-safety}\n"
        "      - {id: drug-control, name: 禁毒}\n"
    )
    rule = load(CHILD + text).rule("summary-topics")
    assert [item.lexicon for item in rule.params.topics] == ["topics/fire-safety", ""]
