"""docs/hook.md: every example is run as a reader would run it, against a service that asks for a token."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from loaders import SAMPLES

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from live_service import running

ROOT = Path(__file__).parent.parent
DOC = (ROOT / "docs" / "hook.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)
SECRET = "a secret of the tests, no more"
_HALT = "──────"


class Example(NamedTuple):
    """An example, and what it is said to print (… stands for anything); None: nothing is said."""

    code: str
    expected: str | None


def examples(language: str) -> list[Example]:
    after = [*BLOCKS[1:], ("", "")]
    return [
        Example(code, following[1] if following[0] == "text" else None)
        for (kind, code), following in zip(BLOCKS, after, strict=True)
        if kind == language
    ]


SHELL, PYTHON = examples("bash"), examples("python")


class Place(NamedTuple):
    """A folder with the files that the examples speak of, and the environment."""

    folder: Path
    environment: dict[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("doc")
    folder = root / "work"
    folder.mkdir()
    for name in ("工作总结.docx", "四个清单.docx"):
        shutil.copy(SAMPLES / "placeholders" / name, folder)
    with zipfile.ZipFile(folder / "2020年度材料.zip", "w") as packed:
        for paper in (SAMPLES / "placeholders").glob("*.docx"):
            packed.write(paper, f"禾渡县/{paper.name}")
    config = root / "kaohe.toml"
    config.write_text('[serve]\nhooks = ["127.0.0.1"]\n', "utf-8")
    command = [sys.executable, "-m", "checker", "token", "add", "--name", "报送系统", "--role", "reviewer"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KAOHE")}
    clean |= {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    told = subprocess.run(
        [*command, "--data", str(root / "data")], capture_output=True, env=clean, check=True, encoding="utf-8"
    ).stdout
    token = re.search(r"kh_[a-z0-9]{10}_[A-Za-z0-9_-]{43}", told)
    assert token
    # `kaohe` is to be that of this checkout.
    bin_ = root / "bin"
    bin_.mkdir()
    (bin_ / "kaohe").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m checker "$@"\n', "utf-8")
    (bin_ / "kaohe").chmod(0o755)
    with receiver(folder) as webhook, running(root / "data", "--login", "--config", str(config)) as live:
        yield Place(
            folder,
            clean
            | {
                "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
                "LC_ALL": "C.UTF-8",
                "KAOHE_URL": live.url,
                "KAOHE_TOKEN": token[0],
                "KAOHE_WEBHOOK": webhook,
                "KAOHE_WEBHOOK_SECRET": SECRET,
            },
        )


@contextlib.contextmanager
def receiver(folder: Path) -> Iterator[str]:
    """The address of a system that takes webhooks, and keeps the last one as the page says."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            (folder / "signature.txt").write_text(self.headers["Kaohe-Signature"] + "\n", "utf-8")
            (folder / "body.part").write_bytes(body)
            (folder / "body.part").rename(folder / "body.json")
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/kaohe"
        server.shutdown()


def fits(expected: str, output: str) -> bool:
    """Whether `output` is as the page says; a line of … alone stands for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, output if output.endswith("\n") else output + "\n") is not None


@pytest.fixture(scope="module")
def shell(place: Place) -> list[str]:
    """What each example for the shell printed; all run in one shell, one after the other, as in the page."""
    for program in ("bash", "curl", "openssl"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    steps = ["set -eo pipefail"]
    for example in SHELL:
        if "body.json" in example.code:
            steps.append("for _ in $(seq 100); do [ -e body.json ] && break; sleep 0.1; done")
        steps += [example.code, f"printf '%s\\n' '{_HALT}'"]
    done = subprocess.run(
        ["bash", "-c", "\n".join(steps)],
        cwd=place.folder,
        env=place.environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",  # head -c cuts where it likes
        timeout=120,
        check=False,
    )
    printed = done.stdout.replace("\r\n", "\n").split(f"{_HALT}\n")
    assert done.returncode == 0, f"{SHELL[len(printed) - 1].code}\n{printed[-1]}\n{done.stderr}"
    return printed[:-1]


@pytest.mark.parametrize(
    "number", range(len(SHELL)), ids=[f"line-{DOC[: DOC.index(example.code)].count(chr(10))}" for example in SHELL]
)
def test_shell(shell: list[str], number: int) -> None:
    """The example runs without a fault and prints what the page says it prints."""
    example = SHELL[number]
    if example.expected is not None:
        assert fits(example.expected, shell[number]), shell[number]
    assert "problem" not in shell[number] or "problem" in str(example.expected)


def test_python_client(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples for the client run and print what the page says."""
    monkeypatch.chdir(place.folder)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    names: dict[str, object] = {}
    of_client = [example for example in PYTHON if "Client(" in example.code]
    assert len(of_client) == 2
    for example in of_client:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(example.code, names)
        lines = printed.getvalue().splitlines()
        assert example.expected
        said = example.expected.splitlines()
        assert fits(said[0], lines[0])
        assert any(fits(said[-1], line) for line in lines[1:])
    assert list((place.folder / "审查结果").glob("*.zip"))


def test_python_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example that takes a webhook takes what the service signed, and nothing else."""
    from checker.service.webhooks import signature

    monkeypatch.setenv("KAOHE_WEBHOOK_SECRET", SECRET)
    names: dict[str, object] = {}
    [example] = [example for example in PYTHON if "verify_signature" in example.code]
    exec(example.code, names)
    received = names["received"]
    assert callable(received)
    body, now = b'{"id":"5f0c2a9be1d34c77"}', int(time.time())
    assert received({"Kaohe-Signature": signature(SECRET.encode(), now, body)}, body) == {"id": "5f0c2a9be1d34c77"}
    for header in ("", signature(b"another", now, body), signature(SECRET.encode(), now - 400, body)):
        assert received({"Kaohe-Signature": header}, body) is None


def test_every_route_is_shown() -> None:
    """Each route that the description knows stands in the page."""
    from checker.service.app import create_app
    from checker.service.openapi import operations
    from checker.service.settings import ServiceSettings

    described = create_app(ServiceSettings(data=Path("unused"))).openapi()
    plain = DOC.replace("$ID", "{id}").replace("results/results.jsonl", "results/{path}")
    for path, _, _ in operations(described):
        assert path in plain or path.endswith("{unit}"), path


def test_every_status_is_told() -> None:
    """The table of errors has every status of the description."""
    from checker.service.app import create_app
    from checker.service.openapi import operations
    from checker.service.settings import ServiceSettings

    described = create_app(ServiceSettings(data=Path("unused"))).openapi()
    told = set(re.findall(r"^\| (\d{3}) \|", DOC, re.MULTILINE))
    assert told == {status for _, _, it in operations(described) for status in it["responses"] if int(status) >= 400}


def test_every_field_is_told() -> None:
    """The table of fields has every field of a check but those of the page for people."""
    from checker.service.api_docs import CHECK_REQUEST

    form = CHECK_REQUEST["requestBody"]["content"]["multipart/form-data"]["schema"]
    table = DOC.partition("可以写的项目")[2].partition("###")[0]
    for name in form["properties"].keys() - {"text", "text_name"}:
        assert f"`{name}`" in table, name


def test_settings_and_manifests_parse() -> None:
    """The pieces of configuration are what their readers take."""
    import tomllib

    for kind, code in BLOCKS:
        if kind == "toml":
            assert tomllib.loads(code)["serve"]["hooks"]
        if kind == "yaml":
            [repo] = yaml.safe_load(code)["repos"]
            assert repo["hooks"][0]["id"] == "kaohe"
