"""What a PDF, DOCX or XLSX is and says, found without trusting a byte of it.

Archives inside are not opened, nothing is fetched, no entity is expanded, no macro passes.
"""

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

from pypdf import PageObject, PdfReader

MOST_PAGES = 500
MOST_TEXT = 400_000
SECONDS_FOR_TEXT = 12
MOST_ENTRIES = 3_000
MOST_UNPACKED = 300_000_000
MOST_UNPACKED_PART = 100_000_000
# Repeated XML packs well; what packs better than this is nothing but repetition.
MOST_RATIO = 250
LEAST_TO_MIND = 5_000_000
PIECE = 64 * 1024
TYPES = "[Content_Types].xml"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The part that makes an archive this kind of document, its type inside, where its words are.
KINDS = (
    ("word/document.xml", "wordprocessingml.document.main+xml", DOCX),
    ("xl/workbook.xml", "spreadsheetml.sheet.main+xml", XLSX),
)
WORDS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml", "xl/sharedStrings.xml")
BREAKS = frozenset({"p", "br", "si", "tr"})

Found = Iterator[dict[str, Any]]


class Refused(Exception):
    """Why this document is not taken."""


def work(source: Path, _folder: Path, kind: str) -> Found:
    """``type``, then ``text`` in pieces; or ``refused`` with the reason."""
    reading = {"pdf": _pdf, "zip": _office}[kind](source)
    left = MOST_TEXT
    try:
        yield {"type": next(reading)}
        for text in reading:
            if left > 0:
                yield {"text": text[:left]}
                left -= len(text)
    except Refused as problem:
        yield {"refused": str(problem)}
    except Exception:  # readers may raise anything over bytes made to confuse them
        yield {"refused": "broken"}


def _pdf(source: Path) -> Iterator[str]:
    reader = PdfReader(source, strict=False)
    if reader.is_encrypted:
        raise Refused("locked")
    pages = reader.pages
    if not len(pages):
        raise Refused("broken")
    yield "application/pdf"
    for number in range(min(len(pages), MOST_PAGES)):
        if time.process_time() > SECONDS_FOR_TEXT:
            return
        yield _page(pages[number]) + "\n"


def _page(page: PageObject) -> str:
    try:
        return page.extract_text()
    except Exception:  # a page that cannot be read does not hide the others
        return ""


def _office(source: Path) -> Iterator[str]:
    with zipfile.ZipFile(source) as archive:
        _require_harmless(archive, source.stat().st_size)
        names = {one.filename for one in archive.infolist()}
        yield _type_of(archive, names)
        for name in WORDS:
            if name in names:
                yield from _words(archive, name)


def _require_harmless(archive: zipfile.ZipFile, size: int) -> None:
    entries = archive.infolist()
    unpacked = sum(one.file_size for one in entries)
    packed = sum(one.compress_size for one in entries)
    if any(one.flag_bits & 1 for one in entries):
        raise Refused("locked")
    if len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED or packed > size:
        raise Refused("bomb")
    for one in entries:
        if one.file_size > LEAST_TO_MIND and one.file_size > MOST_RATIO * one.compress_size:
            raise Refused("bomb")


def _type_of(archive: zipfile.ZipFile, names: set[str]) -> str:
    lower = {name.lower() for name in names}
    if len(lower) != len(archive.infolist()):
        raise Refused("broken")  # two parts of one name: each reader may show another
    if TYPES not in names:
        raise Refused("archive")
    declared = archive.read(TYPES).decode("utf-8", "replace")
    is_macro = "macroenabled" in declared.lower() or "vbaproject" in declared.lower()
    if is_macro or any(name.endswith("vbaproject.bin") for name in lower):
        raise Refused("macros")
    for name in names:
        if name.lower().endswith((".xml", ".rels", ".vml")):
            _require_no_entities(archive, name)
    for part, mark, media_type in KINDS:
        if part in names and mark in declared:
            return media_type
    raise Refused("slides" if "ppt/presentation.xml" in names else "archive")


def _require_no_entities(archive: zipfile.ZipFile, name: str) -> None:
    """Entities are declared before the first element: look no further than that."""
    begun: list[str] = []
    parser = _parser()
    parser.StartElementHandler = lambda tag, _attributes: begun.append(tag)
    with archive.open(name) as part:
        while not begun and (piece := part.read(4096)):
            parser.Parse(piece, False)


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.buffer_text = True
    return parser


def _refuse_doctype(*_declared: object) -> None:
    raise Refused("entities")


def _words(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    """The text of ``t`` elements, a paragraph a line, piece by piece."""
    said: list[str] = []
    depth = 0

    def begin(tag: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += _local(tag) == "t"

    def end(tag: str) -> None:
        nonlocal depth
        depth -= _local(tag) == "t"
        if _local(tag) in BREAKS:
            said.append("\n")
        elif _local(tag) in ("tab", "tc"):
            said.append("\t")

    parser = _parser()
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: said.append(text) if depth else None
    read = 0
    with archive.open(name) as part:
        while piece := part.read(PIECE):
            read += len(piece)
            if read > MOST_UNPACKED_PART:
                return
            parser.Parse(piece, False)
            if said:
                yield "".join(said)
                said.clear()
    parser.Parse(b"", True)


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]
