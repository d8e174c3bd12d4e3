"""Annotations of a PDF: what form fields show is text of the page; comments, buttons and signatures are told only.

Text in annotations is not part of a page until it is drawn into it. That is done to the page in memory.
"""

from __future__ import annotations

from collections import Counter

import pypdfium2 as pdfium
import pypdfium2.raw as raw

_NO_REMARKS = frozenset({raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP})
_COUNTED_AS = {raw.FPDF_FORMFIELD_SIGNATURE: "signatures", raw.FPDF_FORMFIELD_PUSHBUTTON: "buttons"}


def open_forms(file: pdfium.PdfDocument) -> None:
    """Have PDFium make the looks of fields whose file has none; scripts are never run. To be called before any page."""
    if file.get_formtype() == raw.FORMTYPE_ACRO_FORM:
        file.init_forms()


def page_with_fields(
    file: pdfium.PdfDocument, page: pdfium.PdfPage, number: int, counts: Counter[str]
) -> pdfium.PdfPage:
    """`page`, or the same page loaded again with its form fields drawn into it."""
    fields, others = _annotations(file, page, counts)
    if not fields:
        return page
    for index in reversed(others):
        raw.FPDFPage_RemoveAnnot(page, index)
    counts["form-fields"] += fields
    raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
    page.close()
    return file[number]


def _annotations(file: pdfium.PdfDocument, page: pdfium.PdfPage, counts: Counter[str]) -> tuple[int, list[int]]:
    """How many form fields hold text, and the numbers of all other annotations, which are counted."""
    fields = 0
    others: list[int] = []
    for index in range(max(0, raw.FPDFPage_GetAnnotCount(page))):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        what = _what(file, annotation)
        raw.FPDFPage_CloseAnnot(annotation)
        if what == "form-fields":
            fields += 1
            continue
        others.append(index)
        if what:
            counts[what] += 1
    return fields, others


def _what(file: pdfium.PdfDocument, annotation: raw.FPDF_ANNOTATION) -> str:
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    if kind != raw.FPDF_ANNOT_WIDGET:
        return "" if kind in _NO_REMARKS else "annotations"
    if file.formenv is None:
        return "form-fields"
    return _COUNTED_AS.get(raw.FPDFAnnot_GetFormFieldType(file.formenv, annotation), "form-fields")
