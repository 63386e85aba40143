"""The one table of formats, and how a file's format is told from its name."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kms.errors import Invalid
from kms.exchange import front_matter, json_lines, plain_text
from kms.exchange.records import Record, Refused
from kms.language import gettext as _


@dataclass(frozen=True)
class Format:
    """How one kind of file is known and read."""

    name: str
    endings: tuple[str, ...]
    read: Callable[[Path], Iterator[Record | Refused]]
    count: Callable[[Path], int] = lambda path: 1


FORMATS = (
    Format("jsonl", (".jsonl", ".jsonl.gz"), json_lines.read, json_lines.count),
    Format("markdown", (".md", ".markdown"), front_matter.read),
    Format("text", (".txt",), plain_text.read),
)
NAMES = tuple(one.name for one in FORMATS)
# What reading a file raises that is gone, closed to us or cut.
DAMAGE = (OSError, EOFError, zlib.error)


def files(paths: Iterable[Path], chosen: str = "auto") -> list[tuple[Path, Format]]:
    """The files to read, folders opened, each with its format.

    Raises Invalid for a path that does not exist or a file of no known format.
    """
    found: list[tuple[Path, Format]] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.is_file())
            found += [(one, known) for one in inside if (known := _format(one, chosen))]
        elif not path.exists():
            raise Invalid(_("ไม่พบ %(path)s", path=path))
        elif known := _format(path, chosen):
            found.append((path, known))
        else:
            said = _("ไม่รู้ว่า %(path)s เป็นรูปแบบใด เลือกด้วย --format", path=path)
            raise Invalid(said)
    return found


def read(found: Iterable[tuple[Path, Format]]) -> Iterator[Record | Refused]:
    """Every record of these files, one after another."""
    for path, known in found:
        try:
            yield from known.read(path)
        except DAMAGE as problem:
            yield Refused(str(path), _("อ่านไฟล์ไม่ได้: %(why)s", why=problem))


def count(found: Iterable[tuple[Path, Format]]) -> int:
    """How many records these files hold, damaged files counted as one."""
    total = 0
    for path, known in found:
        try:
            total += known.count(path)
        except DAMAGE:
            total += 1
    return total


def _format(path: Path, chosen: str) -> Format | None:
    if chosen != "auto":
        return next(one for one in FORMATS if one.name == chosen)
    return next((one for one in FORMATS if path.name.lower().endswith(one.endings)), None)
