"""Ways on from a search that found nothing, or not all of it: each with the notes it would give."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from kms.permissions import SYSTEM, Viewer
from kms.search import engine
from kms.search.arrays import Snapshot
from kms.search.asking import Ask, understand
from kms.search.query import Query

# Of more words than these, which are a question, none is looked at alone.
MOST_WORDS = 8
MOST_FEWER = 3
# Shorter ones are abbreviations and particles, which lead everywhere.
SHORTEST_ALONE = 3
_VALUES = ("places", "themes", "kinds", "roles", "people", "organisations", "tags")


@dataclass(frozen=True)
class Way:
    """Another query, and the notes this viewer would find by it.

    ``label`` is the word sought alone or left out; of a filter let go ``name`` is the part of
    the query and ``value`` the one let go; of a wider place ``value`` is its code.
    """

    query: Query
    notes: int
    label: str = ""
    name: str = ""
    value: str = ""


@dataclass(frozen=True)
class WaysOut:
    """``missing`` are the words that no note the viewer may see has, under any filter."""

    missing: tuple[str, ...] = ()
    alone: tuple[Way, ...] = ()
    fewer: tuple[Way, ...] = ()
    unfiltered: tuple[Way, ...] = ()
    wider: tuple[Way, ...] = ()


def ways_out(snapshot: Snapshot, query: Query, *, seen_by: Viewer) -> WaysOut:
    """All ways that lead to a note; no statement."""
    audiences = None if seen_by == SYSTEM else seen_by.audiences
    count = partial(engine.count, snapshot, audiences=audiences)
    plain = replace(query, offset=0)
    words = _words(query)
    bare = Query()
    missing = [word for word in words if not count(replace(bare, words=word))]
    present = [word for word in words if word not in missing]

    def leading(ways: Iterator[Way]) -> tuple[Way, ...]:
        counted = (replace(way, notes=count(way.query)) for way in ways)
        return tuple(way for way in counted if way.notes)

    fewer = leading(_fewer(plain, present, missing))
    # A word that no note has would stand in every other way.
    able = _with_words(plain, " ".join(present)) if missing else plain
    leads_on = bool(present) or not words
    return WaysOut(
        missing=tuple(missing),
        alone=leading(_alone(plain, present)) if len(words) > 1 else (),
        fewer=tuple(sorted(fewer, key=lambda way: -way.notes)[:MOST_FEWER]),
        unfiltered=leading(_unfiltered(able)) if leads_on else (),
        wider=leading(_wider(able)) if leads_on else (),
    )


def _words(query: Query) -> list[str]:
    asks = understand(query.words).wanted
    return [_said(ask) for ask in asks] if len(asks) <= MOST_WORDS else []


def _said(ask: Ask) -> str:
    text = "".join(word.text for word in ask.forms[0])
    return f'"{text}"' if " " in text else text


def _with_words(query: Query, words: str) -> Query:
    """These words in place of those wanted; what is refused stays refused."""
    refused = (word for word in query.words.split() if word.startswith("-"))
    return replace(query, words=" ".join([words, *refused]))


def _alone(query: Query, words: list[str]) -> Iterator[Way]:
    telling = (word for word in words if len(word) >= SHORTEST_ALONE)
    return (Way(_with_words(query, word), 0, label=word) for word in telling)


def _fewer(query: Query, present: list[str], missing: list[str]) -> Iterator[Way]:
    """Without the words that no note has; when every word has one, without each in turn."""
    if missing and len(present) > 1:
        yield Way(_with_words(query, " ".join(present)), 0, label=" ".join(missing))
    elif len(present) > 2:
        for word in present:
            rest = " ".join(one for one in present if one != word)
            yield Way(_with_words(query, rest), 0, label=word)


def _unfiltered(query: Query) -> Iterator[Way]:
    """Each filter let go by itself, then all of them."""
    filters = 0
    for name in _VALUES:
        for value in getattr(query, name):
            filters += 1
            change: dict[str, Any] = {name: tuple(v for v in getattr(query, name) if v != value)}
            yield Way(replace(query, **change), 0, name=name, value=str(value))
    if query.from_day or query.to_day:
        filters += 1
        yield Way(replace(query, from_day=None, to_day=None), 0, name="days")
    if filters > 1:
        yield Way(Query(words=query.words, sort=query.sort, limit=query.limit), 0)


def _wider(query: Query) -> Iterator[Way]:
    """The places around each place, the nearest first."""
    around = [code[:width] for code in query.places for width in (4, 2) if width < len(code)]
    for code in dict.fromkeys(around):
        rest = (one for one in query.places if not one.startswith(code))
        yield Way(replace(query, places=(*rest, code)), 0, name="places", value=code)
