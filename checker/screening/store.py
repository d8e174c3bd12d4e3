"""What a screening has done so far, in one SQLite file: whoever is stopped, however hard, goes on where he was.

Nothing is kept by the name of a file alone: a key holds the content and all that the result depends on.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from checker.document import Document
from checker.errors import UsageError, WriteError
from checker.language.fingerprints import Sketch
from checker.screening.cards import Card, Key

FOLDER = ".kaohe"
_FILE = "store.sqlite"
_FORMAT = 1
_COMMIT_EVERY = 1.0
_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reads (key BLOB PRIMARY KEY, code TEXT, message TEXT, used INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS papers
    (key BLOB, part INTEGER, card BLOB, body BLOB, text BLOB, mentions BLOB, sketch BLOB, PRIMARY KEY (key, part));
CREATE TABLE IF NOT EXISTS units (unit TEXT PRIMARY KEY, key BLOB, line BLOB, record BLOB, files TEXT);
CREATE TABLE IF NOT EXISTS stages (name TEXT PRIMARY KEY, key BLOB, value BLOB);
"""


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """A paper that was read, as it is kept and sent about: its text apart from all else, both packed.

    `mentions` is what it tells of larger wholes (`screening.figures`), packed; `sketch` is what the search for copies
    asks of every paper.
    """

    card: Card
    body: bytes
    text: bytes
    mentions: bytes = b""
    sketch: Sketch | None = None

    def document(self) -> Document:
        """The paper itself."""
        return replace(_DOCUMENT.decode(zlib.decompress(self.body)), text=unpack_text(self.text))


_DOCUMENT = msgspec.msgpack.Decoder(Document)
_CARD = msgspec.msgpack.Decoder(Card)
_SKETCH = msgspec.msgpack.Decoder(Sketch)
_packed = msgspec.msgpack.Encoder().encode


def pack(card: Card, document: Document, mentions: bytes, sketch: Sketch) -> StoredPaper:
    """The paper as it is kept."""
    body = zlib.compress(msgspec.msgpack.encode(replace(document, text="")), 1)
    text = zlib.compress(document.text.encode("utf-8", "surrogatepass"), 1)
    return StoredPaper(card, body, text, mentions, sketch)


def unpack_text(packed: bytes) -> str:
    """The text of a paper."""
    return zlib.decompress(packed).decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class StoredRead:
    """What became of one file: its papers, or the code and the sentence that say why there are none."""

    papers: tuple[StoredPaper, ...] = ()
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class StoredUnit:
    """What became of one unit: its line for the results, packed, and the files that were written."""

    key: bytes
    line: bytes
    files: tuple[str, ...]


class Store:
    """The store of one folder of results. One process and one thread of it use it at a time."""

    def __init__(self, folder: Path) -> None:
        """Open or make it; UsageError where another run has it open, WriteError where it cannot be written."""
        self._base = sqlite3.connect(_place(folder), timeout=0.5, isolation_level=None)
        try:
            self._base.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            self._base.execute("BEGIN IMMEDIATE")
            self._prepare()
        except sqlite3.OperationalError as error:
            self._base.close()
            if "locked" in str(error):
                raise UsageError(f"另一个审查正在往 {folder} 里写，请等它结束，或换一个文件夹。", "busy") from None
            raise WriteError(f"写不了 {folder}，请检查权限和磁盘空间。") from None
        except sqlite3.DatabaseError:
            self._base.close()
            raise UsageError(
                f"{folder} 里的审查记录已损坏，请删去其中的 {FOLDER} 文件夹后重新运行（会从头检查）。", "bad-store"
            ) from None
        self._since = time.monotonic()

    def _prepare(self) -> None:
        for statement in _TABLES.split(";"):
            self._base.execute(statement)
        known = self._base.execute("SELECT value FROM about WHERE name = 'format'").fetchone()
        if known is not None and known[0] != str(_FORMAT):
            for table in ("reads", "papers", "units", "stages"):
                self._base.execute(f"DELETE FROM {table}")
        self._base.execute("INSERT OR REPLACE INTO about VALUES ('format', ?)", (str(_FORMAT),))
        self._base.execute("UPDATE reads SET used = 0")
        self.commit()

    def close(self) -> None:
        """Keep what was put in so far, and leave."""
        self.commit()
        self._base.close()

    def commit(self) -> None:
        """Make safe what was put in."""
        if self._base.in_transaction:
            self._base.execute("COMMIT")
        self._base.execute("BEGIN IMMEDIATE")
        self._since = time.monotonic()

    def _put(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        try:
            self._base.executemany(statement, rows)
            if time.monotonic() - self._since > _COMMIT_EVERY:
                self.commit()
        except sqlite3.OperationalError as error:
            raise WriteError("审查记录写不进去，请检查磁盘空间；已完成的部分都在，清理后再次运行会接着做。") from error

    # ── files ─────────────────────────────────────────────────────────

    def read(self, key: bytes) -> StoredRead | None:
        """What became of the file with this key, without the bodies and texts; None where it was not read yet."""
        row = self._base.execute("SELECT code, message FROM reads WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        self._put("UPDATE reads SET used = 1 WHERE key = ?", [(key,)])
        rows = self._base.execute("SELECT card, mentions FROM papers WHERE key = ? ORDER BY part", (key,))
        papers = tuple(StoredPaper(_CARD.decode(card), b"", b"", mentions) for card, mentions in rows)
        return StoredRead(papers, *row)

    def put_read(self, key: bytes, read: StoredRead) -> None:
        """Keep what became of a file."""
        self._put("INSERT OR REPLACE INTO reads VALUES (?, ?, ?, 1)", [(key, read.code, read.message)])
        self._put(
            "INSERT OR REPLACE INTO papers VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (key, part, _packed(paper.card), paper.body, paper.text, paper.mentions, _packed(paper.sketch))
                for part, paper in enumerate(read.papers)
            ],
        )

    def paper(self, key: bytes, part: int) -> StoredPaper:
        """One paper, whole."""
        row = self._base.execute(
            "SELECT card, body, text, mentions FROM papers WHERE key = ? AND part = ?", (key, part)
        ).fetchone()
        return StoredPaper(_CARD.decode(row[0]), *row[1:])

    def sketch(self, key: bytes, part: int) -> Sketch:
        """What the search for copies asks of one paper."""
        row = self._base.execute("SELECT sketch FROM papers WHERE key = ? AND part = ?", (key, part)).fetchone()
        return _SKETCH.decode(row[0])

    def text(self, key: bytes, part: int) -> str:
        """The text of one paper."""
        row = self._base.execute("SELECT text FROM papers WHERE key = ? AND part = ?", (key, part)).fetchone()
        return unpack_text(row[0])

    # ── units and stages ──────────────────────────────────────────────

    def unit(self, name: str) -> StoredUnit | None:
        """What became of a unit the last time."""
        row = self._base.execute("SELECT key, line, files FROM units WHERE unit = ?", (name,)).fetchone()
        return None if row is None else StoredUnit(row[0], row[1], tuple(msgspec.json.decode(row[2])))

    def record(self, name: str) -> bytes:
        """What results.jsonl says of a unit."""
        row = self._base.execute("SELECT record FROM units WHERE unit = ?", (name,)).fetchone()
        return zlib.decompress(row[0])

    def put_unit(self, name: str, unit: StoredUnit, record: bytes) -> None:
        """Keep what became of a unit, and what results.jsonl says of it."""
        row = (name, unit.key, unit.line, zlib.compress(record, 1), msgspec.json.encode(unit.files).decode())
        self._put("INSERT OR REPLACE INTO units VALUES (?, ?, ?, ?, ?)", [row])

    def unit_names(self) -> list[str]:
        """All units that are kept."""
        return [row[0] for row in self._base.execute("SELECT unit FROM units ORDER BY unit")]

    def drop_unit(self, name: str) -> None:
        """Forget a unit that is in the batch no more."""
        self._put("DELETE FROM units WHERE unit = ?", [(name,)])

    def stage(self, name: str, key: bytes) -> bytes | None:
        """The result of a stage over all papers, if it was worked out from the same."""
        row = self._base.execute("SELECT value FROM stages WHERE name = ? AND key = ?", (name, key)).fetchone()
        return None if row is None else row[0]

    def put_stage(self, name: str, key: bytes, value: bytes) -> None:
        """Keep the result of a stage."""
        self._put("INSERT OR REPLACE INTO stages VALUES (?, ?, ?)", [(name, key, value)])

    def forget_unused(self) -> None:
        """Drop the files that this run did not meet: papers are confidential, and taken back ones are none of ours."""
        self._put("DELETE FROM papers WHERE key IN (SELECT key FROM reads WHERE used = 0)", [()])
        self._put("DELETE FROM reads WHERE used = 0", [()])
        self.commit()


def _place(folder: Path) -> Path:
    inner = folder / FOLDER
    try:
        inner.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        raise WriteError(f"写不了 {folder}，请检查路径、权限和磁盘空间。") from None
    return inner / _FILE


class EarlierTexts:
    """The texts of an earlier screening, where its store is still there."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the store's own, inside that of the results."""
        self._rows: dict[Key, int] = {}
        self._base: sqlite3.Connection | None = None
        if not (folder / _FILE).is_file():
            return
        with contextlib.suppress(sqlite3.DatabaseError, msgspec.MsgspecError):
            self._base = sqlite3.connect(f"{(folder / _FILE).resolve().as_uri()}?mode=ro", uri=True, timeout=0.5)
            for row, card in self._base.execute("SELECT rowid, card FROM papers"):
                self._rows[_CARD.decode(card).key] = row

    def text(self, name: str, part: int) -> str | None:
        """The text of a paper; None where it is not known."""
        row = self._rows.get(Key(name, part))
        if row is None or self._base is None:
            return None
        try:
            found = self._base.execute("SELECT text FROM papers WHERE rowid = ?", (row,)).fetchone()
            return unpack_text(found[0])
        except (sqlite3.DatabaseError, zlib.error):
            return None


def key_of(*pieces: object) -> bytes:
    """A short name for all of `pieces` together: plain values, bytes, tuples and frozen dataclasses of these."""
    return hashlib.sha256(msgspec.msgpack.encode(pieces)).digest()
