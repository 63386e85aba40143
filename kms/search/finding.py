"""From a query to the page of hits: reached in the index, checked and told by the database."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from kms import themes
from kms.language import gettext as _
from kms.models import Note
from kms.permissions import SYSTEM, Viewer, visible_to
from kms.search import engine, facets, snippet
from kms.search.arrays import Snapshot
from kms.search.asking import Asked, understand
from kms.search.engine import Answer
from kms.search.found import Found, Hit
from kms.search.kept_text import decode_text
from kms.search.query import Query


@dataclass(frozen=True)
class _Shown:
    """What the index keeps to show a note by; ``folded`` is the text, line by line."""

    text: str
    folded: str
    places: tuple[str, ...]
    themes: tuple[str, ...]


@dataclass(frozen=True)
class Reached:
    """What the index alone tells of a query; ``shown`` is in the order of the answer."""

    query: Query
    asked: Asked
    answer: Answer
    shown: dict[int, _Shown]


def nothing(session: Session, query: Query) -> Found:
    """The answer of an index that has no notes."""
    return Found(query, 0, 0.0, facets=facets.build(session, {}, query, themes.Tree()))


def reach(snapshot: Snapshot, query: Query, seen_by: Viewer) -> Reached:
    """Everything that is read from the index's files; no statement."""
    asked = understand(query.words)
    audiences = None if seen_by == SYSTEM else seen_by.audiences
    answer = engine.answer(snapshot, query, asked, audiences)
    shown = {int(snapshot.number[place]): _shown(snapshot, place) for place in answer.places}
    return Reached(query, asked, answer, shown)


def told(session: Session, reached: Reached, seen_by: Viewer, began: float) -> Found:
    """The page of hits that the database still lets this viewer see; three statements.

    ``began`` is when the search was asked for, by ``time.perf_counter``.
    """
    query, answer = reached.query, reached.answer
    tree = themes.load(session)
    scored = dict(zip(reached.shown, answer.scores, strict=True))
    seen = _seen_rows(session, scored, seen_by)
    words = _marks(query, reached.asked)
    hits = tuple(
        _hit(seen[number], score, reached.shown[number], words, tree)
        for number, score in scored.items()
        if number in seen
    )
    return Found(
        query=query,
        total=answer.total - (len(scored) - len(hits)),
        took_ms=round((time.perf_counter() - began) * 1000, 2),
        hits=hits,
        facets=facets.build(session, answer.counts, query, tree),
        did_you_mean=answer.did_you_mean,
        loosened=answer.loosened,
        unread=_unread(reached.asked),
    )


def _seen_rows(
    session: Session, numbers: Iterable[int], viewer: Viewer
) -> dict[int, Row[*tuple[Any, ...]]]:
    """What the database says now of those of these notes that the viewer may see."""
    rows = session.execute(
        select(
            Note.id,
            Note.kind,
            Note.title,
            Note.held_from,
            Note.held_to,
            Note.source,
            Note.source_id,
            Note.visibility,
        ).where(Note.id.in_(numbers), visible_to(viewer))
    )
    return {row.id: row for row in rows}


def _shown(snapshot: Snapshot, place: int) -> _Shown:
    places, themes, text = decode_text(snapshot.shown(place)).split("\n", 2)
    lines = decode_text(snapshot.text(place)).split("\n")[1:]
    folded = "\n".join(lines[: text.count("\n") + 1])
    return _Shown(text, folded, tuple(places.split()), tuple(themes.split()))


def _marks(query: Query, asked: Asked) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.text for word in asked.words)) if query.snippets else ()


def _hit(
    row: Row[*tuple[Any, ...]],
    score: float,
    shown: _Shown,
    words: tuple[str, ...],
    tree: themes.Tree,
) -> Hit:
    return Hit(
        number=row.id,
        kind=row.kind,
        title=row.title,
        title_marked=snippet.marked(row.title, words),
        url=f"/notes/{row.id}",
        snippet=snippet.passage(shown.text, shown.folded, words),
        score=round(score, 3),
        held_from=row.held_from,
        held_to=row.held_to,
        place_codes=shown.places,
        theme_slugs=shown.themes,
        theme_labels=tuple(map(tree.label, shown.themes)),
        source=row.source,
        source_id=row.source_id,
        visibility=row.visibility,
    )


def _unread(asked: Asked) -> tuple[str, ...]:
    if asked.was_cut:
        return (_("คำที่พิมพ์ยาวมาก จึงค้นด้วยส่วนต้นเท่านั้น"),)
    return ()
