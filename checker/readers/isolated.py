"""Reading in a child process, which is held to a limit of time and of memory whatever the file does to it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path

from checker.document import Document
from checker.errors import ReadError
from checker.readers import Limits, read, read_path
from checker.readers.limits import MEGABYTE


def _context() -> SpawnContext | ForkServerContext:
    """Children of a server process that was forked early and has no threads; Windows has only spawn."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    return multiprocessing.get_context("forkserver")


def read_isolated(path: str, limits: Limits, timeout: float, data: bytes | None = None) -> Document:
    """Like `read_path`, or `read` where there is `data`, in a child process that is given up after `timeout` seconds.

    ReadError `timeout`, `out-of-memory` or `reader-died` where the child did not come to an end of its own.
    """
    context = _context()
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(sending, path, limits, data), daemon=True)
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
        _stop(child.pid)
        child.kill()
        child.join()
        receiving.close()
    if isinstance(outcome, Document):
        return outcome
    raise ReadError(*outcome)


def _stop(group: int | None) -> None:
    """End the child together with what it started (an office program that converts a file)."""
    if sys.platform != "win32" and group is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def _work(sending: Connection, path: str, limits: Limits, data: bytes | None) -> None:
    _confine(limits)
    try:
        sending.send(read_path(Path(path), limits) if data is None else read(path, data, limits))
    except ReadError as error:
        sending.send((error.code, error.message))
    except MemoryError:
        shown = f"{limits.memory / MEGABYTE:g}"
        sending.send(("out-of-memory", f"读取这个文件要用的内存超过 {shown} MB，已停止；请重新另存为 .docx。"))
    finally:
        sending.close()


def _confine(limits: Limits) -> None:
    """A process group of its own, and no more memory than `limits.memory`, where the system knows such bounds.

    Only the soft bound is set, so that a converter that is started from here can be given one of its own.
    """
    if sys.platform == "win32":
        return
    import resource

    os.setsid()
    for what, most in ((resource.RLIMIT_AS, limits.memory), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (bound, hard))
