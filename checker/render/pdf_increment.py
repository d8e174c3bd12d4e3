"""Changing a PDF file by adding to its end: what was there stays, byte for byte, as the beginning of the new file."""

from __future__ import annotations

import io
import logging
import re
import struct
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)

_START = re.compile(rb"startxref\s+(\d+)")
_HEADER = b"%PDF-"
_OBJECT = re.compile(rb"\s*\d+\s+\d+\s+obj")
_KEPT = ("/Root", "/Info", "/ID", "/Encrypt")


class BrokenPdf(Exception):
    """The file cannot be added to: it is damaged, or made in a way that is not understood."""


class _Place(NamedTuple):
    """Where an object lies: at an offset of the file, or as one of the objects of a packed stream."""

    generation: int
    offset: int
    packed: bool = False


class Increment:
    """The objects to be added to a file, or to take the place of objects in it."""

    def __init__(self, data: bytes) -> None:
        # It tells of every small oddity of a file; what matters here is looked at when the result is read back.
        logging.getLogger("pypdf").setLevel(logging.CRITICAL)
        self._data = data
        self.reader = open_reader(data)
        self._objects: dict[tuple[int, int], PdfObject] = {}
        known = {number for numbers in self.reader.xref.values() for number in numbers}
        size = self.reader.trailer.get("/Size", 0)
        self._next = max([*known, *self.reader.xref_objStm, int(size) - 1 if isinstance(size, int) else 0]) + 1

    def add(self, item: PdfObject) -> IndirectObject:
        """Add an object."""
        number = self._next
        self._next += 1
        self._objects[number, 0] = item
        return IndirectObject(number, 0, self.reader)

    def replace(self, reference: IndirectObject, item: PdfObject) -> None:
        """Put an object in the place of one that the file has."""
        self._objects[reference.idnum, reference.generation] = item

    def finish(self) -> bytes:
        """The file with what was added; the file itself where nothing was."""
        if not self._objects:
            return self._data
        out = io.BytesIO()
        out.write(self._data)
        if self._data[-1:] not in b"\r\n":
            out.write(b"\n")
        previous, base, stream = self._last_table()
        places: dict[int, _Place] = {} if previous is not None else self._every_place()
        for (number, generation), item in self._objects.items():
            places[number] = _Place(generation, out.tell() - base)
            out.write(f"{number} {generation} obj\n".encode())
            self._sealed(item, number, generation).write_to_stream(out)
            out.write(b"\nendobj\n")
        trailer = self._trailer(previous)
        start = out.tell() - base
        if stream or any(place.packed for place in places.values()):
            self._write_stream(out, places, trailer, start)
        else:
            _write_table(out, places, trailer)
        out.write(f"startxref\n{start}\n%%EOF\n".encode())
        return out.getvalue()

    def _sealed(self, item: PdfObject, number: int, generation: int) -> PdfObject:
        lock = self.reader._encryption
        return item if lock is None else lock.encrypt_object(item, number, generation)

    def _last_table(self) -> tuple[int | None, int, bool]:
        """Where the last table of places lies (None: nowhere), from where offsets count, whether it is a stream."""
        found = list(_START.finditer(self._data))
        start = int(found[-1][1]) if found else -1
        # Offsets count from the head of the PDF; in files with something before it, some programs count that too.
        for base in dict.fromkeys((0, max(self._data.find(_HEADER), 0))):
            at = start + base
            if not 0 < at < len(self._data):
                continue
            if self._data[at : at + 12].lstrip().startswith(b"xref"):
                return start, base, False
            if _OBJECT.match(self._data, at):
                return start, base, True
        return None, 0, False

    def _every_place(self) -> dict[int, _Place]:
        """The places of all objects, for a file whose own table is lost."""
        found = {
            number: _Place(generation, offset)
            for generation, numbers in self.reader.xref.items()
            for number, offset in numbers.items()
            if offset > 0 and generation < 0xFFFF
        }
        packed = {number: _Place(at, int(holder), True) for number, (holder, at) in self.reader.xref_objStm.items()}
        return {**packed, **found}

    def _trailer(self, previous: int | None) -> DictionaryObject:
        own = self.reader.trailer
        trailer = DictionaryObject({NameObject("/Size"): NumberObject(self._next)})
        for key in _KEPT:
            if key in own:
                trailer[NameObject(key)] = _exact(own.raw_get(key))
        if previous is not None:
            trailer[NameObject("/Prev")] = NumberObject(previous)
        return trailer

    def _write_stream(self, out: io.BytesIO, places: dict[int, _Place], trailer: DictionaryObject, start: int) -> None:
        number = self._next
        places[number] = _Place(0, start)
        table = StreamObject()
        table.update(trailer)
        table[NameObject("/Type")] = NameObject("/XRef")
        table[NameObject("/Size")] = NumberObject(number + 1)
        table[NameObject("/W")] = ArrayObject(NumberObject(width) for width in (1, 4, 2))
        runs = [(run[0], len(run)) for run in _runs(places)]
        table[NameObject("/Index")] = ArrayObject(NumberObject(value) for run in runs for value in run)
        ordered = [places[it] for it in sorted(places)]
        table.set_data(b"".join(struct.pack(">BIH", 2 if it.packed else 1, it.offset, it.generation) for it in ordered))
        out.write(f"{number} 0 obj\n".encode())
        table.write_to_stream(out)
        out.write(b"\nendobj\n")


def open_reader(data: bytes) -> PdfReader:
    """The file as pypdf reads it, unlocked where no password is wanted; BrokenPdf where that fails."""
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise BrokenPdf
        len(reader.pages)
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise BrokenPdf from error
    return reader


def _exact(item: PdfObject) -> PdfObject:
    """The identity of a file is a key to what is locked in it: its strings are bytes, whatever they look like."""
    if isinstance(item, ArrayObject):
        return ArrayObject(_exact(it) for it in item)
    return ByteStringObject(item.original_bytes) if isinstance(item, TextStringObject) else item


def _runs(places: Mapping[int, _Place]) -> Iterator[list[int]]:
    """The numbers in order, those that follow one another together."""
    for _, run in groupby(enumerate(sorted(places)), key=lambda it: it[1] - it[0]):
        yield [number for _, number in run]


def _write_table(out: io.BytesIO, places: Mapping[int, _Place], trailer: DictionaryObject) -> None:
    out.write(b"xref\n")
    for run in _runs(places):
        out.write(f"{run[0]} {len(run)}\n".encode())
        for number in run:
            out.write(f"{places[number].offset:010} {places[number].generation:05} n \n".encode())
    out.write(b"trailer\n")
    trailer.write_to_stream(out)
    out.write(b"\n")
