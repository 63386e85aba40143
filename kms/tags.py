"""Tags: free words that anyone may put on a note; spellings that fold alike are one tag."""

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import naming
from kms.models import Tag

LONGEST = 100


def key(name: str) -> str:
    """The form by which a tag is found; the # people write before it does not count."""
    return naming.key(name.strip().lstrip("#"), LONGEST)


def resolve(session: Session, names: Iterable[str]) -> list[Tag]:
    """The tags of these names in order, each once; unknown ones are made."""
    wanted = naming.by_key((name.strip().lstrip("#") for name in names), key)

    def find(keys: Collection[str]) -> dict[str, Tag]:
        rows = session.scalars(select(Tag).where(Tag.key.in_(keys)))
        return {tag.key: tag for tag in rows}

    def make(name: str) -> Tag:
        return Tag(name=name[:LONGEST], key=key(name))

    found = naming.found_or_made(session, wanted, find, make)
    return [found[one] for one in wanted]
