"""Builds OFD packages for tests: pages of positioned text and ruled lines, in millimetres."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from build_docx import zipped

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
_MM = 25.4 / 72


@dataclass(frozen=True)
class Text:
    """One text object: the first character stands at `x` on the baseline `y`; Chinese ones are square."""

    text: str
    x: float
    y: float
    size: float
    font: int = 1
    deltas: str | None = None
    extra: str = ""

    def xml(self) -> str:
        steps = [self.size if character > "\u2000" else self.size / 2 for character in self.text[:-1]]
        deltas = " ".join(f"{step:.4f}" for step in steps) if self.deltas is None else self.deltas
        return (
            f'<ofd:TextObject ID="0" Boundary="{self.x} {self.y - self.size} 150 {self.size}" Font="{self.font}" '
            f'Size="{self.size}" {self.extra}><ofd:TextCode X="0" Y="{self.size}" DeltaX="{deltas}">'
            f"{escape(self.text)}</ofd:TextCode></ofd:TextObject>"
        )


@dataclass(frozen=True)
class Rule:
    """A straight line."""

    x0: float
    y0: float
    x1: float
    y1: float

    def xml(self) -> str:
        return (
            f'<ofd:PathObject ID="0" Boundary="{self.x0} {self.y0} {self.x1 - self.x0} {self.y1 - self.y0}">'
            f"<ofd:AbbreviatedData>M 0 0 L {self.x1 - self.x0} {self.y1 - self.y0}</ofd:AbbreviatedData>"
            "</ofd:PathObject>"
        )


@dataclass(frozen=True)
class Raw:
    """XML as it is."""

    content: str

    def xml(self) -> str:
        return self.content


Item = Text | Rule | Raw


def table(x: float, y: float, rows: Sequence[Sequence[str]], width: float = 40, height: float = 10) -> Iterator[Item]:
    """A ruled table with one line of text a cell."""
    columns = len(rows[0])
    for number in range(len(rows) + 1):
        yield Rule(x, y + number * height, x + columns * width, y + number * height)
    for number in range(columns + 1):
        yield Rule(x + number * width, y, x + number * width, y + len(rows) * height)
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            yield Text(text, x + column * width + 2, y + row * height + 7, 4.2)


def lines(text: str, top: float = 40, size: float = 5.64, left: float = 28, right: float = 182) -> Iterator[Text]:
    """Paragraphs set the official way: indented by two characters, lines broken at the right margin."""
    y = top
    for paragraph in text.split("\n"):
        x, held = left + 2 * size, ""
        for character in paragraph:
            if x + (len(held) + 1) * size > right + 0.01 and character not in "，。、；：）”":
                yield Text(held, x, y, size)
                x, held, y = left, "", y + size * 1.75
            held += character
        yield Text(held, x, y, size)
        y += size * 1.75


def page(items: Sequence[Item], template: str = "") -> str:
    return (
        f'<ofd:Page {NS}>{template}<ofd:Content><ofd:Layer ID="0">{"".join(item.xml() for item in items)}'
        "</ofd:Layer></ofd:Content></ofd:Page>"
    )


def ofd(pages: Sequence[Sequence[Item]], templates: Sequence[Sequence[Item]] = (), **parts: str) -> bytes:
    """An OFD file; every page uses every template. `parts` replaces or adds parts of the document by name."""
    used = "".join(f'<ofd:Template TemplateID="t{number}"/>' for number in range(len(templates)))
    listed = "".join(f'<ofd:TemplatePage ID="t{at}" BaseLoc="Tpls/{at}.xml"/>' for at in range(len(templates)))
    named = "".join(f'<ofd:Page ID="{at}" BaseLoc="Pages/Page_{at}/Content.xml"/>' for at in range(len(pages)))
    files = {
        "OFD.xml": f"<ofd:OFD {NS}><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": (
            f"<ofd:Document {NS}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox>"
            f"</ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes>{listed}</ofd:CommonData>"
            f"<ofd:Pages>{named}</ofd:Pages></ofd:Document>"
        ),
        "Doc_0/PublicRes.xml": (
            f'<ofd:Res {NS}><ofd:Fonts><ofd:Font ID="1" FontName="FangSong"/><ofd:Font ID="2" FontName="SimHei"/>'
            "</ofd:Fonts></ofd:Res>"
        ),
    }
    files |= {f"Doc_0/Tpls/{at}.xml": page(items) for at, items in enumerate(templates)}
    files |= {f"Doc_0/Pages/Page_{at}/Content.xml": page(items, used) for at, items in enumerate(pages)}
    return zipped({**files, **{f"Doc_0/{name}.xml": content for name, content in parts.items()}})
