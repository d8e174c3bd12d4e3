"""The reading statement of a file with a flow of text (Word and its kin): what was counted while reading it."""

from __future__ import annotations

from collections import Counter

from checker.document import Note, Reading
from checker.errors import ReadError

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
    ("summary", "本工具的审查摘要 {} 页"),
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
    return Reading(read=notes(_READ, counts), not_read=notes(_NOT_READ, counts))


def notes(lines: tuple[tuple[str, str], ...], counts: Counter[str]) -> tuple[Note, ...]:
    """One note for each line (code and wording) of which there is any."""
    return tuple(Note(what, counts[what], text.format(counts[what])) for what, text in lines if counts[what])


def no_text(counts: Counter[str]) -> ReadError:
    """Say why a document that opens all right has nothing to check."""
    if counts["pictures"] or counts["objects"]:
        said = "文件里只有图片，没有文字，可能是扫描件，请提供可以编辑的 .docx 文字稿。"
    elif counts["imports"]:
        said = "文件里只有引入的外部内容，没有自己的文字，请用 Word 打开后另存为 .docx。"
    elif counts["placeholders"] or counts["hidden"] or counts["deletions"]:
        said = "文件里只有未填写的提示、隐藏或已删除的文字，没有可以检查的内容，请填写后上报。"
    else:
        said = "文件里没有文字，请核对是否选错文件。"
    return ReadError("no-text", said)
