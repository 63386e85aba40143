"""On real notes: a word that occurs is found, however it is written the same notes are."""

import gzip
import json
import random
import re
from collections.abc import Iterator
from itertools import islice

import pytest
import yaml
from pythainlp.corpus import thai_words

from kms import gazetteer
from kms.search import analysis, engine, shelf
from kms.search.arrays import Cache, Segment, Snapshot
from kms.search.asking import understand
from kms.search.documents import Document
from kms.search.kept_text import decode_text
from kms.search.query import Query
from kms.search.schema import entry
from kms.thai.words import fold, is_cluster_boundary
from tests.shared_data import DATA, needs_data

NOTES = 600
CHANCE = 11
THAI_WORD = re.compile("[ก-\u0e4e]{3,}")
THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")

pytestmark = needs_data


def groups_of_names() -> Iterator[list[str]]:
    """Names of one thing: of organisations as they are kept, of places with their nicknames."""
    for one in yaml.safe_load((analysis.CONTENT / "organisations.yaml").read_text("utf-8")):
        short = one.get("abbreviation") or ""
        yield [one["name"], *(one.get("also") or ()), short, short.replace(".", "")]
    nicknames: dict[str, list[str]] = {}
    for alias, code in gazetteer.gazetteer().aliases.items():
        nicknames.setdefault(code, [gazetteer.gazetteer().by_code[code].name]).append(alias)
    yield from nicknames.values()


def documents() -> Iterator[tuple[str, str]]:
    """Titles and bodies of real notes, and a note for each name there is."""
    with gzip.open(DATA / "thaigov-20000.jsonl.gz", "rt", encoding="utf-8") as lines:
        for one in map(json.loads, islice(lines, NOTES)):
            yield one["title"], one["body"]
    for group in groups_of_names():
        for name in filter(None, group):
            yield "เวทีของเครือข่าย", f"วันนี้มีคนจาก {name} มาร่วมด้วย"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    made = shelf.make_generation(tmp_path_factory.mktemp("index"), "test")
    values = {"audience": ("public",), "kind": ("note",)}
    shelf.write(
        made,
        (
            entry(Document(number, 1, title, body, "", values))
            for number, (title, body) in enumerate(documents(), 1)
        ),
    )
    segments = [Segment(made.reader(record), Cache()) for record in made.segments()]
    return Snapshot(segments, [frozenset() for _ in segments], "test")


@pytest.fixture(scope="module")
def texts(snapshot: Snapshot) -> list[str]:
    """The folded text of every note."""
    return [decode_text(snapshot.text(place)) for place in range(snapshot.size)]


@pytest.fixture
def chance() -> random.Random:
    return random.Random(CHANCE)


def found(snapshot: Snapshot, typed: str) -> set[int]:
    """Places of the notes with everything typed."""
    query = Query(words=typed, limit=snapshot.size)
    answer = engine.answer(snapshot, query, understand(typed), None)
    return set() if answer.loosened else set(answer.places)


def occurs(texts: list[str], word: str) -> set[int]:
    """Places of the texts in which the word stands, never as a part of a cluster."""
    return {place for place, text in enumerate(texts) if word in text and stands(text, word)}


def stands(text: str, word: str) -> bool:
    at = text.find(word)
    while at >= 0 and not stands_at(text, at, word):
        at = text.find(word, at + 1)
    return at >= 0


def stands_at(text: str, at: int, word: str) -> bool:
    return is_cluster_boundary(text, at) and is_cluster_boundary(text, at + len(word))


def pieces(texts: list[str], chance: random.Random, pattern: str, count: int) -> list[str]:
    """Words of the texts that look so, each once."""
    kept: dict[str, None] = {}
    while len(kept) < count:
        words = [piece.text for piece in analysis.pieces(chance.choice(texts)[:4_000])]
        alike = [word for word in words if re.fullmatch(pattern, word)]
        kept.update(dict.fromkeys(chance.sample(alike, min(len(alike), 3))))
    return list(kept)


# --- complete ------------------------------------------------------------------------------------


def test_words_of_the_dictionary_are_found_wherever_they_stand(
    snapshot: Snapshot, texts: list[str], chance: random.Random
) -> None:
    words = [
        word for word in map(fold, sorted(thai_words())) if re.fullmatch("[ก-\u0e4e]{2,}", word)
    ]
    chance.shuffle(words)
    occurring = ((word, occurs(texts, word)) for word in words)
    recall, precision = [], []
    for word, true in islice((pair for pair in occurring if pair[1]), 200):
        answered = found(snapshot, word)
        recall.append(len(answered & true) / len(true))
        precision.append(len(answered & true) / max(len(answered), 1))
        assert found(snapshot, f'"{word}"') == true, word
    assert sum(recall) / len(recall) >= 0.995
    assert sum(precision) / len(precision) >= 0.98


def test_names_that_no_dictionary_knows_are_found_and_nothing_else(
    snapshot: Snapshot, texts: list[str], chance: random.Random
) -> None:
    known = analysis.vocabulary().known
    words = {piece.text for text in texts for piece in analysis.pieces(text[:3_000])}
    names = sorted(word for word in words if THAI_WORD.fullmatch(word) and word not in known)
    chance.shuffle(names)
    assert len(names) > 40
    for name in names[:100]:
        true = occurs(texts, name)
        assert found(snapshot, name) == found(snapshot, f'"{name}"') == true, name


def test_any_stretch_of_a_text_is_found_quoted(
    snapshot: Snapshot, texts: list[str], chance: random.Random
) -> None:
    tried = 0
    while tried < 100:
        text = chance.choice(texts)
        start = chance.randrange(len(text))
        stretch = text[start : start + chance.randint(3, 40)].partition("\n")[0]
        if is_exact(stretch) and stands_at(text, start, stretch):
            tried += 1
            assert found(snapshot, f'"{stretch}"') == occurs(texts, stretch), stretch


def is_exact(stretch: str) -> bool:
    """Whether it says something, and nothing that quotes or spaces would change."""
    is_plain = stretch == " ".join(stretch.split()) and not re.search('["“”„«»]', stretch)
    return is_plain and re.search(r"\w\w", stretch) is not None


def test_quoted_letters_are_no_abbreviation_and_quoted_digits_no_grouped_number(
    snapshot: Snapshot, texts: list[str], chance: random.Random
) -> None:
    letters = pieces(texts, chance, "[ก-ฮ]{2,3}", 40)
    grouped = [number.replace(",", "") for number in pieces(texts, chance, "[0-9]+,[0-9,]+", 30)]
    for word in ("พร", "รบ", "สส", "มล", "1000", *letters, *grouped):
        assert found(snapshot, f'"{word}"') == occurs(texts, word), word


# --- the same notes ------------------------------------------------------------------------------


def test_two_neighbouring_words_find_the_same_together_and_apart(
    snapshot: Snapshot, texts: list[str], chance: random.Random
) -> None:
    tried = 0
    while tried < 150:
        text = chance.choice(texts)[:3_000]
        cut = list(analysis.vocabulary().cutter.cut(text))
        at = chance.randrange(max(len(cut) - 1, 1))
        if len(cut) < 2 or cut[at][2] != cut[at + 1][1]:
            continue
        first, second = cut[at][0], cut[at + 1][0]
        is_plain = THAI_WORD.fullmatch(first) and THAI_WORD.fullmatch(second)
        # Letters that no dictionary knows make a name of what they are typed with.
        if is_plain and {first, second} <= analysis.vocabulary().known:
            tried += 1
            assert found(snapshot, first + second) == found(snapshot, f"{first} {second}")


@pytest.mark.parametrize("typed", ["\u0e4dา", "\u0e4d\u200bา", "ำ\u200d"])
def test_every_spelling_of_sara_am_is_one(
    snapshot: Snapshot, texts: list[str], chance: random.Random, typed: str
) -> None:
    for word in pieces(texts, chance, ".*ำ.*", 40):
        true = found(snapshot, word)
        assert true
        assert found(snapshot, word.replace("ำ", typed)) == true
        for tone in "่้":
            turned = re.sub(f"{tone}ำ", f"\u0e4d{tone}า", word)
            assert found(snapshot, turned) == found(snapshot, re.sub(f"{tone}ำ", f"ำ{tone}", word))


def test_slips_that_look_alike_find_the_same(
    snapshot: Snapshot, texts: list[str], chance: random.Random
) -> None:
    for word in pieces(texts, chance, "[ก-\u0e4e]{4,}", 80):
        true = found(snapshot, word)
        middle = len(word) // 2
        doubled = re.sub("([่้ิีึืุู])", r"\1\1", word)
        apart = f"{word[:middle]}\u200b{word[middle:]}\ufeff"
        for slip in (word.replace("แ", "เเ"), doubled, apart, f"\xa0{word}\u3000"):
            assert found(snapshot, slip) == true, (word, slip)


def test_digits_of_either_kind_and_years_of_either_era_are_one(
    snapshot: Snapshot, texts: list[str], chance: random.Random
) -> None:
    for number in pieces(texts, chance, r"[0-9][0-9.,]*", 60):
        assert found(snapshot, number) == found(snapshot, number.translate(THAI_DIGITS)), number
    for year in pieces(texts, chance, "25[4-7][0-9]", 12):
        assert found(snapshot, year) == found(snapshot, str(int(year) - 543)) != set(), year


def test_capitals_are_small_letters(
    snapshot: Snapshot, texts: list[str], chance: random.Random
) -> None:
    for word in pieces(texts, chance, "[a-z]{2,}", 40):
        true = found(snapshot, word)
        assert true
        assert found(snapshot, word.upper()) == found(snapshot, word.title()) == true


def test_a_full_stop_or_bracket_beside_a_word_changes_nothing(
    snapshot: Snapshot, texts: list[str], chance: random.Random
) -> None:
    for word in pieces(texts, chance, "[ก-\u0e4e]{5,}", 60):
        true = found(snapshot, word)
        for typed in (f"{word}.", f"({word})", f"{word},", f"‘{word}’", f"{word}?"):
            assert found(snapshot, typed) == true, typed


def test_every_name_of_an_organisation_or_a_place_finds_the_same(snapshot: Snapshot) -> None:
    for group in groups_of_names():
        names = [re.sub(r"\s*\([^)]*\)$", "", name) for name in filter(None, group)]
        answers = {name: found(snapshot, name) for name in names}
        first, *others = answers
        assert answers[first]
        differing = [name for name in others if answers[name] != answers[first]]
        assert differing == [], first
