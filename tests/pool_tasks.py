"""Tasks for the tests of workers and pools: a child imports them by name."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checker.errors import NoticeError, ReadError, UsageError

MEGABYTE = 1024 * 1024
KEPT: list[bytes] = []
WARMED: list[str] = []


def warm() -> None:
    WARMED.append("yes")


def was_warmed() -> list[str]:
    return WARMED


def double(number: int) -> int:
    return 2 * number


def sized(data: bytes) -> bytes:
    return data[::-1]


def own_id(_: object = None) -> int:
    return os.getpid()


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "awake"


def hold_the_interpreter(_: object = None) -> bool:
    """A search in C code that lets no other thread run, for as good as ever."""
    return re.search(r"(a*)*b", "a" * 40) is not None


def die(_: object = None) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave(_: object = None) -> None:
    sys.exit(3)


def eat(_: object = None) -> int:
    return len(bytearray(8_000 * MEGABYTE))


def keep(megabytes: int) -> int:
    KEPT.append(os.urandom(megabytes * MEGABYTE))
    return os.getpid()


def fail(_: object = None) -> None:
    raise ZeroDivisionError


def refuse(kind: str) -> None:
    raise {
        "read": ReadError("not-docx", "读不了。"),
        "notice": NoticeError("a.yml:3 不对。"),
        "usage": UsageError("用法不对。", "bad-config"),
    }[kind]


def cannot_be_sent(_: object = None) -> Callable[[], None]:
    return lambda: None


class Poisoned:
    """It can be sent, but not be taken out of its envelope."""

    def __reduce__(self) -> tuple[Any, ...]:
        return int, ("no number",)


def poisoned(_: object = None) -> Poisoned:
    return Poisoned()


def take(_: object) -> str:
    return "taken"


def chatter(_: object = None) -> str:
    os.write(1, b"noise on standard output\n")
    os.write(2, b"noise on standard error\n")
    print("noise by print")
    return "said"


def start_a_program(_: object = None) -> None:
    """As a converter does: a program of its own that goes on for long."""
    import subprocess

    subprocess.run(["sleep", "300.25"], check=False)


def mixed(task: tuple[str, int]) -> object:
    """One task of a batch in which some are hostile."""
    what, number = task
    if what == "double":
        return double(number)
    if what == "nap":
        time.sleep(0.1)
        return double(number)
    return {"die": die, "sleep": sleep, "eat": eat, "fail": fail, "refuse": lambda _: refuse("read")}[what](60)


def tell_and_sleep(folder: str) -> None:
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(300)


def tell_and_hold(folder: str) -> None:
    (Path(folder) / str(os.getpid())).touch()
    hold_the_interpreter()


def environment() -> list[str]:
    return sorted(name for name in os.environ if name.startswith("PYTHON"))
