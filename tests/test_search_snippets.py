"""The two lines under a hit: the words where they stand thickest, nothing cut in half."""

import re

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from kms.search.folding import fold
from kms.search.snippet import LEAD, LENGTH, marked, passage
from kms.thai.words import is_cluster_boundary

TEXTS = st.text(alphabet="กขนมงลสเแโใไะาำิีุู่้ัํ ๑๒ab<&>\"'\n\u200b", max_size=400)
WORDS = st.lists(st.text(alphabet="กขนมาำิ่้ั", min_size=1, max_size=4).map(fold), max_size=4)


def shown(text: str, *words: str) -> Markup:
    return passage(text, fold(text), words)


def plain(snippet: Markup) -> str:
    return snippet.striptags()


def test_words_are_marked_also_inside_longer_words() -> None:
    assert shown("โรงเรียนชาวนา", "ชาวนา") == "โรงเรียน<mark>ชาวนา</mark>"
    assert marked("สวัสดิการชุมชน", ["ชุมชน"]) == "สวัสดิการ<mark>ชุมชน</mark>"


def test_marks_stand_on_the_words_as_written() -> None:
    assert marked("เรื่องน้ํา ปี ๒๕๕๒", ["น้ำ", "2552"]) == ("เรื่อง<mark>น้ํา</mark> ปี <mark>๒๕๕๒</mark>")


def test_half_a_cluster_is_never_marked() -> None:
    assert "<mark>" not in marked("กำนัน", ["ก"])
    assert "<mark>" not in marked("ที่นี่", ["ที"])


def test_the_line_with_most_of_the_words_is_shown() -> None:
    text = "บรรทัดแรกพูดเรื่องปลาทู\nบรรทัดที่สองพูดทั้งปลาทูและทะเล\nบรรทัดท้าย"
    snippet = shown(text, "ปลาทู", "ทะเล")
    assert plain(snippet).startswith("… บรรทัดที่สอง")
    assert snippet.count("<mark>") == 2


def test_a_long_line_is_cut_around_its_words() -> None:
    text = "คำนำยาว " * 80 + "ตรงนี้มีปลาทู " + "คำตามยาว " * 80
    snippet = shown(text, "ปลาทู")
    assert "<mark>ปลาทู</mark>" in snippet
    assert plain(snippet).startswith("… ")
    assert plain(snippet).endswith(" …")
    assert len(plain(snippet)) <= LENGTH + LEAD + 4


def test_a_very_long_line_without_spaces_is_still_short() -> None:
    snippet = shown("กขค" * 5000 + "ปลาทู" + "งจฉ" * 5000, "ปลาทู")
    assert "<mark>ปลาทู</mark>" in snippet
    assert len(plain(snippet)) <= LENGTH + LEAD + 4


def test_markup_in_a_note_stays_text() -> None:
    snippet = shown('<script>alert("ปลาทู")</script> & more', "ปลาทู")
    assert snippet.startswith("&lt;script&gt;")
    assert "<script" not in snippet


def test_without_a_match_the_beginning_is_shown() -> None:
    assert plain(shown("บันทึกนี้เริ่มอย่างนี้\nแล้วต่อ", "ไม่มี")) == "บันทึกนี้เริ่มอย่างนี้ · แล้วต่อ"
    assert shown("") == ""


@given(TEXTS, WORDS)
def test_no_snippet_cuts_a_cluster_or_grows(text: str, words: list[str]) -> None:
    snippet = shown(text, *words)
    assert not re.search(r"<(?!/?mark>)", snippet)
    inner = snippet.replace("<mark>", "").replace("</mark>", "")
    said = Markup(inner).unescape().removeprefix("… ").removesuffix(" …")
    line = " · ".join(text.split("\n"))
    assert len(said) <= LENGTH + LEAD
    at = line.find(said)
    assert at >= 0
    if at > 0 and text.split("\n"):
        assert is_cluster_boundary(line, at)


@given(TEXTS, WORDS)
def test_marking_changes_no_word(text: str, words: list[str]) -> None:
    snippet = marked(text, words)
    inner = snippet.replace("<mark>", "").replace("</mark>", "")
    assert Markup(inner).unescape() == text
