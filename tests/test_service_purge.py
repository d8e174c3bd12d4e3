"""kaohe purge: what is removed, what stays, and that nothing is removed by mistake."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from click.testing import CliRunner

from checker.commands import run
from checker.commands.purge import purge
from checker.service.database import Database
from checker.service.models import AuditEntry, Decision, IdempotencyKey, Screening, now
from checker.service.screening_folder import Folder
from checker.service.service import Service
from checker.service.settings import ServiceSettings

WORDS = "考核材料里的一句机密话"
OLD, NEW, RUNNING, STRAY = ("a" * 16, "b" * 16, "c" * 16, "d" * 16)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """Data with an old, a new and a running screening, one that the database does not know, an answer, leftovers."""
    data = tmp_path / "data"
    data.mkdir()
    database = Database(ServiceSettings(data=data).database_url)
    database.migrate()
    with database.session() as session:
        for ident, state, days in ((OLD, "done", 40), (NEW, "done", 1), (RUNNING, "running", 50)):
            moment = now() - timedelta(days=days)
            session.add(Screening(id=ident, name="x", by="x", state=state, created=moment, ended=moment))
            session.flush()
            session.add(
                Decision(screening_id=ident, unit="u", rule="r", fingerprint="f", verb="accept", reason=WORDS, by="x")
            )
        for key, days in (("old", 40), ("new", 0)):
            answer = WORDS.encode() * 500
            session.add(
                IdempotencyKey(
                    key=key, principal="p", route="checks", body_hash="", status=200, answer=answer,
                    created=now() - timedelta(days=days),
                )
            )  # fmt: skip
    database.close()
    for ident in (OLD, NEW, RUNNING, STRAY):
        folder = Folder(data / "screenings" / ident)
        folder.make()
        folder.known()
        (folder.papers / "总结.docx").write_text(WORDS, "utf-8")
    for left in (data / "tmp" / "x" / "总结.docx", data / "handouts" / "y" / "0"):
        left.parent.mkdir(parents=True)
        left.write_text(WORDS, "utf-8")
    yield data


def folders(data: Path) -> set[str]:
    return {folder.name for folder in (data / "screenings").iterdir()}


def rows(data: Path, table: str, column: str = "id") -> set[str]:
    with sqlite3.connect(data / "kaohe.db") as base:
        found = {str(row[0]) for row in base.execute(f"SELECT {column} FROM {table}")}
    base.close()
    return found


def test_older_than(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What ended longer ago goes with its decisions; what is newer, runs, or is not known to be old, stays."""
    assert run(["purge", "--older-than", "30d", "--yes", "--data", str(data)]) == 0
    assert folders(data) == {NEW, RUNNING, STRAY}
    assert rows(data, "screenings") == {NEW, RUNNING}
    assert rows(data, "decisions", "screening_id") == {NEW, RUNNING}
    assert rows(data, "idempotency_keys", "key") == {"new"}
    assert "已删除批量审查 1 次、留存的答复 1 条，共 0.0 MB。临时文件 2 个，已删除。" in capsys.readouterr().out


def test_all_leaves_no_word(data: Path) -> None:
    """With --all nothing of any paper is left, neither in files nor in the free pages of the database."""
    assert any(WORDS.encode() in file.read_bytes() for file in data.glob("kaohe.db*"))
    assert run(["purge", "--all", "--yes", "--data", str(data)]) == 0
    assert folders(data) == set()
    left = [file.name for file in data.rglob("*") if file.is_file() and WORDS.encode() in file.read_bytes()]
    assert left == []


def test_beside_a_running_service(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """While a service runs, its temporary files and what it works on are left alone."""
    service = Service(ServiceSettings(data=data))
    service.prepare()
    try:
        (data / "tmp" / "upload").write_text(WORDS, "utf-8")
        assert run(["purge", "--all", "--yes", "--data", str(data)]) == 0
        assert folders(data) == {RUNNING, STRAY}
        assert (data / "tmp" / "upload").exists()
    finally:
        service.release()
    told = capsys.readouterr().out
    assert "有 1 次审查正在等候或进行，没有删除" in told
    assert "服务正在运行" in told


def test_it_asks(data: Path) -> None:
    """Without --yes it says what would go and asks; no is no."""
    answer = CliRunner().invoke(purge, ["--all", "--data", str(data)], input="n\n")
    assert "将删除批量审查 3 次、留存的答复 2 条、没有登记的文件夹 1 个" in answer.output
    assert "没有删除。" in answer.output
    assert folders(data) == {OLD, NEW, RUNNING, STRAY}


def test_it_is_noted(data: Path) -> None:
    """Who purged stands in the audit log."""
    run(["purge", "--all", "--yes", "--data", str(data)])
    database = Database(ServiceSettings(data=data).database_url)
    with database.session() as session:
        (entry,) = session.query(AuditEntry).filter(AuditEntry.action == "purge")
    database.close()
    assert entry.who.startswith("命令行（")
    assert entry.what == "3 screenings, 2 answers"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "请写明删除哪些"),
        (["--all", "--older-than", "30d"], "请写明删除哪些"),
        (["--older-than", "soon"], "应当写成 30d"),
        (["--all", "--data", "/nowhere/at/all"], "没有数据文件夹"),
    ],
)
def test_refusals(data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    """What cannot be meant is one sentence, and nothing is removed."""
    given = arguments if "--data" in arguments else [*arguments, "--data", str(data)]
    assert run(["purge", "--yes", *given]) == 2
    assert said in capsys.readouterr().err
    assert folders(data) == {OLD, NEW, RUNNING, STRAY}
