"""Old Word files (.doc, .wps, Word 2003 XML): LibreOffice, where it is installed, makes a .docx of them.

Wheels that read .doc were tried on real files: they keep deleted revisions, drop text boxes and notes, or lose the
automatic numbers; so the text would not be the one that Word shows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from checker.document import Document, Note, Reading
from checker.errors import ReadError, encrypted
from checker.readers.docx import read_docx
from checker.readers.leash import TOO_LATE
from checker.readers.limits import MEGABYTE, Limits

_NAMES = ("soffice", "libreoffice")
_USUAL_PLACES = (
    r"C:\Program Files\LibreOffice\program\soffice.exe",
    r"C:\Program Files (x86)\LibreOffice\program\soffice.exe",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
)
_GRACE = 15.0
_FIB, _FIB_ENCRYPTED, _SECTOR = b"\xec\xa5", 0x01, 512

# No macro, no active content, no link followed, no date field brought up to today. LibreOffice fetches linked pictures
# whatever its settings for links say, so it is told to go through a proxy that is not there.
_SETTINGS = (
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Writer/Content/Update", "Link", "2"),
    ("Office.Writer/Content/Update", "Field", "false"),
    ("Office.Writer/Content/Update", "Chart", "false"),
    ("Inet/Settings", "ooInetProxyType", "2"),
    ("Inet/Settings", "ooInetNoProxy", ""),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)


def read_doc(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read a file in an old format of Word by way of .docx."""
    document = read_docx(name, _converted(data, limits), sha256, limits)
    said = Note("converted", 1, "经 LibreOffice 转换为 .docx 后读取")
    reading = Reading((*document.reading.read, said), document.reading.not_read)
    # The anchors name parts of the converted copy, which nobody has.
    return replace(document, format="doc", anchors=(), reading=reading)


def find_office() -> str | None:
    """The LibreOffice program: on PATH, else where its installers put it."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    return found or next((place for place in _USUAL_PLACES if Path(place).is_file()), None)


def _converted(data: bytes, limits: Limits) -> bytes:
    """The file as .docx."""
    office = find_office()
    if office is None:
        raise ReadError(
            "needs-libreoffice",
            "这是旧版 Word 文档，读取它需要 LibreOffice：请安装 LibreOffice（soffice 命令在 PATH 中）后重试，"
            "或用 Word、WPS 打开后另存为 .docx。",
        )
    with tempfile.TemporaryDirectory(prefix="kaohe-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        (place / "paper.doc").write_bytes(data)
        _write_profile(place / "profile")
        code = _run(office, place, limits)
        made = place / "out" / "paper.docx"
        if code == TOO_LATE:
            raise ReadError(
                "timeout", f"转换超过 {limits.convert_seconds:g} 秒，已停止；请用 Word 或 WPS 打开后另存为 .docx。"
            )
        if not made.is_file():
            raise _not_converted(data)
        if made.stat().st_size > limits.file_size:
            raise ReadError("too-large", "文件转换后过大，不像单份考核材料，请用 Word 或 WPS 另存为 .docx 后拆分上报。")
        return made.read_bytes()


def _run(office: str, place: Path, limits: Limits) -> int:
    """Let LibreOffice convert the file in `place`, on a leash; the exit code says little more than TOO_LATE or not."""
    command = [
        office, "--headless", "--norestore", "--nolockcheck", "--nodefault", "--nologo",
        f"-env:UserInstallation={(place / 'profile').as_uri()}",
        "--convert-to", "docx", "--outdir", str(place / "out"), str(place / "paper.doc"),
    ]  # fmt: skip
    leash = str(Path(__file__).with_name("leash.py"))
    bounds = [str(limits.convert_seconds), str(limits.convert_memory // MEGABYTE), str(place)]
    holder = subprocess.Popen(
        [sys.executable, "-I", leash, *bounds, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "SAL_USE_VCLPLUGIN": "svp"},
    )
    try:
        return holder.wait(limits.convert_seconds + _GRACE)
    except subprocess.TimeoutExpired:
        return TOO_LATE
    finally:
        if holder.stdin is not None:
            holder.stdin.close()
        holder.wait()


def _write_profile(profile: Path) -> None:
    """A profile of its own for one conversion, with nothing allowed that a paper does not need."""
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for path, name, value in _SETTINGS
    )
    user = profile / "user"
    user.mkdir(parents=True)
    (user / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>',
        encoding="utf-8",
    )


def _not_converted(data: bytes) -> ReadError:
    if _is_encrypted(data):
        return encrypted()
    return ReadError("damaged", "LibreOffice 打不开这个文件，可能已损坏，请用 Word 或 WPS 打开修复后另存为 .docx。")


def _is_encrypted(data: bytes) -> bool:
    """Whether the head of the Word text (the FIB, at the beginning of a sector) says that the file has a password."""
    for at in range(_SECTOR, len(data) - 12, _SECTOR):
        if data.startswith(_FIB, at):
            return bool(data[at + 11] & _FIB_ENCRYPTED)
    return False
