"""In which order lessons are put before someone who is about to act, and why each stands there.

Agreed lessons come before those that wait for it, those another lesson took the place of last.
Within these the sum of points decides; each adds to the sentence that a reader sees.

    same tambon 6, amphoe 5, province 4; near province 3; same region 2; elsewhere 1; not told 0
        (of the lesson's own places and those where it was confirmed or worked the nearest counts)
    confirmed in another place 2 each, three at most; a routine 2 more
    a use that worked 2, partly 1, six at most; one that did not -1, three at most
    on the first theme chosen 2, on each further one 1
    its words against those of the plan 0 to 3, 3 for the lesson that answers the plan best
    each further note as evidence 0.5, three at most
    contradicted and not looked at since -4; too old, or a look was asked for, -1

Equal sums: the nearer, then the newer.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain

from kms import language, places
from kms.language import gettext as _
from kms.lesson_lives import Life, LifeStep
from kms.nearness import SAME_TAMBON, UNKNOWN, Near, near
from kms.thai import words

BY_RANK = (6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0)
OF_USES = {"worked": 2.0, "partly": 1.0, "did_not": -1.0}
MOST_PLACES, MOST_FOR_USES, LEAST_FOR_USES = 3, 6.0, -3.0
# A lesson on other themes is weighed when it answers the plan at least half as well as the best.
GOOD_MATCH = 0.5
MOST_NAMED = 3
SHORTEST_TELLING = 4
# So many of the first are looked through for what speaks against those that do not work.
MOST_COMPARED = 60


@dataclass(frozen=True)
class Wanted:
    """What someone is about to do; each theme chosen is the set of its slug and all beneath it.

    ``matches`` tells how well the words of a lesson answer those of the plan, the best 1.0.
    """

    place: str = ""
    themes: tuple[frozenset[str], ...] = ()
    plan: str = ""
    matches: Mapping[int, float] = field(default_factory=dict)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The telling words of the plan, each once, as it says them."""
        return tuple(dict.fromkeys(_telling(self.plan)))


@dataclass(frozen=True)
class Offered:
    """A lesson that may be put before them, as much of it as they may see."""

    number: int
    title: str
    point: str
    holds_when: str
    what_to_do: str
    why: str
    works: bool
    places: tuple[str, ...]
    themes: frozenset[str]
    evidence: int
    life: Life

    @property
    def says(self) -> str:
        """The one point, or the title of a lesson that has none."""
        return self.point or self.title

    @cached_property
    def held(self) -> tuple[str, ...]:
        """Codes of the places where it was confirmed or used with success, each once."""
        steps = chain(self.life.confirmations, self.life.uses)
        codes = (one.place_code for one in steps if one.outcome != "did_not")
        return tuple(dict.fromkeys(code for code in codes if code))

    @cached_property
    def words(self) -> frozenset[str]:
        """The telling words of what it says and when it holds."""
        return frozenset(_telling(f"{self.says} {self.holds_when}"))

    @cached_property
    def text(self) -> str:
        """All that it says, folded."""
        said = (self.title, self.point, self.holds_when, self.what_to_do, self.why)
        return words.fold("\n".join(said))

    @property
    def confirmed_in(self) -> int:
        """In how many places it was confirmed."""
        return len({one.place_code or one.id for one in self.life.confirmations})

    def uses(self, outcome: str) -> int:
        """How many uses ended so."""
        return sum(one.outcome == outcome for one in self.life.uses)

    @property
    def worked_elsewhere(self) -> bool:
        """Whether a use in a place that is not its own succeeded."""
        return any(one.elsewhere and one.outcome == "worked" for one in self.life.uses)

    @property
    def is_contradicted(self) -> bool:
        """Whether something speaks against it that nobody has looked at since."""
        return self.life.review == "contradicted"

    @property
    def contradictions(self) -> tuple[LifeStep, ...]:
        """What people said against it that nobody has looked at since."""
        return tuple(one for one in self.life.doubts if one.step == "contradicted")

    @property
    def is_draft(self) -> bool:
        """Whether nobody has agreed to it yet."""
        return self.life.stage == "draft"


@dataclass(frozen=True)
class Placed:
    """A lesson in its place."""

    lesson: Offered
    near: Near
    points: float
    wanted: Wanted

    @cached_property
    def why(self) -> str:
        """The one sentence that tells why it stands there; made for those that are shown."""
        return _reason(self.lesson, self.wanted)

    @property
    def order(self) -> tuple[object, ...]:
        """Sorts the first to be read first."""
        life = self.lesson.life
        replaced = life.superseded_by is not None
        return replaced, self.lesson.is_draft, -self.points, *self.near.order, -life.lesson


def fits(lesson: Offered, wanted: Wanted) -> bool:
    """Whether a lesson found by the plan's words alone is about it: two of them, or all there are.

    One on a theme that was chosen is, and so is any where no theme was.
    """
    if not wanted.themes or _themes_held(lesson, wanted):
        return True
    return len(_shared(lesson, wanted)) >= min(2, len(wanted.words))


def ordered(lessons: Iterable[Offered], wanted: Wanted) -> list[Placed]:
    """The lessons as they should be read, each with its reason."""
    return sorted((_placed(one, wanted) for one in lessons), key=lambda one: one.order)


def _placed(lesson: Offered, wanted: Wanted) -> Placed:
    nearest = near(wanted.place, (*lesson.places, *lesson.held))
    points = BY_RANK[nearest.rank] + _trust(lesson) + _about(lesson, wanted)
    return Placed(lesson, nearest, points, wanted)


def _trust(lesson: Offered) -> float:
    """Points for what others found, less what speaks against it."""
    used = sum(OF_USES[one.outcome] for one in lesson.life.uses if one.outcome)
    points = 2.0 * min(lesson.confirmed_in, MOST_PLACES)
    points += min(MOST_FOR_USES, max(LEAST_FOR_USES, used))
    points += 2.0 * (lesson.life.stage == "routine")
    points += 0.5 * min(max(lesson.evidence - 1, 0), MOST_PLACES)
    if lesson.is_contradicted:
        return points - 4.0
    return points - 1.0 * bool(lesson.life.review)


def _about(lesson: Offered, wanted: Wanted) -> float:
    """Points for being about what is planned."""
    held = _themes_held(lesson, wanted)
    return (held + 1.0 if held else 0.0) + 3.0 * wanted.matches.get(lesson.number, 0.0)


def _themes_held(lesson: Offered, wanted: Wanted) -> int:
    return sum(bool(chosen & lesson.themes) for chosen in wanted.themes)


# --- why it stands there -------------------------------------------------------------------------


def _reason(lesson: Offered, wanted: Wanted) -> str:
    origin, held = near(wanted.place, lesson.places), near(wanted.place, lesson.held)
    said = [
        _from(lesson, origin, wanted.place),
        *([_held_nearer(held)] if held < origin else []),
        *_found_out(lesson, wanted.place),
        *_doubts(lesson),
        *_fits(lesson, wanted),
    ]
    # Thai parts what it lists with a space.
    return (", " if language.current() == "en" else " ").join(one for one in said if one)


def _from(lesson: Offered, origin: Near, place: str) -> str:
    if origin.rank == UNKNOWN:
        known = [code for code in lesson.places if places.exists(code)]
        if not known:
            return _("ไม่บอกว่าจากที่ไหน")
        return _("จาก %(place)s", place=places.name_with_prefix(known[0]))
    if len(origin.code) == 6 and origin.rank == SAME_TAMBON:
        return _("จาก%(near)s", near=origin.words)
    return _("จาก%(near)s (%(place)s)", near=origin.words, place=_name(origin.code, place))


def _held_nearer(held: Near) -> str:
    return _(
        "ใช้ได้ใน%(near)s (%(place)s)", near=held.words, place=places.name_with_prefix(held.code)
    )


def _found_out(lesson: Offered, place: str) -> Iterator[str]:
    """What became of it: where it was confirmed, how its uses went."""
    if lesson.life.stage == "routine":
        yield _("คนทำเป็นปกติแล้ว")
    if lesson.confirmed_in:
        where = _names((one.place_code for one in lesson.life.confirmations), place)
        yield _("ยืนยันแล้ว %(n)s ที่", n=lesson.confirmed_in) + (f" ({where})" if where else "")
    elif not lesson.is_draft and not lesson.worked_elsewhere:
        yield _("ยังไม่มีที่อื่นยืนยัน")
    if lesson.uses("worked"):
        yield _("ใช้แล้วได้ผล %(n)s ครั้ง", n=lesson.uses("worked"))
    if lesson.uses("partly"):
        yield _("ได้ผลบ้าง %(n)s ครั้ง", n=lesson.uses("partly"))
    if lesson.uses("did_not"):
        yield _("ใช้แล้วไม่ได้ผล %(n)s ครั้ง", n=lesson.uses("did_not"))
    if lesson.evidence > 1:
        yield _("มีหลักฐานจาก %(n)s บันทึก", n=lesson.evidence)


def _doubts(lesson: Offered) -> Iterator[str]:
    if lesson.is_draft:
        yield _("ยังรอเห็นด้วย")
    if lesson.is_contradicted and lesson.contradictions:
        yield _("มีผู้เห็นแย้ง")
    if lesson.life.review == "asked":
        yield _("มีคนขอให้ทบทวน")
    if lesson.life.review == "age":
        yield _("เก่าแล้ว ควรถามคนในพื้นที่ก่อนใช้")


def _fits(lesson: Offered, wanted: Wanted) -> Iterator[str]:
    chosen, held = len(wanted.themes), _themes_held(lesson, wanted)
    if chosen and not held:
        yield _("ต่างประเด็น")
    elif chosen > 1:
        yield _("ตรง %(n)s จาก %(of)s ประเด็น", n=held, of=chosen)
    shared = _shared(lesson, wanted)
    if shared and wanted.matches.get(lesson.number):
        longest = sorted(shared, key=len, reverse=True)[:MOST_NAMED]
        said = " ".join(word for word in shared if word in longest)
        yield _("พูดถึง %(words)s เหมือนแผน", words=said)


def _shared(lesson: Offered, wanted: Wanted) -> list[str]:
    """The plan's words that the lesson has, in the plan's order."""
    return [word for word in wanted.words if word in lesson.text]


@lru_cache(maxsize=5_000)
def _telling(text: str) -> tuple[str, ...]:
    # Kept, for the same lessons are weighed again and again and cutting Thai takes longest.
    cut = words.cut(words.fold(text))
    return tuple(word for word, _start, _end in cut if len(word) >= SHORTEST_TELLING)


def _names(codes: Iterable[str | None], place: str) -> str:
    """Provinces by name, and places in the planner's own province by their own name."""
    known = (code for code in codes if code and places.exists(code))
    names = list(dict.fromkeys(_name(code, place) for code in known))
    more = len(names) - MOST_NAMED
    said = " ".join(names[:MOST_NAMED])
    return " ".join((said, _("และอีก %(n)s แห่ง", n=more))) if more > 0 else said


def _name(code: str, place: str) -> str:
    if len(code) > 2 and code[:2] == place[:2]:
        return places.name_with_prefix(code)
    return places.name(code[:2])


# --- what stands against each other --------------------------------------------------------------


@dataclass(frozen=True)
class Disagreement:
    """A lesson and what speaks against it: another lesson, or the step that says so."""

    one: Placed
    other: Placed | None
    said: LifeStep | None = None

    @property
    def numbers(self) -> set[int]:
        """The lessons in it."""
        return {self.one.lesson.number} | ({self.other.lesson.number} if self.other else set())


def disagreements(
    placed: Iterable[Placed], wanted: Wanted, against: Iterable[Placed] = ()
) -> list[Disagreement]:
    """What is still open: contradicted lessons, then pairs that say the opposite on one theme.

    ``placed`` in order, ``against`` whatever else contradicts them. A lesson stands in one pair at
    most; of several possible partners the one whose words are most alike is taken.
    """
    standing = (one for one in placed if one.lesson.life.superseded_by is None)
    known = [one for at, one in enumerate(standing) if at < MOST_COMPARED or not one.lesson.works]
    found = list(_contradicted(known, against))
    met = {number for pair in found for number in pair.numbers}
    rare = _rare_words(known)
    for failed in (one for one in known if not one.lesson.works):
        partner = _partner(
            failed, (one for one in known if _may_pair(one, failed, met, wanted)), rare
        )
        if partner:
            found.append(Disagreement(partner, failed))
            met.update(found[-1].numbers)
    return found


def _contradicted(known: Iterable[Placed], against: Iterable[Placed]) -> Iterator[Disagreement]:
    """Each with the last that was said against it; two that contradict each other once."""
    lessons = list(known)
    by_number = {one.lesson.number: one for one in (*against, *lessons)}
    met: set[int] = set()
    for one in lessons:
        steps = one.lesson.contradictions
        if one.lesson.is_contradicted and steps and one.lesson.number not in met:
            found = Disagreement(one, by_number.get(steps[-1].other or 0), steps[-1])
            met |= found.numbers
            yield found


def _may_pair(one: Placed, failed: Placed, met: Collection[int], wanted: Wanted) -> bool:
    """Whether this one says that something works on a theme of the one that says it does not."""
    if {one.lesson.number, failed.lesson.number} & set(met) or not one.lesson.works:
        return False
    chosen = frozenset(chain.from_iterable(wanted.themes)) or failed.lesson.themes
    return bool(one.lesson.themes & failed.lesson.themes & chosen)


def _partner(failed: Placed, others: Iterable[Placed], rare: Collection[str]) -> Placed | None:
    """The one most alike by the words that not every lesson has; none when they share none."""

    def alike(one: Placed) -> float:
        both = one.lesson.words | failed.lesson.words
        shared = one.lesson.words & failed.lesson.words
        return len(shared.intersection(rare)) / (len(both.intersection(rare)) or 1)

    best = max(others, key=alike, default=None)
    return best if best and alike(best) else None


def _rare_words(placed: Collection[Placed]) -> set[str]:
    """Words that at most a quarter of the lessons have; two may always."""
    counts = Counter(chain.from_iterable(one.lesson.words for one in placed))
    most = max(len(placed) / 4, 2)
    return {word for word, lessons in counts.items() if lessons <= most}
