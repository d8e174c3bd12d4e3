"""The parts of an OFD package: names relative to each other, elements whatever their namespace, fonts."""

from __future__ import annotations

import posixpath

from lxml import etree

from checker.errors import ReadError
from checker.readers.package import Package, parse_xml

_STRONG_FACES = ("bold", "heavy", "black", "simhei", "黑体", "heiti", "小标宋", "xiaobiaosong")
_ENCRYPTION = ("encryptions.xml", "decryptseed.dat", "encinfo.dat")


def local(element: etree._Element) -> str:
    """The name of an element without its namespace: OFD files are written with several, or with none."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def texts(root: etree._Element, name: str) -> list[str]:
    """The text of each element `name` below `root`, where it has any."""
    return [(element.text or "").strip() for element in root.iter() if local(element) == name and element.text]


class Parts:
    """An open OFD package."""

    def __init__(self, package: Package) -> None:
        self._package = package

    @property
    def encrypted(self) -> bool:
        """Whether the package lists encrypted parts (GM/T 0099)."""
        return any(posixpath.basename(name) in _ENCRYPTION for name in self._package.names)

    def read(self, name: str) -> etree._Element:
        """The tree of one part; ReadError where it is missing or broken."""
        return parse_xml(self._package.read(name), self._package.limits)

    def join(self, source: str, place: str) -> str:
        """The name of the part at `place`, seen from the part `source`."""
        given = place.strip().replace("\\", "/")
        if given.startswith("/"):
            return posixpath.normpath(given).lstrip("/")
        found = posixpath.normpath(posixpath.join(posixpath.dirname(source), given))
        # Some writers leave out the folder of the document, some write it twice.
        return found if self._package.holds(found) or not self._package.holds(given) else given

    def strong_fonts(self, source: str, root: etree._Element) -> frozenset[str]:
        """The ids of bold and heading faces among the resources that `root` names."""
        found: set[str] = set()
        for element in root.iter():
            if local(element) in ("PublicRes", "DocumentRes", "PageRes") and element.text:
                found |= self._strong_in(self.join(source, element.text))
        return frozenset(found)

    def _strong_in(self, name: str) -> set[str]:
        """Fonts decide on looks only: where their list cannot be read, the text still can."""
        try:
            fonts = [element for element in self.read(name).iter() if local(element) == "Font"]
        except ReadError:
            return set()
        return {font.get("ID", "") for font in fonts if _is_strong(font)}

    def annotated_pages(self, name: str) -> int:
        """How many pages the list of annotations names."""
        try:
            return sum(1 for element in self.read(name).iter() if local(element) == "Page")
        except ReadError:
            return 1


def _is_strong(font: etree._Element) -> bool:
    name = (font.get("FontName", "") + font.get("FamilyName", "")).lower()
    return font.get("Bold") == "true" or any(face in name for face in _STRONG_FACES)
