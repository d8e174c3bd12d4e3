"""Running the application under uvicorn: the address it listens on, patience with slow clients, a quiet end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from checker.errors import UsageError
from checker.service import logs
from checker.service.app import create_app, prepare
from checker.service.service import Service
from checker.service.settings import ServiceSettings

_HEADER_SECONDS = 15.0
"""A client that has not sent the head of a request by then is no client."""
_KEEP_ALIVE = 30
_BACKLOG = 512


def serve(settings: ServiceSettings, started: Callable[[str], None]) -> None:
    """Serve until told to stop. `started` is called with the address once requests are taken.

    UsageError where it cannot or must not be started like this.
    """
    app = create_app(settings)
    service: Service = app.state.service
    _more_files()
    listening = listen(settings)
    try:
        prepare(service)
        logs.set_up()
        server = made(app, lambda: started(address(settings, listening)))
        server.run(sockets=[listening])
        if not server.started:
            raise UsageError("服务没能启动，请看上面的日志。", "not-started")
    finally:
        listening.close()
        if service.made("database"):
            service.database.close()
        service.release()


def made(app: FastAPI, ready: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """The server for an application; `ready` is called once it takes requests."""
    service: Service = app.state.service
    config = uvicorn.Config(
        app,
        http=_Patient,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(service.settings.stop_seconds)),
        lifespan="on",
    )
    return _Server(config, service, ready)


def listen(settings: ServiceSettings) -> socket.socket:
    """The socket to serve on; UsageError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio sends short answers at once only where it sees that a socket is TCP.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there it would let two programs have one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host.strip("[]"), settings.port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise UsageError(_why(settings, error), "cannot-listen") from error
    listening.setblocking(False)
    return listening


def _why(settings: ServiceSettings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE or getattr(error, "winerror", 0) == 10048:
        return f"端口 {settings.port} 已被别的程序占用，请用 --port 换一个，例如 --port {settings.port % 65000 + 1}。"
    if error.errno == errno.EACCES:
        return f"没有权限使用端口 {settings.port}，请用 --port 换一个 1024 以上的。"
    return f"不能在 {settings.host} 上监听，请核对 --host 的地址。"


def address(settings: ServiceSettings, listening: socket.socket) -> str:
    """Where a browser finds the service."""
    host = settings.host.strip("[]")
    if host in ("0.0.0.0", "::"):  # every address of this machine, and none that a browser could open
        host = settings.hosts[0] if settings.hosts else socket.gethostname()
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}{settings.base_path}/"


class _Server(uvicorn.Server):
    """Tells when it is ready and when it is asked to stop, and ends without a signal of its own."""

    def __init__(self, config: uvicorn.Config, service: Service, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._service = service
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._service.stopping.set()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own sends the signal again at the end, and so makes a failure of every orderly stop."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = [signal.SIGINT, signal.SIGTERM]
        if sys.platform == "win32":
            wanted.append(signal.SIGBREAK)
        before = {number: signal.signal(number, self.handle_exit) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Patient(H11Protocol):
    """Ends a connection that does not send the head of a request in time; uvicorn would wait for ever."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Between two requests uvicorn has a time limit of its own; the one here is for a head that has begun."""
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._due is None and self.timeout_keep_alive_task is None:
            self._due = self.loop.call_later(_HEADER_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def _more_files() -> None:
    """As many open connections as the system lets us have."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
