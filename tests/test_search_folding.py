"""The quick folding of the index says what the careful one says."""

from hypothesis import example, given
from hypothesis import strategies as st

from kms.search import folding
from kms.thai import words

THAI = "กขคงนมสเแโใไอ" + "ะาำๅ" + folding._MARKS + "๐๑๙ฯๆ๏"
OTHERS = "aZ09 .,\"'-\n\r\t\xa0\u200b\ufeff“”–…éÉΣß²\u0301𝟘İﬁ"


@given(st.text(alphabet=THAI + OTHERS, max_size=60))
@example("น้ำ ที่ กำ\u0e4dา\nเเม่")
@example("น\u0e4d\u0e49า")
def test_quick_folding_is_folding(text: str) -> None:
    assert folding.fold(text) == words.fold(text)


@given(st.text(max_size=60))
def test_quick_folding_is_folding_for_any_text(text: str) -> None:
    assert folding.fold(text) == words.fold(text)


@given(st.text(alphabet=THAI + OTHERS, max_size=60))
def test_quick_offsets_are_the_offsets(text: str) -> None:
    folded, offsets = folding.fold_with_offsets(text)
    assert (folded, list(offsets)) == words.fold_with_offsets(text)
