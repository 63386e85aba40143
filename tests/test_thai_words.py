"""Folding, clusters, words and leaves of Thai text."""

import time
from collections import Counter
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kms.thai import words
from kms.thai.words import Cutter, clusters, cut, fold, fold_with_offsets, leaves, shorten
from tests.shared_data import SEEDS, needs_seeds

CUTTER = Cutter(["หูล่อง", "พอช.", "แคน"])

THAI = st.text(
    alphabet=st.one_of(
        st.characters(min_codepoint=0x0E01, max_codepoint=0x0E5B),
        st.sampled_from("เแาำัํ้่์ิุ็ \u200b\xad\xa0\n๑9aÀΣİé\u0301.ฯๆ(😀"),
        st.characters(codec="utf-8"),
    ),
    max_size=60,
)


def test_slips_that_look_alike_fold_to_one_spelling():
    assert fold("น้ํา") == fold("นํ้า") == fold("น้ำ") == fold("นำ้") == "น้ำ"
    assert fold("เเม่") == "แม่"
    assert fold("กลุ่่ม") == "กลุ่ม"
    assert fold("ที\u0e48") == fold("ท\u0e48\u0e35") == "ที่"
    assert fold("ชุม\u200bชน\u00a0ABC ๒๕๕๐") == "ชุมชน abc 2550"


@settings(max_examples=400, deadline=None)
@given(THAI)
def test_folding_twice_changes_nothing_more(text: str):
    assert fold(fold(text)) == fold(text)


@settings(max_examples=400, deadline=None)
@given(THAI)
def test_offsets_follow_the_same_fold_and_never_run_back_past_their_cluster(text: str):
    folded, offsets = fold_with_offsets(text)
    assert folded == fold(text)
    assert len(offsets) == len(folded)
    assert all(0 <= offset < len(text) for offset in offsets)


def test_an_offset_leads_back_to_the_letter_it_came_from():
    text = "ก\u200bข นํ้า"
    folded, offsets = fold_with_offsets(text)
    assert folded == "กข น้ำ"
    assert [text[offset] for offset in offsets] == ["ก", "ข", " ", "น", "้", "า"]


@settings(deadline=None)
@given(THAI)
def test_clusters_joined_are_the_text(text: str):
    assert "".join(clusters(text)) == text


def test_a_cluster_keeps_signs_with_their_consonant():
    assert clusters("น้ำใจ เมือง") == ["น้ำ", "ใจ", " ", "เมื", "อ", "ง"]
    assert clusters("วัน") == ["วัน"]


@settings(max_examples=300, deadline=None)
@given(THAI)
def test_cutting_loses_nothing_but_white_space(text: str):
    found = cut(text)
    assert "".join(text.split()) == "".join("".join(word.split()) for word, _, _ in found)
    assert all(text[start:end] == word for word, start, end in found)
    assert all(a[2] <= b[1] for a, b in pairwise(found))


@settings(max_examples=300, deadline=None)
@given(THAI)
def test_no_word_begins_or_ends_inside_a_cluster(text: str):
    for _, start, end in cut(text):
        assert words.is_cluster_boundary(text, start)
        assert words.is_cluster_boundary(text, end)


@settings(max_examples=400, deadline=None)
@given(THAI)
@example("a่ำ1ำ.ํก e\u20d0ก\nกา")
@example("เ.ก ั.ข ชุมชน.. ๆ.ๆ")
def test_counting_words_is_cutting_and_counting(text: str):
    assert CUTTER.count(text) == Counter(word for word, _, _ in CUTTER.cut(text))


@needs_seeds
def test_counting_words_of_real_text_is_cutting_and_counting():
    for path in sorted(SEEDS.glob("*.txt")):
        for line in fold(path.read_text(encoding="utf-8")).split("\n\n"):
            assert CUTTER.count(line) == Counter(word for word, _, _ in CUTTER.cut(line))


def test_a_run_met_again_is_counted_as_the_first_time():
    text = "กองทุนชุมชน " * 3 + "เมือง" * 200
    assert CUTTER.count(text) == CUTTER.count(text)
    assert CUTTER.count(text) == Counter(word for word, _, _ in CUTTER.cut(text))


def test_words_are_cut_with_our_own_names_too():
    cutter = Cutter(["หูล่อง", "พอช."])
    found = [word for word, _, _ in cutter.cut("ต.หูล่อง ได้งบจากพอช.กว่า 2 แสนบาท")]
    assert "หูล่อง" in found
    assert "พอช." in found


def test_a_short_name_of_ours_is_never_taken_as_a_part_of_a_longer_word():
    assert Cutter(["กุง", "ออย"]).leaves("กุงออย") == ("กุงออย",)
    assert Cutter(["หูล่อง"]).leaves("ชุมชนหูล่อง") == ("ชุมชน", "หูล่อง")


def test_a_full_stop_after_a_word_stands_alone():
    assert [word for word, _, _ in cut("ชุมชน. OTOP2 1.6")] == ["ชุมชน", ".", "OTOP", "2", "1.6"]


def test_a_compound_and_its_parts_apart_have_the_same_leaves():
    assert leaves("กองทุนหมู่บ้าน") == ["กอง", "ทุน", "หมู่", "บ้าน"]
    assert leaves("กองทุนหมู่บ้าน") == leaves("กองทุน") + leaves("หมู่บ้าน")
    assert leaves("ปลา") == ["ปลา"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(words.thai_words())[::97]), max_size=3))
def test_leaves_joined_are_the_word_and_are_leaves_themselves(parts: list[str]):
    word = "".join(parts)
    found = leaves(word)
    assert "".join(found) == word
    for leaf in found:
        assert leaves(leaf) == [leaf]


def test_long_text_without_a_space_is_cut_quickly_and_whole():
    text = "ตากลมเมืองนคร" * 8_000
    started = time.perf_counter()
    found = cut(text)
    assert "".join(word for word, _, _ in found) == text
    assert time.perf_counter() - started < 5


def test_shortening_never_breaks_a_cluster():
    assert shorten("น้ำใจ", 10) == "น้ำใจ"
    assert shorten("ชุมชนน้ำใจ", 8) == "ชุมชน…"
    assert shorten("กก", 1) == "…"


@settings(deadline=None)
@given(THAI, st.integers(0, 40))
def test_a_shortened_text_is_within_its_limit(text: str, limit: int):
    assert len(shorten(text, limit)) <= max(limit, 0) or len(text) <= limit
