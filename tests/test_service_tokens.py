"""Tokens: handed out once, stored as a hash, found by their secret until they are revoked or over."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from checker.commands import run
from checker.errors import UsageError
from checker.service import models, sign_ins, tokens
from checker.service.access import ACTIONS, ROLES, Principal
from checker.service.database import Database
from checker.service.sign_ins import SignIns
from checker.service.tokens import Tokens

Clock = Callable[[timedelta], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Lets time go by."""
    gone = timedelta()

    def let_pass(more: timedelta) -> None:
        nonlocal gone
        gone += more

    for module in (tokens, sign_ins):
        monkeypatch.setattr(module, "now", lambda: models.now() + gone)
    return let_pass


@pytest.fixture
def kaohe(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs `kaohe token …` on a data folder of the test's own."""

    def command(*arguments: str) -> tuple[int, str, str]:
        code = run(["token", *arguments, "--data", str(tmp_path / "data")])
        said = capfd.readouterr()
        return code, said.out, said.err

    return command


def test_a_secret_has_its_form_and_256_random_bits(database: Database) -> None:
    first, second = (Tokens(database).add("甲", "admin").secret for _ in range(2))
    assert re.fullmatch(r"kh_[a-z2-9]{10}_[A-Za-z0-9_-]{43}", first)
    assert first[14:] != second[14:]


def test_a_token_is_found_by_its_secret_alone(database: Database) -> None:
    known = Tokens(database)
    token, secret = known.add(" 李四 ", "author", " 禾渡县 ")
    assert known.find(secret) == Principal("李四", "author", "禾渡县", token.id)
    other = known.add("王五", "admin").secret
    mixed = secret[:14] + other[14:]
    for wrong in (
        "",
        "kh_",
        secret[:-1],
        secret + "A",
        secret.upper(),
        mixed,
        f" {secret}",
        "kh_aaaaaaaaaa_" + "A" * 43,
    ):
        assert known.find(wrong) is None, wrong


def test_the_secret_is_nowhere_in_the_database(database: Database) -> None:
    secret = Tokens(database).add("甲", "admin").secret
    with database.session() as session:
        row = session.execute(sa.text("SELECT * FROM tokens")).one()
    assert secret[14:] not in repr(tuple(row))


def test_a_token_ends_with_its_date(database: Database, clock: Clock) -> None:
    known = Tokens(database)
    secret = known.add("甲", "admin", expires=models.now() + timedelta(days=1)).secret
    clock(timedelta(hours=23))
    assert known.find(secret)
    clock(timedelta(hours=1, seconds=1))
    assert known.find(secret) is None
    assert [token.state for token in known.list()] == ["expired"]
    assert not known.any_valid()


def test_a_revoked_token_opens_nothing_at_once_and_keeps_its_first_date(database: Database) -> None:
    known = Tokens(database)
    token, secret = known.add("甲", "admin")
    first = known.revoke(token.id)
    assert known.find(secret) is None
    assert known.revoke(token.id).revoked == first.revoked
    assert [one.state for one in known.list()] == ["revoked"]


def test_the_last_use_is_noted_once_a_minute(database: Database, clock: Clock) -> None:
    known = Tokens(database)
    secret = known.add("甲", "admin").secret
    assert known.list()[0].last_used is None
    known.find(secret)
    first = known.list()[0].last_used
    clock(timedelta(seconds=30))
    known.find(secret)
    assert known.list()[0].last_used == first
    clock(timedelta(seconds=31))
    known.find(secret)
    assert first is not None and known.list()[0].last_used > first  # type: ignore[operator]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": " "}, "名称"),
        ({"role": "boss"}, "没有 boss 这个角色"),
        ({"role": "author"}, "要写明单位"),
        ({"role": "author", "unit": " "}, "要写明单位"),
        ({"expires": models.now() - timedelta(seconds=1)}, "已经过去"),
    ],
)
def test_tokens_that_make_no_sense_are_refused(tmp_path: Path, values: dict[str, str], sentence: str) -> None:
    known = Tokens(Database(f"sqlite:///{tmp_path / 'not-reached.db'}"))
    with pytest.raises(UsageError, match=sentence):
        known.add(**{"name": "甲", "role": "admin", **values})  # type: ignore[arg-type]


def test_an_author_sees_its_unit_and_others_see_all() -> None:
    author = Principal("甲", "author", "禾渡县")
    assert author.sees("禾渡县") and not author.sees("禾渡县教育局") and not author.sees("")
    assert not Principal("甲", "author", "").sees("")
    assert Principal("乙", "reviewer").sees("禾渡县")
    assert (author.only_unit, Principal("乙", "admin").only_unit) == ("禾渡县", None)


def test_every_action_names_roles_that_there_are_and_the_admin_among_them() -> None:
    for action, roles in ACTIONS.items():
        assert "admin" in roles and roles <= ROLES.keys(), action


def test_a_sign_in_lasts_as_long_as_it_is_used_but_no_longer_than_a_day_of_work(
    database: Database, clock: Clock
) -> None:
    known = Tokens(database)
    signed_in = SignIns(database, known)
    begun = signed_in.begin(known.add("甲", "reviewer").secret)
    assert begun is not None
    principal, cookie = begun
    assert (principal.name, principal.via, signed_in.find(cookie)) == ("甲", "cookie", principal)
    for _ in range(6):
        clock(timedelta(hours=1, minutes=59))
        assert signed_in.find(cookie)
    clock(timedelta(minutes=10))
    assert signed_in.find(cookie) is None


def test_a_sign_in_that_is_not_used_ends_and_is_swept_away(database: Database, clock: Clock) -> None:
    known = Tokens(database)
    signed_in, secret = SignIns(database, known), known.add("甲", "reviewer").secret
    begun = signed_in.begin(secret)
    assert begun is not None
    clock(timedelta(hours=2, seconds=1))
    assert signed_in.find(begun[1]) is None
    signed_in.begin(secret)
    with database.session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(models.SignIn)) == 1


def test_what_ends_a_token_ends_its_sign_ins(database: Database, clock: Clock) -> None:
    known = Tokens(database)
    signed_in = SignIns(database, known)
    revoked, secret = known.add("甲", "admin")
    short = known.add("乙", "admin", expires=models.now() + timedelta(minutes=30)).secret
    cookies = [begun[1] for one in (secret, short) if (begun := signed_in.begin(one)) is not None]
    assert len(cookies) == 2
    known.revoke(revoked.id)
    assert signed_in.find(cookies[0]) is None and signed_in.find(cookies[1]) is not None
    clock(timedelta(minutes=31))
    assert signed_in.find(cookies[1]) is None


def test_the_cookie_is_not_in_the_database_and_each_has_its_own_csrf_token(database: Database) -> None:
    known = Tokens(database)
    signed_in, secret = SignIns(database, known), known.add("甲", "admin").secret
    one, two = (signed_in.begin(secret) for _ in range(2))
    assert one is not None and two is not None and one[0].csrf != two[0].csrf
    with database.session() as session:
        kept = repr(session.execute(sa.text("SELECT * FROM sign_ins")).all())
    assert one[1] not in kept and one[0].csrf not in kept
    signed_in.end(one[1])
    assert signed_in.find(one[1]) is None and signed_in.find(two[1]) is not None


def test_add_prints_the_secret_alone_on_standard_output(
    kaohe: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, out, err = kaohe("add", "--name", "报送系统", "--role", "author", "--unit", "禾渡县", "--days", "30")
    assert code == 0 and re.fullmatch(r"kh_\w{10}_[\w-]{43}\n", out)
    assert "只显示这一次" in err and out.strip() not in err
    database = Database(f"sqlite:///{tmp_path / 'data' / 'kaohe.db'}")
    found = Tokens(database).find(out.strip())
    database.close()
    assert found is not None and (found.name, found.unit) == ("报送系统", "禾渡县")


def test_list_and_revoke_tell_what_became_of_a_token(
    kaohe: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    secret = kaohe("add", "--name", "王五", "--role", "reviewer", "--expires", "2099-12-31")[1].strip()
    _, listed, _ = kaohe("list")
    assert (
        all(word in listed for word in ("王五", "审查人", "2099-12-31", "可用", secret[3:13])) and secret not in listed
    )
    assert kaohe("revoke", secret)[0] == 0
    assert "已作废" in kaohe("list")[1]
    with sqlite3.connect(tmp_path / "data" / "kaohe.db") as connection:
        noted = connection.execute("SELECT who, action, what FROM audit ORDER BY id").fetchall()
    connection.close()
    assert [row[1] for row in noted] == ["token-add", "token-revoke"]
    assert noted[0][0].startswith("命令行") and secret[14:] not in repr(noted)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "--name", "甲", "--role", "author"), "要写明单位"),
        (("add", "--name", "甲", "--role", "boss"), "只能是"),
        (("add", "--name", "甲"), "--role"),
        (("add", "--role", "admin"), "--name"),
        (("add", "--name", "甲", "--role", "admin", "--days", "0"), "--days"),
        (("add", "--name", "甲", "--role", "admin", "--expires", "明年"), "看不懂"),
        (("add", "--name", "甲", "--role", "admin", "--expires", "2020-01-01"), "已经过去"),
        (("add", "--name", "甲", "--role", "admin", "--expires", "2099-01-01", "--days", "3"), "只能写一个"),
        (("revoke", "nothing"), "没有编号为 nothing"),
    ],
)
def test_mistakes_are_told_in_one_sentence(
    kaohe: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...], sentence: str
) -> None:
    code, out, err = kaohe(*arguments)
    assert (code, out) == (2, "") and sentence in err and err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such owners")
def test_the_folder_of_another_user_is_left_alone(
    kaohe: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    code, _, err = kaohe("list")
    assert code == 2 and "属于另一个用户" in err and not list((tmp_path / "data").iterdir())
