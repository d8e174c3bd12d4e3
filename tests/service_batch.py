"""What the tests of screenings by the service share: a small batch, a service in this process, waiting for an end."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from running_service import running

from checker.service.service import Service
from checker.service.settings import ServiceSettings

SAMPLES = Path(__file__).parent.parent / "corpus_samples"
URL = "/api/v1/screenings"
ROSTER = "单位,姓名,职务\n禾渡县,楚岚,县委书记\n濮阳市渠务局,叶澄,党组书记、局长\n".encode()


def batch(**units: str) -> bytes:
    """A zip with a folder for each unit, filled from a folder of samples."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for unit, sample in (units or {"禾渡县": "placeholders", "濮阳市渠务局": "clean-bureau"}).items():
            for file in sorted((SAMPLES / sample).glob("*.docx")):
                archive.write(file, f"{unit}/{file.name}")
    return packed.getvalue()


class Client(httpx.Client):
    """Asks a service that runs in this process, whose parts a test can reach."""

    def __init__(self, url: str, service: Service) -> None:
        super().__init__(base_url=url, timeout=60, trust_env=False)
        self.url = url
        self.service = service


@contextmanager
def service(data: Path, **more: Any) -> Iterator[Client]:
    """A service over `data`; its screenings run in processes of their own."""
    more.setdefault("jobs", 1)
    more.setdefault("rate", 0)
    with running(ServiceSettings(data=data, **more)) as (url, made), Client(url, made) as client:
        yield client


def hand_in(client: Client, papers: bytes, roster: bytes | None = None, **fields: str) -> str:
    """Hand in a batch; its id."""
    files = {"file": ("材料.zip", papers)}
    if roster is not None:
        files["roster"] = ("花名册.csv", roster)
    answer = client.post(URL, files=files, data=fields)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def ended(client: Client, ident: str, seconds: float = 60.0) -> dict[str, Any]:
    """What is told of a screening once it has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        told: dict[str, Any] = client.get(f"{URL}/{ident}").json()
        if told["state"] not in ("waiting", "running"):
            return told
        time.sleep(0.05)
    raise AssertionError(f"{ident} did not end")


def findings(client: Client, ident: str, unit: str) -> list[dict[str, Any]]:
    """All findings on the papers of a unit."""
    report = client.get(f"{URL}/{ident}/units/{unit}").json()["report"]
    return [finding for document in report["documents"] for finding in document["findings"]]
