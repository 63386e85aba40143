"""The arrays say what Whoosh's own reader and a plain look at the texts say."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh import scoring
from whoosh.codec.whoosh3 import W3LeafMatcher
from whoosh.query import Or, Term
from whoosh.searching import Searcher

from kms.search import engine, matching, ranking, shelf
from kms.search.arrays import (
    Cache,
    Segment,
    Snapshot,
    common,
    decode_one_by_one,
    united,
)
from kms.search.asking import Asked, understand
from kms.search.documents import Document
from kms.search.kept_text import Needle, decode_text, encode_text
from kms.search.schema import entry
from kms.thai.words import is_cluster_boundary

WORDS = [
    "ปลาทู",
    "ทะเล",
    "อ่าว",
    "ชาวนา",
    "สวัสดิการ",
    "ชุมชน",
    "กองทุน",
    "ออม",
    "ครู",
    "วัด",
    "ตลาดนัด",
    "น้ำ",
    "ป่า",
    "เขา",
    "café",
    "№7",
]
NOTES = 2_600


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> shelf.Generation:
    """Three segments of notes made of a few words, some of them dropped again."""
    made = shelf.make_generation(tmp_path_factory.mktemp("index"), "test")
    chance = random.Random(3)
    for start, end in ((0, 1_300), (1_300, 2_500), (2_500, NOTES)):
        shelf.write(made, [entry(document(number, chance)) for number in range(start, end)])
    shelf.write(made, [], chance.sample(range(NOTES), 200))
    return made


def document(number: int, chance: random.Random) -> Document:
    text = "\n".join("".join(chance.choices(WORDS, k=4)) for _ in range(chance.randint(1, 5)))
    kind = chance.choice(["aar", "note"])
    values = {"kind": (kind,), "audience": ("public",), "place": ("80", "8012")[: number % 3]}
    return Document(number + 1, 1, chance.choice(WORDS), text, "", values, made=number)


@pytest.fixture(scope="module")
def snapshot(generation: shelf.Generation) -> Snapshot:
    records = generation.segments()
    segments = [Segment(generation.reader(record), Cache()) for record in records]
    deleted = [frozenset(record.deleted_docs()) for record in records]
    return Snapshot(segments, deleted, "test")


def test_postings_are_those_of_whoosh(generation: shelf.Generation) -> None:
    for record in generation.segments():
        reader = generation.reader(record)
        segment = Segment(reader, Cache())
        for field, term, postings in segment.all_postings():
            form = reader.schema[field].format
            matcher = reader._terms.matcher(field, term.encode(), form)
            assert isinstance(matcher, W3LeafMatcher)
            plain = decode_one_by_one(matcher)
            assert np.array_equal(postings.ids, plain.ids)
            assert np.array_equal(postings.weights, plain.weights)
            again = segment.postings(field, term)
            assert np.array_equal(again.ids, plain.ids)


def test_lengths_and_counts_are_those_of_whoosh(
    generation: shelf.Generation, snapshot: Snapshot
) -> None:
    with generation.index.reader() as reader:
        lengths, _ = snapshot.norm("body")
        assert lengths.tolist() == [
            reader.doc_field_length(place, "body") for place in range(snapshot.size)
        ]
        assert snapshot.count == reader.doc_count()
        assert snapshot.size == reader.doc_count_all() == NOTES


def test_facet_counts_are_those_of_a_plain_count(snapshot: Snapshot) -> None:
    counts = engine._count(snapshot.values("place"), snapshot.live)
    live = {number - 1 for number in snapshot.number[snapshot.live].tolist()}
    assert counts == {
        "80": sum(number % 3 > 0 for number in live),
        "8012": sum(number % 3 > 1 for number in live),
    }


@pytest.mark.parametrize("word", [*WORDS, "ชาวนาปลาทู", "สวัสดิการชุมชน", "ทะเลอ่าว", "ไม่มีคำนี้"])
def test_looking_through_finds_every_text_and_no_other(snapshot: Snapshot, word: str) -> None:
    words = understand(f'"{word}"').wanted[0].forms[0]
    found = set(matching.occurrences(snapshot, understand(f'"{word}"').wanted[0]).tolist())
    texts = [decode_text(snapshot.text(place)) for place in range(snapshot.size)]
    assert found == {place for place, text in enumerate(texts) if words[0].text in text}


@pytest.mark.parametrize("word", ["ปลาทู", "สวัสดิการ", "ตลาดนัด", "น้ำ", "café"])
def test_words_of_the_dictionary_are_found_inside_longer_runs(
    snapshot: Snapshot, word: str
) -> None:
    found = set(matching.occurrences(snapshot, understand(word).wanted[0]).tolist())
    texts = [decode_text(snapshot.text(place)) for place in range(snapshot.size)]
    true = {place for place, text in enumerate(texts) if word in text}
    assert len(found & true) >= 0.995 * len(true)
    assert len(found & true) >= 0.98 * len(found)


def test_scores_are_those_of_whoosh_where_both_can_answer(
    generation: shelf.Generation, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One field: Whoosh adds up fields, where ours are weighed together before they saturate."""
    body_alone = ranking.Weights(title=0, about=0, filed=0)
    monkeypatch.setattr(ranking, "idf", _whoosh_idf)
    leaves = ("ปลาทู", "ชุมชน", "ออม")
    # Whoosh counts deleted notes too.
    every = np.ones(snapshot.size, dtype=np.bool_)
    asked = understand(" ".join(leaves))
    rare = ranking.rarities(snapshot, asked, every, body_alone)
    scores = ranking.score(snapshot, asked, rare, body_alone)
    weighting = scoring.BM25F(B=body_alone.b, K1=body_alone.k1)
    with generation.index.reader() as reader:
        searcher = Searcher(reader, weighting=weighting)
        query = Or([Term("body", leaf) for leaf in leaves])
        hits = searcher.search(query, limit=50)
        theirs = {hit.docnum: hit.score for hit in hits}
    for place, score in theirs.items():
        assert snapshot.live[place]
        assert scores[place] == pytest.approx(score, rel=0.01)
    best = np.argsort(-np.where(snapshot.live, scores, 0))[:10]
    assert min(theirs.get(int(place), 0) for place in best) > 0


def _whoosh_idf(notes: int, having: int) -> np.float32:
    return np.float32(np.log(notes / (having + 1)) + 1)


def test_a_merge_keeps_every_live_note(tmp_path: Path) -> None:
    chance = random.Random(5)
    made = shelf.make_generation(tmp_path, "test")
    for number in range(60):
        known = {
            record.segment_id(): Segment(made.reader(record), Cache()) for record in made.segments()
        }
        gone = [0] if number == 30 else []
        shelf.write(made, [entry(document(number, chance))], gone, known)
    records = made.segments()
    assert len(records) < 40
    segments = [Segment(made.reader(record), Cache()) for record in records]
    joined = Snapshot(segments, [frozenset(one.deleted_docs()) for one in records], "")
    live = joined.number[joined.live].tolist()
    assert len(live) == len(set(live)) == 59
    for place in np.flatnonzero(joined.live).tolist():
        text = decode_text(joined.text(place))
        for leaf in understand(text.split("\n")[0]).leaves:
            assert place in joined.postings("title", leaf).ids


TEXT = st.text(alphabet="กขนมเแาำิ่้ัะ ab–1\n" + "é\u0301", max_size=30)


@given(TEXT, TEXT.filter(bool))
def test_a_needle_is_found_where_it_splits_no_cluster(text: str, wanted: str) -> None:
    places = [at for at in range(len(text)) if text.startswith(wanted, at)]
    whole = any(
        is_cluster_boundary(text, at) and is_cluster_boundary(text, at + len(wanted))
        for at in places
    )
    assert Needle(wanted).is_in(encode_text(text)) == whole


@given(st.lists(st.sets(st.integers(0, 40)), min_size=1, max_size=4))
def test_lists_are_united_and_cut_as_sets_are(sets: list[set[int]]) -> None:
    lists = [np.array(sorted(one), dtype=np.int32) for one in sets]
    assert united(41, lists).tolist() == sorted(set().union(*sets))
    assert common(lists).tolist() == sorted(set.intersection(*sets))


def test_what_is_not_asked_scores_nothing(snapshot: Snapshot) -> None:
    assert not ranking.score(snapshot, Asked(), {}).any()
