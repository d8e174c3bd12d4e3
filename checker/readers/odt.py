"""OpenDocument texts (.odt): from the package to a `Document`. An anchor's node is the number of the text node."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from checker.document import Document
from checker.errors import ReadError, encrypted
from checker.readers.flow import Source, assemble
from checker.readers.limits import Limits
from checker.readers.odt_names import OFFICE, STYLE, P
from checker.readers.odt_styles import Styles
from checker.readers.odt_walk import Walk
from checker.readers.package import DAMAGED, open_package, parse_xml

CONTENT, _STYLES, _MANIFEST = "content.xml", "styles.xml", "META-INF/manifest.xml"
_ENTRY = re.compile(rb"<[^<>]*opendocument\.(formula|chart)[^<>]*>")
_PLACE = re.compile(rb'full-path\s*=\s*["\']([^"\']+)')
_KINDS_OF_OBJECT = {b"formula": "equations", b"chart": "charts"}
_MARGINS = tuple(STYLE + name for name in ("header", "footer", "header-left", "footer-left", "header-first"))


def read_odt(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read an .odt or .ott file."""
    package = open_package(data, limits)
    manifest = package.read(_MANIFEST) if package.holds(_MANIFEST) else b""
    if b"encryption-data" in manifest:
        raise encrypted()
    if not package.holds(CONTENT):
        raise ReadError("damaged", DAMAGED)
    root = parse_xml(package.read(CONTENT), limits)
    body = root.find(f"{OFFICE}body/{OFFICE}text")
    if body is None:
        raise ReadError("damaged", DAMAGED)
    roots = [root]
    if package.holds(_STYLES):
        roots.insert(0, parse_xml(package.read(_STYLES), limits))
    walk = Walk(root, Styles(roots), _objects(manifest), limits)
    paragraphs = walk.body(body)
    walk.counts["headers-footers"] = _headers_and_footers(roots[0])
    return assemble(Source(name, "odt", sha256, CONTENT), paragraphs, walk.counts, limits)


def _objects(manifest: bytes) -> Mapping[str, str]:
    """Embedded formulas and charts: folder in the package to what it is counted as."""
    found: dict[str, str] = {}
    for entry in _ENTRY.finditer(manifest):
        place = _PLACE.search(entry[0])
        if place is not None:
            found[place[1].decode("utf-8", "replace").rstrip("/")] = _KINDS_OF_OBJECT[entry[1]]
    return found


def _headers_and_footers(styles: etree._Element) -> int:
    """How many headers and footers have something in them."""
    return sum(1 for margin in styles.iter(*_MARGINS) if any("".join(p.itertext()).strip() for p in margin.iter(P)))
