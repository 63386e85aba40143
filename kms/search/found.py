"""What a search answers: hits, counts and the values that narrow it further."""

from dataclasses import dataclass, field
from datetime import date

from markupsafe import Markup

from kms.search.query import Query

FACETS = ("kind", "province", "amphoe", "tambon", "theme", "role", "organisation", "year")


@dataclass(frozen=True)
class FacetValue:
    """One value to narrow by, with how many notes it would leave.

    ``parent`` is the value above it in its tree (a theme's parent, an amphoe's province) and
    ``level`` its depth there, from 0. ``chosen`` says that the query already narrows by it.
    """

    value: str
    label: str
    count: int
    level: int = 0
    parent: str | None = None
    chosen: bool = False


@dataclass(frozen=True)
class Hit:
    """One note found, its words marked; ``source`` and ``source_id`` tell where it came from."""

    number: int
    kind: str
    title: str
    title_marked: Markup
    url: str
    snippet: Markup
    score: float
    held_from: date | None
    held_to: date | None
    place_codes: tuple[str, ...]
    theme_slugs: tuple[str, ...]
    theme_labels: tuple[str, ...]
    source: str | None
    source_id: str | None
    visibility: str


@dataclass(frozen=True)
class Found:
    """The answer to a query.

    ``facets`` has one entry for each name in ``FACETS``, values in the order to show them; the
    amphoe of chosen provinces and the tambon of chosen amphoe only. ``loosened`` says that no
    note has all the words, so that ``total`` counts notes with some of them. (Of five words and
    more, which are mostly a question, a part is always enough.) ``unread`` names
    what was typed and could not be used, each as a sentence.
    """

    query: Query
    total: int
    took_ms: float
    hits: tuple[Hit, ...] = ()
    facets: dict[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    did_you_mean: str | None = None
    loosened: bool = False
    unread: tuple[str, ...] = ()
