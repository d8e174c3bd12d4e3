"""The parts of the OpenAPI description that no signature tells: forms, answers and examples of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from checker.document import FLAGS, PAPER_KINDS, UNIT_TYPES
from checker.render.json import schema
from checker.report import SEVERITIES, VERDICT_NAMES
from checker.service.problems import MEDIA_TYPE, ProblemError

Described = dict[int | str, dict[str, Any]]

PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string", "description": "这一类问题的名称"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "供程序判断，不会改动"},
        "detail": {"type": "string", "description": "出了什么问题、怎么办"},
    },
}
_DETAILS: Mapping[int, tuple[str, str]] = {
    400: ("bad-request", "服务读不懂这个请求，请核对请求的写法。"),
    401: ("unauthorized", "请先登录，或在请求头里带上令牌。"),
    403: ("forbidden", "这个令牌没有这项权限。"),
    404: ("not-found", "这个地址上没有内容，请核对网址。"),
    408: ("too-slow", "上传太慢或中途停住，已放弃，请检查网络后重新上传。"),
    409: ("in-flight", "同一个 Idempotency-Key 的请求还在检查，请稍后再取。"),
    413: ("too-large", "一次上传的内容超过 200 MB 的上限，请分几次上传，或压缩文件里的图片。"),
    415: ("unsupported-media-type", "请用 multipart/form-data 上传文件，例如：curl -F files=@工作总结.docx。"),
    421: ("unknown-host", "请用 127.0.0.1 或 localhost 打开本服务。"),
    422: ("no-files", "请给出要检查的文件（files），可以有多个。"),
    429: ("too-many-requests", "一分钟内的请求超过 600 次，请 3 秒后再试。"),
    500: ("internal-error", "服务内部出错，这次没有完成，请稍后再试或联系管理员。"),
    503: ("busy", "正在检查的人太多，这一次没有受理，请稍后再试。"),
}
_WAIT = {"Retry-After": {"description": "过多少秒再试", "schema": {"type": "integer"}}}


def problems(*statuses: int) -> Described:
    """The descriptions of these problem documents, each with an example."""
    return {status: _problem(status) for status in statuses}


def _problem(status: int) -> dict[str, Any]:
    code, detail = _DETAILS[status]
    example = ProblemError(status, code, detail).document()
    described: dict[str, Any] = {
        "description": detail,
        "content": {MEDIA_TYPE: {"schema": PROBLEM, "example": example}},
    }
    if status in (409, 429, 503):
        described["headers"] = _WAIT
    return described


@lru_cache(maxsize=1)
def report_schema() -> dict[str, Any]:
    """The schema of kaohe/report/1 as one part of the description: its own definitions are put in their places."""
    whole = json.loads(schema())
    definitions = whole.pop("$defs", {})
    for key in ("$schema", "$id"):
        whole.pop(key, None)
    return _resolved(whole, definitions)  # type: ignore[no-any-return]


def _resolved(value: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        reference = value.get("$ref", "")
        if isinstance(reference, str) and reference.startswith("#/$defs/"):
            return _resolved(definitions[reference.removeprefix("#/$defs/")], definitions)
        return {key: _resolved(entry, definitions) for key, entry in value.items()}
    return [_resolved(entry, definitions) for entry in value] if isinstance(value, list) else value


_EXAMPLE_REPORT = {
    "schema": "kaohe/report/1",
    "tool": {"name": "kaohe", "version": "0.1.0"},
    "notice": {
        "id": "puyang-2020",
        "title": "关于做好2020年度市管领导班子和领导干部考核工作的通知",
        "number": "",
        "year": 2020,
    },
    "verdict": "error",
    "submission": {"unit": "某某局", "unit_type": "municipal", "person": "", "flags": [], "not_applicable": {}},
    "documents": [],
    "findings": [],
    "not_checked": [],
    "stale": [],
    "errors": [
        {
            "path": "工作总结.docx",
            "code": "encrypted",
            "message": "文件设有打开密码，无法读取，请取消密码保护后重新上报。",
        }
    ],
}


def _one_of(values: Mapping[str, str] | list[str], description: str) -> dict[str, Any]:
    names = values.items() if isinstance(values, Mapping) else ()
    told = "；".join(f"{key} {name}" for key, name in names)
    # An empty field of a form is one that was not filled in.
    return {"type": "string", "enum": ["", *values], "description": description + (f"：{told}" if told else "")}


CHECK_REQUEST: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "同一个值再次提交同样的内容，返回上一次的答复，不重复检查；保留一天",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]{1,200}$"},
            "example": "2020-12-20-0001",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "additionalProperties": False,
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": 50,
                            "items": {"type": "string", "format": "binary"},
                            "description": "要检查的文件，可以有多个；zip 视为其中的各个文件",
                        },
                        "text": {"type": "string", "description": "直接给出的文字，算作一个文件"},
                        "text_name": {"type": "string", "maxLength": 100, "description": "这段文字的文件名"},
                        "notice": {"type": "string", "description": "考核通知的编号，见 /api/v1/notices"},
                        "kind": _one_of(PAPER_KINDS, "材料种类，不写就自动识别"),
                        "unit": {"type": "string", "maxLength": 100, "description": "单位名称"},
                        "unit_type": _one_of(UNIT_TYPES, "单位类型"),
                        "person": {"type": "string", "maxLength": 100, "description": "述职人"},
                        "flags": {
                            "type": "array",
                            "items": _one_of(FLAGS, "述职人的身份"),
                            "description": "可以写多次",
                        },
                        "not_applicable": {
                            "type": "array",
                            "items": {"type": "string", "pattern": "^[a-z-]+=[^ ]+$"},
                            "description": "与本单位无关的事项：事项=理由，可以写多次",
                        },
                        "fail_on": _one_of([*SEVERITIES, "never"], "查出这一级以上的问题算不通过，默认 error"),
                        "whole": {
                            "type": "boolean",
                            "default": True,
                            "description": "是一个单位的整套材料；只送来其中几份时写 false，不核对是否齐全",
                        },
                        "strict": {
                            "type": "boolean",
                            "default": False,
                            "description": "没有通过时状态码用 422，内容仍是报告",
                        },
                    },
                },
                "encoding": {"files": {"contentType": "application/octet-stream"}, "flags": {"explode": True}},
                "example": {
                    "files": ["（文件的内容）"],
                    "unit": "某某局",
                    "unit_type": "municipal",
                    "fail_on": "error",
                },
            }
        },
    },
}
_CHECKED_HEADERS = {
    "Kaohe-Verdict": {
        "description": "；".join(f"{key} {name}" for key, name in VERDICT_NAMES.items()),
        "schema": {"type": "string", "enum": list(VERDICT_NAMES)},
    },
    "Kaohe-Passed": {
        "description": "按 fail_on 是否通过；有文件没能检查时总是 false",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "Idempotency-Replayed": {
        "description": "这是上一次的答复",
        "schema": {"type": "string", "enum": ["true"]},
    },
}


def _checked() -> dict[str, Any]:
    return {"schema": report_schema(), "example": _EXAMPLE_REPORT}


CHECK_RESPONSES: Described = {
    200: {
        "description": "报告（kaohe/report/1）",
        "headers": _CHECKED_HEADERS,
        "content": {"application/json": _checked()},
    },
    422: {
        "description": "请求的内容不对（problem+json）；strict=true 时也表示没有通过（json，内容是报告）",
        "headers": dict(_CHECKED_HEADERS),
        "content": {
            **_problem(422)["content"],
            "application/json": _checked(),
        },
    },
    **problems(400, 401, 403, 408, 409, 413, 415, 421, 429, 503),
}

NOTICES_RESPONSES: Described = {
    200: {
        "description": "考核通知，和各项可以取的值",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["notices", "kinds", "unit_types", "flags", "verdicts"],
                    "properties": {
                        "notices": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["id", "title", "number", "year", "default", "rules"],
                                "properties": {
                                    "id": {"type": "string"},
                                    "title": {"type": "string"},
                                    "number": {"type": "string"},
                                    "year": {"type": "integer"},
                                    "default": {"type": "boolean"},
                                    "rules": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "name"],
                                            "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
                                        },
                                    },
                                },
                            },
                        },
                        **{
                            name: {"type": "object", "additionalProperties": {"type": "string"}}
                            for name in ("kinds", "unit_types", "flags", "verdicts")
                        },
                    },
                },
                "example": {
                    "notices": [
                        {
                            "id": "puyang-2020",
                            "title": "关于做好2020年度市管领导班子和领导干部考核工作的通知",
                            "number": "",
                            "year": 2020,
                            "default": True,
                            "rules": [{"id": "summary-length", "name": "总结字数"}],
                        }
                    ],
                    "kinds": {"team-summary": PAPER_KINDS["team-summary"]},
                    "unit_types": dict(UNIT_TYPES),
                    "flags": dict(FLAGS),
                    "verdicts": dict(VERDICT_NAMES),
                },
            }
        },
    },
    **problems(401, 403, 421, 429),
}


def _state(description: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["status"],
                    "properties": {
                        "status": {"type": "string"},
                        "parts": {"type": "object", "additionalProperties": {"type": "boolean"}},
                    },
                },
                "example": example,
            }
        },
    }


HEALTH_RESPONSES: Described = {200: _state("活着", {"status": "ok"})}
READY_RESPONSES: Described = {
    200: _state("可以受理", {"status": "ready", "parts": {"checks": True, "database": True, "running": True}}),
    503: {
        **_state(
            "现在不能受理", {"status": "not-ready", "parts": {"checks": False, "database": True, "running": True}}
        ),
        "headers": _WAIT,
    },
}
