"""Writing files: they appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from checker.errors import WriteError


def write_whole(path: Path, data: bytes) -> None:
    """Write beside the target, then rename: the file is whole or it is not there. WriteError says what went wrong.

    What is no file (a device, a pipe) is written to as it is: renaming would put a file in its place.
    """
    if path.exists() and not path.is_file():
        _write_into(path, data)
        return
    with written(path) as put:
        put(data)


@contextmanager
def written(path: Path) -> Iterator[Callable[[bytes], object]]:
    """What the block puts comes to `path` piece by piece; the file is there once the block has ended well."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".kaohe-", dir=path.parent)
    except OSError as error:
        raise WriteError(f"写不了 {path.parent}：{_why(error)}") from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file.write
        # mkstemp makes private files; a result is as readable as any file the user makes.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except OSError as error:
        raise WriteError(f"写不了 {path}：{_why(error)}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _write_into(path: Path, data: bytes) -> None:
    try:
        with path.open("wb") as stream:
            stream.write(data)
    except OSError as error:
        raise WriteError(f"写不了 {path}：{_why(error)}") from error


def _why(error: OSError) -> str:
    reasons = {
        "PermissionError": "没有写入权限，或者文件正被别的程序打开，请关闭后重试。",
        "FileExistsError": "同名的文件挡住了文件夹，请换一个位置。",
        "NotADirectoryError": "路径中有一段不是文件夹，请换一个位置。",
        "IsADirectoryError": "这是一个文件夹，请给出文件名。",
    }
    if error.errno in (28, 122):
        return "磁盘已满，请清理后重试。"
    if error.errno == 36:
        return "文件名太长，请用 -o 给一个短一些的名字。"
    return reasons.get(type(error).__name__, "请检查磁盘或网络位置后重试。")
