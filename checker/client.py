"""A client of the service (`kaohe serve`) for other systems in Python: needs httpx, nothing else of the service.

with Client("http://10.1.1.5:8910", token="…") as kaohe:
    answer = kaohe.check(["工作总结.docx", "四个清单.docx"], unit="某局")
    if not answer.passed:
        print(answer.verdict, [finding["message"] for finding in answer.findings])
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from os import PathLike
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import quote

from checker.errors import KaoheError, UsageError

if TYPE_CHECKING:
    import httpx

__all__ = ["Answer", "Client", "Event", "Screening", "ServiceError", "verify_signature"]

Source = str | PathLike[str] | tuple[str, bytes]
"""A file on disk, or a name and bytes."""

_BUSY = frozenset({429, 502, 503, 504})
_TRIES = 5
_LONGEST_PAUSE = 60.0
_ENDED = frozenset({"done", "failed", "cancelled"})
_NOTHING_MORE = 204
_ROOT = "/api/v1"
_BAD_CERTIFICATE = "bad-certificate"


class ServiceError(KaoheError):
    """The service refused, or could not be reached (`status` 0). `detail` is one Chinese sentence."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.status = status
        self.detail = detail
        self.retry_after: float | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return ServiceError, (self.status, self.code, self.detail)

    @property
    def concerns_all(self) -> bool:
        """Whether another paper would fare the same: not let in, not reached, nothing there, no time for us."""
        return self.status in (0, 401, 403, 404, 405) or self.status in _BUSY


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check came to.

    `passed` is what to branch on: nothing at `fail_on` or above, nothing unread. `verdict` is pass, remarks, return or
    error. `report` is the report as JSON (kaohe/report/1). `replayed`: it is the answer to an earlier request with the
    same key.
    """

    passed: bool
    verdict: str
    report: Mapping[str, Any]
    replayed: bool = False

    @property
    def findings(self) -> list[dict[str, Any]]:
        """All findings: those on each paper, then those on the submission as a whole."""
        papers = (finding for paper in self.report["documents"] for finding in paper["findings"])
        return [*papers, *self.report["findings"]]


class Event(NamedTuple):
    """One event of a screening: its name (state, progress, end) and what it tells."""

    id: str
    name: str
    data: Mapping[str, Any]


class Client:
    """Speaks with one service. Waits and tries again where the service is busy; safe to use from one thread."""

    def __init__(
        self,
        base_url: str,
        token: str = "",
        *,
        timeout: float = 120.0,
        tries: int = _TRIES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`timeout` in seconds for one answer; `tries` in all where the service is busy or the connection breaks."""
        _need_httpx()
        import ssl

        import httpx

        headers = {"Accept": "application/json", "User-Agent": "kaohe-client"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._http = httpx.Client(
                base_url=base_url.rstrip("/"),
                headers=headers,
                timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
                transport=transport,
                # As the system trusts, and SSL_CERT_FILE: an inner network has certificates of its own.
                verify=ssl.create_default_context() if base_url.startswith("https:") else False,
                # Papers go to the address given, never through a proxy that happens to be set.
                trust_env=False,
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise UsageError("服务的网址或令牌不对，例如网址应当像 http://10.1.1.5:8910。") from error
        if self._http.base_url.scheme not in ("http", "https") or not self._http.base_url.host:
            raise UsageError(f"服务的网址不对：{base_url}；应当像 http://10.1.1.5:8910。")
        self._tries = max(1, tries)
        self._sleep: Callable[[float], None] = time.sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give up the connections."""
        self._http.close()

    def check(
        self,
        files: Source | Iterable[Source],
        *,
        notice: str = "",
        kind: str = "",
        unit: str = "",
        unit_type: str = "",
        person: str = "",
        flags: Iterable[str] = (),
        not_applicable: Mapping[str, str] | None = None,
        fail_on: str = "error",
        whole: bool = True,
        key: str = "",
    ) -> Answer:
        """Check `files` as one unit's submission.

        `flags` are party-chief and non-party; `not_applicable` maps topics to reasons. Not `whole`: these are only
        some of the papers, so that others are wanting is not told. `key` is the idempotency key, made up for this call
        where none is given: however often it has to be tried, it is checked once.
        """
        fields: dict[str, str | list[str]] = {
            "notice": notice,
            "kind": kind,
            "unit": unit,
            "unit_type": unit_type,
            "person": person,
            "flags": list(flags),
            "not_applicable": [f"{topic}={reason}" for topic, reason in (not_applicable or {}).items()],
            "fail_on": fail_on,
            "whole": "" if whole else "false",
        }
        sent = [("files", part) for part in _parts(files)]
        answer = self._post("/checks", fields, sent, key)
        passed = answer.headers.get("Kaohe-Passed")
        if passed not in ("true", "false"):
            raise _not_ours(answer)
        report = _json(answer)
        return Answer(passed == "true", report["verdict"], report, "Idempotency-Replayed" in answer.headers)

    def screen(
        self,
        papers: Source | Iterable[Source],
        *,
        roster: Source | None = None,
        pins: Source | None = None,
        accept: Source | None = None,
        against: Source | Iterable[Source] = (),
        name: str = "",
        notice: str = "",
        previous: str = "",
        copies: str = "",
        cover: bool = False,
        suggest: bool = False,
        round: int | None = None,
        webhook: str = "",
        webhook_secret: str = "",
        key: str = "",
    ) -> Screening:
        """Hand in a batch: .zip files of the papers of all units, the roster, and what `kaohe screen` can be told.

        `previous` is the id of the round before. Comes back as soon as the service has it all.
        """
        sent = [("file", part) for part in _parts(papers)]
        for field, source in (("roster", roster), ("pins", pins), ("accept", accept), ("against", against)):
            sent += [(field, part) for part in (_parts(source) if source is not None else ())]
        fields: dict[str, str | list[str]] = {
            "name": name,
            "notice": notice,
            "previous": previous,
            "copies": copies,
            "cover": "true" if cover else "",
            "suggest": "true" if suggest else "",
            "round": "" if round is None else str(round),
            "webhook": webhook,
            "webhook_secret": webhook_secret,
        }
        return Screening(self, _json(self._post("/screenings", fields, sent, key))["id"])

    def screening(self, id_: str) -> Screening:
        """A screening handed in before."""
        return Screening(self, id_)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request below /api/v1, tried again while the service is busy; ServiceError where it ends in an error.

        Only for requests that may be sent twice: reading, and what bears an idempotency key.
        """
        import httpx

        failed: ServiceError | None = None
        for turn in range(self._tries):
            if failed is not None:
                self._sleep(_pause(failed, turn))
            try:
                answer = self._http.request(method, _ROOT + path, **more)
            except httpx.TransportError as error:
                failed = _unreached(error)
                if failed.code == _BAD_CERTIFICATE:
                    break
                continue
            if answer.is_success:
                return answer
            failed = _problem(answer)
            if failed.status not in _BUSY and not _under_way(failed):
                break
        assert failed is not None
        raise failed

    def stream(
        self, path: str, headers: Mapping[str, str] | None = None, *, quiet: float
    ) -> AbstractContextManager[httpx.Response]:
        """A GET whose body comes bit by bit, as httpx streams it; `quiet` seconds without a byte may pass."""
        import httpx

        timeout = httpx.Timeout(quiet, connect=10.0)
        return self._http.stream("GET", _ROOT + path, headers=dict(headers or {}), timeout=timeout)

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._sleep(seconds)

    def _post(
        self,
        path: str,
        fields: Mapping[str, str | list[str]],
        files: Sequence[tuple[str, tuple[str, bytes]]],
        key: str,
    ) -> httpx.Response:
        if not files:
            raise UsageError("没有给出文件。")
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        data = {name: value for name, value in fields.items() if value not in ("", [])}
        return self.request("POST", path, data=data, files=files, headers=headers)


class Screening:
    """A screening under way, or ended, on the service."""

    def __init__(self, client: Client, id_: str) -> None:
        self._client = client
        self.id = id_
        self._path = f"/screenings/{quote(id_, safe='')}"

    def state(self) -> dict[str, Any]:
        """What the service tells of it now: `state`, counts, and more."""
        return _json(self._client.request("GET", self._path))

    def wait(self, timeout: float | None = None, every: float = 2.0) -> dict[str, Any]:
        """Wait until it has ended, and return its state; ServiceError `timeout` if that takes too long."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            found = self.state()
            if found["state"] in _ENDED:
                return found
            if end is not None and time.monotonic() + every > end:
                raise ServiceError(0, "timeout", f"等了 {timeout:g} 秒，批量审查还没有结束。")
            self._client.pause(every)

    def events(self) -> Iterator[Event]:
        """The events until the screening has ended; taken up again where the connection breaks."""
        import httpx

        last, broken = "", 0
        while broken < _TRIES:
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
            try:
                # The service says something every few seconds.
                with self._client.stream(f"{self._path}/events", headers, quiet=60.0) as answer:
                    if answer.status_code == _NOTHING_MORE:
                        return
                    if not answer.is_success:
                        answer.read()
                        raise _problem(answer)
                    for event in _events(answer.iter_lines()):
                        last, broken = event.id or last, 0
                        yield event
                        if event.name == "end":
                            return
            except httpx.TransportError:
                pass
            except ServiceError as error:
                if error.status not in _BUSY:
                    raise
            broken += 1  # also where the service ended it in good order: it is being stopped
            self._client.pause(min(2.0**broken, _LONGEST_PAUSE))
        raise ServiceError(0, "unreachable", "看进展的连接一再中断，请稍后再试。")

    def cancel(self) -> dict[str, Any]:
        """Stop it; what is done stays."""
        return _json(self._client.request("POST", f"{self._path}/cancel"))

    def download(self, folder: str | PathLike[str]) -> Path:
        """Fetch all results as one .zip file into `folder`, and return its path; never half a file."""
        import httpx

        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        whole = place / f"{PurePosixPath(self.id).name}.zip"
        part = whole.with_name(f".{whole.name}.{uuid.uuid4().hex}.part")
        try:
            with self._client.stream(f"{self._path}/archive.zip", quiet=300.0) as answer:
                if not answer.is_success:
                    answer.read()
                    raise _problem(answer)
                with part.open("xb") as file:
                    for chunk in answer.iter_bytes():
                        file.write(chunk)
            part.replace(whole)
        except httpx.TransportError as error:
            raise _unreached(error) from error
        finally:
            part.unlink(missing_ok=True)
        return whole

    def result(self, path: str) -> bytes:
        """One file of the results, by its path in them, as 汇总表.xlsx."""
        return self._client.request("GET", f"{self._path}/results/{quote(path)}").content

    def delete(self) -> None:
        """Remove it from the service, with its papers and results."""
        self._client.request("DELETE", self._path)


def verify_signature(body: bytes, header: str, secret: str, tolerance: float = 300.0) -> bool:
    """Whether a webhook comes from the service: `header` is Kaohe-Signature, `body` the bytes exactly as received.

    What was signed more than `tolerance` seconds ago, or lies as far in the future, counts for nothing: it may have
    been recorded and sent again.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not re.fullmatch(r"[0-9]{1,12}", times[0]) or not secret:
        return False
    if abs(time.time() - int(times[0])) > tolerance:
        return False
    expected = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest()
    given = (value for name, _, value in parts if name == "v1")
    # Several while the secret is being changed.
    return any(hmac.compare_digest(expected.encode(), value.encode()) for value in given)


# ── below ─────────────────────────────────────────────────────────────


def _need_httpx() -> None:
    try:
        import httpx  # noqa: F401
    except ImportError:
        raise UsageError("缺少组件 httpx，请安装 kaohe-checker[service]，或只装 httpx。", "no-httpx") from None


def _parts(sources: Source | Iterable[Source]) -> list[tuple[str, bytes]]:
    if isinstance(sources, (str, PathLike)):
        return [_part(sources)]
    if isinstance(sources, tuple) and len(sources) == 2 and isinstance(sources[1], bytes):
        return [(str(sources[0]), sources[1])]
    return [_part(source) for source in sources if not isinstance(source, bytes)]


def _part(source: Source) -> tuple[str, bytes]:
    if isinstance(source, tuple):
        return source
    path = Path(source)
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise UsageError(f"读不了文件 {path}，请核对路径。") from error


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _not_ours(answer)
    return found


def _not_ours(answer: httpx.Response) -> ServiceError:
    return ServiceError(answer.status_code, "not-kaohe", "这个网址上答复的不是 kaohe serve 服务，请核对网址。")


def _problem(answer: httpx.Response) -> ServiceError:
    """The problem document of an answer; something sensible where a proxy answered in its place."""
    try:
        data = answer.json()
    except ValueError:
        data = None
    told = data if isinstance(data, dict) else {}
    detail = told.get("detail") or told.get("title") or f"服务答复 {answer.status_code}，没有说明原因。"
    failed = ServiceError(answer.status_code, str(told.get("code") or "error"), str(detail))
    failed.retry_after = _retry_after(answer.headers.get("Retry-After", ""))
    return failed


def _retry_after(header: str) -> float | None:
    """Seconds, from a number or a date."""
    if re.fullmatch(r"[0-9]{1,6}", header.strip()):
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None


def _unreached(error: Exception) -> ServiceError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        told = "服务的证书不受信任；请管理员把签发它的根证书装进系统，或用环境变量 SSL_CERT_FILE 指明根证书文件。"
        return ServiceError(0, _BAD_CERTIFICATE, told)
    late = "Timeout" in type(error).__name__
    return ServiceError(
        0,
        "timeout" if late else "unreachable",
        "等不到服务的答复，请稍后再试，或把等待时间放长。" if late else "连不上服务，请核对网址和网络。",
    )


def _pause(failed: ServiceError, turn: int) -> float:
    """Seconds until the next try: as the service says, else longer each time, and not all clients at once."""
    if failed.retry_after is not None:
        return min(failed.retry_after, _LONGEST_PAUSE)
    return min(0.5 * 2.0**turn, _LONGEST_PAUSE) * random.uniform(0.5, 1.0)


def _under_way(failed: ServiceError) -> bool:
    """The same request, sent before, is still being worked on."""
    return failed.status == 409 and failed.retry_after is not None


def _events(lines: Iterable[str]) -> Iterator[Event]:
    """Server-sent events as the standard reads them."""
    id_, name, data = "", "", list[str]()
    for line in lines:
        if not line:
            if data:
                yield Event(id_, name or "message", _told("\n".join(data)))
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id":
            id_ = value


def _told(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {"text": text}
    return found if isinstance(found, dict) else {"value": found}
