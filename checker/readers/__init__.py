"""Readers: from the bytes of a file to a `Document`. The format is told by content, never by the name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

from checker.document import Document
from checker.errors import ReadError, encrypted
from checker.readers.limits import MEGABYTE, Limits
from checker.readers.sniff import FORMAT_NAMES, PICTURES, sniff

__all__ = ["READERS", "Limits", "load", "read", "read_path", "reader_for"]

Reader = Callable[[str, bytes, str, Limits], Document]
"""What a reader is given: the name, the bytes, their SHA-256, the limits."""

READERS: Mapping[str, tuple[str, str]] = {
    "doc": ("office", "read_doc"),
    "docx": ("docx", "read_docx"),
    "zip": ("docx", "read_docx"),
    "ofd": ("ofd", "read_ofd"),
    "odt": ("odt", "read_odt"),
    "pdf": ("pdf", "read_pdf"),
    "html": ("web", "read_html"),
    "mht": ("web", "read_mht"),
    "rtf": ("rtf", "read_rtf"),
    "text": ("text", "read_text"),
    "wps": ("office", "read_doc"),
    "xls": ("sheets", "read_xls"),
    "xlsx": ("sheets", "read_xlsx"),
    **dict.fromkeys(PICTURES - {"heic"}, ("pictures", "read_picture")),
}
"""Format, as `sniff` tells it, to the module and the function that reads it; loaded when the first such file comes."""

_WORD_NAMES = (".docx", ".docm", ".dotx", ".dotm")


def read(name: str, data: bytes, limits: Limits = Limits()) -> Document:  # noqa: B008  (frozen)
    """Read one file that is already in memory; raise ReadError where that cannot be done."""
    if not data:
        raise ReadError("empty-file", "文件是空的（0 字节），请重新导出或重新上报。")
    if len(data) > limits.file_size:
        raise _too_big(len(data), limits)
    found = sniff(data)
    if found not in READERS or (found in {"text", *PICTURES} and name.lower().endswith(_WORD_NAMES)):
        raise _refusal(name, found)
    document = reader_for(found)(name, data, hashlib.sha256(data).hexdigest(), limits)
    if len(document.text) > limits.characters:
        raise ReadError("too-large", f"文字超过 {limits.characters} 字，不像一份考核材料，请核对后拆分上报。")
    return document


def reader_for(found: str) -> Reader:
    """The function that reads files of the format `found`."""
    module, function = READERS[found]
    return cast(Reader, getattr(import_module(f"checker.readers.{module}"), function))


def read_path(path: Path, limits: Limits = Limits()) -> Document:  # noqa: B008  (frozen)
    """Read one file from disk."""
    return read(str(path), load(path, limits), limits)


def load(path: Path, limits: Limits) -> bytes:
    """The bytes of one file on disk; its size is looked at before it is loaded."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise ReadError("is-folder", "这是一个文件夹，不是文件，请指定其中的材料文件。")
        if not path.is_file():
            raise ReadError("not-a-file", "这不是普通文件，请指定材料文件。")
        if size > limits.file_size:
            raise _too_big(size, limits)
        return path.read_bytes()
    except FileNotFoundError:
        raise ReadError("not-found", "找不到这个文件，请核对路径和文件名。") from None
    except PermissionError:
        raise ReadError("no-permission", "没有读取这个文件的权限，请调整权限后重试。") from None
    except (OSError, ValueError):
        raise ReadError("read-failed", "文件读取失败，请检查磁盘或网络位置后重试。") from None


def _too_big(size: int, limits: Limits) -> ReadError:
    shown = f"{size / MEGABYTE:.1f}", f"{limits.file_size / MEGABYTE:g}"
    return ReadError("too-large", f"文件有 {shown[0]} MB，超过 {shown[1]} MB 的上限，请压缩其中的图片或拆分后再上报。")


def _refusal(name: str, found: str) -> ReadError:
    """Why a file in the format `found` is not read."""
    named_word = name.lower().endswith(_WORD_NAMES)
    if found == "encrypted":
        return encrypted()
    if found == "unknown":
        code = "not-docx" if named_word else "unsupported-format"
        return ReadError(code, "无法识别文件内容，不是可以读取的材料文件，请用 Word 或 WPS 另存为 .docx 后上报。")
    what = FORMAT_NAMES[found]
    if named_word and (found in PICTURES or found in {"html", "mht", "xml", "text", "rar", "7z"}):
        return ReadError("not-docx", f"扩展名是 Word 文档，实际是{what}，请用 Word 或 WPS 打开后另存为 .docx。")
    if found in PICTURES:
        return ReadError("unsupported-format", f"这是{what}，无法读取其中的文字，请提供 .docx 文字稿。")
    if found in {"rar", "7z", "gz"}:
        return ReadError("unsupported-format", f"这是{what}，请解压后逐份上报 .docx 文件。")
    return ReadError("unsupported-format", f"这是{what}，暂不支持，请用 Word 或 WPS 打开后另存为 .docx。")
