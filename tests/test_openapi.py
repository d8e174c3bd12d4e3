"""The OpenAPI description: valid, in Chinese, with examples, and true. KAOHE_SCHEMATHESIS=1 has it tried."""

from __future__ import annotations

import ast
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import jsonschema
from live_service import Live, running
from loaders import SAMPLES

from checker.service.app import create_app
from checker.service.openapi import operations
from checker.service.settings import ServiceSettings

SERVICE = Path(__file__).parent.parent / "checker" / "service"
CHINESE = re.compile("[\u4e00-\u9fff]{2}")
PROBLEM = "application/problem+json"
CHECKS = "/api/v1/checks"


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return create_app(ServiceSettings(data=tmp_path_factory.mktemp("data"))).openapi()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with running(tmp_path_factory.mktemp("data"), "--rate", "0") as found:
        yield found


def contents(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where, media type and description of every body that is asked for or answered."""
    webhooks = [(name, "post", item["post"]) for name, item in description["webhooks"].items()]
    for path, method, operation in [*operations(description), *webhooks]:
        bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for where, body in bodies.items():
            for kind, content in body.get("content", {}).items():
                yield f"{method} {path} {where}", kind, content


def test_valid(description: dict[str, Any]) -> None:
    """It is OpenAPI 3.1 as the standard has it."""
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(description)


def test_in_chinese(description: dict[str, Any]) -> None:
    """Every operation has a short summary and a description, every parameter and answer says in Chinese what it is."""
    assert {tag for _, _, operation in operations(description) for tag in operation["tags"]} == {
        tag["name"] for tag in description["tags"]
    }
    for path, method, operation in operations(description):
        where = f"{method} {path}"
        assert CHINESE.search(operation["summary"]), where
        assert len(operation["summary"]) <= 30, where
        assert CHINESE.search(operation["description"]), where
        for parameter in operation.get("parameters", ()):
            assert CHINESE.search(parameter["description"]), (where, parameter["name"])
        for status, answer in operation["responses"].items():
            assert re.search("[\u4e00-\u9fff]", answer["description"]), (where, status)
        for name, field in fields(description, operation).items():
            assert CHINESE.search(field.get("description", "")), (where, name)


def fields(description: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """The fields of the form or object that an operation takes."""
    found: dict[str, Any] = {}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        found |= resolved(content["schema"], description)["properties"]
    return found


def resolved(schema: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return description["components"]["schemas"][name] if name else schema


def test_examples(description: dict[str, Any]) -> None:
    """Every body of JSON or of a form has an example, and each example is what its schema says."""
    seen = 0
    for where, kind, content in contents(description):
        if kind not in ("application/json", PROBLEM, "multipart/form-data"):
            continue
        schema = resolved(content["schema"], description)
        examples = [content["example"]] if "example" in content else []
        if not examples:
            by_field = {
                name: field["examples"][0] for name, field in schema["properties"].items() if "examples" in field
            }
            examples = [by_field] if by_field else []
        assert examples, where
        whole = {**schema, "components": description["components"]}
        if "example" in content:
            jsonschema.validate(examples[0], whole)
        seen += 1
    assert seen > 100


def test_problem_examples(description: dict[str, Any]) -> None:
    """The example of a problem has the status that it stands at, a Chinese title and sentence; waiting is told."""
    for path, method, operation in operations(description):
        for status, answer in operation["responses"].items():
            example = answer.get("content", {}).get(PROBLEM, {}).get("example")
            if example is None:
                assert int(status) < 400 or (path, status) == ("/readyz", "503"), (method, path, status)
                continue
            assert str(example["status"]) == status
            assert CHINESE.search(example["title"])
            assert CHINESE.search(example["detail"])
            if status in ("429", "503"):
                assert "Retry-After" in answer["headers"]


def statuses(*modules: str) -> set[str]:
    """The statuses of the problems that the code of some modules raises."""
    found: set[str] = set()
    for module in modules:
        for node in ast.walk(ast.parse((SERVICE / f"{module}.py").read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ProblemError":
                first = node.args[0]
                if isinstance(first, ast.Constant) and int(first.value) >= 400:
                    found.add(str(first.value))
    return found


@pytest.mark.parametrize(
    ("prefix", "modules"),
    [
        (CHECKS, ("api", "checks", "uploads", "idempotency", "limits", "doors")),
        ("/api/v1/screenings", ("screenings", "screening_jobs", "screening_input", "uploads", "idempotency", "events")),
    ],
)
def test_every_status_is_told(description: dict[str, Any], prefix: str, modules: tuple[str, ...]) -> None:
    """What the code of the routes, and the gate before them, can answer stands in the description."""
    told = {
        status
        for path, _, operation in operations(description)
        if path.startswith(prefix)
        for status in operation["responses"]
    }
    raised = statuses(*modules)
    assert len(raised) >= 5
    assert raised <= told


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("POST", CHECKS, {"files": {"files": ("甲.txt", "某局工作总结\n".encode())}}, 200),
        ("POST", CHECKS, {"files": {"files": ("甲.txt", b"x")}, "data": {"strict": "true"}}, 422),
        ("POST", CHECKS, {"files": {"other": ("甲.txt", b"x")}}, 422),
        ("POST", CHECKS, {"files": {"files": ("甲.txt", b"x")}, "data": {"whole": "perhaps"}}, 422),
        ("POST", CHECKS, {"files": {"files": ("甲.txt", b"x")}, "headers": {"Idempotency-Key": "a b"}}, 422),
        ("POST", CHECKS, {"content": b"{}", "headers": {"Content-Type": "application/json"}}, 415),
        ("POST", CHECKS, {"content": b"x" * 5_000_000, "headers": {"Content-Type": "text/plain"}}, 413),
        ("POST", CHECKS, {"headers": {"Host": "elsewhere.example"}}, 421),
        ("POST", CHECKS, {"headers": {"Origin": "https://elsewhere.example"}}, 403),
        ("GET", "/api/v1/notices", {}, 200),
        ("GET", "/api/v1/screenings", {"params": {"page": "0"}}, 422),
        ("GET", "/api/v1/screenings/{id}", {}, 404),
        ("POST", "/api/v1/screenings/{id}/cancel", {}, 404),
        ("POST", "/api/v1/screenings/{id}/decisions", {"json": {}}, 422),
        ("DELETE", "/api/v1/screenings/{id}", {}, 404),
        ("POST", "/api/v1/screenings", {"files": {"file": ("甲.zip", b"no zip")}}, 415),
        ("GET", "/api/v1/audit", {"params": {"until": "1"}}, 422),
        ("GET", "/healthz", {}, 200),
        ("GET", "/metrics", {}, 200),
    ],
)
def test_answers_as_told(
    live: Live, description: dict[str, Any], method: str, path: str, more: dict[str, Any], status: int
) -> None:
    """The answers of the running service have the status, the media type and the form that the description gives."""
    httpx = pytest.importorskip("httpx")
    answer = httpx.request(method, live.url + path.replace("{id}", "0" * 16), timeout=30, **more)
    assert answer.status_code == status, answer.text
    told = description["paths"][path][method.lower()]["responses"][str(status)]["content"]
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind in told
    if kind.endswith("json"):
        schema = {**told[kind]["schema"], "components": description["components"]}
        jsonschema.validate(answer.json(), schema)
    if kind == PROBLEM:
        assert CHINESE.search(answer.json()["detail"])


def test_an_address_tells_its_methods(live: Live) -> None:
    """405 names every method that the address takes."""
    httpx = pytest.importorskip("httpx")
    answer = httpx.put(f"{live.url}/api/v1/screenings")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}


def test_only_what_is_for_systems(description: dict[str, Any]) -> None:
    """Pages for people are no part of the description."""
    assert {path for path in description["paths"] if not path.startswith("/api/v1/")} <= {
        "/healthz",
        "/readyz",
        "/metrics",
    }


@pytest.mark.skipif(not os.environ.get("KAOHE_SCHEMATHESIS"), reason="takes a minute: set KAOHE_SCHEMATHESIS=1")
def test_schemathesis(live: Live) -> None:
    """Whatever is made up from the description, the service answers as described and never with 5xx for a fault."""
    program = shutil.which("schemathesis", path=sysconfig.get_path("scripts")) or shutil.which("schemathesis")
    if program is None:
        pytest.skip("needs schemathesis")
    # Something is there to be looked at; what is made up deletes only what is made up.
    (live.data / "schemathesis.toml").write_text(
        '[[operations]]\ninclude-method = "GET"\n'
        f'parameters = {{ "path.id" = "{a_screening(live)}", '
        '"path.unit" = "禾渡县", "path.path" = "results.jsonl" }\n',
        "utf-8",
    )
    command = [program, "--config-file", "schemathesis.toml", "run", f"{live.url}/api/v1/openapi.json", "--no-color"]
    command += ["--continue-on-failure", "-n", "30", "--seed", os.environ.get("KAOHE_SEED", "1")]
    # Forms that fit the description are refused for good reasons: a picture is no roster, a key was used before; and a
    # screening that was just made has no finding of a name that was made up.
    command += ["--exclude-checks", "positive_data_acceptance,ensure_resource_availability"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, cwd=live.data)
    sys.stdout.write(done.stdout)
    assert done.returncode == 0


def a_screening(live: Live) -> str:
    """The id of a screening that has ended, with the results of one unit."""
    from checker.client import Client

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for paper in (SAMPLES / "placeholders").glob("*.docx"):
            archive.write(paper, f"禾渡县/{paper.name}")
    with Client(live.url) as client:
        screening = client.screen(("一批.zip", packed.getvalue()))
        assert screening.wait(60, every=0.2)["state"] == "done"
    return screening.id
