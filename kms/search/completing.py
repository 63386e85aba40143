"""What the search box offers while someone types: notes by title, and what narrows a search."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import places, suggestions
from kms.models import Note
from kms.permissions import SYSTEM, Viewer, visible_to
from kms.search import analysis, spelling, titles
from kms.search.arrays import Mask, Snapshot
from kms.search.asking import understand
from kms.search.folding import fold
from kms.search.matching import with_all

MOST = 8
# Of each sort of name so many, as long as there are titles for the rest.
MOST_OF_ONE = 2
MOST_NAMED = 5
SHORTEST = 2
LONGEST = 100


@dataclass(frozen=True)
class _Seen:
    """What one viewer may see of a snapshot, and the session to ask of."""

    session: Session
    snapshot: Snapshot
    within: Mask
    by: Viewer


@dataclass(frozen=True)
class Completion:
    """Something to choose: a note to go to, or what to search for.

    ``what`` is note, words, or the filter (place, theme, organisation, person) that ``value`` is
    a value of; ``words`` stay in the box beside a filter. ``notes`` counts those it would leave
    when it stood alone; of a note ``kind`` tells its kind.
    """

    what: str
    value: str
    label: str
    words: str = ""
    notes: int = 0
    kind: str = ""


def complete(
    session: Session, snapshot: Snapshot, typed: str, *, seen_by: Viewer
) -> list[Completion]:
    """At most eight, those that begin as typed first; seven statements at most.

    When nothing is like what was typed, what the same keys say on the other keyboard is tried.
    """
    said = " ".join(typed.replace("\x00", " ")[:LONGEST].split())
    if len(said) < SHORTEST:
        return []
    seen = _Seen(session, snapshot, _within(snapshot, seen_by), seen_by)
    found = _offered(seen, said)
    if found:
        return found
    turned = " ".join(spelling.other_layout(said).split())
    words = list(_as_words(seen, turned))
    if len(fold(turned)) < SHORTEST or not (words or analysis.pieces(fold(turned))):
        return []
    return [*words, *_offered(seen, turned)][:MOST]


def _within(snapshot: Snapshot, seen_by: Viewer) -> Mask:
    if seen_by == SYSTEM:
        return snapshot.live
    return snapshot.live & snapshot.mask("audience", tuple(sorted(seen_by.audiences)))


def _as_words(seen: _Seen, said: str) -> Iterator[Completion]:
    wanted = understand(said).wanted
    notes = int((seen.within & with_all(seen.snapshot, wanted)).sum()) if wanted else 0
    if notes:
        yield Completion("words", said, said, notes=notes)


def _offered(seen: _Seen, said: str) -> list[Completion]:
    named = _named(seen, said)
    before, _, last = said.rpartition(" ")
    if not named and before and len(last) >= SHORTEST:
        named = _named(seen, last, before)
    notes = _notes(seen, said)
    found = sorted([*named, *notes], key=lambda pair: not pair[1])
    return [completion for completion, _ in found[:MOST]]


def _named(seen: _Seen, said: str, words: str = "") -> list[tuple[Completion, bool]]:
    """What has such a name and stands on a note one may see; the most used first."""
    found: dict[str, list[tuple[Completion, bool]]] = {}
    for one in suggestions.named(seen.session, said, seen_by=seen.by):
        notes = int(seen.within[seen.snapshot.postings(one.what, one.value).ids].sum())
        if notes:
            label = places.path(one.value) if one.what == "place" else one.label
            completion = Completion(one.what, one.value, label, words, notes)
            found.setdefault(one.what, []).append((completion, one.begins))
    for offered in found.values():
        offered.sort(key=lambda pair: (not pair[1], -pair[0].notes))
    best = [pair for offered in found.values() for pair in offered[:MOST_OF_ONE]]
    return sorted(best, key=lambda pair: not pair[1])[:MOST_NAMED]


def _notes(seen: _Seen, said: str) -> list[tuple[Completion, bool]]:
    titled = titles.find(seen.snapshot, fold(said), seen.within, MOST)
    begins = {int(seen.snapshot.number[place]): begin for place, begin in titled}
    if not begins:
        return []
    rows = seen.session.execute(
        select(Note.id, Note.title, Note.kind).where(Note.id.in_(begins), visible_to(seen.by))
    )
    told = {row.id: Completion("note", str(row.id), row.title, kind=row.kind) for row in rows}
    return [(told[number], begin) for number, begin in begins.items() if number in told]
