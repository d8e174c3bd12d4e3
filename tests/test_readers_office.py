"""Old Word files by way of LibreOffice, and the same paper in every format that LibreOffice writes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from build_docx import docx, paragraphs
from loaders import SAMPLES

from checker.document import Document
from checker.errors import ReadError
from checker.language.count import count_words
from checker.readers import Limits, office, read, read_path

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
DOC = OLE + "WordDocument".encode("utf-16-le")
needs_office = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed: nothing to convert with"
)
SLEEPER = "import sys, time; time.sleep(60)"


def refusal(data: bytes, limits: Limits = Limits()) -> ReadError:  # noqa: B008  (frozen)
    with pytest.raises(ReadError) as caught:
        read("总结.doc", data, limits)
    return caught.value


def test_without_libreoffice_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "find_office", lambda: None)
    error = refusal(DOC)
    assert error.code == "needs-libreoffice"
    assert "LibreOffice" in error.message
    assert ".docx" in error.message


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts a program of ours, in Python, in the place of LibreOffice; what it gets is told by the name it returns."""

    def put(source: str) -> Path:
        script = tmp_path / "office"
        script.write_text(f"#!{sys.executable}\n{source}", "utf-8")
        script.chmod(0o755)
        monkeypatch.setattr(office, "find_office", lambda: str(script))
        return tmp_path

    return put


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program on Windows")
def test_a_converter_that_hangs_is_ended(program: Callable[[str], Path]) -> None:
    program(SLEEPER)
    began = time.monotonic()
    assert refusal(DOC, Limits(convert_seconds=0.3)).code == "timeout"
    assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program on Windows")
def test_a_converter_that_makes_nothing(program: Callable[[str], Path]) -> None:
    program("")
    assert refusal(DOC).code == "damaged"
    head = b"\xec\xa5" + bytes(9) + b"\x01" + bytes(20)
    assert refusal(DOC.ljust(1024, b"\x00") + head).code == "encrypted"


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program on Windows")
def test_what_the_converter_makes_is_read(program: Callable[[str], Path]) -> None:
    place = program(
        "import pathlib, sys\n"
        "out = pathlib.Path(sys.argv[sys.argv.index('--outdir') + 1]); out.mkdir()\n"
        "here = pathlib.Path(sys.argv[0]).parent\n"
        "(out / 'paper.docx').write_bytes((here / 'made.docx').read_bytes())\n"
        "profile = next(a for a in sys.argv if a.startswith('-env:UserInstallation=')).partition('file://')[2]\n"
        "(here / 'settings').write_bytes((pathlib.Path(profile) / 'user/registrymodifications.xcu').read_bytes())\n"
    )
    (place / "made.docx").write_bytes(docx(paragraphs("正文")))
    document = read("总结.wps", DOC)
    assert (document.text, document.format, document.anchors) == ("正文", "doc", ())
    assert [note.what for note in document.reading.read] == ["body", "converted"]
    settings = (place / "settings").read_text("utf-8")
    for name in ("DisableMacrosExecution", "BlockUntrustedRefererLinks", "ooInetHTTPProxyName", "Link"):
        assert f'oor:name="{name}"' in settings


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Document]]:
    """Some samples in every format: name of the paper to format to document."""
    papers = [
        SAMPLES / "clean-bureau" / "工作总结（含四个清单）.docx",
        SAMPLES / "clean-zone" / "特色工作清单.docx",
        SAMPLES / "over-length" / "局长述职述廉述学报告.docx",
    ]
    place = tmp_path_factory.mktemp("office")
    profile = f"-env:UserInstallation={(place / 'profile').as_uri()}"
    for wanted in ("odt", "rtf", "doc"):
        command = ["soffice", "--headless", profile, "--convert-to", wanted, "--outdir", str(place), *map(str, papers)]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
    return {
        paper.stem: {"docx": read_path(paper)}
        | {wanted: read_path(place / f"{paper.stem}.{wanted}") for wanted in ("odt", "rtf", "doc")}
        for paper in papers
    }


@needs_office
@pytest.mark.parametrize("wanted", ["odt", "rtf", "doc"])
def test_the_same_paper_in_another_format(converted: dict[str, dict[str, Document]], wanted: str) -> None:
    """The same count, the same blocks, the same labels: then every finding is the same too."""
    for documents in converted.values():
        word, other = documents["docx"], documents[wanted]
        assert other.format == wanted
        assert count_words(other.text) == count_words(word.text)
        assert _shown(other) == _shown(word)


def _shown(document: Document) -> list[tuple[object, ...]]:
    return [
        (block.kind, block.level, block.label.strip(), document.slice(block.span).split())
        for block in document.blocks
        if document.slice(block.span).strip()
    ]
