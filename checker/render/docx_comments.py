"""The comments of a Word file: those of other people stay, our own former ones go, the new ones come last."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from checker.hallmark import AUTHOR, stamped
from checker.readers.docx_replies import text_of, threads
from checker.readers.package import Package
from checker.render.docx_answers import LINKS_RELATION, LINKS_TYPE, NO_LINKS, Answered, declaring_ids, link
from checker.render.docx_package import XmlPart, load_xml
from checker.render.docx_place import detach, local

__all__ = ["AUTHOR", "Comment", "Comments", "attribute", "comments_root", "open_comments", "remove_marks"]

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
_MARKS = ("{*}commentRangeStart", "{*}commentRangeEnd", "{*}commentReference")
_SIDE_PARTS = ("commentsExtended", "commentsIds", "commentsExtensible")

# No indent and close lines: the standard paragraph of a paper is set for large type.
_PARAGRAPH = (
    '<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="240" w:lineRule="auto"/>'
    '<w:ind w:firstLineChars="0" w:firstLine="0"/></w:pPr>'
)
_TEXT = '<w:r><w:rPr><w:sz w:val="20"/><w:szCs w:val="20"/></w:rPr><w:t xml:space="preserve">'


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
    answers: dict[str, list[etree._Element]] = field(default_factory=dict)
    """Replies to our former comments, by the fingerprint of the finding that each was about."""

    def remove_own(self, document: etree._Element) -> None:
        """Take our own former comments out of the part, their marks out of the text, their traces out of the rest."""
        own = [it for it in _comments(self.part.root) if attribute(it, "author") == AUTHOR]
        self._keep_answers(document)
        numbers = {attribute(it, "id") for it in own}
        paragraphs = {attribute(it, "paraId") for comment in own for it in comment.iter("{*}p")} - {""}
        if own:
            self.changed[self.name] = self.part
        for comment in own:
            self.part.root.remove(comment)
        if numbers:
            remove_marks(document, numbers)
        if paragraphs:
            self._forget(paragraphs)

    def first_free(self, document: etree._Element) -> int:
        """A number above those of all comments, also of those that only the text knows."""
        used = [*_comments(self.part.root), *document.iter(*_MARKS)]
        numbers = [attribute(it, "id") for it in used]
        return max((int(it) for it in numbers if it.lstrip("-").isdecimal()), default=-1) + 1

    def add(self, comments: Sequence[Comment], when: datetime | None) -> None:
        """Write new comments at the end of the part, and make the part known to the package."""
        if not comments:
            return
        root = self.part.root
        elements = list(_elements(str(root.tag)[1:].partition("}")[0], comments, when))
        root.extend(elements)
        self.changed[self.name] = self.part
        if not self.package.holds(self.name):
            self._announce(self.name, _CONTENT_TYPE, "comments", _relation_type(root))
        if self.answers:
            self._link(elements)

    def _keep_answers(self, document: etree._Element) -> None:
        """Remember which replies belong to which findings, before our comments go."""
        name = self._target("commentsExtended")
        links = self._beside(name).root if self.package.holds(name) else None
        for thread in threads(self.part.root, links, document):
            marks = {stamped(text_of(it)) for it in thread.comments}
            if len(marks) == 1 and marks != {""}:
                self.answers.setdefault(marks.pop(), []).append(thread.reply)

    def _link(self, elements: Sequence[etree._Element]) -> None:
        """Make the replies to our former comments replies to the new ones about the same findings."""
        answered = []
        for element in elements:
            replies = self.answers.pop(stamped(text_of(element)), None)
            if replies is not None:
                # Before its replies, as Word writes it.
                replies[0].addprevious(element)
                answered.append(Answered(element, replies))
        if not answered:
            return
        self.part = self.changed[self.name] = declaring_ids(self.part)
        name = self._target("commentsExtended")
        if self.package.holds(name):
            name = self.package.names[name.lower()].filename
            part = self._beside(name)
        else:
            name = name or _free_name(self.package, posixpath.dirname(self.main), "commentsExtended")
            part = load_xml(f"{_DECLARATION}{NO_LINKS}".encode())
            self._announce(name, LINKS_TYPE, "commentsExtended", LINKS_RELATION)
        link(part.root, self.part.root, answered)
        self.changed[name] = part

    def _target(self, kind: str) -> str:
        """The part of that kind that the document refers to; empty where there is none."""
        relations = self.package.relationships(self.main).values()
        return next((it.target for it in relations if it.kind == kind and not it.external), "")

    def _beside(self, name: str) -> XmlPart:
        """A part beside the comments as it stands by now."""
        return self.changed.get(name) or load_xml(self.package.read(name))

    def _announce(self, name: str, content_type: str, kind: str, relation_type: str) -> None:
        """Enter a new part into the table of content types and the relationships of the document."""
        types = self._beside(_TYPES_PART)
        known = [it for it in types.root if (it.get("PartName") or "").lower() == f"/{name}".lower()]
        entry = known[0] if known else etree.SubElement(types.root, f"{{{_TYPES}}}Override")
        entry.set("PartName", f"/{name}")
        entry.set("ContentType", content_type)
        self.changed[_TYPES_PART] = types
        if any(it.kind == kind for it in self.package.relationships(self.main).values()):
            return
        folder, base = posixpath.split(self.main)
        path = posixpath.join(folder, "_rels", base + ".rels")
        relations = self._relations(path)
        ids = {it.get("Id") for it in relations.root}
        free = next(name for name in (f"rId{number}" for number in range(1, len(ids) + 2)) if name not in ids)
        relation = etree.SubElement(relations.root, f"{{{_RELATIONS}}}Relationship")
        relation.set("Id", free)
        relation.set("Type", relation_type)
        relation.set("Target", posixpath.relpath(name, folder or "."))
        self.changed[path] = relations

    def _relations(self, path: str) -> XmlPart:
        if path in self.changed or self.package.holds(path):
            return self._beside(path)
        return load_xml(f'{_DECLARATION}<Relationships xmlns="{_RELATIONS}"/>'.encode())

    def _forget(self, paragraphs: set[str]) -> None:
        """Drop what newer versions of Word keep about our former comments; an answer to one stays, on its own."""
        durable: set[str] = set()
        for kind in _SIDE_PARTS:
            name = self._target(kind)
            if not self.package.holds(name):
                continue
            name = self.package.names[name.lower()].filename
            part = self._beside(name)
            for entry in list(part.root):
                if attribute(entry, "paraId") in paragraphs or attribute(entry, "durableId") in durable:
                    durable |= {attribute(entry, "durableId")} - {""}
                    part.root.remove(entry)
                elif attribute(entry, "paraIdParent") in paragraphs:
                    del entry.attrib[next(key for key in entry.attrib if str(key).endswith("}paraIdParent"))]
            self.changed[name] = part


_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'


def comments_root(package: Package, main: str) -> etree._Element | None:
    """The comments as they stand in the package; None where it has none."""
    name = _name_in(package, main)
    return load_xml(package.read(name)).root if package.holds(name) else None


def _name_in(package: Package, main: str) -> str:
    relations = package.relationships(main).values()
    return next((it.target for it in relations if it.kind == "comments" and not it.external), "")


def open_comments(package: Package, main: str, document: etree._Element) -> Comments:
    """The comments part of a document; a new one where there is none."""
    name = _name_in(package, main)
    if package.holds(name):
        part = load_xml(package.read(name))
        return Comments(package, main, package.names[name.lower()].filename, part)
    space = str(document.tag)[1:].partition("}")[0]
    part = load_xml(f'{_DECLARATION}<w:comments xmlns:w="{space}"/>'.encode())
    return Comments(package, main, name or _free_name(package, posixpath.dirname(main)), part)


def _relation_type(root: etree._Element) -> str:
    space = str(root.tag)[1:].partition("}")[0]
    return _RELATION_TYPES.get(space, _RELATION_TYPES[_TRANSITIONAL_MAIN])


def _free_name(package: Package, folder: str, stem: str = "comments") -> str:
    names = (f"{stem}.xml", *(f"{stem}{number}.xml" for number in range(1, 1000)))
    return next(path for path in (posixpath.join(folder, name) for name in names) if not package.holds(path))


def _comments(root: etree._Element) -> list[etree._Element]:
    return [it for it in root if local(it) == "comment"]


def attribute(element: etree._Element, name: str) -> str:
    """An attribute by its local name: its namespace differs between versions of the format."""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return ""


def remove_marks(document: etree._Element, numbers: Iterable[str]) -> None:
    """Take the marks of these comments out of the text, and the runs that held nothing but a mark."""
    wanted = set(numbers)
    for mark in list(document.iter(*_MARKS)):
        if attribute(mark, "id") not in wanted:
            continue
        parent = mark.getparent()
        if parent is None:
            continue
        detach(mark)
        if local(parent) == "r" and all(local(it) == "rPr" for it in parent):
            detach(parent)


def _elements(space: str, comments: Sequence[Comment], when: datetime | None) -> etree._Element:
    """The new comments, inside an element that is of no use; written as text, which is far quicker than as a tree."""
    # Word writes local time here, and a Z all the same.
    date = f' w:date="{when:%Y-%m-%dT%H:%M:%SZ}"' if when is not None else ""
    out = [f"<w:comments xmlns:w={quoteattr(space)}>"]
    for comment in comments:
        names = f"w:author={quoteattr(comment.author)} w:initials={quoteattr(comment.initials)}"
        out.append(f'<w:comment w:id="{comment.number}" {names}{date}>')
        out.extend(f"{_PARAGRAPH}{_TEXT}{escape(line)}</w:t></w:r></w:p>" for line in comment.lines)
        out.append("</w:comment>")
    out.append("</w:comments>")
    root = etree.fromstring("".join(out).encode())
    for element in root:
        element[0].insert(1, element.makeelement(f"{{{space}}}r"))
        etree.SubElement(element[0][1], f"{{{space}}}annotationRef")
    return root
