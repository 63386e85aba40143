"""From text to the terms that the index keeps, and from typed words to what they may mean.

Folded text is cut into words, words into their leaves (the dictionary words a compound is made
of), and leaves are the terms. Our own words (places, organisations, roles, themes) are part of
the dictionary; ``version`` names dictionary and rules, so that an index made by others asks for
a rebuild.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from pythainlp.corpus import thai_words

from kms import gazetteer, places, roles
from kms.thai.words import Cutter, fold

# Any change of the rules below that makes other terms takes a new number here.
RULES = "6"
CONTENT = Path(__file__).parents[2] / "content"
LONGEST_TERM = 64

_NUMBER = re.compile(r"\d[\d.,]*")
_HAS_LETTER = re.compile(r"\w")
_THAI = re.compile("[\u0e01-\u0e4e]")
# The dots tell the era from the organisation พศ.
_ERAS = ("พ.ศ.", "ค.ศ.")
_DOTTED = re.compile(r"[ก-ฮ]{1,2}(\.[ก-ฮ]{1,2})+\.?")
_IN_BRACKETS = re.compile(r"\s*\([^)]*\)\s*$")

# Words that carry no topic; a question is searched without them unless nothing else is left.
_STOP_WORDS = (
    "ที่ ซึ่ง อัน และ หรือ แต่ ของ ใน จาก กับ แก่ ต่อ โดย ว่า ให้ ได้ ก็ จะ จึง เป็น คือ มี ไม่ไหม ไหม"
    " มั้ย หรือไม่ อะไร ใด ใคร ไหน ที่ไหน เมื่อไร เมื่อไหร่ เมื่อใด อย่างไร ยังไง ทำไม เพราะเหตุใด เท่าไร"
    " เท่าไหร่ เท่าใด กี่ บ้าง นี้ นั้น เหล่านี้ เหล่านั้น ด้วย แล้ว ไว้ ๆ ฯลฯ ฯ การ ความ ครับ ค่ะ คะ นะ"
    " the a an of in on at to and or is are was were what who when where which how"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True)
class Vocabulary:
    """Our own words, and which of them mean the same thing.

    ``synonyms`` maps the plain form of a name to all names of the same thing, folded, itself first.
    """

    cutter: Cutter
    known: frozenset[str]
    whole: frozenset[str]
    synonyms: dict[str, tuple[str, ...]]
    version: str


@dataclass(frozen=True)
class Piece:
    """A word of a text, where it begins there, and its leaves.

    ``is_known`` tells whether the dictionary or our own words have it, ``is_whole`` whether it
    is one word to a reader: not the long name of an organisation or a theme, made of several.
    """

    text: str
    start: int
    leaves: tuple[str, ...]
    is_known: bool
    is_whole: bool


@cache
def vocabulary() -> Vocabulary:
    """Everything the analysis knows, read once for each process."""
    groups = [*_organisation_names(), *_place_nicknames()]
    named = set(places.names())
    extra = sorted({name for group in groups for name in group} | set(_other_names()) | named)
    whole = frozenset(map(fold, thai_words())) | frozenset(map(fold, named))
    known = whole | frozenset(map(fold, extra))
    made = hashlib.sha256("\n".join([RULES, *extra, *sorted(thai_words())]).encode())
    return Vocabulary(Cutter(extra), known, whole, _synonyms(groups), made.hexdigest()[:16])


def version() -> str:
    """Name of these rules with this dictionary."""
    return vocabulary().version


def words(folded: str) -> Counter[str]:
    """How often each word occurs in folded text."""
    return vocabulary().cutter.count(folded)


def terms(counted: Mapping[str, int]) -> Counter[str]:
    """How often each term occurs in these words."""
    counts: dict[str, int] = {}
    for found, times in zip(map(_terms_of, counted), counted.values(), strict=True):
        for term in found:
            counts[term] = counts.get(term, 0) + times
    return Counter(counts)


def compounds(counted: Iterable[str]) -> Iterator[str]:
    """Those of these words that are more than one term."""
    words = list(counted)
    parts = map(vocabulary().cutter.leaves, words)
    return (word for word, leaves in zip(words, parts, strict=True) if len(leaves) > 1)


@lru_cache(maxsize=30_000)
def _terms_of(word: str) -> tuple[str, ...]:
    return tuple(filter(None, map(as_term, vocabulary().cutter.leaves(word))))


def as_term(leaf: str) -> str:
    """The term for a leaf; empty for what is only punctuation.

    Numbers lose their separators and abbreviations their dots: ม.ค. and มค are one term.
    """
    if not _HAS_LETTER.search(leaf) and not _THAI.search(leaf):
        return ""
    if _NUMBER.fullmatch(leaf):
        return leaf.replace(",", "").rstrip(".")[:LONGEST_TERM]
    return leaf.replace(".", "")[:LONGEST_TERM]


def pieces(folded: str) -> Iterator[Piece]:
    """The words of folded text in order, without punctuation."""
    known = vocabulary()
    for word, start, _ in known.cutter.cut(folded):
        leaves = _terms_of(word)
        if leaves:
            is_thai = bool(_THAI.search(word))
            is_whole = not is_thai or word in known.whole
            yield Piece(word, start, leaves, is_whole or word in known.known, is_whole)


def whole_words(leaves: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Leaves joined again into the longest words of the dictionary, each with its leaves."""
    whole = vocabulary().whole
    start = 0
    while start < len(leaves):
        end = len(leaves)
        while end > start + 1 and "".join(leaves[start:end]) not in whole:
            end -= 1
        yield "".join(leaves[start:end]), leaves[start:end]
        start = end


def is_stop_word(word: str) -> bool:
    """Whether the word alone says nothing about what is sought."""
    return word in STOP_WORDS


def names_of(name: str) -> tuple[str, ...]:
    """All names of the organisation or place of this name, folded; empty when it has one only."""
    synonyms = vocabulary().synonyms
    return synonyms.get(fold(name).strip()) or synonyms.get(plain(name), ())


def plain(name: str) -> str:
    """A name without the dots and spaces in which writers differ."""
    return re.sub(r"[\s.]+", "", fold(name))


def _synonyms(groups: Iterable[tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for group in groups:
        names = {plain(name): fold(name).strip() for name in group if plain(name)}
        for key, name in names.items():
            found.setdefault(key, {name: None}).update(dict.fromkeys(names.values()))
    several = {key: tuple(names) for key, names in found.items() if len(names) > 1}
    dotted = {
        name: (name, plain(name)) for name in map(fold, thai_words()) if _DOTTED.fullmatch(name)
    }
    plainly = {plain(name): both for name, both in dotted.items()}
    return plainly | several | {era: dotted[era] for era in _ERAS}


def _organisation_names() -> Iterator[tuple[str, ...]]:
    for one in _content("organisations.yaml"):
        names = [one["name"], one.get("abbreviation") or "", *(one.get("also") or ())]
        names.append(_IN_BRACKETS.sub("", one["name"]))
        yield tuple(dict.fromkeys(filter(None, names)))


def _place_nicknames() -> Iterator[tuple[str, ...]]:
    known = gazetteer.gazetteer()
    nicknames: dict[str, list[str]] = {}
    for alias, code in known.aliases.items():
        nicknames.setdefault(code, []).append(alias)
    for code, aliases in nicknames.items():
        yield (known.by_code[code].name, *aliases)


def _other_names() -> Iterator[str]:
    for role in roles.ROLES.values():
        yield role.name_th
    yield from _theme_names(_content("themes.yaml"))


def _theme_names(themes: Iterable[dict[str, Any]]) -> Iterator[str]:
    for theme in themes:
        yield theme["name"]
        yield from _theme_names(theme.get("children") or ())


def _content(name: str) -> list[dict[str, Any]]:
    path = CONTENT / name
    if not path.exists():
        return []
    return list(yaml.safe_load(path.read_text(encoding="utf-8")) or ())
