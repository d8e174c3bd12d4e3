"""The OpenAPI description as other systems get it: what FastAPI makes of the routes, with what all of them share.

Each route describes itself; here stand the ways in, the answers that the gate before all routes may give, the webhook,
and the summaries, which are the first sentences of the descriptions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from checker.service.api_docs import problems

_OPEN = frozenset({"/healthz", "/readyz"})
_BODIES = frozenset({"post", "put", "patch"})
_METHODS = _BODIES | {"get", "delete"}
_SENTENCE = re.compile(r"[^。；：（\n]+")
# The gate may refuse any request that it counts, the doors any that has to be let in.
_ANYBODY = (400, 401, 403, 421, 429, 500)
_WITH_BODY = (408, 413, 503)

_ABOUT = """年度考核材料报送前的检查：报送系统先问一声，再收材料。

**收不收，看一处**：`POST /api/v1/checks` 的响应头 `Kaohe-Passed`（`true` 或 `false`），或报告里的 `verdict`。
**出了错**：都是 `application/problem+json`（RFC 9457），程序看 `status` 和 `code`，`detail` 是给人看的一句话。
**忙的时候**：429 和 503 总带 `Retry-After`，过这么多秒再试；带上同一个 `Idempotency-Key`，就不会检查两次。
"""
_TAGS = (
    ("检查", "一个单位的一套材料，当场给出报告"),
    ("批量审查", "所有单位的材料，排队审查，给出审查清单"),
    ("运行", "服务是否活着、能否受理，审计日志"),
)
_TAG_NAMES = {"audit": "运行", "metrics": "运行"}
_PARAMETERS: Mapping[str, tuple[str, Any]] = {
    "id": ("审查的编号，提交时返回", "5f0c2a9be1d34c77"),
    "unit": ("单位名称", "某某局"),
    "path": ("文件在结果里的路径", "index.html"),
    "year": ("考核年度", 2020),
    "state": ("只要这种状态的；不写是全部", "done"),
    "page": ("第几页，从 1 起", 1),
    "size": ("一页几条", 20),
    "since": ("从这个时间起", "2020-12-20T00:00:00+08:00"),
    "until": ("到这个时间止", "2020-12-21T00:00:00+08:00"),
    "who": ("令牌的名称", "报送系统"),
    "action": ("做了什么", "check"),
    "before": ("上一页答复里的 next", 1001),
    "limit": ("最多几条", 100),
}
_WEBHOOK: Mapping[str, Any] = {
    "summary": "一次审查结束了",
    "description": "提交审查时给了 webhook 的，结束时通知。十秒内答 2xx 算收到；否则隔一段时间再发，最长 24 小时。"
    "收到后先核对 `Kaohe-Signature`，再凭 `Kaohe-Delivery` 去掉重复的。",
    "tags": ["批量审查"],
    "security": [],
    "parameters": [
        {
            "name": "Kaohe-Signature",
            "in": "header",
            "required": True,
            "description": "t=发出的时间（秒），v1=HMAC-SHA256（密钥，t + “.” + 内容）的小写十六进制",
            "schema": {"type": "string", "pattern": "^t=[0-9]+,v1=[0-9a-f]{64}"},
        },
        {
            "name": "Kaohe-Delivery",
            "in": "header",
            "required": True,
            "description": "这次通知的编号，重发时不变",
            "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        },
        {
            "name": "Kaohe-Event",
            "in": "header",
            "required": True,
            "description": "发生了什么",
            "schema": {"type": "string", "enum": ["screening.ended"]},
        },
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["id", "state", "verdicts", "at"],
                    "properties": {
                        "id": {"type": "string", "description": "审查的编号"},
                        "state": {"type": "string", "enum": ["done", "failed", "cancelled"]},
                        "verdicts": {
                            "type": "object",
                            "description": "各种结论的单位数；没有结果时是空的",
                            "additionalProperties": {"type": "integer"},
                        },
                        "at": {"type": "string", "format": "date-time"},
                    },
                },
                "example": {
                    "id": "5f0c2a9be1d34c77",
                    "state": "done",
                    "verdicts": {"error": 0, "return": 3, "remarks": 1, "pass": 9},
                    "at": "2020-12-20T08:04:10+00:00",
                },
            }
        },
    },
    "responses": {"2XX": {"description": "收到"}},
}


def install(app: FastAPI) -> None:
    """Have `app` describe itself so."""
    made = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete(made())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def complete(description: dict[str, Any]) -> dict[str, Any]:
    """The description with all that the routes do not say of themselves."""
    description["info"]["description"] = _ABOUT
    description["tags"] = [{"name": name, "description": text} for name, text in _TAGS]
    description["security"] = [{"token": []}, {}]
    components = description.setdefault("components", {})
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "kaohe token add 发的令牌。服务只在本机上、没有要求登录时，不用带。",
        }
    }
    description["webhooks"] = {"screening.ended": {"post": dict(_WEBHOOK)}}
    for path, method, operation in operations(description):
        _complete(path, method, operation)
    for unused in ("HTTPValidationError", "ValidationError"):  # our 422 is a problem document
        components.get("schemas", {}).pop(unused, None)
    return description


def operations(description: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of each operation."""
    for path, item in description["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, method, operation


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    told = operation.get("description", "")
    if told.isascii():  # a note for developers
        told = operation["description"] = operation["summary"] + "。"
    first = _SENTENCE.match(told)
    operation["summary"] = first[0].strip() if first else told
    operation["tags"] = [_TAG_NAMES.get(tag, tag) for tag in operation.get("tags", ())]
    if path in _OPEN:
        operation["security"] = []
    answers = operation["responses"]
    for answer in answers.values():
        if answer["description"] == "Successful Response":  # by FastAPI
            answer["description"] = "成功"
    if "HTTPValidationError" in str(answers.get("422")):
        answers |= _by_text(problems(422))
    may = (421, 500) if path in _OPEN else (*_ANYBODY, *(_WITH_BODY if method in _BODIES else ()))
    for status, answer in _by_text(problems(*may)).items():
        answers.setdefault(status, answer)
    operation["responses"] = dict(sorted(answers.items()))
    for parameter in operation.get("parameters", ()):
        text, example = _PARAMETERS.get(parameter["name"], ("", None))
        parameter.setdefault("description", text)
        if example is not None and "example" not in parameter:
            parameter["example"] = example


def _by_text(answers: Mapping[int | str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(status): answer for status, answer in answers.items()}
