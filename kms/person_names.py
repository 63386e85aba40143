"""Names of people as keys, and the people they mean; ``people`` offers these as its own."""

import re
from collections.abc import Collection, Iterable

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from kms import naming
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models import Person, PersonAlias
from kms.thai.words import is_cluster_boundary

LONGEST_NAME = 200

_TITLES = re.compile(
    r"(?:นางสาว|น\.\s?ส\.|นาง|นาย(?!ก(?:$|\s|อบ|อ\.|เทศ|องค์|สมาคม|สภา|เมือง|รัฐ|เหล่า))"
    r"|ผศ\.|รศ\.|ศ\.|ดร\.|ผอ\.|อาจารย์|คุณ|พี่|น้า)\s*"
)


def key(name: str) -> str:
    """The form by which a person is found: folded, without the titles people put before names."""
    said = naming.key(name, 10 * LONGEST_NAME)
    while title := _TITLES.match(said):
        rest = said[title.end() :]
        # คุณากร and นางาม only begin like a title.
        if len(rest) < 2 or not is_cluster_boundary(said, title.end()):
            break
        said = rest
    return said[:LONGEST_NAME]


def resolve(session: Session, names: Iterable[str]) -> dict[str, Person]:
    """Name as written → person; unknown ones are made. One statement, and the inserts."""
    given = list(names)
    wanted = naming.by_key(given, key)

    def find(keys: Collection[str]) -> dict[str, Person]:
        return _found(session, keys)

    found = naming.found_or_made(session, wanted, find, _made)
    return {name: found[key(name)] for name in given if key(name) in found}


def known(
    session: Session, names: Iterable[str], *, among: Collection[int] | None = None
) -> dict[str, Person]:
    """As ``resolve``, but makes nobody; ``among`` are the ids of those who may be meant."""
    given = list(names)
    wanted = naming.by_key(given, key)
    found = _found(session, wanted.keys(), among) if wanted else {}
    return {name: found[key(name)] for name in given if key(name) in found}


def find_or_create(session: Session, name: str, *, place_code: str | None = None) -> Person:
    """The person of this name; the place is kept when it was not known. Invalid for no name."""
    found = resolve(session, [name])
    if name not in found:
        sentence = _("ใส่ชื่อคน")
        raise Invalid(sentence, {"name": sentence})
    person = found[name]
    if place_code and person.place_code is None:
        person.place_code = place_code
        session.flush()
    return person


def _found(
    session: Session, keys: Collection[str], among: Collection[int] | None = None
) -> dict[str, Person]:
    """By own name first, then by alias; of two with the same name the one known longer."""
    keyed = union(
        select(Person.id, Person.name_key.label("key")).where(
            Person.name_key.in_(keys), Person.merged_into_id.is_(None)
        ),
        select(PersonAlias.person_id, PersonAlias.key).where(PersonAlias.key.in_(keys)),
    ).subquery()
    rows = select(keyed.c.key, Person).join(Person, Person.id == keyed.c.id).order_by(Person.id)
    if among is not None:
        rows = rows.where(Person.id.in_(among))
    found: dict[str, Person] = {}
    for called, person in session.execute(rows):
        if called not in found or (person.name_key == called and found[called].name_key != called):
            found[called] = person
    return found


def _made(name: str) -> Person:
    said = " ".join(name.split())[:LONGEST_NAME]
    return Person(name=said, name_key=key(said))
