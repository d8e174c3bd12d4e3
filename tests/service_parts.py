"""A service as `kaohe serve` runs it, in a thread of the tests; and what its workers do in place of checking."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from checker.service.app import create_app
from checker.service.check_task import CheckAnswer, CheckTask
from checker.service.checks import Checks
from checker.service.server import address, listen, made
from checker.service.service import Service
from checker.service.settings import ServiceSettings


class Served(NamedTuple):
    """A client of the service, the service itself, and its port."""

    client: httpx.Client
    service: Service
    port: int
    secrets: tuple[str, ...]


@contextmanager
def served(
    settings: ServiceSettings,
    work: Callable[[CheckTask], CheckAnswer] | None = None,
    tokens: Sequence[tuple[str, str, str]] = (),
) -> Iterator[Served]:
    """The service as long as the block lasts, with `work` in place of the check itself.

    `tokens` are added before it starts: name, role, unit.
    """
    app = create_app(settings)
    service: Service = app.state.service
    if work is not None:
        service.__dict__["checks"] = Checks(settings, work, nothing)
    service.prepare()
    service.database.migrate()
    secrets = tuple(service.tokens.add(*token).secret for token in tokens)
    listening = listen(settings)
    server = made(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        assert server.started, "the service did not start"
        until(lambda: service.checks.ready, 60)
        with httpx.Client(base_url=address(settings, listening), timeout=60) as client:
            yield Served(client, service, listening.getsockname()[1], secrets)
    finally:
        service.stopping.set()
        server.should_exit = True
        thread.join(30)
        listening.close()
        assert not thread.is_alive(), "the service did not stop"


def until(true: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to it"
        time.sleep(0.01)


def nothing(notice: str, folder: str) -> None:
    """Workers that need nothing."""


def quick(task: CheckTask) -> CheckAnswer:
    """An answer that tells of the names of the files."""
    names = " ".join(handed.name for handed in task.files)
    return CheckAnswer("error" if task.problems else "pass", not task.problems, names.encode(), {}, ())


def whose(task: CheckTask) -> CheckAnswer:
    """An answer that tells of the unit."""
    return CheckAnswer("pass", True, task.unit.encode(), {}, ())


def by_name(task: CheckTask) -> CheckAnswer:
    """Does what the name of a file says."""
    for handed in task.files:
        name = handed.name.removesuffix(".txt")
        if not isinstance(handed.content, bytes):
            continue
        if name == "sleep":
            time.sleep(float(handed.content))
        elif name == "hang":
            time.sleep(600)
        elif name == "die":
            os._exit(7)
        elif name == "die-once":
            mark = Path(handed.content.decode())
            if not mark.exists():
                mark.touch()
                os._exit(7)
        elif name == "eat":
            bytearray(8 << 30)
        elif name == "wrong":
            raise RuntimeError("机密的文字")
    return quick(task)
