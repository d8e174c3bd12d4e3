"""Reading in a child process, which can be stopped at a time limit whatever the file does to it."""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path

from checker.document import Document
from checker.errors import ReadError
from checker.readers import Limits, read_path


def _context() -> SpawnContext | ForkServerContext:
    """Children of a server process that was forked early and has no threads; Windows has only spawn."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    return multiprocessing.get_context("forkserver")


def read_isolated(path: Path, limits: Limits, timeout: float) -> Document:
    """Like `read_path`, but given up after `timeout` seconds (ReadError `timeout`)."""
    context = _context()
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(sending, path, limits), daemon=True)
    child.start()
    sending.close()
    try:
        if not receiving.poll(timeout):
            raise ReadError(
                "timeout", f"读取超过 {timeout:g} 秒，已停止；文件可能已损坏或过于复杂，请重新另存为 .docx。"
            )
        outcome = receiving.recv()
    except EOFError:
        raise ReadError("reader-died", "读取这个文件时程序意外退出，请重新另存为 .docx 后再试。") from None
    finally:
        child.kill()
        child.join()
        receiving.close()
    if isinstance(outcome, Document):
        return outcome
    raise ReadError(*outcome)


def _work(sending: Connection, path: Path, limits: Limits) -> None:
    try:
        sending.send(read_path(path, limits))
    except ReadError as error:
        sending.send((error.code, error.message))
    finally:
        sending.close()
