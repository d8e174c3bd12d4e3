"""The service in a process of its own, for tests that ask it from outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_STARTED = re.compile(r"已启动：(http://[^/\s]+)")
_SECONDS = 60.0


class Live(NamedTuple):
    """A service that runs: where it is, where its data lie, and its process."""

    url: str
    data: Path
    process: subprocess.Popen[bytes]


@contextmanager
def running(data: Path, *options: str) -> Iterator[Live]:
    """`kaohe serve` on a free port, with its data in `data`, until the end of the block."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KAOHE")}
    environment |= {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "checker", "serve", "--port", "0", "--data", str(data), "--jobs", "1"]
    log = (data.parent / f"{data.name}.log").open("wb")
    with log, subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=log, env=environment) as process:
        late = threading.Timer(_SECONDS, process.kill)
        late.start()
        try:
            url = _address(process)
            late.cancel()
            yield Live(url, data, process)
        finally:
            late.cancel()
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    told = process.stdout.readline().decode("utf-8")
    found = _STARTED.search(told)
    assert found, f"the service did not start: {told}"
    return found[1]
