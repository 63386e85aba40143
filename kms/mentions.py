"""People called by @name in a comment: found when it is written, linked where they are known.

Only people with an account can be called. Whether the comment may be seen by them is asked when
their news are read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ScalarSelect, String, case, cast, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from kms import people
from kms.models import (
    Account,
    Comment,
    Mention,
    Note,
    Person,
    PersonAlias,
)
from kms.permissions import ACCOUNT, SeenAs, Viewer, visible_to
from kms.thai.words import is_cluster_boundary

MOST_CALLED = 20
LONGEST_NAME = 100

_AT = re.compile(r"(?<![A-Za-z0-9._%+-])@(?=\S)")
_CODE = re.compile(r"`+[^`]{1,2000}`+")
# Whatever ends a line, also where "." and splitlines() do not agree.
_END = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029@]")


@dataclass
class _Named:
    """Who goes by a name: as their own, as another spelling of it, or as a nickname."""

    own: set[int] = field(default_factory=set)
    others: set[int] = field(default_factory=set)

    @property
    def one(self) -> int | None:
        """The only one who can be meant."""
        meant = self.own or self.others
        return next(iter(meant)) if len(meant) == 1 else None


def keep(session: Session, comment: Comment) -> None:
    """Bring what is kept of who is called in step with the words of a comment that is flushed."""
    rows = session.scalars(select(Mention).where(Mention.comment_id == comment.id)).all()
    wanted = _called(session, comment.body)
    for row in rows:
        if row.person_id in wanted:
            row.name = wanted.pop(row.person_id)
        else:
            session.delete(row)
    session.add_all(
        Mention(comment_id=comment.id, person_id=person, name=name)
        for person, name in wanted.items()
    )
    session.flush()


def suggest(session: Session, words: str, limit: int, *, seen_by: Viewer) -> list[Person]:
    """People who can be called and go by a name with these letters, of those the viewer knows."""
    wanted = people.key(words)
    if not wanted:
        return []
    aliases = select(PersonAlias.person_id).where(PersonAlias.key.contains(wanted, autoescape=True))
    called = or_(
        Person.name_key.contains(wanted, autoescape=True),
        Person.nickname.contains(wanted, autoescape=True),
        Person.id.in_(aliases),
    )
    begins = Person.name_key.startswith(wanted, autoescape=True)
    found = session.scalars(
        select(Person)
        .join(Account, Account.person_id == Person.id)
        .where(Account.is_active, called, people.open_to(seen_by))
        .order_by(case((begins, 0), else_=1), Person.name_key, Person.id)
        .limit(limit),
        {ACCOUNT: seen_by.account_id},
    )
    return list(found)


def of_person(session: Session, person_id: int, *, seen_by: Viewer) -> list[Comment]:
    """The comments that call this person, of those that the viewer may read."""
    return list(
        session.scalars(
            select(Comment)
            .join(Mention, Mention.comment_id == Comment.id)
            .join(Note, Note.id == Comment.note_id)
            .where(Mention.person_id == person_id, Comment.hidden_at.is_(None), visible_to(seen_by))
            .order_by(Comment.id)
        )
    )


def forget(session: Session, person_id: int) -> None:
    """Keep no longer who was called; the words stay as their writers wrote them."""
    for row in session.scalars(select(Mention).where(Mention.person_id == person_id)):
        session.delete(row)
    session.flush()


def links(way: SeenAs) -> ScalarSelect[str]:
    """A column beside a Comment: whom it calls, of those of whom such viewers may know.

    A line for each, as ``read_links`` reads it.
    """
    line = cast(Mention.person_id, String).concat(":").concat(Mention.name)
    return (
        select(func.aggregate_strings(line, "\n"))
        .join(Person, Person.id == Mention.person_id)
        .where(
            Mention.comment_id == Comment.id,
            people.known_as(way),
        )
        .correlate(Comment)
        .scalar_subquery()
    )


def read_links(lines: str | None) -> dict[str, str]:
    """Name as it was written → address of the person's page."""
    pairs = (line.partition(":") for line in (lines or "").split("\n") if line)
    return {name: f"/people/{number}" for number, _colon, name in pairs}


def _called(session: Session, body: str) -> dict[int, str]:
    """Id → the name as it was written, of everyone whom the text calls."""
    text = _CODE.sub(lambda code: " " * len(code[0]), body)
    starts = [match.end() for match in _AT.finditer(text)]
    if not starts:
        return {}
    known = _known(session)
    found: dict[int, str] = {}
    for start in starts:
        person, name = _longest(text, start, known)
        if person is not None and len(found) < MOST_CALLED:
            found.setdefault(person, name)
    return found


def _longest(text: str, start: int, known: Mapping[str, _Named]) -> tuple[int | None, str]:
    """The one whose name, the longest of all that fit, stands there."""
    for name in _beginnings(text, start):
        named = known.get(people.key(name))
        if named is not None:
            return named.one, name
    return None, ""


def _beginnings(text: str, start: int) -> Iterator[str]:
    """What may be a name there, the longest first; no letter or sign is cut in two."""
    stop = _END.search(text, start)
    rest = text[start : min(stop.start() if stop else len(text), start + LONGEST_NAME)]
    follows = text[start + len(rest) : start + len(rest) + 1]
    for end in range(len(rest), 0, -1):
        after = rest[end] if end < len(rest) else follows
        is_inside = _is_latin(rest[end - 1]) and _is_latin(after)
        if not is_inside and not rest[end - 1].isspace() and is_cluster_boundary(rest + after, end):
            yield rest[:end]


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _known(session: Session) -> dict[str, _Named]:
    """Everyone with an open account by the keys of all names they go by; one statement."""
    own = select(Person.id, Person.name_key.label("name"), Person.nickname)
    other = select(Person.id, PersonAlias.key, Person.nickname).join(
        PersonAlias, PersonAlias.person_id == Person.id
    )
    have = Account.is_active & (Account.person_id == Person.id)
    rows = session.execute(
        union_all(
            own.add_columns(literal("own")).join(Account, have),
            other.add_columns(literal("other")).join(Account, have),
        )
    )
    found: dict[str, _Named] = {}
    for number, name, nickname, which in rows:
        named = found.setdefault(name, _Named())
        (named.own if which == "own" else named.others).add(number)
        if nickname:
            found.setdefault(people.key(nickname), _Named()).others.add(number)
    found.pop("", None)
    return found
