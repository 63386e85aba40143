"""What changed, told in whole words and whole rows."""

import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kms.alignment import tokens
from kms.differences import Line, Piece, Unchanged, changes, folded, lines, words
from kms.note_kinds import Attendee, BudgetLine, Kind, PlaceNamed, Review, RolePlayed
from tests.stories import a_page, a_review, some_minutes

TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from("กขนมเแาำัํ้่์ิุ็ะ \u200b\xa0\n\n๑9aÀé\u0301.ฯๆ(😀👍🏽\u200d👩🇹🇭"),
        st.characters(codec="utf-8", exclude_categories=["Cs"]),
    ),
    max_size=40,
)
LEANING = set("ะาำๅ\u200d\ufe0f") | {chr(code) for code in range(0x1F3FB, 0x1F400)}


def told(old: str, new: str) -> str:
    """The change in one line: [removed] and {added}."""
    marks = {"same": "%s", "removed": "[%s]", "added": "{%s}", "skipped": "…"}
    return "".join(marks[piece.kind] % piece.text for piece in words(old, new))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("น้ำใจคนบ้านหูล่อง", "น้ำตาคนบ้านหูล่อง", "[น้ำใจ]{น้ำตา}คนบ้านหูล่อง"),
        ("ประชุมที่ศาลากลาง", "ประชุมที่ศาลากลางจังหวัด", "ประชุมที่[ศาลากลาง]{ศาลากลางจังหวัด}"),
        ("มี 25 คนมา", "มี 30 คนมา", "มี [25]{30} คนมา"),
        ("ใช้ 1,500 บาท", "ใช้ ๑,๕๐๐ บาท", "ใช้ [1,500]{๑,๕๐๐} บาท"),
        ("ดู https://a.org/x?y=1 ก่อน", "ดู https://a.org/x?y=2 ก่อน",
         "ดู [https://a.org/x?y=1]{https://a.org/x?y=2} ก่อน"),
        ("ดีมาก 👍 ครับ", "ดีมาก 👍🏽 ครับ", "ดีมาก [👍]{👍🏽} ครับ"),
        ("น\u0e4d\u0e32ใจ ดี", "น้ำใจ ดี", "[น\u0e4d\u0e32ใจ]{น้ำใจ} ดี"),
        ("ฝากเงิน\xa0ทุกเดือน", "ฝากเงิน ทุกเดือน", "ฝากเงิน[\xa0]{ }ทุกเดือน"),
        ("เหมือนเดิม", "เหมือนเดิม", "เหมือนเดิม"),
        ("", "คำใหม่", "{คำใหม่}"),
        ("คำเก่า", "", "[คำเก่า]"),
    ],
)  # fmt: skip
def test_changes_are_cut_at_words(old: str, new: str, said: str) -> None:
    assert told(old, new) == said


@settings(max_examples=500, deadline=None)
@given(TEXT, TEXT)
@example("ก", "ก่")
@example("เก", "เกา")
@example(" ่", " ")
def test_pieces_joined_are_both_texts_and_none_begins_inside_a_letter(old: str, new: str) -> None:
    found = words(old, new)
    assert "".join(one.text for one in found if one.kind != "added") == old
    assert "".join(one.text for one in found if one.kind != "removed") == new
    for piece in found:
        first = piece.text[0]
        leans = first in LEANING or unicodedata.category(first) in ("Mn", "Mc", "Me")
        assert not leans or piece.text[0] in (old[:1], new[:1])


@settings(max_examples=400, deadline=None)
@given(TEXT)
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text


@settings(max_examples=400, deadline=None)
@given(st.lists(TEXT, max_size=6), st.lists(TEXT, max_size=6), st.randoms())
def test_lines_joined_are_both_texts(mine: list[str], more: list[str], line: object) -> None:
    old = "\n".join(mine)
    new = "\n".join([*more[:2], *mine[1:], *more[2:], *mine[:1]])
    found = lines(old, new)
    assert "\n".join(one.old for one in found if one.old is not None) == old
    assert "\n".join(one.new for one in found if one.new is not None) == new


def test_a_line_that_was_moved_is_said_to_be_moved() -> None:
    found = lines("หนึ่งบรรทัด\nสองบรรทัด\nสามบรรทัด", "สามบรรทัด\nหนึ่งบรรทัด\nสองบรรทัด")
    assert [one.kind for one in found] == ["moved_to", "same", "same", "moved_from"]


def test_what_did_not_change_is_folded_away_and_counted() -> None:
    every = [f"บรรทัดที่ {n} ของบันทึก" for n in range(20)]
    changed = [*every[:10], "บรรทัดที่ 10 ของใหม่", *every[11:]]
    shown = folded(lines("\n\n".join(every), "\n\n".join(changed)))
    assert [one.lines if isinstance(one, Unchanged) else one.kind for one in shown] == [
        9, "same", "changed", "same", 8,
    ]  # fmt: skip


def test_the_middle_of_a_long_unchanged_stretch_is_left_out() -> None:
    long = "ชาวบ้านหูล่องคุยกัน " * 200
    (line,) = folded(lines(f"{long}จบ", f"{long}ปิด"))
    assert isinstance(line, Line)
    assert [piece.kind for piece in line.pieces] == ["same", "skipped", "same", "removed", "added"]
    assert sum(len(piece.text) for piece in line.pieces) == len(long) + len("จบปิด")


def test_every_part_that_changed_is_told_with_its_rows() -> None:
    old = some_minutes()
    assert old.meeting is not None
    first, _second = old.meeting.attendees
    meeting = replace(
        old.meeting,
        attendees=(Attendee("กำนัน"), replace(first, present=False)),
        budget=(BudgetLine("พอช.", 300_000_00),),
        venue="วัดนา",
    )
    new = replace(
        old,
        meeting=meeting,
        held_from=date(2007, 12, 19),
        visibility="members",
        places=(PlaceNamed("93", "บ้านนา"),),
    )
    found = {one.part: one for one in changes(old, new)}
    assert set(found) == {"attendees", "budget", "venue", "held", "visibility", "places"}
    assert (found["venue"].old, found["venue"].new) == ("ศาลากลางจังหวัด", "วัดนา")
    said = [(one.kind, one.columns) for one in found["attendees"].rows]
    assert said == [("added", ()), ("changed", ("present",)), ("removed", ())]
    assert [one.columns for one in found["budget"].rows] == [("amount_satang",)]
    assert [one.columns for one in found["places"].rows] == [("village",)]


def test_rows_in_another_order_are_moved_and_words_come_and_go() -> None:
    old = a_review(
        tags=("ก", "ข", "ค"), roles=(RolePlayed("khun_ua", "ก"), RolePlayed("khun_kit", "ข"))
    )
    new = replace(old, tags=("ข", "ง", "ค"), roles=old.roles[::-1])
    found = {one.part: one for one in changes(old, new)}
    assert [one.kind for one in found["roles"].rows] == ["moved"]
    assert [(one.kind, one.new or one.old) for one in found["tags"].rows] == [
        ("added", "ง"),
        ("removed", "ก"),
    ]


def test_nothing_changed_is_nothing_to_tell() -> None:
    assert changes(a_review(), a_review()) == ()
    none = a_page("ก", "ข", kind=Kind.AFTER_ACTION_REVIEW)
    assert changes(none, replace(none, review=Review())) == ()


def test_a_line_written_anew_is_told_whole() -> None:
    assert words("ประชุมที่วัด", "ไม่มีใครมาเลยสักคนเดียว") == (
        Piece("removed", "ประชุมที่วัด"),
        Piece("added", "ไม่มีใครมาเลยสักคนเดียว"),
    )
