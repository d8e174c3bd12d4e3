"""The application: the parts of the service behind one set of routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from checker import __version__
from checker.service import (
    admin,
    api,
    audit_api,
    author,
    doors,
    events,
    limits,
    logs,
    metrics,
    openapi,
    pages,
    problems,
    reviewer,
    screenings,
    signin,
)
from checker.service.service import Service
from checker.service.settings import ServiceSettings

_ROUTES = (api, screenings, events, audit_api, metrics, signin, author, reviewer, admin, pages)
"""Whose routes there are, in the order in which they are asked."""


def create_app(settings: ServiceSettings) -> FastAPI:
    """The application for `settings`; its parts are in `app.state.service`."""
    service = Service(settings)
    app = FastAPI(
        title="考核材料智检",
        version=__version__,
        description="年度考核材料报送前的检查：报送系统先问一声，再收材料。",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # these pages would load scripts from the internet
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.root_path = settings.base_path  # newer versions warn where it is given above
    app.state.service = service
    problems.install(app)
    for module in _ROUTES:
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static")
    openapi.install(app)
    doors.install(app, service)
    limits.install(app, service)
    logs.install(app, service)  # around everything else
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    await asyncio.to_thread(_start, service)
    try:
        yield
    finally:
        await asyncio.to_thread(_stop, service)


def prepare(service: Service) -> None:
    """Everything that can refuse the start, done once: the data folder, the database, the doors."""
    if service.prepared:
        return
    service.prepare()
    service.database.migrate()
    doors.check_doors(service.settings, service.database)
    api.notices(service.settings)
    service.audit.recover()
    service.prepared = True


def _start(service: Service) -> None:
    prepare(service)
    service.checks.start()
    service.screenings.start()


def _stop(service: Service) -> None:
    """What runs was finished by now (uvicorn waits for answers); screenings are put back to be run again."""
    if service.made("screenings"):
        service.screenings.stop()
    service.checks.stop()
    service.handouts.clear()
    if service.made("audit"):
        service.audit.close()
    if service.made("database"):
        service.database.close()
    service.release()
