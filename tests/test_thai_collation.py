"""Lists in the order of a Thai dictionary."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from kms.thai.collation import sort_key

WORDS = st.text(st.characters(min_codepoint=0x0E01, max_codepoint=0x0E4E), max_size=12)


def test_a_leading_vowel_is_sorted_by_its_consonant():
    ordered = ["กระบี่", "กรุงเทพมหานคร", "แก่ง", "ขอนแก่น", "จันทบุรี", "เชียงราย", "เชียงใหม่", "แพร่", "เลย"]
    shuffled = random.Random(1).sample(ordered, len(ordered))
    assert sorted(shuffled, key=sort_key) == ordered


def test_tone_marks_decide_only_between_equals():
    assert sorted(["ก้าง", "กาน", "ก่าง", "กาง"], key=sort_key) == ["กาง", "ก่าง", "ก้าง", "กาน"]
    assert sorted(["เก้า", "เก่า", "เกา", "เกาะ"], key=sort_key) == ["เกา", "เก่า", "เก้า", "เกาะ"]


def test_thai_and_arabic_digits_stand_together_and_capitals_do_not_matter():
    assert sorted(["๓", "2", "๑"], key=sort_key) == ["๑", "2", "๓"]
    assert sorted(["OTOP", "aar", "Plan"], key=sort_key) == ["aar", "OTOP", "Plan"]


@settings(deadline=None)
@given(WORDS, WORDS)
def test_different_words_never_have_the_same_key(one: str, other: str):
    assert (sort_key(one) == sort_key(other)) == (one == other)


@settings(deadline=None)
@given(st.lists(WORDS, max_size=8))
def test_the_order_does_not_depend_on_how_the_list_came(words: list[str]):
    backwards = words[::-1]
    assert sorted(words, key=sort_key) == sorted(backwards, key=sort_key)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_a_word_comes_before_its_continuation(word: str, more: str):
    if not word or word[-1] not in "เแโใไ":
        assert sort_key(word) <= sort_key(word + more)
