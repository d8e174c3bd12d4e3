"""An application with people of every kind in front of its doors, and something behind them that may be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from checker.service import models
from checker.service.app import create_app
from checker.service.screening_folder import Folder, UnitEntry
from checker.service.service import Service
from checker.service.settings import ServiceSettings

SCREENING = "0123456789abcdef"
OWN, OTHER = "禾渡县", "青石县"
PAGE = f"单位/{OWN}/结果.html"
ROLES = ("none", "own", "other", "reviewer", "admin", "expired", "revoked")
"""Who stands before a door: nobody known, authors of the unit behind it and of another, and so on."""


class Client:
    """Asks an application in this process, each time anew: it keeps no cookies and follows nothing."""

    def __init__(self, app: FastAPI, base_url: str, client: tuple[str, int]) -> None:
        self._app = app
        self._base_url = base_url
        self._client = client

    def request(self, method: str, path: str, **more: Any) -> Response:
        """The whole answer."""
        return asyncio.run(self._request(method, path, more))

    def get(self, path: str, **more: Any) -> Response:
        """GET."""
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> Response:
        """POST."""
        return self.request("POST", path, **more)

    async def _request(self, method: str, path: str, more: dict[str, Any]) -> Response:
        transport = ASGITransport(self._app, raise_app_exceptions=False, client=self._client)
        async with AsyncClient(transport=transport, base_url=self._base_url) as client:
            return await client.request(method, path, **more)


@dataclass(frozen=True)
class House:
    """The application, and the secret of each role."""

    app: FastAPI
    service: Service
    secrets: Mapping[str, str]

    def client(
        self, *, base_url: str = "http://127.0.0.1:8910", client: tuple[str, int] = ("127.0.0.1", 50000)
    ) -> Client:
        """A browser or program on this machine, without any token."""
        return Client(self.app, base_url, client)

    def bearer(self, role: str) -> dict[str, str]:
        """The headers of a program with the token of `role`."""
        return {"Authorization": f"Bearer {self.secrets[role]}"} if role in self.secrets else {}

    def furnish(self) -> None:
        """Put a finished screening with a result of `OWN` where requests look for it."""
        with self.service.database.session() as session:
            made = {"name": "年底", "by": "王五", "state": "done", "year": 2020, "started": models.now()}
            session.merge(models.Screening(id=SCREENING, **made, ended=models.now(), folder=SCREENING))
            session.flush()
            session.merge(models.ScreeningUnit(screening_id=SCREENING, unit=OWN, verdict="pass"))
        folder = self.service.screenings.folder(SCREENING)
        if not folder.path.exists():
            _fill(folder)


def _fill(folder: Folder) -> None:
    folder.make()
    folder.known()
    place = folder.results / PAGE
    place.parent.mkdir(parents=True)
    line = f'{{"unit":{{"name":"{OWN}"}},"report":null}}\n'.encode()
    for path in (place, folder.results / "index.html", folder.results / "results.jsonl"):
        path.write_bytes(line)
    facts = {"name": OWN, "unit_type": "county", "known": True, "verdict": "pass", "page": PAGE, "form": ""}
    counts = dict.fromkeys(("error", "warning", "info", "accepted", "papers", "missing", "start"), 0)
    folder.tell("end", {"state": "done"})
    folder.put_units([UnitEntry(**facts, **counts, size=len(line))])


def house(data: Path, **settings: Any) -> House:
    """An application that asks everybody who they are; its workers are not started."""
    app = create_app(ServiceSettings(**{"data": data, "login": True, "jobs": 1, "rate": 0, **settings}))
    service: Service = app.state.service
    service.prepare()
    service.database.migrate()
    add = service.tokens.add
    secrets = {
        "own": add("本单位的人", "author", OWN).secret,
        "other": add("外单位的人", "author", OTHER).secret,
        "reviewer": add("王五", "reviewer").secret,
        "admin": add("赵六", "admin").secret,
    }
    expired, secrets["expired"] = add("到期的人", "admin", expires=models.now() + timedelta(days=1))
    revoked, secrets["revoked"] = add("作废的人", "admin")
    service.tokens.revoke(revoked.id)
    with service.database.session() as session:
        session.get_one(models.Token, expired.id).expires = models.now() - timedelta(seconds=1)
    return House(app, service, secrets)


def close(one: House) -> None:
    """Give everything back."""
    one.service.audit.close()
    one.service.database.close()
    one.service.release()


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of everything that the application answers; what is mounted with all below it as `MOUNT`."""
    for route in app.routes:
        # Newer versions of FastAPI keep the routers that were taken in as they are.
        inner = getattr(route, "effective_route_contexts", None)
        for one in inner() if inner is not None else [route]:
            methods = getattr(one, "methods", None)
            for method in sorted(set(methods or ["MOUNT"]) - {"HEAD", "OPTIONS"}):
                yield method, one.path
