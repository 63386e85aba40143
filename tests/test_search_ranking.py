"""The best come first, by what everyone may see, and are counted exactly."""

import gzip
import json
import random
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from whoosh import scoring
from whoosh.codec.whoosh3 import W3LeafMatcher
from whoosh.query import Or, Term
from whoosh.searching import Searcher

from kms.note_kinds import PlaceNamed
from kms.permissions import ANONYMOUS, SYSTEM
from kms.saving import Store
from kms.search import engine, ranking, shelf
from kms.search.arrays import Cache, Segment, Snapshot, decode_one_by_one
from kms.search.asking import Asked, understand
from kms.search.documents import Document
from kms.search.found import Found
from kms.search.kept_text import decode_text
from kms.search.query import Query
from kms.search.schema import entry
from tests.cast import Cast
from tests.search_helpers import find, numbers, write
from tests.shared_data import DATA, needs_data

pytestmark = pytest.mark.any_database

REAL_NOTES = 400
SONGKHLA, NAKHON_RATCHASIMA = "90", "30"
BODY_ALONE = ranking.Weights(title=0, about=0, filed=0)


def opened(generation: shelf.Generation) -> Snapshot:
    records = generation.segments()
    segments = [Segment(generation.reader(record), Cache()) for record in records]
    return Snapshot(segments, [frozenset(one.deleted_docs()) for one in records], "test")


# --- what lifts a note ---------------------------------------------------------------------------


def test_words_that_stand_as_typed_lift_a_note(store: Store) -> None:
    together = write(store, "เรื่องหนึ่ง", "ชุมชนมีกองทุนสวัสดิการ และมีตลาด")
    write(store, "เรื่องสอง", "ชุมชนมีสวัสดิการ และกองทุน ตลาด")
    assert numbers(find(store, "กองทุน สวัสดิการ"))[0] == together


def test_words_that_stand_as_typed_lift_a_note_of_rarer_letters_too(store: Store) -> None:
    together = write(store, "เรื่องหนึ่ง", "ชุมชนมีกองทุนสวัสดิการ และมีตลาด café ﷺ")
    write(store, "เรื่องสอง", "ชุมชนมีสวัสดิการ และกองทุน ตลาด café ﷺ")
    assert numbers(find(store, "กองทุน สวัสดิการ"))[0] == together


def test_a_title_that_was_typed_whole_comes_first(store: Store) -> None:
    whole = write(store, "ธนาคารปู (บ้านเรา)", "คืนปูไข่สู่ทะเล")
    write(store, "ธนาคารปู และธนาคารต้นไม้ ธนาคารปูม้า", "ธนาคารปู ธนาคารปู คืนปูไข่สู่ทะเล")
    assert numbers(find(store, "ธนาคารปู คืออะไร"))[0] == whole


@pytest.mark.parametrize("typed", ["สงขลา", "จังหวัดสงขลา"])
def test_a_note_filed_under_the_place_comes_before_one_that_mentions_it(
    store: Store, typed: str
) -> None:
    write(store, "คณะดูงาน", "คณะจากจังหวัดสงขลามาเยี่ยม แล้วกลับสงขลา")
    filed = write(store, "ตลาดริมคลอง", "แม่ค้าขายของ", places=(PlaceNamed(SONGKHLA),))
    assert numbers(find(store, typed))[0] == filed


def test_a_note_filed_under_a_place_is_lifted_by_its_nickname(store: Store) -> None:
    write(store, "ของฝาก", "ผัดหมี่โคราช กับหมี่โคราช")
    filed = write(store, "ตลาดเช้า", "แม่ค้าขายของ", places=(PlaceNamed(NAKHON_RATCHASIMA),))
    assert numbers(find(store, "โคราช"))[0] == filed


def test_a_note_filed_under_the_theme_comes_before_one_that_mentions_it(
    store: Store,
) -> None:
    write(store, "เรื่องเล่า", "พูดถึงสวัสดิการครั้งหนึ่ง แล้วพูดถึงสวัสดิการอีก")
    filed = write(store, "กลุ่มบ้านเหนือ", "ประชุมทุกเดือน", themes=("สวัสดิการชุมชน",))
    assert numbers(find(store, "สวัสดิการ"))[0] == filed


# --- questions -----------------------------------------------------------------------------------


def test_a_question_is_answered_by_a_note_that_has_not_all_its_words(store: Store) -> None:
    number = write(store, "ปลาทูแม่กลอง", "ปลาทูหน้างอคอหัก")
    write(store, "ข้าวยำ", "อาหารของภาคใต้")
    assert numbers(find(store, "ปลาทูแม่กลองมีลักษณะอย่างไร"))[0] == number


def test_quoted_words_of_a_question_are_not_let_go(store: Store) -> None:
    write(store, "ปลาทูแม่กลอง", "ปลาทูหน้างอคอหัก")
    exact = write(store, "ปลาทูอันดามัน", "ตัวยาว")
    assert numbers(find(store, '"อันดามัน" ปลาทูหน้างอคอหักลักษณะอย่างไร')) == [exact]


# --- nothing of hidden notes ---------------------------------------------------------------------

TOPICS = ["กองทุน", "สวัสดิการ", "ปลาทู", "ตลาด", "ชุมชน", "สงขลา", "ครู", "วัด"]
ASKED = [*TOPICS, "กองทุน สวัสดิการ", "ปลาทู ตลาด ชุมชน", "ครูวัดสงขลาทำอะไร", ""]


def told(found: Found) -> object:
    """All that an answer tells but how long it took."""
    hits = [(hit.number, hit.score) for hit in found.hits]
    facets = {
        name: [(value.value, value.count) for value in values]
        for name, values in found.facets.items()
    }
    return found.total, hits, facets, found.loosened, found.did_you_mean


def test_a_hidden_note_never_changes_what_is_told_to_others(store: Store, cast: Cast) -> None:
    chance = random.Random(11)
    for _ in range(12):
        words = chance.choices(TOPICS, k=6)
        write(store, " ".join(words[:2]), " ".join(words), places=(PlaceNamed(SONGKHLA),))
    for _ in range(4):
        write(store, "ของสมาชิก", " ".join(chance.choices(TOPICS, k=4)), visibility="members")
    to_all = [told(find(store, words)) for words in ASKED]
    to_members = [told(find(store, words, seen_by=cast.researcher)) for words in ASKED]
    for words in TOPICS:
        body = f"{words} " * 30 + "กองทุน สวัสดิการ"
        write(
            store, words, body, by=cast.curator, visibility="draft", places=(PlaceNamed(SONGKHLA),)
        )
    assert [told(find(store, words)) for words in ASKED] == to_all
    assert [told(find(store, words, seen_by=cast.researcher)) for words in ASKED] == to_members
    write(store, "กองทุน", "ปลาทู สวัสดิการ " * 20, visibility="members")
    assert [told(find(store, words, seen_by=ANONYMOUS)) for words in ASKED] == to_all


# --- counted exactly -----------------------------------------------------------------------------

AUDIENCES = ("public", "members", "account-1", "account-2")
FIELDS = {"places": "place", "themes": "theme", "roles": "role", "organisations": "organisation"}
NARROWING = {
    "places": ("80", "8012", "90", "9001"),
    "themes": ("money", "money-fund", "food"),
    "roles": ("lead", "host"),
    "organisations": ("1", "2", "3"),
}


def random_document(number: int, chance: random.Random) -> Document:
    values = {
        FIELDS[name]: tuple(one for one in of if chance.random() < 0.4)
        for name, of in NARROWING.items()
    }
    values |= {"audience": (chance.choice(AUDIENCES),), "kind": (chance.choice(("aar", "note")),)}
    words = " ".join(chance.sample(TOPICS, k=3))
    return Document(number, 1, "บันทึก", words, "", values)


def test_counts_are_those_of_looking_at_every_document(tmp_path: Path) -> None:
    chance = random.Random(17)
    documents = [random_document(number, chance) for number in range(1, 401)]
    made = shelf.make_generation(tmp_path, "test")
    shelf.write(made, map(entry, documents[:250]))
    shelf.write(made, map(entry, documents[250:]))
    gone = set(chance.sample(range(250), 30))
    shelf.write(made, [], sorted(gone))
    snapshot = opened(made)
    live = [one for place, one in enumerate(documents) if place not in gone]
    for _ in range(150):
        narrowed = {
            name: tuple(chance.sample(of, k=chance.choice((0, 0, 1, 2))))
            for name, of in NARROWING.items()
        }
        audiences = chance.choice(
            [None, frozenset({"public"}), frozenset({"public", "members", "account-1"})]
        )
        word = chance.choice(["", *TOPICS])
        query = Query(words=word, **narrowed)  # type: ignore[arg-type]
        answer = engine.answer(snapshot, query, understand(word), audiences)
        seen = [
            one
            for one in live
            if (audiences is None or one.values["audience"][0] in audiences) and word in one.text
        ]
        assert answer.total == len([one for one in seen if is_within(one, narrowed)])
        for name, field in FIELDS.items():
            others = {other: of for other, of in narrowed.items() if other != name}
            counts = Counter(
                value for one in seen if is_within(one, others) for value in one.values[field]
            )
            assert answer.counts[field] == counts


def is_within(document: Document, narrowed: dict[str, tuple[str, ...]]) -> bool:
    return all(
        not wanted or set(wanted) & set(document.values[FIELDS[name]])
        for name, wanted in narrowed.items()
    )


# --- the same as Whoosh on real notes ------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> shelf.Generation:
    """Two segments of government news."""
    with gzip.open(DATA / "thaigov-20000.jsonl.gz", "rt", encoding="utf-8") as lines:
        notes = [json.loads(line) for line in islice(lines, REAL_NOTES)]
    made = shelf.make_generation(tmp_path_factory.mktemp("real"), "test")
    documents = [
        Document(
            number,
            1,
            note["title"],
            note["body"],
            "",
            {"audience": ("public",), "kind": ("note",), "year": (note["date"][:4] or "0",)},
        )
        for number, note in enumerate(notes, 1)
    ]
    shelf.write(made, map(entry, documents[:300]))
    shelf.write(made, map(entry, documents[300:]))
    return made


def asked_of(snapshot: Snapshot) -> list[Asked]:
    """Words of titles, two to four terms each."""
    chance = random.Random(23)
    found = []
    for place in chance.sample(range(snapshot.size), 60):
        title = decode_text(snapshot.text(place)).partition("\n")[0]
        words = title.split()
        asked = understand(" ".join(words[: chance.randint(1, 2)]))
        found.append(Asked(asked.wanted[:4]))
    return [asked for asked in found if asked.leaves]


@needs_data
def test_the_best_of_real_notes_are_those_of_whoosh(
    real: shelf.Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        ranking, "idf", lambda notes, having: float(np.log(notes / (having + 1)) + 1)
    )
    snapshot = opened(real)
    agreed = total = 0
    with real.index.reader() as reader:
        searcher = Searcher(reader, weighting=scoring.BM25F(B=BODY_ALONE.b, K1=BODY_ALONE.k1))
        for asked in asked_of(snapshot):
            rare = ranking.rarities(snapshot, asked, snapshot.live, BODY_ALONE)
            ours = ranking.score(snapshot, asked, rare, BODY_ALONE)
            hits = searcher.search(Or([Term("body", leaf) for leaf in asked.leaves]), limit=10)
            theirs = {hit.docnum: hit.score for hit in hits}
            least = np.sort(ours)[-min(10, len(theirs))] if theirs else 0
            # A place whose score is that of the tenth may stand for the tenth.
            agreed += sum(ours[place] >= least - 1e-4 for place in theirs)
            total += len(theirs)
            for place, score in theirs.items():
                assert ours[place] == pytest.approx(score, rel=0.01)
    assert total > 300
    assert agreed >= 0.99 * total


@needs_data
def test_postings_of_real_notes_are_those_of_the_public_road(real: shelf.Generation) -> None:
    terms = 0
    for record in real.segments():
        reader = real.reader(record)
        for field, term, postings in Segment(reader, Cache()).all_postings():
            matcher = reader._terms.matcher(field, term.encode(), reader.schema[field].format)
            assert isinstance(matcher, W3LeafMatcher)
            plain = decode_one_by_one(matcher)
            assert np.array_equal(postings.ids, plain.ids)
            assert np.array_equal(postings.weights, plain.weights)
            terms += 1
    assert terms > 5_000


@needs_data
def test_counts_of_real_notes_are_those_of_whooshs_postings(real: shelf.Generation) -> None:
    snapshot = opened(real)
    with real.index.reader() as reader:
        for asked in asked_of(snapshot)[:20]:
            word = asked.wanted[0].forms[0][0].text
            answer = engine.answer(snapshot, Query(words=word, limit=REAL_NOTES), asked, None)
            found = set(answer.places)
            years = {
                term.decode(): sum(
                    place in found for place in reader.postings("year", term).all_ids()
                )
                for term in reader.lexicon("year")
            }
            assert answer.counts["year"] == {year: n for year, n in years.items() if n}


@needs_data
def test_the_first_ten_are_the_same_however_many_are_asked_for(real: shelf.Generation) -> None:
    snapshot = opened(real)
    for asked in asked_of(snapshot):
        ten = engine.answer(snapshot, Query(words="x", limit=10), asked, None)
        most = engine.answer(snapshot, Query(words="x", limit=100), asked, None)
        assert ten.places == most.places[:10]
        assert ten.scores == most.scores[:10]


def test_members_of_the_system_are_counted_by_all_notes(store: Store) -> None:
    write(store, "กองทุน", "ปลาทู")
    write(store, "กองทุน", "ปลาทู", visibility="members")
    assert find(store, "ปลาทู", seen_by=SYSTEM).total == 2
    assert find(store, "ปลาทู").total == 1
