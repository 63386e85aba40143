"""Folding a byte a character says what the careful folding says."""

from hypothesis import example, given
from hypothesis import strategies as st

from kms.search import folding as known_to_search
from kms.thai import folding

THAI = "กขคงนมสเแโใไอ" + "ะาำๅ" + "".join(folding._THAI_MARKS) + "๐๑๙ฯๆ๏฿"
OTHERS = "aZ09 .,\"'-\n\r\t\xa0\u200b\ufeff“”–…€éÉΣß²\u0301𝟘İﬁ\x85"


def carefully(text: str) -> tuple[str, list[int]]:
    return folding._fold_runs(text)


@given(st.text(alphabet=THAI + OTHERS, max_size=60))
@example("น้ำ ที่ กำ\u0e4dา\nเเม่")
@example("น\u0e4d\u0e49า")
@example("\u0e48")
def test_quick_folding_is_folding(text: str) -> None:
    assert folding.fold(text) == carefully(text)[0]


@given(st.text(alphabet=THAI, max_size=12))
def test_quick_folding_is_folding_for_signs_in_any_order(text: str) -> None:
    assert folding.fold(text) == carefully(text)[0]


@given(st.text(max_size=60))
def test_quick_folding_is_folding_for_any_text(text: str) -> None:
    assert folding.fold(text) == carefully(text)[0]


@given(st.text(alphabet=THAI + OTHERS, max_size=60))
def test_quick_offsets_are_the_offsets(text: str) -> None:
    folded, offsets = folding.fold_with_offsets(text)
    assert (folded, list(offsets)) == carefully(text)


def test_the_search_folds_as_everything_else_does() -> None:
    assert known_to_search.fold is folding.fold
    assert known_to_search.fold_with_offsets is folding.fold_with_offsets
