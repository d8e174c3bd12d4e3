"""A .zip file with a submission: names, nested archives, and what is not let in."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from build_docx import docx, paragraphs, zipped

from checker import submission
from checker.errors import ReadError
from checker.readers import Limits
from checker.readers.archive import find, is_archive, members
from checker.submission import Options

WORD = docx(paragraphs("示例局领导班子2020年度工作总结", "正文"))
TEXT = "示例局领导班子2020年度工作总结\n正文\n"


def named(*names: bytes, flags: int = 0) -> bytes:
    """A zip file whose names are exactly these bytes."""
    # Ten letters stand in for each name: zipfile would write the UTF-8 mark with any other.
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, name in enumerate(names):
            archive.writestr(f"{number}".ljust(len(name), "x"), TEXT)
    data = out.getvalue()
    for number, name in enumerate(names):
        data = data.replace(f"{number}".ljust(len(name), "x").encode(), name)
    if flags:
        for head in (b"PK\x01\x02\x14\x03\x14\x00", b"PK\x03\x04\x14\x00"):
            data = data.replace(head + b"\x00\x00", head + struct.pack("<H", flags))
    return data


def outcomes(data: bytes, limits: Limits | None = None) -> dict[str, str]:
    """Name to "bytes" or the code of the refusal."""
    return {
        member.name: member.content.code if isinstance(member.content, ReadError) else "bytes"
        for member in members(data, limits or Limits())
    }


def refused(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ReadError) as caught:
        outcomes(data, limits)
    assert caught.value.message.endswith("。")
    return caught.value.code


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_names_without_a_mark(encoding: str) -> None:
    """Windows writes GBK, other systems UTF-8, and neither may say which."""
    data = named("材料/工作总结.txt".encode(encoding), "四个清单.txt".encode(encoding))
    assert list(outcomes(data)) == ["材料/工作总结.txt", "四个清单.txt"]


def test_names_with_the_mark_and_with_backslashes() -> None:
    assert list(outcomes(named("材料\\总结.txt".encode(), flags=0x800))) == ["材料/总结.txt"]


def test_a_document_is_no_archive() -> None:
    assert not is_archive(WORD)
    assert is_archive(zipped({"总结.docx": WORD}))
    assert not is_archive(zipped({"总结.docx": WORD})[:-30])


def test_a_stored_document_inside_does_not_make_the_archive_one() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("总结.docx", WORD)
    assert is_archive(out.getvalue())


@pytest.mark.parametrize("name", [b"../a.txt", b"/a.txt", b"a/../../b.txt", b"..\\a.txt", b"C:\\a.txt"])
def test_a_name_that_leads_out_refuses_the_archive(name: bytes) -> None:
    assert refused(named(b"good.txt", name)) == "unsafe-package"


def test_archives_inside_are_read_one_deep() -> None:
    inner = zipped({"a.txt": TEXT})
    data = zipped({"内.zip": inner, "更深.zip": zipped({"内.zip": inner})})
    assert outcomes(data) == {"内.zip/a.txt": "bytes", "更深.zip/内.zip": "too-deep"}


def test_limits_hold_for_all_archives_together() -> None:
    inner = zipped({"a.txt": "x" * 600, "b.txt": "x" * 600})
    assert refused(zipped({"1.zip": inner, "2.zip": inner}), Limits(archive_size=2000)) == "too-large"
    assert outcomes(zipped({"1.zip": inner, "2.zip": inner}), Limits(members=4)).popitem()[1] == "too-large"


def test_what_is_unpacked_counts_and_not_what_is_declared() -> None:
    """A member that says it is small ends where it said; one that says it is large is not unpacked."""
    assert outcomes(zipped({"a.txt": b"\0" * 5_000_000, "b.txt": TEXT}), Limits(file_size=1_000_000)) == {
        "a.txt": "too-large",
        "b.txt": "bytes",
    }


def test_links_passwords_and_doubles_are_refused_one_by_one() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a.txt", TEXT)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", TEXT)
    found = [(member.name, isinstance(member.content, bytes)) for member in members(out.getvalue(), Limits())]
    assert found == [("link.txt", False), ("a.txt", True), ("a.txt", False)]
    assert outcomes(named(b"secret.txt", flags=1)) == {"secret.txt": "encrypted"}


def test_a_submission_in_an_archive(tmp_path: Path) -> None:
    """Each member is read as if it were a file; what is no paper is passed over."""
    path = tmp_path / "材料.zip"
    content = {"单位/总结.docx": WORD, "清单.txt": TEXT, "__MACOSX/._总结.docx": b"x", "坏.docx": b"PK\x03\x04"}
    path.write_bytes(zipped(content))
    found, problems = submission.collect([path], Options())
    assert [document.path for document in found.documents] == [f"{path}/单位/总结.docx", f"{path}/清单.txt"]
    assert [(problem.path, problem.code) for problem in problems] == [(f"{path}/坏.docx", "damaged")]
    assert find(f"{path}/单位/总结.docx", {}, Limits()) == WORD
    assert find("流.zip/清单.txt", {"流.zip": path.read_bytes()}, Limits()) == TEXT.encode()
    assert find(f"{path}/没有.docx", {}, Limits()) is None


def test_an_archive_without_papers(tmp_path: Path) -> None:
    path = tmp_path / "空.zip"
    path.write_bytes(zipped({"Thumbs.db": b"x"}))
    _, problems = submission.collect([path], Options())
    assert [problem.code for problem in problems] == ["empty-folder"]


def test_an_archive_in_child_processes(tmp_path: Path) -> None:
    path = tmp_path / "材料.zip"
    path.write_bytes(zipped({"总结.docx": WORD, "坏.docx": b"PK\x03\x04"}))
    found, problems = submission.collect([path], Options(timeout=60))
    assert [document.path for document in found.documents] == [f"{path}/总结.docx"]
    assert [problem.code for problem in problems] == ["damaged"]
