"""Searches that someone kept, asked again: which of the newest notes and steps they find."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import parse_qs, urlencode

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from kms import following, news, places
from kms.following import Followed
from kms.models import LessonStep, Note
from kms.news import Watch, step_told_to
from kms.permissions import Viewer, visible_to
from kms.search.index import Index
from kms.search.query import Query, to_parameters
from kms.themes import Tree

# Of all that a search finds so many of the last published, and of the last steps, are looked
# through.
MOST_RECENT = 500
PLACES = ("province", "amphoe", "tambon")


def address_of(query: Query) -> str:
    """What is asked, as it is kept: without how to order and cut the hits. Empty for nothing."""
    bare = replace(query, sort="relevance", offset=0, limit=Query.limit, unread=())
    return "" if bare.is_empty else urlencode(to_parameters(bare))


def watch(session: Session, index: Index, *, seen_by: Viewer) -> Watch:
    """What this viewer follows, the hits of kept searches looked up; raises Unavailable.

    Two statements more than ``following.listing`` where searches are kept, none otherwise.
    """
    followed, tree = following.listing(session, seen_by=seen_by)
    hits = hits_of(session, index, followed, tree, seen_by=seen_by)
    return news.watch(followed, tree, viewer=seen_by, hits=hits)


def hits_of(
    session: Session, index: Index, followed: Sequence[Followed], tree: Tree, *, seen_by: Viewer
) -> dict[int, frozenset[int]]:
    """By the id of each search among these, the recent notes that it finds."""
    searches = [one for one in followed if one.kind == "search"]
    if not searches:
        return {}
    queries = _queries(session, searches, tree, seen_by)
    recent = recent_numbers(session, seen_by=seen_by)
    return {
        number: recent & index.numbers(session, query, seen_by=seen_by)
        for number, query in queries.items()
    }


def recent_numbers(session: Session, *, seen_by: Viewer) -> frozenset[int]:
    """The notes looked through: the last published, and the lessons of the last steps told."""
    published = (
        select(Note.id)
        .where(Note.published_at.is_not(None), visible_to(seen_by))
        .order_by(Note.published_at.desc(), Note.id.desc())
        .limit(MOST_RECENT)
    )
    stepped = (
        select(LessonStep.lesson_id)
        .join(Note, Note.id == LessonStep.lesson_id)
        .where(LessonStep.undone_at.is_(None), visible_to(seen_by), *step_told_to(seen_by))
        .order_by(LessonStep.id.desc())
        .limit(MOST_RECENT)
    )
    both = union(*(select(one.subquery()) for one in (published, stepped)))
    return frozenset(session.scalars(both))


def _queries(
    session: Session, searches: Sequence[Followed], tree: Tree, viewer: Viewer
) -> dict[int, Query]:
    """Each kept search as a query, by the id of the follow, through what was merged since."""
    given = {one.id: parse_qs(one.target) for one in searches}
    people = {int(text) for asked in given.values() for text in asked.get("person", ())}
    merged = following.people_named(session, people, seen_by=viewer)
    return {
        number: replace(
            _query(asked, tree),
            people=tuple(
                merged[int(text)][0] if int(text) in merged else int(text)
                for text in asked.get("person", ())
            ),
        )
        for number, asked in given.items()
    }


def _query(asked: dict[str, list[str]], tree: Tree) -> Query:
    """As ``query.to_parameters`` wrote it; needs no database, for everything in it is a code."""

    def each(name: str) -> tuple[str, ...]:
        return tuple(asked.get(name, ()))

    codes = (code for name in PLACES for code in each(name) if places.exists(code))
    first, last = asked.get("from"), asked.get("to")
    return Query(
        words=" ".join(each("q")),
        places=tuple(codes),
        themes=tuple(node.slug if (node := tree.kept(slug)) else slug for slug in each("theme")),
        kinds=each("kind"),
        roles=each("role"),
        organisations=tuple(map(int, each("organisation"))),
        tags=each("tag"),
        from_day=date.fromisoformat(first[0]) if first else None,
        to_day=date.fromisoformat(last[0]) if last else None,
    )
