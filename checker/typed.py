"""Typed values from files that people write by hand, and what is wrong with them in Chinese."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_WORDS = {
    "Object missing required field": "缺少",
    "Object contains unknown field": "不认识的键",
    "Invalid enum value": "没有这个选择：",
    "Expected": "应为",
    "got": "实为",
    "`int`": "整数",
    "`str`": "文字",
    "`float`": "数",
    "`array`": "列表",
    "`object`": "键值对",
    "`bool`": "true 或 false",
    "`null`": "空",
    "`datetime`": "日期和时间",
    "`date`": "日期（如 2020-12-20）",
    "Invalid RFC3339 encoded date": "不是日期，应写成 2020-12-20 的样子",
    " | ": "或",
}


class TypedError(ValueError):
    """A value of the wrong type: `path` leads to it, `reason` says what is wrong, in Chinese."""

    def __init__(self, path: list[str | int], reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


def convert(value: Any, wanted: Any) -> Any:
    """`value` as the type `wanted`, without guessing: "3" is no number. Raises TypedError."""
    try:
        return msgspec.convert(value, wanted, strict=True)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `")
        raise TypedError(_path(place), _in_chinese(reason)) from error


def _path(place: str) -> list[str | int]:
    """`$.topics[3].id` as ["topics", 3, "id"]; keys of mappings, which are shown as [...], are left out."""
    return [int(index) if index else name for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", place)]


def _in_chinese(reason: str) -> str:
    for word, chinese in _WORDS.items():
        reason = reason.replace(word, chinese)
    return reason
