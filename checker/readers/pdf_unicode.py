"""Characters that fonts of a PDF name otherwise than a keyboard does, put back without losing their places."""

from __future__ import annotations

import re
import unicodedata

# Radicals (U+2E80 …) and compatibility ideographs (U+F900 …) stand for the plain ideograph of the same shape; upright
# forms (U+FE10 …, U+FE30 …) for the mark that a line of text has. Full-width letters and marks stay: people type them.
_FOREIGN = re.compile(
    "[\u00a0\u00ad\u2002\u2003\u2009\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06\ufe10-\ufe19\ufe30-\ufe44"
    "\U0002f800-\U0002fa1f\x00-\x08\x0b-\x1f\ufffe\uffff]"
)
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}

# CJK radicals that Unicode gives no decomposition, but fonts of macOS and of some drivers map to common characters.
_RADICALS = str.maketrans(
    "⺁⺇⺉⺊⺎⺏⺐⺑⺒⺓⺛⺝⺟⺠⺡⺣⺦⺨⺪⺫⺬⺭⺮⺰⺱⺲⺳⺶⺹⺺⺼⺽⺾⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻋⻌⻍⻎⻐⻑⻒⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻟⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻮⻰⻳",
    "厂几刂卜兀尣尢尣巳幺旡月母民氵灬丬犭疋罒示礻竹纟罓罒罒羊耂肀月臼艹艹虎衤覀西见角角讠贝车辶辶辶钅長镸长门阝雨青韦页风飞食饣马骨鬼鱼鸟卤麦黄黾斉齐齿龙龟",
)


def is_plain(text: str) -> bool:
    """Whether `normalised` would leave `text` as it is, line ends aside."""
    return _FOREIGN.search(text.replace("\r\n", "")) is None


def normalised(text: str) -> tuple[str, list[int] | None]:
    """`text` as one would type it, and for each character of it the index it came from (None: its own)."""
    if _FOREIGN.search(text) is None:
        return text, None
    out: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(text):
        typed = _typed(character)
        out.append(typed)
        origins += [index] * len(typed)
    return "".join(out), origins


def _typed(character: str) -> str:
    code = ord(character)
    if code in _LIGATURES:
        return _LIGATURES[code]
    if code in (0xA0, 0x2002, 0x2003, 0x2009):
        return " "
    if code in (0x02, 0xFFFE):
        # PDFium's sign for a hyphen at the end of a line.
        return "-"
    if code < 0x20 or code in (0xAD, 0xFFFF):
        return ""
    if 0x2E80 <= code < 0x2F00:
        character = character.translate(_RADICALS)
    if _FOREIGN.match(character) is None:
        return character
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 else character
