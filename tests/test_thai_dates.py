"""Dates as people write them: three year systems, Thai digits, ranges, slips and nonsense."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kms.language import speaking
from kms.thai.dates import (
    find,
    read,
    read_year,
    show,
    show_instant,
    show_range,
    year_be,
)

TODAY = date(2009, 6, 20)
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("18 ธ.ค. 2550", date(2007, 12, 18)),
        ("18 ธค 50", date(2007, 12, 18)),
        ("๑๘ ธันวาคม ๒๕๕๐", date(2007, 12, 18)),
        ("18/12/2550", date(2007, 12, 18)),
        ("18.12.2550", date(2007, 12, 18)),
        ("18-12-50", date(2007, 12, 18)),
        ("2007-12-18", date(2007, 12, 18)),
        ("2550-12-18", date(2007, 12, 18)),
        ("2007-12-18T10:00:00Z", date(2007, 12, 18)),
        ("20 ธันวาคม 2007", date(2007, 12, 20)),
        ("02 Feb 2006 @ 12:50", date(2006, 2, 2)),
        ("December 18th, 2007", date(2007, 12, 18)),
        ("วันจันทร์ที่ 8 มิถุนายน พ.ศ. 2552", date(2009, 6, 8)),
        ("27 ธค 50 เวลา 09.00 น.", date(2007, 12, 27)),
        ("20 ธันวาคม 2550 11.04 น.", date(2007, 12, 20)),
        ("เมื่อวาน", date(2009, 6, 19)),
        ("5 กรกฎาคม พุทธศักราช 2551", date(2008, 7, 5)),
        ("5 กรกฏาคม ๒๕๕๑", date(2008, 7, 5)),
    ],
)
def test_a_day_is_read_however_it_is_written(text: str, day: date):
    held = read(text, today=TODAY)
    assert (held.first, held.last, held.precision, held.warning) == (day, day, "day", "")


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("5-6 มิถุนายน 2552", date(2009, 6, 5), date(2009, 6, 6), "day"),
        ("ระหว่างวันที่ 5 ถึง 7 มิ.ย. 52", date(2009, 6, 5), date(2009, 6, 7), "day"),
        ("5, 6 และ 7 มิ.ย. 2552", date(2009, 6, 5), date(2009, 6, 7), "day"),
        ("30 พ.ค. - 2 มิ.ย. 2552", date(2009, 5, 30), date(2009, 6, 2), "day"),
        ("28 พ.ค. - 12 มิ.ย. 2552", date(2009, 5, 28), date(2009, 6, 12), "day"),
        ("30 ธ.ค. - 2 ม.ค. 2553", date(2009, 12, 30), date(2010, 1, 2), "day"),
        ("1 ม.ค. 2550 ถึง 3 ก.พ. 2550", date(2007, 1, 1), date(2007, 2, 3), "day"),
        ("2007-12-18/2007-12-20", date(2007, 12, 18), date(2007, 12, 20), "day"),
        ("ธันวาคม 2550", date(2007, 12, 1), date(2007, 12, 31), "month"),
        ("2007-12", date(2007, 12, 1), date(2007, 12, 31), "month"),
        ("มิ.ย. - ส.ค. 2552", date(2009, 6, 1), date(2009, 8, 31), "month"),
        ("2550", date(2007, 1, 1), date(2007, 12, 31), "year"),
        ("พ.ศ. ๒๕๔๙ - ๒๕๕๒", date(2006, 1, 1), date(2009, 12, 31), "year"),
        ("ปีงบประมาณ 2560", date(2016, 10, 1), date(2017, 9, 30), "month"),
    ],
)
def test_a_range_a_month_and_a_year_span_their_days(
    text: str, first: date, last: date, precision: str
):
    held = read(text, today=TODAY)
    assert (held.first, held.last, held.precision) == (first, last, precision)


def test_a_missing_year_is_the_nearest_before_the_note_was_written():
    assert read("28ม.ค.", near=date(2006, 2, 2)).first == date(2006, 1, 28)
    assert read("27ธ.ค.", near=date(2006, 2, 2)).first == date(2005, 12, 27)
    assert read("29 ก.พ.", today=TODAY).first == date(2008, 2, 29)


def test_a_weekday_that_disagrees_is_a_warning_not_a_refusal():
    held = read("วันอาทิตย์ที่ 28 ม.ค. 2549")
    assert held.first == date(2006, 1, 28)
    assert held.warning == "28 มกราคม 2549 เป็นวันเสาร์ ไม่ใช่วันอาทิตย์"


def test_a_two_digit_year_far_in_the_past_is_read_as_be_and_said():
    held = read("18/12/07")
    assert held.first == date(1964, 12, 18)
    assert "2507" in held.warning


@pytest.mark.parametrize(
    "text",
    [
        "",
        "พรุ่ง",
        "31 ก.พ. 2550",
        "30 กุมภาพันธ์ 2552",
        "99/99/2550",
        "0/1/2550",
        "พ.ศ. 2007",
        "9999",
        "6 ถึง 5 มิ.ย. 2552",
        "18 ธ.ค. 2550 กับ",
        "18\x00 ธ.ค. 2550",
        "1" * 10_000,
        "5, " * 3_000,
        "วัน" * 4_000,
        "<script>",
        "²/12/2550",
    ],
)
def test_what_is_not_a_date_is_refused_at_once_with_a_sentence(text: str):
    started = time.process_time()
    with pytest.raises(ValueError, match=r"[ก-๙]"):
        read(text, today=TODAY)
    assert time.process_time() - started < 0.1


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=150))
def test_any_text_is_read_or_refused_and_nothing_else(text: str):
    try:
        held = read(text, today=TODAY)
    except ValueError:
        return
    assert held.first <= held.last


@settings(deadline=None)
@given(DAYS, st.sampled_from(["long", "short"]), st.sampled_from(["th", "en"]))
def test_a_day_as_we_show_it_can_be_typed_again(day: date, style, language: str):
    assert read(show(day, style=style, language=language)).first == day


@settings(max_examples=300, deadline=None)
@given(DAYS, st.integers(0, 800), st.sampled_from(["long", "short"]), st.sampled_from(["th", "en"]))
def test_a_range_as_we_show_it_can_be_typed_again(day: date, length: int, style, language: str):
    last = day + timedelta(days=length)
    held = read(show_range(day, last, style=style, language=language))
    assert (held.first, held.last) == (day, last)


@settings(deadline=None)
@given(st.integers(1900, 2100), st.integers(1, 12))
def test_a_month_as_we_show_it_can_be_typed_again(year: int, month: int):
    held = read(f"{year}-{month:02d}")
    again = read(show_range(held.first, held.last))
    assert (again.first, again.last, again.precision) == (held.first, held.last, "month")


def test_days_are_shown_in_the_reader_s_language():
    day = date(2007, 12, 18)
    assert show(day) == "18 ธันวาคม 2550"
    assert show(day, style="short") == "18 ธ.ค. 2550"
    with speaking("en"):
        assert show(day) == "18 December 2007 (BE 2550)"
        assert show(day, style="short") == "18 Dec 2007"


def test_ranges_are_shown_in_the_fewest_words():
    assert show_range(date(2009, 6, 5), date(2009, 6, 6)) == "5–6 มิถุนายน 2552"
    assert show_range(date(2009, 5, 30), date(2009, 6, 2), style="short") == (
        "30 พ.ค. – 2 มิ.ย. 2552"
    )
    assert show_range(date(2007, 12, 1), date(2007, 12, 31)) == "ธันวาคม 2550"
    assert show_range(date(2007, 1, 1), date(2007, 12, 31)) == "2550"
    assert show_range(date(2009, 6, 5), date(2009, 6, 5)) == "5 มิถุนายน 2552"


def test_an_instant_is_shown_by_thai_clocks():
    instant = datetime(2007, 12, 20, 4, 4, tzinfo=UTC)
    assert show_instant(instant) == "20 ธันวาคม 2550 11.04 น."
    assert show_instant(instant.replace(tzinfo=None)) == show_instant(instant)
    assert show_instant(datetime(2007, 12, 31, 20, 0, tzinfo=UTC), style="short") == (
        "1 ม.ค. 2551 03.00 น."
    )


def test_a_year_is_read_in_be_or_ce():
    assert read_year("2550") == read_year("๒๕๕๐") == read_year("2007") == 2007
    assert read_year("พ.ศ. 2550") == read_year("ค.ศ. 2007") == read_year("50") == 2007
    assert year_be(date(2007, 1, 1)) == 2550
    for nonsense in ("", "ปีที่แล้ว", "20077", "0000", "²⁵⁵⁰"):
        with pytest.raises(ValueError, match="ปี"):
            read_year(nonsense)


def test_dates_are_found_inside_running_text():
    text = "เวทีจันทบุรี( 1 พย 50)  ลำปาง(23 พย 50) และวันอาทิตย์ที่ผ่านมา(28ม.ค.)ผมไป เมื่อปี 2540"
    found = find(text, near=date(2006, 2, 2))
    assert [text[start:end] for start, end, _ in found] == [
        "1 พย 50",
        "23 พย 50",
        "วันอาทิตย์ที่ผ่านมา(28ม.ค.",
        "ปี 2540",
    ]
    assert [held.first for _, _, held in found] == [
        date(2007, 11, 1),
        date(2007, 11, 23),
        date(2006, 1, 28),
        date(1997, 1, 1),
    ]


@pytest.mark.parametrize(
    "text", ["1550 หมู่บ้าน", "เวลา 09.00", "1-2 โครงการ", "4.1 ตำบล", "1+1+1+1", "โทร 08-12-34"]
)
def test_numbers_that_are_not_dates_are_left_alone(text: str):
    assert find(text, today=TODAY) == []


def test_finding_dates_in_a_long_hostile_text_takes_bounded_time():
    started = time.process_time()
    find("1 " * 50_000, today=TODAY)
    find("1, " * 30_000, today=TODAY)
    find("วันจันทร์" * 10_000, today=TODAY)
    assert time.process_time() - started < 5


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=100))
def test_finding_dates_never_fails(text: str):
    for start, end, held in find(text, today=TODAY):
        assert 0 <= start < end <= len(text)
        assert held.first <= held.last
