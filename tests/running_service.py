"""A service that runs in a thread of the test, on a port of its own, so that a test can reach its parts."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import uvicorn
from fastapi import FastAPI

from checker.service.app import create_app
from checker.service.service import Service
from checker.service.settings import ServiceSettings


class Running(NamedTuple):
    """A service and where it is to be found, without a slash at the end."""

    url: str
    service: Service


@contextlib.contextmanager
def running(settings: ServiceSettings, app: FastAPI | None = None) -> Iterator[Running]:
    """A service with `settings`, stopped at the end of the block."""
    app = app or create_app(settings)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until, "the service did not start"
            time.sleep(0.02)
        yield Running(f"http://127.0.0.1:{listening.getsockname()[1]}", app.state.service)
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
