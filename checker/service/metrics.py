"""What Prometheus reads at /metrics: how much is asked, how fast it is answered, what waits, what went wrong.

Labels are few and fixed: routes as templates, never an address that somebody made up, and never a name of a paper.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from starlette.responses import Response

from checker import __version__
from checker.errors import KaoheError
from checker.report import VERDICT_NAMES
from checker.service.access import Principal, require
from checker.service.check_task import CheckAnswer
from checker.service.service import service_of

if TYPE_CHECKING:
    from checker.service.service import Service

router = APIRouter()

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_STATES = ("waiting", "running", "done", "cancelled", "failed")
disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which Prometheus does not need
_LOST = ("timeout", "out-of-memory", "died", "failed")


@router.get("/metrics", tags=["运行"], response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request, principal: Principal = Depends(require("metrics"))) -> Response:  # noqa: B008
    """Prometheus 格式的运行指标：请求数、用时、排队、检查结论、进程意外、批量审查状态。"""
    service = service_of(request)
    text = await asyncio.to_thread(service.metrics.text)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


class Metrics:
    """The figures of one service. `request` and `check_ended` may be called from any thread."""

    def __init__(self, service: Service) -> None:
        registry = CollectorRegistry(auto_describe=False)
        self._registry = registry
        self._requests = Counter(
            "kaohe_requests", "Requests answered.", ("route", "method", "status"), registry=registry
        )
        self._latency = Histogram(
            "kaohe_request_seconds",
            "Seconds from the head of a request to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._checks = Counter("kaohe_checks", "Checks that came to a verdict.", ("verdict",), registry=registry)
        self._errors = Counter(
            "kaohe_check_errors", "What could not be checked, by code of the error.", ("code",), registry=registry
        )
        self._waited = Histogram(
            "kaohe_check_wait_seconds", "Seconds in the queue.", buckets=_SECONDS, registry=registry
        )
        self._took = Histogram("kaohe_check_seconds", "Seconds of a check.", buckets=_SECONDS, registry=registry)
        for verdict in VERDICT_NAMES:  # a rate of what has not happened yet is 0, not missing
            self._checks.labels(verdict)
        registry.register(_Now(service))
        ProcessCollector(registry=registry)
        service.checks.on_end = self.check_ended

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request. `route` is the template of a route, `status` 499 where the client went away."""
        self._requests.labels(route, method if method in _METHODS else "other", str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def check_ended(self, how: str, waited: float, took: float, outcome: CheckAnswer | KaoheError | None) -> None:
        """Count one check, however it ended."""
        self._waited.observe(waited)
        self._took.observe(took)
        if isinstance(outcome, CheckAnswer):
            self._checks.labels(outcome.verdict).inc()
            for code in outcome.unread:
                self._errors.labels(code).inc()
        else:
            self._errors.labels(how if outcome is None else outcome.code).inc()

    def text(self) -> bytes:
        """All figures as Prometheus reads them. Asks the database, so not to be called in the event loop."""
        return generate_latest(self._registry)


class _Now:
    """Figures that are looked up when somebody asks."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterable[Metric]:
        """The figures of this moment."""
        service = self._service
        checks = service.checks
        build = GaugeMetricFamily("kaohe_build", "Always 1; the version is in the label.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        yield GaugeMetricFamily("kaohe_queue_length", "Checks that wait.", checks.waiting)
        yield GaugeMetricFamily("kaohe_queue_limit", "How many may wait.", service.settings.queue)
        yield GaugeMetricFamily("kaohe_checks_running", "Checks that are worked on.", checks.running)
        yield CounterMetricFamily(
            "kaohe_checks_refused", "Checks that were sent away because the queue was full.", checks.outcomes["refused"]
        )
        lost = CounterMetricFamily("kaohe_workers_lost", "Processes that a check has cost, by cause.", labels=["cause"])
        for cause in _LOST:
            lost.add_metric([cause], checks.outcomes[f"lost-{cause}"])
        yield lost
        pids = checks.pids()
        yield GaugeMetricFamily("kaohe_workers", "Processes that check.", len(pids))
        yield GaugeMetricFamily(
            "kaohe_workers_memory_bytes", "Memory of all of them, shared parts divided.", sum(map(memory, pids))
        )
        with suppress(OSError):
            free = shutil.disk_usage(service.settings.data).free
            yield GaugeMetricFamily("kaohe_data_free_bytes", "Free space where the data lie.", free)
        yield from self._kept()

    def _kept(self) -> Iterator[Metric]:
        """What the database tells; without it, that it did not answer."""
        from sqlalchemy import func, select
        from sqlalchemy.exc import SQLAlchemyError

        from checker.service.models import Screening

        up = 1
        try:
            with self._service.database.session() as session:
                rows = session.execute(select(Screening.state, func.count()).group_by(Screening.state)).all()
        except SQLAlchemyError:
            up, rows = 0, []
        yield GaugeMetricFamily("kaohe_database_up", "Whether the database answered.", up)
        if up:
            found = {str(state): count for state, count in rows}
            states = GaugeMetricFamily("kaohe_screenings", "Screenings by state.", labels=["state"])
            for state in _STATES:
                states.add_metric([state], found.get(state, 0))
            yield states


def memory(pid: int) -> int:
    """Bytes of memory of a process, what it shares divided among those who share it; 0 where nobody tells."""
    if sys.platform != "linux":
        return 0
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
