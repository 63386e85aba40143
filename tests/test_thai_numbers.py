"""Thai digits and money as people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kms.thai.numbers import MOST_SATANG, baht, read_baht, to_arabic, to_thai_digits


def test_digits_go_both_ways():
    assert to_arabic("พ.ศ. ๒๕๕๐") == "พ.ศ. 2550"
    assert to_thai_digits("18 ธ.ค. 2550") == "๑๘ ธ.ค. ๒๕๕๐"


@pytest.mark.parametrize(
    ("text", "satang"),
    [
        ("9,301,000 บาท", 930_100_000),
        ("9301000", 930_100_000),
        ("1.6 ล้านบาท", 160_000_000),
        ("257 ล้านบาท", 25_700_000_000),
        ("2แสนบาท", 20_000_000),
        ("๒,๕๐๐.๕๐", 250_050),
        ("500.-", 50_000),
        ("500 บาทถ้วน", 50_000),
        ("12 บาท 50 สตางค์", 1_250),
        ("฿120", 12_000),
    ],
)
def test_a_sum_of_money_is_read_as_people_write_it(text: str, satang: int):
    assert read_baht(text) == satang


@pytest.mark.parametrize(
    "text", ["", "ฟรี", "1,50", "-5", "1.234", "9" * 40, "1e9", "99999999 ล้านล้าน", "5 ล้าน" * 9]
)
def test_what_is_not_a_sum_is_refused_in_words(text: str):
    with pytest.raises(ValueError, match="เงิน"):
        read_baht(text)


def test_money_is_shown_with_separators_and_satang_only_when_needed():
    assert baht(3_597_800_000) == "35,978,000 บาท"
    assert baht(250_050) == "2,500.50 บาท"
    assert baht(-100) == "-1 บาท"


@settings(deadline=None)
@given(st.integers(0, MOST_SATANG))
def test_what_is_shown_can_be_typed_again(satang: int):
    assert read_baht(baht(satang)) == satang
