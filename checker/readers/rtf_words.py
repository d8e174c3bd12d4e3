"""The words of RTF that the reader knows: destinations, characters, code pages."""

from __future__ import annotations

import codecs
from collections.abc import Mapping

# Destinations whose text is not part of the paper, and what they are counted as ("" : not counted).
SKIPPED: Mapping[str, str] = {
    "header": "headers-footers", "headerl": "headers-footers", "headerr": "headers-footers",
    "headerf": "headers-footers", "footer": "headers-footers", "footerl": "headers-footers",
    "footerr": "headers-footers", "footerf": "headers-footers",
    "annotation": "comments", "pict": "pictures", "object": "objects", "moMath": "equations",
    "colortbl": "", "info": "", "ftnsep": "", "ftnsepc": "", "ftncn": "", "aftnsep": "", "aftnsepc": "", "aftncn": "",
    "nonshppict": "", "shprslt": "", "xe": "", "tc": "", "rxe": "", "private1": "", "nonesttables": "", "template": "",
    "sp": "", "mmathPict": "", "filetbl": "", "listtable": "", "listoverridetable": "", "revtbl": "",
}  # fmt: skip

# Destinations that are read though a \* says that a reader which does not know them may leave them out.
STARRED = frozenset({"shpinst", "shppict", "nesttableprops", "ud", "do", "fldinst", "cs", "upr"})

CHARACTERS: Mapping[str, str] = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "emspace": "\u2003", "enspace": "\u2002",
    "qmspace": "\u2005", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
    "zwj": "\u200d", "zwnj": "\u200c", "zwbo": "\u200b", "zwnbo": "\u2060",
}  # fmt: skip

SYMBOLS: Mapping[bytes, str] = {b"~": "\u00a0", b"_": "\u2011", b"\\": "\\", b"{": "{", b"}": "}", b"\t": "\t"}

CHARSETS: Mapping[int, str] = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
ANSI, SYMBOL_CHARSET = "cp1252", 2

_PAGES: Mapping[int, str] = {936: "gb18030", 54936: "gb18030", 10000: "mac_roman", 65001: "utf-8", 1361: "johab"}
WIDE = frozenset({"gb18030", "cp950", "cp932", "cp949", "johab"})


def code_page(number: int) -> str:
    """The codec of a Windows code page; that of Western Europe where it is not known."""
    name = _PAGES.get(number) or f"cp{number}"
    try:
        codecs.lookup(name)
    except LookupError:
        return ANSI
    return name
