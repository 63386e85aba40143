"""Names as keys: two spellings of one name meet in one folded key."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from kms.db import Base
from kms.errors import NotFound
from kms.language import gettext as _
from kms.thai.words import fold

# PostgreSQL refuses a larger integer as an error, not as an absent row.
LARGEST_ID = 2**31 - 1
TRIES = 3
MOST_NAMES = 50
MARK_LENGTH = 16
MARK = re.compile(f"[0-9a-f]{{{MARK_LENGTH}}}")

Row = TypeVar("Row", bound=Base)


def key(name: str, limit: int | None = 200) -> str:
    """The folded form of a name with single spaces; ``limit`` is the width of its column."""
    return " ".join(fold(name).split())[:limit]


def mark(words: str) -> str:
    """A short mark by which the same words are known again, and which does not tell them."""
    return sha256(key(words, None).encode()).hexdigest()[:MARK_LENGTH]


def by_key(names: Iterable[str], key_of: Callable[[str], str]) -> dict[str, str]:
    """The first spelling of each key, in order, without those that say nothing."""
    found: dict[str, str] = {}
    for name in names:
        said = name.strip()
        if said and key_of(said):
            found.setdefault(key_of(said), said)
    return found


def require_row_id(number: int) -> int:
    """The number when a row could have it; raises NotFound as for an absent row."""
    if not 0 < number <= LARGEST_ID:
        raise NotFound(_("ไม่พบสิ่งที่ขอ อาจถูกลบไปแล้วหรือพิมพ์ที่อยู่ผิด"))
    return number


def found_or_made(
    session: Session,
    wanted: Mapping[str, str],
    find: Callable[[Collection[str]], dict[str, Row]],
    make: Callable[[str], Row],
) -> dict[str, Row]:
    """The row of each key; those not found are made from their name and flushed.

    ``wanted`` maps keys to names as written. When someone else makes the same row at this very
    moment, theirs is taken.
    """
    found = find(wanted.keys()) if wanted else {}
    for again in range(TRIES):
        missing = {key: name for key, name in wanted.items() if key not in found}
        if not missing:
            break
        made = {key: make(name) for key, name in missing.items()}
        try:
            with session.begin_nested():
                session.add_all(made.values())
        except IntegrityError:
            if again == TRIES - 1:
                raise
            found |= find(missing.keys())
        else:
            found |= made
    return found


def kept_id(
    session: Session,
    number: InstrumentedAttribute[int],
    merged_into: InstrumentedAttribute[int | None],
    gone: int,
) -> int | None:
    """The end of the way from one that was joined to another; None for one that was not."""
    end: int | None = None
    while gone <= LARGEST_ID and (
        next_one := session.scalar(select(merged_into).where(number == gone))
    ):
        end = gone = next_one
    return end


def too_long(texts: Mapping[str, Sequence[str]], longest: Mapping[str, int]) -> dict[str, str]:
    """A sentence for each field with a text over its length, or with too many of them."""
    problems = {
        field: _("ยาวเกินไป ใส่ได้ไม่เกิน %(n)s ตัวอักษร", n=longest[field])
        for field, given in texts.items()
        if any(len(text) > longest[field] for text in given)
    }
    for field, given in texts.items():
        if len(given) > MOST_NAMES:
            problems[field] = _("มากเกินไป ใส่ได้ไม่เกิน %(n)s ชื่อ", n=MOST_NAMES)
    return problems
