"""What the OpenAPI description says of the routes for screenings: forms, answers, an example of each."""

from __future__ import annotations

from typing import Any

from checker.service.api_docs import Described, problems

_ID = "5f0c2a9be1d34c77"
_SCREENING: dict[str, Any] = {
    "id": _ID,
    "name": "2020年度材料.zip",
    "state": "done",
    "year": 2020,
    "created": "2020-12-20T08:00:00+00:00",
    "started": "2020-12-20T08:00:01+00:00",
    "ended": "2020-12-20T08:04:10+00:00",
    "links": {
        "self": f"/api/v1/screenings/{_ID}",
        "results": f"/api/v1/screenings/{_ID}/results/index.html",
        "archive": f"/api/v1/screenings/{_ID}/archive.zip",
        "events": f"/api/v1/screenings/{_ID}/events",
    },
    "by": "考核办",
    "error": "",
    "counts": {"units": 13, "verdicts": {"error": 0, "return": 3, "remarks": 1, "pass": 9}, "papers": 61, "missing": 2},
    "options": {"notice": "puyang-2020", "roster": "花名册.xlsx", "copies": "return"},
}
_UNIT = {
    "unit": "某某局",
    "unit_type": "municipal",
    "known": True,
    "verdict": "return",
    "counts": {"error": 2, "warning": 1, "info": 0, "accepted": 0, "papers": 5, "missing": 0},
    "page": "单位/某某局/考核材料检查报告.html",
    "form": "单位/某某局/某某局审查意见表.docx",
}
_UNIT_RECORD = {
    "schema": "kaohe/screening/1",
    "unit": {"name": "某某局", "type": "municipal", "known": True},
    "verdict": "return",
    "counts": {"error": 2, "warning": 1, "info": 0, "accepted": 0},
    "papers": [],
    "missing": [],
    "errors": [],
}
_DECISION = {
    "id": 1,
    "unit": "某某局",
    "rule": "summary-length",
    "fingerprint": "0123456789abcdef",
    "verb": "accept",
    "reason": "已电话核实，情况属实",
    "by": "考核办",
    "at": "2020-12-20T09:00:00+00:00",
    "current": True,
}


def _answer(description: str, example: Any, *required: str) -> dict[str, Any]:
    schema = {"type": "object", "required": list(required)}
    return {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}


def _file(description: str, *kinds: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds},
    }


def _upload(description: str, *, many: bool = False) -> dict[str, Any]:
    one = {"type": "string", "format": "binary"}
    return {"type": "array", "items": one, "description": description} if many else one | {"description": description}


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


CREATE: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "同一个值再次提交同样的内容，返回上一次的答复，不另建一批；保留一天",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]{1,200}$"},
            "example": "2020-12-20-batch-1",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": _upload("放着各单位材料的 zip，可以有几个", many=True) | {"minItems": 1},
                        "roster": _upload("花名册（.xlsx、.xls、.csv），据此判断谁应交什么"),
                        "pins": _upload("改好的归属表：哪份材料是谁的"),
                        "accept": _upload("处理意见文件（kaohe-accept.toml）"),
                        "against": _upload("只用来比对雷同的材料，例如往年的", many=True),
                        "name": _text("这一批的名称", maxLength=200),
                        "notice": _text("考核通知的编号，见 /api/v1/notices"),
                        "previous": _text("上一轮审查的编号：逐个单位说明改了什么、还剩什么、新增什么"),
                        "copies": _text("给哪些单位写批注副本", enum=["return", "all", "none"], default="return"),
                        "cover": _text("批注副本前面加一页审查摘要", enum=["true", "false"]),
                        "suggest": _text("规范用语的改法写成修订", enum=["true", "false"]),
                        "round": _text("第几轮审查，写在审查意见表上", pattern="^[1-9][0-9]?$"),
                        "webhook": _text("结束时通知的地址，主机要在管理员的名单里"),
                        "webhook_secret": _text("签名用的密钥，16 到 200 个字符", minLength=16, maxLength=200),
                    },
                },
                "example": {"file": ["2020年度材料.zip"], "roster": "花名册.xlsx", "name": "2020年度第一轮"},
                "encoding": {"file": {"contentType": "application/zip, application/octet-stream"}},
            }
        },
    },
}
_LOCATION = {"Location": {"description": "这次审查的地址", "schema": {"type": "string"}}}

CREATED: Described = {
    202: {**_answer("已排队", {**_SCREENING, "state": "waiting"}, "id", "state", "links"), "headers": _LOCATION},
    **problems(400, 401, 403, 404, 408, 409, 413, 415, 421, 422, 429, 503),
}
LISTED: Described = {
    200: _answer("一页", {"items": [_SCREENING], "total": 1, "page": 1, "size": 20}, "items", "total", "page", "size"),
    **problems(401, 403, 421, 422, 429),
}
_SEEN = problems(401, 403, 404, 421, 422, 429)
SHOWN: Described = {200: _answer("一次审查", _SCREENING, "id", "state"), **_SEEN}
UNITS: Described = {200: _answer("各单位", {"units": [_UNIT]}, "units"), **_SEEN}
UNIT: Described = {
    200: _answer("一个单位（kaohe/screening/1）", _UNIT_RECORD, "schema", "unit", "verdict"),
    **_SEEN,
}
FILE: Described = {
    200: _file(
        "文件",
        "text/html",
        "application/x-ndjson",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/pdf",
        "application/octet-stream",
    ),
    **_SEEN,
}
ARCHIVE: Described = {200: _file("全部结果", "application/zip"), **_SEEN}
CHANGED: Described = {
    200: _answer("现在的状态", {**_SCREENING, "state": "cancelled"}, "id", "state"),
    **problems(401, 403, 404, 409, 421, 422, 429, 503),
}
RERUN: Described = {
    202: _answer("已重新排队", {**_SCREENING, "state": "waiting"}, "id", "state"),
    **problems(401, 403, 404, 409, 421, 422, 429, 503),
}
DELETED: Described = {204: {"description": "已删除"}, **problems(401, 403, 404, 421, 422, 429, 503)}
DECIDED: Described = {
    201: _answer("已记下", _DECISION, "id", "verb", "by", "at"),
    **problems(400, 401, 403, 404, 413, 421, 422, 429),
}
DECISIONS: Described = {200: _answer("处理意见", {"decisions": [_DECISION]}, "decisions"), **_SEEN}
EVENTS: Described = {
    200: {
        "description": "事件流：state、progress、end",
        "content": {
            "text/event-stream": {
                "schema": {"description": "一个个事件：id、event、data，data 是 JSON"},
                "example": 'id: 96\nevent: progress\ndata: {"stage": "读取材料", "done": 3, "total": 61}\n\n',
            }
        },
    },
    204: {"description": "已经结束，没有更多事件"},
    **problems(401, 403, 404, 421, 422, 429, 503),
}
LAST_EVENT: dict[str, Any] = {
    "parameters": [
        {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            "description": "收到的最后一个事件的 id，从它后面接着发",
            "schema": {"type": "string"},
        }
    ]
}
