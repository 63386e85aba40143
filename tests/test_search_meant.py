"""What was meant is guessed from words one may see, even where the slip found something."""

import random
import time

import pytest

from kms.note_kinds import Kind
from kms.permissions import ANONYMOUS
from kms.saving import Store
from kms.search import analysis
from kms.search.spelling import Words, dictionary, distance, skeleton
from tests.search_helpers import find, numbers, write

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("นำมันดิบ", "น้ำมันดิบ"),
        ("กุงกามกราม", "กุ้งก้ามกราม"),
        ("เลือดแดงง", "เลือดแดง"),
        ("สหกรน์", "สหกรณ์"),
        ("สะหกรณ์", "สหกรณ์"),
        ("คณะกรรมการร", "คณะกรรมการ"),
        ("คณะกรรมกาณ", "คณะกรรมการ"),
        ("ยงาพารา", "ยางพารา"),
        ("vps", None),
        ("lsdiIN", "สหกรณ์"),
        ("lsdiN", "สหกรณ์"),
    ],
)
def test_careless_thai_is_understood(store: Store, typed: str, meant: str | None) -> None:
    write(store, "สหกรณ์ยางพารา", "น้ำมันดิบ กุ้งก้ามกราม เลือดแดง คณะกรรมการ")
    assert find(store, typed).did_you_mean == meant


def test_english_typed_on_the_thai_keyboard(store: Store) -> None:
    number = write(store, "Homestay ของชุมชน")
    found = find(store, "้นทำหะฟั")
    assert found.did_you_mean == "homestay"
    assert numbers(find(store, "homestay")) == [number]


def test_a_broken_word_is_mended_though_its_pieces_are_found(store: Store) -> None:
    write(store, "ชุมนุมชมรมผู้สูงอายุ")
    number = write(store, "กองทุนของชุมชน")
    found = find(store, "ชุมชม")
    assert found.did_you_mean == "ชุมชน"
    assert numbers(find(store, found.did_you_mean)) == [number]


def test_names_that_only_notes_know_are_words_too(store: Store) -> None:
    number = write(store, "เวทีที่ครูชบแก้ว", "เล่าเรื่อง Agritech")
    found = find(store, "agritehc")
    assert found.did_you_mean == "agritech"
    assert numbers(find(store, "agritech")) == [number]


def test_a_slip_inside_a_chunk_is_mended_where_it_is(store: Store) -> None:
    write(store, "กองทุนสวัสดิการชุมชน", "กองทุนสวัสดิการชุมชนปากพนัง")
    assert find(store, "กองทุนสวัสดกิารชุมชน").did_you_mean == "กองทุนสวัสดิการชุมชน"


def test_rare_words_of_hidden_notes_are_not_told(store: Store) -> None:
    write(store, "Zooplankton", "zooplankton ในบ่อ", visibility="members")
    write(store, "เรื่องเปิด")
    assert find(store, "zooplanktom", seen_by=ANONYMOUS).did_you_mean is None


def test_what_is_said_is_well_as_it_is(store: Store) -> None:
    write(store, "กองทุนสวัสดิการชุมชน", "ปลูกก่อนปลูกหลัง ประชุม พ.ศ. 2550")
    for typed in ("กองทุน", "สวัสดิการชุมชน", "ปลูกก่อน", "2550", "พ.ศ.", '"สวัสดกิาร"', "-กองทุน"):
        assert find(store, typed).did_you_mean is None, typed


def test_filters_are_kept_in_mind(store: Store) -> None:
    write(store, "สวัสดิการ", kind=Kind.PAGE)
    assert find(store, "สวัสดกิาร", kind="page").did_you_mean == "สวัสดิการ"
    assert find(store, "สวัสดกิาร", kind="lesson").did_you_mean is None


def test_words_share_a_key_with_each_word_a_slip_away() -> None:
    chance = random.Random(4)
    words = chance.sample(sorted(w for w in analysis.vocabulary().known if 5 <= len(w) <= 12), 300)
    known = Words(words)
    for word in words:
        at = chance.randrange(len(word))
        for slip in (word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word + "ฮ"):
            if 0 < distance(slip, word) <= 1:
                assert word in [near for _, near in known.near(slip)], (slip, word)


def test_spellings_that_sound_alike_share_a_skeleton() -> None:
    assert skeleton("สหกรณ์") == skeleton("ศหกรน") == skeleton("สหก้รณ")
    assert skeleton("") == ""


def test_the_words_take_little_memory_and_time() -> None:
    assert dictionary().nbytes < 10_000_000
    dictionary().near("สวัสดกิาร")
    began = time.process_time()
    for typed in ("สวัสดกิาร", "ชุมชม", "กุงกามกราม", "อิ่มม", "จักรวาฬ") * 10:
        dictionary().near(typed)
    assert (time.process_time() - began) / 50 < 0.01
