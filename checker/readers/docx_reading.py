"""The reading statement of a Word file: what was counted while reading, told in Chinese."""

from __future__ import annotations

from collections import Counter

from checker.document import Note, Reading

_READ: tuple[tuple[str, str], ...] = (
    ("body", "正文 {} 段"),
    ("tables", "表格 {} 个"),
    ("text-boxes", "文本框 {} 个"),
    ("footnotes", "脚注 {} 条"),
    ("endnotes", "尾注 {} 条"),
    ("insertions", "修订：已接受插入 {} 处"),
)

_NOT_READ: tuple[tuple[str, str], ...] = (
    ("deletions", "修订：已删除的内容 {} 处"),
    ("hidden", "隐藏文字 {} 处"),
    ("placeholders", "未填写的占位提示 {} 处"),
    ("comments", "批注 {} 条"),
    ("pictures", "图片 {} 张"),
    ("charts", "图表 {} 个"),
    ("diagrams", "SmartArt 图形 {} 个"),
    ("objects", "嵌入对象 {} 个"),
    ("equations", "公式 {} 处"),
    ("word-art", "艺术字 {} 处"),
    ("form-fields", "表单控件 {} 个"),
    ("imports", "引入的外部内容 {} 处"),
    ("headers-footers", "页眉页脚 {} 处"),
)


def statement(counts: Counter[str]) -> Reading:
    """The statement for `counts`, in a fixed order; what did not occur is not mentioned."""
    return Reading(read=_notes(_READ, counts), not_read=_notes(_NOT_READ, counts))


def _notes(lines: tuple[tuple[str, str], ...], counts: Counter[str]) -> tuple[Note, ...]:
    return tuple(Note(what, counts[what], text.format(counts[what])) for what, text in lines if counts[what])
