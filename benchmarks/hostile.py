"""Files that mean harm, or do it by accident: one of each sort in turn, put among the papers of a batch.

Each is planted with what a screening has to do with it: name it as unread, as a file of nobody, or pass it over.
"""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from benchmarks.batch_files import moulds
from benchmarks.batch_text import Block, pool

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)
_MEGABYTE = 1024 * 1024
_TEXT = "会议定于下周一上午召开，请准时参加，不得缺席。"


class Planted(NamedTuple):
    """A hostile file: its sort, its name in the batch, and what becomes of it: unread, nobody or passed."""

    sort: str
    name: str
    outcome: str


class Bad(NamedTuple):
    """A sort of hostile file. `make` writes it; `name` may hold {n}, which keeps names apart."""

    sort: str
    name: str
    make: Callable[[Path], None]
    outcome: str = "unread"


def _bytes(data: Callable[[], bytes]) -> Callable[[Path], None]:
    return lambda path: _write(path, data())


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _docx(pieces: Iterator[bytes]) -> bytes:
    """A Word file whose body is written piece by piece."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("_rels/.rels", _RELS)
        with archive.open("word/document.xml", "w") as stream:
            stream.write(f"<w:document {_W}><w:body>".encode())
            for piece in pieces:
                stream.write(piece)
            stream.write(b"</w:body></w:document>")
    return out.getvalue()


def _paragraph(text: str) -> bytes:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>".encode()


@cache
def _blank_bomb() -> bytes:
    return _docx(iter([_paragraph("文"), *[b" " * _MEGABYTE] * 200]))


@cache
def _one_run() -> bytes:
    return _docx(iter([b"<w:p><w:r><w:t>", *["文".encode() * (_MEGABYTE // 3)] * 200, b"</w:t></w:r></w:p>"]))


@cache
def _deep() -> bytes:
    names = ("tbl", "tr", "tc")
    inner = _paragraph("文")
    opening = "".join(f"<w:{name}>" for name in names).encode() * 8000
    closing = "".join(f"</w:{name}>" for name in reversed(names)).encode() * 8000
    return _docx(iter([opening, inner, closing]))


@cache
def _endless() -> bytes:
    """A Word file within every limit on size that holds eight million characters: work for minutes, if one let it."""
    lines = [
        sentence.text.format(party="县委", we="我县", all="全县") for found in pool().values() for sentence in found
    ]
    chance = random.Random(7)
    pieces = [_paragraph("2020年度述职述廉述学报告")]
    pieces += [_paragraph("".join(chance.choices(lines, k=8))) for _ in range(25_000)]
    return _docx(iter(pieces))


@cache
def _cells() -> bytes:
    """Tables in tables, as deep as is allowed, side by side."""
    table = b"<w:tbl><w:tr><w:tc>" * 28 + _paragraph("文") + b"</w:tc></w:tr></w:tbl>" * 28
    return _docx(iter([_paragraph("2020年度述职述廉述学报告"), *[table] * 5000]))


def _good() -> bytes:
    return moulds()[0].of("note").docx([Block("title", "会议通知"), Block("body", _TEXT)])


@cache
def _encrypted() -> bytes:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
    return head + "EncryptedPackage".encode("utf-16-le") + random.Random(3).randbytes(20_000)


def _zip(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return out.getvalue()


@cache
def _zip_bomb() -> bytes:
    """Zips in zips, ten of each in the next, five deep."""
    data = _zip({"材料.docx": b"\0" * (4 * _MEGABYTE)})
    for _ in range(5):
        data = _zip({f"{number}.zip": data for number in range(10)})
    return data


@cache
def _many_members() -> bytes:
    """A zip that says it has more files than it can have."""
    data = bytearray(_zip({f"{number}.docx": b"x" for number in range(40)}))
    end = data.rfind(b"PK\x05\x06")
    data[end + 8 : end + 12] = struct.pack("<HH", 0xFFFF, 0xFFFF)
    return bytes(data)


def _pdf(stream: bytes, extra: str = "/Filter /FlateDecode") -> bytes:
    head = b"%PDF-1.7\n"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>",
        f"<< /Length {len(stream)} {extra} >>\nstream\n".encode() + stream + b"\nendstream",
    ]
    out, places = bytearray(head), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


@cache
def _pdf_bomb() -> bytes:
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(b"q " * (_MEGABYTE // 2)) for _ in range(300))
    return _pdf(data + packer.flush())


@cache
def _pdf_loop() -> bytes:
    """A page tree that is its own child."""
    return _pdf(b"", "").replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _locked(path: Path) -> None:
    """A file that nobody may read; root may, so it holds nothing that could be read."""
    path.write_bytes(b"")
    path.chmod(0)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _itself(path: Path) -> None:
    path.symlink_to(path.name)


def _around(path: Path) -> None:
    """A folder that leads back to the whole batch."""
    path.symlink_to("..", target_is_directory=True)


SORTS = (
    Bad("blanks of 200 MB", "撑大{n}.docx", _bytes(_blank_bomb)),
    Bad("one run of 200 MB", "一段{n}.docx", _bytes(_one_run)),
    Bad("XML 24,000 deep", "嵌套{n}.docx", _bytes(_deep)),
    Bad("encrypted", "加密{n}.docx", _bytes(_encrypted)),
    Bad("cut off", "半截{n}.docx", _bytes(lambda: _good()[:-400])),
    Bad("random bytes as .doc", "乱码{n}.doc", _bytes(lambda: random.Random(5).randbytes(30_000))),
    Bad("random bytes behind the head of a .doc", "旧版{n}.doc", _bytes(lambda: _encrypted()[:608] + b"\xa5" * 9000)),
    Bad("zip that leads outside", "越界{n}.zip", _bytes(lambda: _zip({"../../../x.docx": _good()}))),
    Bad("zips in zips in zips", "层层{n}.zip", _bytes(_zip_bomb)),
    Bad("zip that lies about its members", "谎报{n}.zip", _bytes(_many_members)),
    Bad("PDF of 300 MB", "膨胀{n}.pdf", _bytes(_pdf_bomb)),
    Bad("PDF that is its own page", "循环{n}.pdf", _bytes(_pdf_loop)),
    Bad("eight million characters", "长文{n}.docx", _bytes(_endless)),
    Bad("140,000 tables", "表中表{n}.docx", _bytes(_cells)),
    Bad("pipe", "管道{n}.docx", _fifo),
    Bad("device", "设备{n}.docx", _device),
    Bad("link to itself", "自指{n}.docx", _itself),
    Bad("link to the batch", "回头{n}", _around, "passed"),
    Bad("nobody may read it", "无权{n}.docx", _locked),
    Bad("empty", "空{n}.docx", _bytes(lambda: b"")),
    Bad("no workbook", "表格{n}.xlsx", _bytes(lambda: b"PK\x03\x04" + random.Random(9).randbytes(9000))),
    Bad("new line in its name", "换\n行{n}.docx", _bytes(_good), "nobody"),
    Bad("control characters in its name", "响\a铃\x1b[31m{n}.docx", _bytes(_good), "nobody"),
    Bad("right-to-left mark in its name", "倒\u202e着{n}.docx", _bytes(_good), "nobody"),
    Bad("name of 250 bytes", "长" * 80 + "{n}.docx", _bytes(_good), "nobody"),
)
_DEAR = frozenset(("eight million characters", "140,000 tables", "zips in zips in zips"))
"""Sorts of which one is enough: each of them may cost a whole time limit."""


def plant(root: Path, count: int, seed: int) -> list[Planted]:
    """`count` hostile files below `root`: half of them in the folders of units, half in one of their own."""
    chance = random.Random(f"{seed}/hostile")
    units = sorted(path for path in root.iterdir() if path.is_dir())
    apart = root / "来路不明"
    apart.mkdir()
    planted = []
    turns = 0
    while len(planted) < count:
        for bad in SORTS[: count - len(planted)]:
            if turns and bad.sort in _DEAR:
                continue
            # What belongs to nobody must not lie in the folder of somebody.
            inside = bad.outcome != "nobody" and chance.random() < 0.5
            path = (chance.choice(units) if inside else apart) / bad.name.format(n=turns)
            bad.make(path)
            planted.append(Planted(bad.sort, path.relative_to(root).as_posix(), bad.outcome))
        turns += 1
    return planted
