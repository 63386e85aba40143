"""Organisations: agencies, funds, networks and groups, each found by any way of writing it."""

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import naming
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models import Organisation, OrganisationAlias

LONGEST_NAME = 250

# The first word of a name usually says what it is; curators correct the rest.
_KIND_OF_FIRST_WORD = {
    "เทศบาล": "local",
    "องค์การบริหารส่วน": "local",
    "อบต": "local",
    "อบจ": "local",
    "กระทรวง": "state",
    "กรม": "state",
    "สำนักงาน": "state",
    "ที่ทำการ": "state",
    "โรงพยาบาล": "state",
    "มหาวิทยาลัย": "academic",
    "โรงเรียน": "academic",
    "วิทยาลัย": "academic",
    "เครือข่าย": "network",
    "บริษัท": "private",
}


def key(name: str) -> str:
    """The form by which an organisation is found; dots and spaces do not count (พอช. = พอช)."""
    return naming.key(name, 10 * LONGEST_NAME).replace(" ", "").replace(".", "")[:LONGEST_NAME]


def resolve(session: Session, names: Iterable[str]) -> dict[str, Organisation]:
    """Name as written → organisation; unknown ones are made. Names without a letter are left out.

    One statement, and the inserts.
    """
    given = list(names)
    wanted = naming.by_key(given, key)

    def find(keys: Collection[str]) -> dict[str, Organisation]:
        rows = session.execute(
            select(OrganisationAlias.key, Organisation)
            .join(Organisation, Organisation.id == OrganisationAlias.organisation_id)
            .where(OrganisationAlias.key.in_(keys))
        )
        return {row[0]: row[1] for row in rows}

    found = naming.found_or_made(session, wanted, find, _made)
    return {name: found[key(name)] for name in given if key(name) in found}


def find_or_create(session: Session, name: str) -> Organisation:
    """The organisation of this name; raises Invalid for a name that says nothing."""
    found = resolve(session, [name])
    if name not in found:
        sentence = _("ใส่ชื่อองค์กร")
        raise Invalid(sentence, {"name": sentence})
    return found[name]


def _made(name: str) -> Organisation:
    said = " ".join(name.split())[:LONGEST_NAME]
    alias = OrganisationAlias(name=said, key=key(said))
    return Organisation(name=said, kind=_kind_of(said), aliases=[alias])


def _kind_of(name: str) -> str:
    kinds = (kind for word, kind in _KIND_OF_FIRST_WORD.items() if name.startswith(word))
    return next(kinds, "community")
