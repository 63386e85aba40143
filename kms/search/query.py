"""What is asked of the search, read from an address or a command line and written back."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TypeVar

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from kms import naming, organisations, people, places, roles, tags, themes
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models import Organisation, OrganisationAlias, Person, PersonAlias
from kms.note_kinds import Kind
from kms.permissions import SYSTEM, Viewer
from kms.thai import dates
from kms.thai.words import fold

SORTS = ("relevance", "newest", "oldest")
LONGEST_LIMIT = 100
DEFAULT_LIMIT = 20
LONGEST_WORDS = 10_000
MOST_VALUES = 50
# Filters typed into the box beyond these stay words.
MOST_IN_BOX = 20
FARTHEST_OFFSET = 10_000_000

_PLACE_WIDTHS = {"province": 2, "amphoe": 4, "tambon": 6}
_PLACE_MARKS = {"province": "จังหวัด", "amphoe": "อำเภอ", "tambon": "ตำบล"}
_PLACE = r"(?:จังหวัด|จ\.|อำเภอ|อ\.|ตำบล|ต\.)\s?[^\s\".]+"
_BOX_FILTER = re.compile(
    rf"(?<!\S)(?:(?P<place>{_PLACE}(?:\s*{_PLACE})*)|#(?P<tag>[^\s\"#]+)"
    r"|@(?P<person>[^\s\"@]+))(?!\S)"
)
_ONE_PLACE = re.compile(rf"(?<!\S){_PLACE}(?!\S)")
_QUOTED = re.compile(r'"[^"]*"|“[^“”]*”')
_QUOTE = re.compile('["“”„«»＂]')

One = TypeVar("One")


@dataclass(frozen=True)
class Query:
    """Words and filters. Values of one filter widen it; different filters narrow each other.

    ``places`` are DOPA codes (a code includes all beneath), ``themes`` slugs (with their
    sub-themes), ``kinds`` and ``roles`` codes, ``people`` and ``organisations`` ids and
    ``tags`` folded keys. ``from_day`` to ``to_day`` include both ends and keep the notes whose
    event touches them. Without words the newest come first. ``unread`` has a sentence for each
    thing in the words that could not be used as it was typed.
    """

    words: str = ""
    places: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    people: tuple[int, ...] = ()
    organisations: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    from_day: date | None = None
    to_day: date | None = None
    sort: str = "relevance"
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    snippets: bool = True
    unread: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is asked: no words and no filter."""
        blank = replace(
            self,
            sort="relevance",
            limit=DEFAULT_LIMIT,
            offset=0,
            snippets=True,
            words="",
            unread=(),
        )
        return not self.words.strip() and blank == Query()


def read(
    parameters: Mapping[str, Sequence[str]], session: Session, *, seen_by: Viewer = SYSTEM
) -> Query:
    """The query that an address or a command line asks for.

    Names and codes both do; years are BE or CE. What is typed in ``q`` is never refused:
    ``จ.สงขลา``, ``ต.หูล่อง``, ``#tag`` or ``@name`` there become filters when only one thing is
    meant. A name that only notes hidden from ``seen_by`` tell is as unknown as one that no note
    tells. Raises Invalid whose ``problems`` are keyed by parameter.
    """
    reading = _Reading(parameters, session, seen_by)
    query = Query(
        words=reading.words(),
        places=reading.places(),
        themes=reading.each("theme", reading.theme),
        kinds=reading.each("kind", _kind),
        roles=reading.each("role", lambda text: (roles.read(text),)),
        people=reading.each("person", reading.person),
        organisations=reading.each("organisation", reading.organisation),
        tags=reading.each("tag", lambda text: (tags.key(text),)),
        from_day=reading.day("from", last=False),
        to_day=reading.day("to", last=True),
        sort=reading.sort(),
        limit=reading.whole("limit", DEFAULT_LIMIT, 1, LONGEST_LIMIT),
        offset=reading.whole("offset", 0, 0, FARTHEST_OFFSET),
    )
    if query.from_day and query.to_day and query.from_day > query.to_day:
        reading.problems["to"] = _("วันสุดท้ายมาก่อนวันแรก")
    if reading.problems:
        raise Invalid(" ".join(reading.problems.values()), reading.problems)
    return _with_box_filters(query, reading)


def to_parameters(query: Query) -> list[tuple[str, str]]:
    """Names and values that ``read`` turns into this query again; defaults are left out."""
    pairs = [("q", query.words)] if query.words else []
    widths = {width: name for name, width in _PLACE_WIDTHS.items()}
    pairs += [(widths[len(code)], code) for code in query.places]
    pairs += [("theme", slug) for slug in query.themes]
    pairs += [("kind", kind) for kind in query.kinds]
    pairs += [("role", role) for role in query.roles]
    pairs += [("person", str(number)) for number in query.people]
    pairs += [("organisation", str(number)) for number in query.organisations]
    pairs += [("tag", tag) for tag in query.tags]
    pairs += [("from", query.from_day.isoformat())] if query.from_day else []
    pairs += [("to", query.to_day.isoformat())] if query.to_day else []
    pairs += [("sort", query.sort)] if query.sort != "relevance" else []
    pairs += [("limit", str(query.limit))] if query.limit != DEFAULT_LIMIT else []
    pairs += [("offset", str(query.offset))] if query.offset else []
    return pairs


class _Reading:
    """One set of parameters being read; problems are gathered by parameter."""

    def __init__(
        self, parameters: Mapping[str, Sequence[str]], session: Session, seen_by: Viewer
    ) -> None:
        self._given = parameters
        self._session = session
        self._seen_by = seen_by
        self.problems: dict[str, str] = {}

    @cached_property
    def tree(self) -> themes.Tree:
        return themes.load(self._session)

    def _texts(self, name: str) -> list[str]:
        given = self._given.get(name, ())
        texts = [_readable(text).strip() for text in given]
        if len(texts) > MOST_VALUES:
            self.problems[name] = _("เลือกได้ไม่เกิน %(n)s ค่า", n=MOST_VALUES)
            return []
        return [text for text in texts if text]

    def each(self, name: str, meant: Callable[[str], Sequence[One]]) -> tuple[One, ...]:
        """What each text of a parameter means, once; unknown ones become its problem."""
        found: dict[One, None] = {}
        for text in self._texts(name):
            try:
                found.update(dict.fromkeys(meant(text)))
            except Invalid as problem:
                self.problems[name] = problem.message
        return tuple(found)

    def words(self) -> str:
        return _readable(" ".join(self._given.get("q", ()))[:LONGEST_WORDS]).strip()

    def places(self) -> tuple[str, ...]:
        levels = {**_PLACE_WIDTHS, "place": 0}
        found = (self.each(name, lambda text, n=name: _places(text, n)) for name in levels)  # type: ignore[misc]
        return tuple(dict.fromkeys(code for codes in found for code in codes))

    def theme(self, text: str) -> tuple[str, ...]:
        node = self.tree.by_slug.get(text) or self._theme_named(naming.key(text))
        node = self.tree.kept(node.slug) if node else None
        if node is None or not themes.is_known(self._session, node, seen_by=self._seen_by):
            raise Invalid(_("ไม่มีประเด็นชื่อ “%(text)s”", text=text[:60]))
        return (node.slug,)

    def _theme_named(self, key: str) -> themes.ThemeNode | None:
        named = [
            node
            for node in self.tree.by_slug.values()
            if key in (naming.key(node.name), naming.key(node.name_en))
        ]
        return min(named, key=lambda node: (node.status != "agreed", node.slug), default=None)

    def person(self, text: str) -> tuple[int, ...]:
        if text.isascii() and text.isdecimal():
            return (naming.require_row_id(int(text[:12])),) if _fits(text) else ()
        key = people.key(text)
        called = union(
            select(Person.id).where(Person.name_key == key),
            select(PersonAlias.person_id).where(PersonAlias.key == key),
        )
        known = people.named_in_notes(self._seen_by)
        found = self._session.scalars(select(Person.id).where(Person.id.in_(called), known)).all()
        if not found or not key:
            raise Invalid(_("ไม่พบคนชื่อ “%(text)s”", text=text[:60]))
        return tuple(sorted(found))

    def organisation(self, text: str) -> tuple[int, ...]:
        if text.isascii() and text.isdecimal():
            return (naming.require_row_id(int(text[:12])),) if _fits(text) else ()
        found = self._session.scalars(
            select(Organisation.id)
            .join(OrganisationAlias, OrganisationAlias.organisation_id == Organisation.id)
            .where(
                OrganisationAlias.key == organisations.key(text),
                organisations.known_to(self._seen_by),
            )
        )
        ids = tuple(found)
        if not ids:
            raise Invalid(_("ไม่พบองค์กรชื่อ “%(text)s”", text=text[:60]))
        return ids

    def day(self, name: str, *, last: bool) -> date | None:
        texts = self._texts(name)
        if not texts:
            return None
        try:
            return _day(texts[-1], last=last)
        except ValueError as problem:
            self.problems[name] = str(problem)
            return None

    def sort(self) -> str:
        texts = self._texts("sort") or ["relevance"]
        if texts[-1] not in SORTS:
            self.problems["sort"] = _("เรียงได้ด้วย %(known)s เท่านั้น", known=", ".join(SORTS))
            return SORTS[0]
        return texts[-1]

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        texts = self._texts(name)
        if not texts:
            return default
        text = fold(texts[-1])
        if not text.isascii() or not text.isdecimal() or not least <= int(text[:12]) <= most:
            said = _("ต้องเป็นจำนวนเต็ม %(least)s ถึง %(most)s", least=least, most=most)
            self.problems[name] = said
            return default
        return int(text[:12])


def _readable(text: str) -> str:
    """Without what no database takes: half characters and the null character."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode()


def _fits(text: str) -> bool:
    return 0 < int(text[:12]) <= naming.LARGEST_ID


def _kind(text: str) -> tuple[str, ...]:
    try:
        return (Kind(text).value,)
    except ValueError:
        known = ", ".join(kind.value for kind in Kind)
        raise Invalid(
            _("ไม่รู้จักชนิด “%(text)s” ใช้ได้: %(known)s", text=text[:60], known=known)
        ) from None


def _places(text: str, level: str) -> tuple[str, ...]:
    """The places meant; a name that several places of the level share means all of them."""
    width = _PLACE_WIDTHS.get(level, 0)
    code = fold(text)
    if code.isascii() and code.isdecimal():
        if places.exists(code) and len(code) == (width or len(code)):
            return (code,)
        raise Invalid(_("ไม่มีพื้นที่รหัส %(code)s", code=code[:20]))
    reading = places.read(text)
    found = _of_width(_meant(reading, text), width)
    if not found and width:
        again = places.read(_PLACE_MARKS[level] + text)
        found = _of_width(_meant(again, text), width)
    if not found:
        raise Invalid(_("ไม่พบพื้นที่ชื่อ “%(text)s”", text=text[:60]))
    return found


def _meant(reading: places.Reading, text: str) -> list[places.Place]:
    """The place read, and those of the very same name; not the ones that are only spelt alike."""
    named = [place for place in reading.candidates if fold(place.name) in fold(text)]
    return [reading.place, *named] if reading.place else named


def _of_width(found: Sequence[places.Place], width: int) -> tuple[str, ...]:
    codes = (place.code for place in found)
    return tuple(dict.fromkeys(code for code in codes if len(code) == (width or len(code))))


def _day(text: str, *, last: bool) -> date:
    """First or last day of a year, month or day as people write it. Raises ValueError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        year = dates.read_year(text)
    except ValueError:
        held = dates.read(text)
        return held.last if last else held.first
    return date(year, 12, 31) if last else date(year, 1, 1)


def _with_box_filters(query: Query, reading: _Reading) -> Query:
    """Take places, tags and people out of the words where they can mean one thing only."""
    if not query.words:
        return query
    box = _Box(reading)
    words = _outside_quotes(query.words, box.take)
    words = " ".join(words.split())
    return replace(
        query,
        words=words,
        places=_with(query.places, box.places),
        tags=_with(query.tags, box.tags),
        people=_with(query.people, box.people),
        unread=(*box.unread, *_said_of(words)),
    )


class _Box:
    """What is found among typed words; what cannot be read stays there and is said."""

    def __init__(self, reading: _Reading) -> None:
        self._reading = reading
        self.places: list[str] = []
        self.tags: list[str] = []
        self.people: list[int] = []
        self.unread: list[str] = []
        self._met = itertools.count()

    def take(self, match: re.Match[str]) -> str:
        if next(self._met) >= MOST_IN_BOX:
            return match[0]
        if match["tag"]:
            self.tags.append(tags.key(match["tag"]))
            return " "
        if match["person"]:
            return self._take_person(match["person"].replace("_", " ")) or match[0]
        whole = places.read(match["place"]).place
        if whole:
            self.places.append(whole.code)
            return " "
        return _ONE_PLACE.sub(self._take_place, match["place"])

    def _take_place(self, match: re.Match[str]) -> str:
        if next(self._met) > MOST_IN_BOX:
            return match[0]
        reading = places.read(match[0])
        if reading.place:
            self.places.append(reading.place.code)
            return " "
        named = _meant(reading, match[0])
        text = match[0][:60]
        if named:
            said = _(
                "“%(text)s” มี %(n)s แห่ง จึงค้นเป็นคำ พิมพ์อำเภอหรือจังหวัดต่อท้ายเพื่อเลือกแห่งเดียว",
                text=text,
                n=len(named),
            )
        else:
            said = _("ไม่พบพื้นที่ “%(text)s” จึงค้นเป็นคำ", text=text)
        self.unread.append(said)
        return match[0]

    def _take_person(self, name: str) -> str:
        try:
            found = self._reading.person(name)
        except Invalid:
            found = ()
        if len(found) == 1:
            self.people.extend(found)
            return " "
        text = name[:60]
        if found:
            said = _("มีคนชื่อ “%(text)s” %(n)s คน จึงค้นเป็นคำ", text=text, n=len(found))
        else:
            said = _("ไม่พบคนชื่อ “%(text)s” จึงค้นเป็นคำ", text=text)
        self.unread.append(said)
        return ""


def _said_of(words: str) -> Iterator[str]:
    """What is odd in the words themselves."""
    if len(_QUOTE.findall(words)) % 2:
        yield _("เครื่องหมายคำพูดเปิดไว้แต่ไม่ได้ปิด จึงค้นเป็นคำธรรมดา")
    if words.strip("- ") and all(word.startswith("-") for word in _QUOTED.sub("x", words).split()):
        yield _("มีแต่คำที่ไม่เอา จึงแสดงบันทึกทั้งหมดที่ไม่มีคำนั้น")


def _outside_quotes(words: str, take: Callable[[re.Match[str]], str]) -> str:
    pieces: list[str] = []
    at = 0
    for quoted in _QUOTED.finditer(words):
        pieces += [_BOX_FILTER.sub(take, words[at : quoted.start()]), quoted[0]]
        at = quoted.end()
    pieces.append(_BOX_FILTER.sub(take, words[at:]))
    return "".join(pieces)


def _with(values: tuple[One, ...], more: Sequence[One]) -> tuple[One, ...]:
    return tuple(dict.fromkeys([*values, *more]))
