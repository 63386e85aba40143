"""Trigrams leave out no note that has a text, and leave few others in."""

from hypothesis import given
from hypothesis import strategies as st

from kms.search.grams import Grams, build
from kms.search.kept_text import encode_text

TEXT = st.text(alphabet="กขคเแาำิ่ั ab–é\n", max_size=30)


def grams(texts: list[str]) -> Grams:
    return Grams(memoryview(build(map(encode_text, texts))))


@given(st.lists(TEXT, max_size=12), TEXT.filter(lambda text: text and "\n" not in text))
def test_every_note_that_has_the_text_is_a_candidate(texts: list[str], wanted: str) -> None:
    found = grams(texts).candidates(wanted).tolist()
    assert found == sorted(set(found))
    assert {place for place, text in enumerate(texts) if wanted in text} <= set(found)


@given(st.lists(TEXT, max_size=12), st.text(alphabet="กขคเแาำ", min_size=1, max_size=3))
def test_up_to_three_plain_letters_leave_nobody_else_in(texts: list[str], wanted: str) -> None:
    found = grams(texts).candidates(wanted).tolist()
    assert found == [place for place, text in enumerate(texts) if wanted in text]


def test_notes_are_told_apart_beyond_one_gathering() -> None:
    texts = [f"เรื่องที่ {number}" for number in range(1_000)]
    assert grams(texts).candidates("่ 777").tolist() == [777]
    assert len(grams(texts).candidates("เรื่อง")) == 1_000


def test_a_segment_beyond_sixteen_bits_keeps_its_places() -> None:
    texts = ["กขค"] * 70_000 + ["คขก"]
    found = grams(texts).candidates("คขก").tolist()
    assert found == [70_000]


def test_an_empty_segment_has_no_candidates() -> None:
    assert grams([]).candidates("ปลาทู").tolist() == []
    assert grams(["", ""]).candidates("ป").tolist() == []
