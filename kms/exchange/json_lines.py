"""JSON lines, plain or gzipped: one note a line (docs/import.md lists the fields)."""

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from kms.errors import Invalid
from kms.exchange.records import Record, Refused, record
from kms.language import gettext as _

LONGEST_LINE = 16_000_000


def read(path: Path) -> Iterator[Record | Refused]:
    """Each line's record, or why that line is refused; the other lines go on."""
    source = path.name.removesuffix(".gz").removesuffix(".jsonl")
    with _open(path) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _read_line(line, where=f"{path}:{number}", source=source, number=number)


def count(path: Path) -> int:
    """The lines that are not empty."""
    with _open(path) as lines:
        return sum(1 for line in lines if line.strip())


def write(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write one line for each row; answers how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _open(path: Path) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _read_line(line: bytes, *, where: str, source: str, number: int) -> Record | Refused:
    if len(line) > LONGEST_LINE:
        return Refused(where, _("บรรทัดนี้ยาวเกินไป"))
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as problem:
        return Refused(where, _("อ่านเป็น JSON ไม่ได้: %(why)s", why=problem))
    if not isinstance(fields, dict):
        return Refused(where, _("ต้องเป็นวัตถุ JSON หนึ่งบันทึกต่อบรรทัด"))
    try:
        return record(fields, where=where, source=source, source_id=str(number))
    except Invalid as problem:
        return Refused(where, problem.message)
