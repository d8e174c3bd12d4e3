"""The reading statement of a PDF file, and why a file without readable text is refused."""

from __future__ import annotations

from collections import Counter

from checker.document import Reading
from checker.errors import ReadError
from checker.readers.scans import INSTALL
from checker.readers.scans_page import Scans
from checker.readers.statement import notes

_READ: tuple[tuple[str, str], ...] = (
    ("pages", "{} 页"),
    ("body", "正文 {} 段（按版面合并）"),
    ("tables", "表格 {} 个（按框线认出）"),
    ("footnotes", "脚注 {} 条"),
    ("numbers", "自动编号 {} 处（不计入字数）"),
    ("form-fields", "表单里填写的内容 {} 处"),
    ("struck", "划了删除线的文字 {} 处（多半是没有接受的修订，照样计入字数）"),
    ("recognised", "扫描件自带的识别文字 {} 页"),
    ("scans", "扫描页 {} 页（文字由本机识别得来）"),
    ("sure", "识别的平均把握 {}%"),
)

_NOT_READ: tuple[tuple[str, str], ...] = (
    ("scanned", "没有文字层的扫描页 {} 页"),
    ("damaged", "已损坏、打不开的页 {} 页"),
    ("blurred", "扫描页上看不清的文字 {} 处"),
    ("headers-footers", "页眉、页脚和页码 {} 处"),
    ("repeated-heads", "跨页重复的表头 {} 处"),
    ("invisible", "不显示的文字 {} 处"),
    ("turned", "水印或转向文字 {} 处"),
    ("outside", "页面以外的文字 {} 处"),
    ("pictures", "图片 {} 张"),
    ("annotations", "批注 {} 处"),
    ("buttons", "表单按钮 {} 个"),
    ("signatures", "电子签名 {} 处"),
    ("attachments", "附件 {} 个"),
)


def statement(counts: Counter[str], seen: Scans) -> Reading:
    """The statement for `counts`, in a fixed order; what did not occur is not mentioned."""
    counts = counts + seen.counts
    counts["damaged"] = len(seen.damaged)
    counts["recognised"] = len(seen.recognised) - counts["scans"]
    counts["sure"] = int(seen.sure * 100 + 1e-6)
    return Reading(
        read=notes(_READ, counts),
        not_read=notes(_NOT_READ, counts),
        recognised=tuple(seen.recognised),
        unread=tuple(sorted({*seen.unread, *seen.damaged})),
    )


def no_text(counts: Counter[str]) -> ReadError:
    """Say why a PDF that opens all right has nothing to check."""
    if counts["scanned"]:
        return ReadError(
            "no-text-layer",
            f"PDF 是扫描件，只有图片，没有文字层，请提供由 Word 或 WPS 直接导出的 PDF 或 .docx 文字稿。{INSTALL}",
        )
    if counts["form-fields"]:
        return ReadError("no-text", "PDF 是没有填写的表单，没有可以检查的文字，请核对是否选错文件。")
    if counts["pictures"] or counts["objects"]:
        return ReadError(
            "no-text-layer",
            "PDF 里只有图片或图形，没有可以读取的文字，请提供由 Word 或 WPS 直接导出的 PDF 或 .docx 文字稿。",
        )
    return ReadError("no-text", "PDF 里没有文字，请核对是否选错文件。")


def garbled() -> ReadError:
    """The refusal of a text layer that names no characters."""
    return ReadError(
        "garbled-text", "PDF 的文字编码缺失，读出来是乱码，请提供由 Word 或 WPS 直接导出的 PDF 或 .docx 文字稿。"
    )


def broken() -> ReadError:
    """The refusal of a file that PDFium cannot open."""
    return ReadError("bad-pdf", "PDF 文件已损坏或不完整，请重新导出后上报。")


def encrypted() -> ReadError:
    """The refusal of a file that asks for a password."""
    return ReadError("encrypted", "PDF 设有打开密码，无法读取，请取消密码保护后重新上报。")
