"""Names of OpenDocument elements and attributes, as lxml spells them."""

from __future__ import annotations

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE = "{" + _OASIS + "office:1.0}"
TEXT = "{" + _OASIS + "text:1.0}"
TABLE = "{" + _OASIS + "table:1.0}"
DRAW = "{" + _OASIS + "drawing:1.0}"
STYLE = "{" + _OASIS + "style:1.0}"
FO = "{" + _OASIS + "xsl-fo-compatible:1.0}"
SVG = "{" + _OASIS + "svg-compatible:1.0}"
XLINK = "{http://www.w3.org/1999/xlink}"
LOEXT = "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}"
FIELD = "{urn:openoffice:names:experimental:ooo-ms-interop:xmlns:field:1.0}"
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"

P, H, LIST = TEXT + "p", TEXT + "h", TEXT + "list"
STYLE_NAME = TEXT + "style-name"
MOST_REPEATS = 1000


def repeats(value: str | None) -> int:
    """How often a row, a column or a space stands there; a hostile figure is cut down."""
    return min(max(int(value), 1), MOST_REPEATS) if value is not None and value.isdecimal() and len(value) < 10 else 1
