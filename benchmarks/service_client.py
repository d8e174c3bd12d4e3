"""Clients of the load test, in a process of their own: `python -m benchmarks.service_client < order > outcome`.

The order (pickled) says which requests to send, how many at a time and for how long; the outcome is pickled too.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import pickle
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

_PATIENCE = 120.0


@dataclass(frozen=True)
class Case:
    """A request and what has to come of it: a report word for word, or one of the `codes` for a file not read."""

    name: str
    body: bytes
    report: Any = None
    codes: frozenset[str] = frozenset()
    dear: bool = False


@dataclass(frozen=True)
class Order:
    """What to send. `share` of the requests are of `hostile`, the dear ones among them every `dear_every` seconds."""

    url: str
    boundary: str
    papers: tuple[Case, ...]
    hostile: tuple[Case, ...] = ()
    share: float = 0.0
    dear_every: float = 15.0
    clients: int = 8
    seconds: float = 60.0
    seed: int = 1


@dataclass
class Outcome:
    """What came of it. Times in seconds; `wrong` and `lost` in words."""

    answered: list[float] = field(default_factory=list)
    hostile: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Sender:
    """All clients of one process."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.outcome = Outcome()
        self._good: dict[str, bytes] = {}
        self._chance = random.Random(order.seed)
        self._dear = itertools.cycle([case for case in order.hostile if case.dear] or [None])
        self._cheap = itertools.cycle([case for case in order.hostile if not case.dear] or [None])
        self._next_dear = order.dear_every / 3

    async def run(self) -> None:
        """Send until the time is over, and wait for the last answers."""
        began = time.perf_counter()
        await asyncio.gather(*(self._client(began) for _ in range(self.order.clients)))
        self.outcome.seconds = time.perf_counter() - began

    async def _client(self, began: float) -> None:
        # One connection each: a pool that all share would make them wait for each other.
        async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=False, verify=False) as http:
            while (now := time.perf_counter() - began) < self.order.seconds:
                pause = await self._send(http, self._draw(now))
                if pause:
                    await asyncio.sleep(pause)

    def _draw(self, now: float) -> Case:
        order = self.order
        if order.hostile and self._chance.random() < order.share:
            if now > self._next_dear:
                self._next_dear = now + order.dear_every
                return next(self._dear) or self._chance.choice(order.papers)
            return next(self._cheap) or self._chance.choice(order.papers)
        return self._chance.choice(order.papers)

    async def _send(self, http: httpx.AsyncClient, case: Case) -> float:
        """One request; seconds to wait before the next."""
        outcome = self.outcome
        kind = {"Content-Type": f"multipart/form-data; boundary={self.order.boundary}"}
        began = time.perf_counter()
        try:
            answer = await http.post(self.order.url, content=case.body, headers=kind)
        except httpx.HTTPError as error:
            outcome.lost.append(f"{case.name}: {type(error).__name__}")
            return 0.5
        took = time.perf_counter() - began
        outcome.statuses[answer.status_code] += 1
        if answer.status_code == 503:
            outcome.refused.append(took)
            if "retry-after" not in answer.headers or answer.headers["content-type"] != "application/problem+json":
                outcome.wrong.append("503 without Retry-After or as no problem document")
            return 0.2  # not as long as it says: the queue is to stay over-filled
        (outcome.answered if case.report is not None else outcome.hostile).append(took)
        fault = self._fault(case, answer)
        if fault:
            outcome.wrong.append(f"{case.name}: {fault}")
        return 0.0

    def _fault(self, case: Case, answer: httpx.Response) -> str:
        """What is wrong with an answer."""
        body = answer.content
        if answer.status_code != 200:
            return f"status {answer.status_code} {body[:200].decode('utf-8', 'replace')}"
        if case.report is not None and self._good.get(case.name) == body:
            return ""
        data = json.loads(body)
        report = data.get("report", data)
        if case.report is not None:
            if report != case.report:
                return f"another report: {report['verdict']} instead of {case.report['verdict']}"
            self._good[case.name] = body
            return ""
        codes = {error["code"] for error in report["errors"]}
        if report["verdict"] != "error" or not codes or not codes <= case.codes:
            return f"{report['verdict']} {sorted(codes)} instead of {sorted(case.codes)}"
        return ""


def main() -> None:
    """Carry out the order on standard input."""
    order: Order = pickle.load(sys.stdin.buffer)
    sender = Sender(order)
    asyncio.run(sender.run())
    pickle.dump(sender.outcome, sys.stdout.buffer)


if __name__ == "__main__":
    # Pickled by the name under which the other side knows them.
    from benchmarks import service_client

    service_client.main()
