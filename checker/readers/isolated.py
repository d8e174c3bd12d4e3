"""Reading in a child process, which is held to a limit of time and of memory whatever the file does to it."""

from __future__ import annotations

from pathlib import Path

from checker.document import Document
from checker.errors import ReadError
from checker.readers import Limits, read, read_path
from checker.readers.limits import MEGABYTE
from checker.workers import Cause, TaskLost, Worker

_PRELOAD = ("checker.readers.docx", "checker.readers.isolated")
"""Loaded once for all children; most files are of Word."""


def read_isolated(path: str, limits: Limits, timeout: float, data: bytes | None = None) -> Document:
    """Like `read_path`, or `read` where there is `data`, in a child process that is given up after `timeout` seconds.

    ReadError `timeout`, `out-of-memory` or `reader-died` where the child did not come to an end of its own.
    """
    with Worker(limits.memory, preload=_PRELOAD) as worker:
        try:
            return worker.call(_read, path, limits, data, timeout=timeout)
        except TaskLost as lost:
            raise refusal(lost.cause, limits, timeout) from None


def refusal(cause: Cause, limits: Limits, timeout: float) -> ReadError:
    """The error for a file that could not be read within its limits, or that ended the process which read it."""
    if cause == "timeout":
        return ReadError("timeout", f"读取超过 {timeout:g} 秒，已停止；文件可能已损坏或过于复杂，请重新另存为 .docx。")
    if cause == "out-of-memory":
        shown = f"{limits.memory / MEGABYTE:g}"
        return ReadError("out-of-memory", f"读取这个文件要用的内存超过 {shown} MB，已停止；请重新另存为 .docx。")
    return ReadError("reader-died", "读取这个文件时程序意外退出，请重新另存为 .docx 后再试。")


def _read(path: str, limits: Limits, data: bytes | None) -> Document:
    return read_path(Path(path), limits) if data is None else read(path, data, limits)
