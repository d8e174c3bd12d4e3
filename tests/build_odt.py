"""Builds OpenDocument texts for tests from snippets of XML, so that a case shows exactly the mark-up it is about."""

from __future__ import annotations

import io
import zipfile

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "office": _OASIS + "office:1.0",
        "text": _OASIS + "text:1.0",
        "table": _OASIS + "table:1.0",
        "draw": _OASIS + "drawing:1.0",
        "style": _OASIS + "style:1.0",
        "fo": _OASIS + "xsl-fo-compatible:1.0",
        "svg": _OASIS + "svg-compatible:1.0",
        "xlink": "http://www.w3.org/1999/xlink",
        "dc": "http://purl.org/dc/elements/1.1/",
        "loext": "urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0",
        "field": "urn:openoffice:names:experimental:ooo-ms-interop:xmlns:field:1.0",
    }.items()
)
MIMETYPE = "application/vnd.oasis.opendocument.text"


def odt(body: str, styles: str = "", common: str = "", manifest: str = "", fonts: str = "") -> bytes:
    """An .odt around the content of office:text; `styles` are its own ones, `common` what stands in styles.xml."""
    faces = f"<office:font-face-decls>{fonts}</office:font-face-decls>"
    content = (
        f"<office:document-content {_NAMESPACES}>{faces}<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    parts = {"content.xml": content}
    if common:
        parts["styles.xml"] = f"<office:document-styles {_NAMESPACES}>{common}</office:document-styles>"
    if manifest:
        parts["META-INF/manifest.xml"] = manifest
    return package(parts)


def package(parts: dict[str, str]) -> bytes:
    """The parts as a package: its type stands first, as it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", MIMETYPE)
        for name, text in parts.items():
            archive.writestr(name, text, zipfile.ZIP_DEFLATED)
    return out.getvalue()
