"""The comments of a Word file: those of other people stay, our own former ones go, the new ones come last."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from checker.readers.package import Package
from checker.render.docx_package import XmlPart, load_xml
from checker.render.docx_place import local, small

AUTHOR = "考核材料审查"

_STRICT_MAIN = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_TRANSITIONAL_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATION_TYPES = {
    _STRICT_MAIN: "http://purl.oclc.org/ooxml/officeDocument/relationships/comments",
    _TRANSITIONAL_MAIN: "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments",
}
_CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_TYPES_PART = "[Content_Types].xml"
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_MARKS = ("{*}commentRangeStart", "{*}commentRangeEnd", "{*}commentReference")
_SIDE_PARTS = ("commentsExtended", "commentsIds", "commentsExtensible")

_PLAIN: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("spacing", {"before": "0", "after": "0", "line": "240", "lineRule": "auto"}),
    ("ind", {"firstLineChars": "0", "firstLine": "0"}),
)


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment to be written: its id and its paragraphs."""

    number: int
    lines: tuple[str, ...]
    initials: str
    author: str


@dataclass(slots=True)
class Comments:
    """The comments part of one package, and the parts that have to change along with it."""

    package: Package
    main: str
    name: str
    part: XmlPart
    changed: dict[str, XmlPart] = field(default_factory=dict)

    def remove_own(self, document: etree._Element) -> None:
        """Take our own former comments out of the part, their marks out of the text, their traces out of the rest."""
        own = [it for it in _comments(self.part.root) if _attribute(it, "author") == AUTHOR]
        numbers = {_attribute(it, "id") for it in own}
        paragraphs = {_attribute(it, "paraId") for comment in own for it in comment.iter("{*}p")} - {""}
        if own:
            self.changed[self.name] = self.part
        for comment in own:
            self.part.root.remove(comment)
        if numbers:
            _remove_marks(document, numbers)
        if paragraphs:
            self._forget(paragraphs)

    def first_free(self, document: etree._Element) -> int:
        """A number above those of all comments, also of those that only the text knows."""
        used = [*_comments(self.part.root), *document.iter(*_MARKS)]
        numbers = [_attribute(it, "id") for it in used]
        return max((int(it) for it in numbers if it.lstrip("-").isdecimal()), default=-1) + 1

    def add(self, comments: Sequence[Comment], when: datetime | None) -> None:
        """Write new comments at the end of the part, and make the part known to the package."""
        if not comments:
            return
        root = self.part.root
        space = str(root.tag).rpartition("}")[0] + "}"
        for comment in comments:
            root.append(_element(root, space, comment, when))
        self.changed[self.name] = self.part
        if not self.package.holds(self.name):
            self._announce()

    def _announce(self) -> None:
        """Enter a new comments part into the table of content types and the relationships of the document."""
        types = load_xml(self.package.read(_TYPES_PART))
        known = [it for it in types.root if (it.get("PartName") or "").lower() == f"/{self.name}".lower()]
        entry = known[0] if known else etree.SubElement(types.root, f"{{{_TYPES}}}Override")
        entry.set("PartName", f"/{self.name}")
        entry.set("ContentType", _CONTENT_TYPE)
        self.changed[_TYPES_PART] = types
        if any(it.kind == "comments" for it in self.package.relationships(self.main).values()):
            return
        folder, base = posixpath.split(self.main)
        path = posixpath.join(folder, "_rels", base + ".rels")
        relations = self._relations(path)
        ids = {it.get("Id") for it in relations.root}
        free = next(name for name in (f"rId{number}" for number in range(1, len(ids) + 2)) if name not in ids)
        space = str(self.part.root.tag)[1:].partition("}")[0]
        relation = etree.SubElement(relations.root, f"{{{_RELATIONS}}}Relationship")
        relation.set("Id", free)
        relation.set("Type", _RELATION_TYPES.get(space, _RELATION_TYPES[_TRANSITIONAL_MAIN]))
        relation.set("Target", posixpath.relpath(self.name, folder or "."))
        self.changed[path] = relations

    def _relations(self, path: str) -> XmlPart:
        if self.package.holds(path):
            return load_xml(self.package.read(path))
        return load_xml(f'{_DECLARATION}<Relationships xmlns="{_RELATIONS}"/>'.encode())

    def _forget(self, paragraphs: set[str]) -> None:
        """Drop what newer versions of Word keep about our former comments; an answer to one stays, on its own."""
        durable: set[str] = set()
        targets = {it.kind: it.target for it in self.package.relationships(self.main).values() if not it.external}
        for kind in _SIDE_PARTS:
            name = targets.get(kind, "")
            if not self.package.holds(name):
                continue
            part = load_xml(self.package.read(name))
            for entry in list(part.root):
                if _attribute(entry, "paraId") in paragraphs or _attribute(entry, "durableId") in durable:
                    durable |= {_attribute(entry, "durableId")} - {""}
                    part.root.remove(entry)
                elif _attribute(entry, "paraIdParent") in paragraphs:
                    del entry.attrib[next(key for key in entry.attrib if str(key).endswith("}paraIdParent"))]
            self.changed[name] = part


_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'


def open_comments(package: Package, main: str, document: etree._Element) -> Comments:
    """The comments part of a document; a new one where there is none."""
    relations = package.relationships(main).values()
    name = next((it.target for it in relations if it.kind == "comments" and not it.external), "")
    if package.holds(name):
        part = load_xml(package.read(name))
        return Comments(package, main, package.names[name.lower()].filename, part)
    space = str(document.tag)[1:].partition("}")[0]
    part = load_xml(f'{_DECLARATION}<w:comments xmlns:w="{space}"/>'.encode())
    return Comments(package, main, name or _free_name(package, posixpath.dirname(main)), part)


def _free_name(package: Package, folder: str) -> str:
    names = ("comments.xml", *(f"comments{number}.xml" for number in range(1, 1000)))
    return next(path for path in (posixpath.join(folder, name) for name in names) if not package.holds(path))


def _comments(root: etree._Element) -> list[etree._Element]:
    return [it for it in root if local(it) == "comment"]


def _attribute(element: etree._Element, name: str) -> str:
    """An attribute by its local name: its namespace differs between versions of the format."""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return ""


def _remove_marks(document: etree._Element, numbers: Iterable[str]) -> None:
    wanted = set(numbers)
    for mark in list(document.iter(*_MARKS)):
        if _attribute(mark, "id") not in wanted:
            continue
        parent = mark.getparent()
        if parent is None:
            continue
        parent.remove(mark)
        holder = parent.getparent()
        if local(parent) == "r" and holder is not None and all(local(it) == "rPr" for it in parent):
            holder.remove(parent)


def _element(root: etree._Element, space: str, comment: Comment, when: datetime | None) -> etree._Element:
    names = {"id": str(comment.number), "author": comment.author, "initials": comment.initials}
    if when is not None:
        # Word writes local time here, and a Z all the same.
        names["date"] = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    element = root.makeelement(f"{space}comment", {f"{space}{key}": value for key, value in names.items()})
    for number, line in enumerate(comment.lines):
        paragraph = etree.SubElement(element, f"{space}p")
        _plain(paragraph, space)
        if number == 0:
            etree.SubElement(etree.SubElement(paragraph, f"{space}r"), f"{space}annotationRef")
        run = etree.SubElement(paragraph, f"{space}r")
        small(run, space, 20)
        text = etree.SubElement(run, f"{space}t")
        text.text = line
        text.set(_XML_SPACE, "preserve")
    return element


def _plain(paragraph: etree._Element, space: str) -> None:
    """No indent and close lines: the standard paragraph of a paper is set for large type."""
    properties = etree.SubElement(paragraph, f"{space}pPr")
    for name, values in _PLAIN:
        etree.SubElement(properties, f"{space}{name}", {f"{space}{key}": value for key, value in values.items()})
