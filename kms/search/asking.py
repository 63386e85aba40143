"""What typed words ask for: the words wanted and refused, and what else each may mean."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from kms.search import analysis
from kms.thai.dates import BE_MINUS_CE
from kms.thai.words import fold

# Beyond these the words of a query no longer sharpen it; only its time grows.
LONGEST_READ = 1_000
MOST_ASKS = 40
MOST_TOKENS = 100
# Each of these is looked for to the letter; further ones are words like any other.
MOST_QUOTED = 6
# More words than these are as good as a question: no note needs to have all.
MOST_STRICT = 4
LONGEST_NAME_PIECE = 3
LONGEST_ABBREVIATION = 5
MOST_IN_NAME = 4

_QUESTIONS = (
    "อะไร อะไรบ้าง ใด ใคร ไหน ที่ไหน เมื่อไร เมื่อไหร่ เมื่อใด อย่างไร ยังไง ทำไม เพราะเหตุใด เพราะอะไร"
    " เท่าไร เท่าไหร่ เท่าใด กี่ ไหม มั้ย หรือไม่"
)
QUESTION_WORDS = frozenset(_QUESTIONS.split())

_TOKEN = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<quoted>[^"]*)"|(?P<chunk>[^\s"]+))')
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "＂": '"'})
_REPETITION = "ๆ"
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_YEAR_BE = range(2400, 2701)
_YEAR_CE = range(1857, 2158)


@dataclass(frozen=True)
class Word:
    """Text that must occur in a note, with the terms it is made of.

    ``how`` it must occur: anywhere in a text to the letter (``text``), as a word or inside one
    (``word``), or as a word by itself (``term``).
    """

    text: str
    leaves: tuple[str, ...]
    how: Literal["text", "word", "term"] = "word"


@dataclass(frozen=True)
class Ask:
    """One thing asked for, in any of its forms; a form is met when all its words occur.

    ``together`` is the longer name this is a part of as it was typed. Where notes have that name,
    they are what is asked for; where none has, its parts are.
    """

    forms: tuple[tuple[Word, ...], ...]
    together: Word | None = None
    is_quoted: bool = False


@dataclass(frozen=True)
class Asked:
    """All that was typed; ``was_cut`` tells that it was too long to use whole.

    ``typed`` are the terms of each word wanted in order, those too that alone tell nothing.
    ``is_question`` tells that it asks in a sentence, which no note repeats whole.
    """

    wanted: tuple[Ask, ...] = ()
    refused: tuple[Ask, ...] = ()
    was_cut: bool = False
    is_question: bool = False
    typed: tuple[tuple[str, ...], ...] = ()

    @property
    def is_loose(self) -> bool:
        """Whether notes need not have all of it."""
        return self.is_question or len(self.wanted) > MOST_STRICT

    @property
    def leaves(self) -> tuple[str, ...]:
        """Terms to score by: of what was typed and of what else it may mean, each once."""
        found = (leaf for word in self.words for leaf in word.leaves)
        return tuple(dict.fromkeys(found))

    @property
    def words(self) -> tuple[Word, ...]:
        """All words wanted, in the order typed."""
        found = (word for ask in self.wanted for form in ask.forms for word in form)
        return tuple(dict.fromkeys(found))


def understand(typed: str) -> Asked:
    """Read what a person typed; nothing is an error, the worst is nothing wanted."""
    folded = fold(_UNREADABLE.sub(" ", typed[:LONGEST_READ]).translate(_QUOTES))
    if folded.count('"') % 2:
        folded = " ".join(folded.rsplit('"', 1))
    wanted: list[Ask] = []
    refused: list[Ask] = []
    folded = re.sub(rf"(?<=[ก-\u0e4e]) +{_REPETITION}", _REPETITION, folded)
    tokens = list({token[0]: token for token in _TOKEN.finditer(folded)}.values())
    quoted = [token for token in tokens if token["quoted"]]
    for token, chunk in _with_names(tokens[:MOST_TOKENS]):
        if token["quoted"] is None:
            asks = list(_asks(chunk))
        elif token in quoted[:MOST_QUOTED]:
            asks = list(_quoted(token["quoted"]))
        else:
            asks = [ask for chunk in token["quoted"].split() for ask in _asks(chunk)]
        (refused if token["minus"] else wanted).extend(asks)
    in_order = tuple(word.leaves for ask in wanted for word in ask.forms[0])
    is_question = any(ask.forms[0][0].text in QUESTION_WORDS for ask in wanted)
    wanted = _without_stop_words(list(dict.fromkeys(wanted)))
    was_cut = (
        len(typed) > LONGEST_READ
        or len(tokens) > MOST_TOKENS
        or len(quoted) > MOST_QUOTED
        or max(len(wanted), len(refused)) > MOST_ASKS
    )
    return Asked(
        tuple(wanted[:MOST_ASKS]), tuple(refused[:MOST_ASKS]), was_cut, is_question, in_order
    )


def _with_names(tokens: list[re.Match[str]]) -> Iterator[tuple[re.Match[str], str]]:
    """Tokens with their text; those that are a name of several words, as กระทรวง พม., together."""
    at = 0
    while at < len(tokens):
        runs = (tokens[at : at + count] for count in range(MOST_IN_NAME, 1, -1))
        run = next(filter(_is_name, runs), tokens[at : at + 1])
        yield run[0], " ".join(token["chunk"] or "" for token in run)
        at += len(run)


def _is_name(tokens: list[re.Match[str]]) -> bool:
    if any(token["chunk"] is None for token in tokens) or any(one["minus"] for one in tokens[1:]):
        return False
    name = " ".join(token["chunk"] for token in tokens)
    return len(tokens) > 1 and name in analysis.names_of(name)


def _quoted(text: str) -> Iterator[Ask]:
    text = " ".join(text.split())
    leaves = tuple(leaf for piece in analysis.pieces(text) for leaf in piece.leaves)
    if leaves:
        yield Ask(((Word(text, leaves, how="text"),),), is_quoted=True)


def _without_stop_words(asks: list[Ask]) -> list[Ask]:
    telling = [
        ask for ask in asks if not all(analysis.is_stop_word(word.text) for word in ask.forms[0])
    ]
    return telling or asks


def _asks(chunk: str) -> Iterator[Ask]:
    names = tuple(_forms(analysis.names_of(chunk)))
    if names:
        yield Ask(names)
        return
    chunk = _without_full_stop(chunk)
    groups = list(_groups(chunk))
    name = _name(chunk, groups)
    for group in groups:
        text = _said(chunk, group)
        words = tuple(_words(chunk, group))
        names = tuple(_forms(analysis.names_of(text)))
        years = tuple(_forms(_other_years(text)))
        if names:
            yield Ask(names)
        elif years:
            yield Ask((_alone(words), *years))
        else:
            yield from (Ask(_with_repetition(word), name) for word in words)


def _name(chunk: str, groups: list[list[analysis.Piece]]) -> Word | None:
    """The whole chunk, when letters that no dictionary knows are a part of it: ประชา|พัฒน์."""
    pieces = [piece for group in groups for piece in group]
    if not 1 < len(groups) <= MOST_IN_NAME or all(piece.is_known for piece in pieces):
        return None
    return Word(chunk, tuple(leaf for piece in pieces for leaf in piece.leaves), how="text")


def _with_repetition(word: Word) -> tuple[tuple[Word, ...], ...]:
    """Writers put a space before ๆ or none."""
    if _REPETITION not in word.text:
        return ((word,),)
    apart = re.sub(rf" ?{_REPETITION}", f" {_REPETITION}", word.text)
    return ((word,), (replace(word, text=apart),))


def _said(chunk: str, group: list[analysis.Piece]) -> str:
    """What the pieces say, with what stands between them."""
    return chunk[group[0].start : group[-1].start + len(group[-1].text)]


def _without_full_stop(chunk: str) -> str:
    """The full stop of an abbreviation stays: รัฐบาล. is no abbreviation that ends in ล."""
    stem = chunk.rstrip(".")
    if stem == chunk or "." in stem:
        return chunk
    bare = list(analysis.pieces(stem))
    is_plainer = len(bare) < len(list(analysis.pieces(chunk)))
    return stem if is_plainer and all(piece.is_known for piece in bare) else chunk


def _alone(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return tuple(replace(word, how="term") for word in words)


def _forms(names: Iterable[str]) -> Iterator[tuple[Word, ...]]:
    """Each name in one piece; one as short as an abbreviation must stand alone."""
    for name in names:
        leaves = tuple(leaf for piece in analysis.pieces(name) for leaf in piece.leaves)
        if leaves:
            is_short = len(name) <= LONGEST_ABBREVIATION
            yield (Word(name, leaves, how="term" if is_short else "word"),)


def _groups(chunk: str) -> Iterator[list[analysis.Piece]]:
    """Pieces one by one, but those of a name that no dictionary knows together."""
    name: list[analysis.Piece] = []
    for piece in analysis.pieces(chunk):
        if not piece.is_known or len(piece.text) <= LONGEST_NAME_PIECE:
            name.append(piece)
            continue
        yield from _name_or_words(name)
        name = []
        yield [piece]
    yield from _name_or_words(name)


def _name_or_words(run: list[analysis.Piece]) -> Iterator[list[analysis.Piece]]:
    if run and not all(piece.is_known for piece in run):
        yield run
    else:
        yield from ([piece] for piece in run)


def _words(chunk: str, group: list[analysis.Piece]) -> Iterator[Word]:
    leaves = tuple(leaf for piece in group for leaf in piece.leaves)
    if len(group) == 1 and group[0].is_known and not group[0].is_whole:
        yield from (Word(text, parts) for text, parts in analysis.whole_words(leaves))
    else:
        text = _said(chunk, group)
        text = leaves[0] if len(leaves) == 1 and text.isascii() else text
        yield Word(text, leaves)


def _other_years(text: str) -> tuple[str, ...]:
    if len(text) != 4 or not text.isdecimal():
        return ()
    year = int(text)
    if year in _YEAR_BE:
        return (str(year - BE_MINUS_CE),)
    return (str(year + BE_MINUS_CE),) if year in _YEAR_CE else ()
