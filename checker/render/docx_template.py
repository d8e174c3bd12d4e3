"""Filling in a Word template: `{{单位}}` becomes the unit, a row with `{{问题}}` is repeated for every finding.

A template is a plain .docx that anybody can change in Word or WPS: a name between double braces is all there is, with
no conditions and no code. Whatever stands around the names stays as it is, and a value takes the format of its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from checker.errors import ReadError, UsageError
from checker.readers.limits import Limits
from checker.readers.package import Package, open_package, parse_xml
from checker.readers.sniff import FORMAT_NAMES, sniff
from checker.render import phrases as say
from checker.render.docx_package import XmlPart, load_xml, repack
from checker.render.docx_place import local

_NAME = re.compile(r"[{｛]{2}\s*([^{}｛｝]*?)\s*[}｝]{2}")
# What is left of braces that were not closed, and the tags of other template languages.
_STRAY = re.compile(r"[{｛]{2}|[}｝]{2}|[{｛][%％]|[%％][}｝]")
_WORD = "wordprocessingml"
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_SURROUNDINGS = ("header", "footer", "footnotes", "endnotes")
_TYPES = "[Content_Types].xml"
_TEMPLATE, _DOCUMENT = b"wordprocessingml.template.main+xml", b"wordprocessingml.document.main+xml"
_QUOTE = 24


@dataclass(frozen=True, slots=True)
class Rows:
    """What is told record by record: the names that may stand in a repeated row, and the records."""

    names: tuple[str, ...]
    records: Sequence[Mapping[str, str]]


@dataclass(slots=True)
class _Unit:
    """Neighbouring rows of a table, or paragraphs outside of one, that are repeated together."""

    rows: Rows
    elements: list[etree._Element] = field(default_factory=list)


def fill(
    data: bytes,
    values: Mapping[str, str],
    listings: Sequence[Rows],
    required: str,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
) -> bytes:
    """The template `data` with `values` and `listings` in it; UsageError says what is wrong with a template.

    A template without the name `required` would lose what the document is made for.
    """
    package = _open(data, limits)
    parts: dict[str, XmlPart] = {}
    seen: set[str] = set()
    for name in _filled_parts(package):
        part = _load(package, name, limits)
        _Filler(values, listings, seen).fill(part.root)
        parts[package.names[name.lower()].filename] = part
    if required not in seen:
        raise _bad(f"没有 {{{{{required}}}}}，查出的问题无处可填，请在问题表的那一行里写上")
    replaced = {name: part.serialise() for name, part in parts.items()}
    types = package.read(_TYPES)
    if _TEMPLATE in types:
        # Word would not open a .docx that calls itself a template.
        replaced[package.names[_TYPES.lower()].filename] = types.replace(_TEMPLATE, _DOCUMENT)
    return repack(data, replaced)


def _bad(reason: str) -> UsageError:
    return UsageError(f"审查意见表的模板用不了：{reason}。", "bad-template")


def _open(data: bytes, limits: Limits) -> Package:
    if not data:
        raise _bad("文件是空的")
    kind = sniff(data)
    if kind not in ("docx", "zip"):  # the latter may be a damaged .docx
        what = f"这是 {FORMAT_NAMES[kind]}" if kind in FORMAT_NAMES else "这不是能用的 Word 文件"
        raise _bad(f"{what}，请用 Word 或 WPS 另存为 .docx")
    try:
        package = open_package(data, limits)
        package.main_part()
        types = package.read(_TYPES)
    except ReadError as error:
        raise _bad(error.message.rstrip("。")) from None
    if b"macroEnabled" in types:
        raise _bad("文件带有宏，请另存为不带宏的 .docx")
    if any(name.startswith("_xmlsignatures/") for name in package.names):
        raise _bad("文件带有数字签名，填写会使签名失效，请改用未签名的副本")
    return package


def _filled_parts(package: Package) -> Iterator[str]:
    main = package.main_part()
    yield main
    around = (it for it in package.relationships(main).values() if it.kind in _SURROUNDINGS and not it.external)
    yield from dict.fromkeys(it.target for it in around if package.holds(it.target))


def _load(package: Package, name: str, limits: Limits) -> XmlPart:
    try:
        source = package.read(name)
        parse_xml(source, limits)  # refuses what is hostile
    except ReadError as error:
        raise _bad(error.message.rstrip("。")) from None
    return load_xml(source)


@dataclass(frozen=True, slots=True)
class _Filler:
    """Fills one part after the other; `seen` collects the names that the template uses."""

    values: Mapping[str, str]
    listings: Sequence[Rows]
    seen: set[str]

    def fill(self, root: etree._Element) -> None:
        """Each place is filled once: what a paper says is never taken for a name of the template."""
        units = self._units(root)
        repeated = {it for unit in units for element in unit.elements for it in _paragraphs(element)}
        for paragraph in _paragraphs(root):
            if paragraph not in repeated:
                _fill(paragraph, self.values)
        for unit in units:
            self._repeat(unit)

    def _units(self, root: etree._Element) -> list[_Unit]:
        """What has to be repeated; every name of the template is looked at on the way."""
        units: list[_Unit] = []
        for paragraph in _paragraphs(root):
            rows = self._rows(_names(paragraph))
            if rows is None:
                continue
            element = next((it for it in paragraph.iterancestors() if _is(it, "tr")), paragraph)
            last = units[-1] if units else None
            if last is not None and element is last.elements[-1]:
                self._check_alike(last.rows, rows)
            elif last is not None and last.rows is rows and _follows(element, last.elements[-1]):
                last.elements.append(element)
            else:
                units.append(_Unit(rows, [element]))
        _check_flat(units)
        return units

    def _rows(self, names: Sequence[str]) -> Rows | None:
        """The listing that the names of one paragraph belong to."""
        found: Rows | None = None
        for name in names:
            self.seen.add(name)
            rows = next((it for it in self.listings if name in it.names), None)
            if rows is None and name not in self.values:
                raise _bad(f"不认识 {{{{{say.shorten(name, _QUOTE)}}}}}，可用的有 {'、'.join(self._known())}")
            if rows is not None and found is not None:
                self._check_alike(rows, found)
            found = rows or found
        return found

    def _known(self) -> Iterator[str]:
        yield from self.values
        for rows in self.listings:
            yield from rows.names

    def _check_alike(self, one: Rows, other: Rows) -> None:
        if one is not other:
            raise _bad(f"同一行里不能既有 {{{{{one.names[0]}}}}} 又有 {{{{{other.names[0]}}}}}，请分成两个表")

    def _repeat(self, unit: _Unit) -> None:
        head = unit.elements[0]
        for number, record in enumerate(unit.rows.records):
            values = {**self.values, **record}
            for element in unit.elements:
                copy = deepcopy(element)
                copy.tail = None
                if number:
                    _forget_marks(copy)
                head.addprevious(copy)
                for paragraph in _paragraphs(copy):
                    _fill(paragraph, values)
        for element in unit.elements:
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)


def _check_flat(units: Sequence[_Unit]) -> None:
    elements = {element for unit in units for element in unit.elements}
    if any(above in elements for element in elements for above in element.iterancestors()):
        raise _bad("要逐条填写的行里面又套了要逐条填写的表，请去掉里层的表")


def _follows(element: etree._Element, before: etree._Element) -> bool:
    """Whether `element` comes right after `before`, in the same table or text."""
    return element.getprevious() is before and local(element) == local(before)


def _is(element: etree._Element, name: str) -> bool:
    """Whether it is the Word element `name`: drawings have paragraphs and text of their own."""
    return local(element) == name and _WORD in str(element.tag)


def _paragraphs(root: etree._Element) -> list[etree._Element]:
    return [it for it in root.iter("{*}p") if _is(it, "p")]


def _texts(paragraph: etree._Element) -> list[etree._Element]:
    """The text nodes of a paragraph, without those of text boxes that hang on it."""
    return [
        node
        for node in paragraph.iter("{*}t")
        if _is(node, "t") and next(it for it in node.iterancestors() if _is(it, "p")) is paragraph
    ]


def _names(paragraph: etree._Element) -> list[str]:
    """The names that stand in a paragraph; Word may have cut them over several runs."""
    text = "".join(node.text or "" for node in _texts(paragraph))
    stray = _STRAY.search(_NAME.sub("", text))
    if stray is not None:
        raise _bad(f"“{say.shorten(text, _QUOTE)}”里的 {stray[0]} 没有配对，占位要写成 {{{{名称}}}}")
    return _NAME.findall(text)


def _fill(paragraph: etree._Element, values: Mapping[str, str]) -> None:
    """Put values in place of names, from the last to the first, so that offsets to the left still hold."""
    nodes = _texts(paragraph)
    text = "".join(node.text or "" for node in nodes)
    for match in reversed(list(_NAME.finditer(text))):
        value = values.get(match[1])
        if value is not None:
            _replace(nodes, match.start(), match.end(), value)
    for node in nodes:
        _break_lines(node)


def _replace(nodes: Sequence[etree._Element], start: int, end: int, value: str) -> None:
    """Put `value` where [start, end) of the text of all nodes stands; it goes to the node that holds the start."""
    offset = 0
    for node in nodes:
        text = node.text or ""
        first, last = max(start - offset, 0), min(end - offset, len(text))
        offset += len(text)
        if first < last:
            node.text = text[:first] + value + text[last:]
            node.set(_XML_SPACE, "preserve")
            value = ""


def _break_lines(node: etree._Element) -> None:
    """Line feeds in a text become line breaks."""
    lines = (node.text or "").split("\n")
    if len(lines) == 1:
        return
    node.text = lines[0]
    space = str(node.tag).rpartition("}")[0] + "}"
    at = node
    for line in lines[1:]:
        mark, rest = node.makeelement(f"{space}br"), node.makeelement(f"{space}t", dict(node.attrib))
        rest.text = line
        at.addnext(mark)
        mark.addnext(rest)
        at = rest


def _forget_marks(element: etree._Element) -> None:
    """Bookmarks and the ids of paragraphs may stand once in a document; a repeated row must not carry them along."""
    for mark in list(element.iter("{*}bookmarkStart", "{*}bookmarkEnd")):
        parent = mark.getparent()
        if parent is not None:
            parent.remove(mark)
    for it in element.iter():
        for key in [key for key in it.attrib if str(key).endswith(("}paraId", "}textId"))]:
            del it.attrib[key]
