"""A slip of the finger is understood, and only words that the searcher may see are offered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kms.permissions import SYSTEM
from kms.saving import Store
from kms.search.spelling import distance, near, other_layout
from tests.search_helpers import find, numbers, write

pytestmark = pytest.mark.any_database

WORDS = st.text(alphabet="กขนมาำิ่้สศ", max_size=8)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("สวัสดกิาร", "สวัสดิการ"),
        ("สวสัดิการ", "สวัสดิการ"),
        ("สวัสดีการ", "สวัสดิการ"),
        ("l;ylfbdki", "สวัสดิการ"),
        ("สวัสดกิาร ชุมชน", "สวัสดิการ ชุมชน"),
        ("ชุมชม", "ชุมชน"),
    ],
)
def test_a_slip_is_understood(store: Store, typed: str, meant: str) -> None:
    number = write(store, "กองทุนสวัสดิการของชุมชน")
    found = find(store, typed)
    assert found.did_you_mean == meant
    assert numbers(find(store, found.did_you_mean)) == [number]


def test_a_word_that_is_found_is_not_corrected(store: Store) -> None:
    write(store, "กองทุนสวัสดิการ")
    assert find(store, "สวัสดิการ").did_you_mean is None
    assert find(store, "จักรวาลไกลโพ้น").did_you_mean is None
    assert find(store, "").did_you_mean is None


def test_no_word_is_offered_from_notes_one_may_not_see(store: Store) -> None:
    write(store, "กองทุนสวัสดิการ", visibility="members")
    assert find(store, "สวัสดกิาร").did_you_mean is None
    assert find(store, "สวัสดกิาร", seen_by=SYSTEM).did_you_mean == "สวัสดิการ"


def test_the_other_keyboard() -> None:
    assert other_layout("l;ylfu") == "สวัสดี"
    assert other_layout("สวัสดี") == "l;ylfu"


@given(WORDS, WORDS)
def test_distance_is_the_same_both_ways(first: str, second: str) -> None:
    assert distance(first, second) == distance(second, first)
    assert (distance(first, second) == 0) == (first == second)


def test_near_words_are_near() -> None:
    assert "สวัสดิการ" in near("สวัสดกิาร")
    assert near("ก") == []
