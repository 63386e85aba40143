"""Two people's changes in one content: nothing lost, nothing doubled, and where they touch."""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kms import note_parts
from kms.merging import Clash, Merged, merge, merge_text, nothing
from kms.note_kinds import (
    ActionItem,
    AgendaItem,
    AttachedFile,
    Attendee,
    BudgetLine,
    Kind,
    Meeting,
    NoteContent,
    PlaceNamed,
    Review,
    RolePlayed,
    SourcePassage,
)
from tests.stories import HULONG, PHATTHALUNG, a_lesson, a_page, a_review, some_minutes

PAGE = """\
# เวทีประชาคม

ชาวบ้านหูล่องคุยกันเรื่องกลุ่มออมทรัพย์ ตกลงให้ทุกบ้านฝากเงินเดือนละครั้ง และจดบัญชีร่วมกันทุกเดือน

## ใครมา

แกนนำบ้านหูล่องกับตัวแทนเทศบาล

## งานต่อ

- ทำบัญชี
- นัดครั้งหน้า"""


def page(body: str) -> NoteContent:
    return a_page("หน้าเดิม", body)


def merged_body(mine: str, theirs: str, base: str = PAGE) -> Merged:
    return merge(page(base), page(mine), page(theirs))


def clean(found: Merged) -> NoteContent:
    assert found.clashes == ()
    return found.content


# --- prose ----------------------------------------------------------------------------------------


def test_changes_to_two_paragraphs_are_both_there() -> None:
    mine = PAGE.replace("ตัวแทนเทศบาล", "ตัวแทนเทศบาลและครู")
    theirs = PAGE.replace("เดือนละครั้ง", "เดือนละสองครั้ง")
    both = mine.replace("เดือนละครั้ง", "เดือนละสองครั้ง")
    assert clean(merged_body(mine, theirs)).body == both


def test_neighbouring_paragraphs_and_lines_do_not_touch() -> None:
    base = "ย่อหน้าแรกว่าด้วยเงิน\n\nย่อหน้าสองว่าด้วยคน\n\n- ข้อแรก\n- ข้อสอง"
    mine = base.replace("เงิน", "เงินออม").replace("ข้อแรก", "ข้อแรกสุด")
    theirs = base.replace("คน", "คนเก่ง").replace("ข้อสอง", "ข้อสองรอง")
    said = "ย่อหน้าแรกว่าด้วยเงินออม\n\nย่อหน้าสองว่าด้วยคนเก่ง\n\n- ข้อแรกสุด\n- ข้อสองรอง"
    assert clean(merged_body(mine, theirs, base)).body == said


def test_far_words_of_one_sentence_are_both_there_and_near_ones_touch() -> None:
    mine = PAGE.replace("ชาวบ้านหูล่อง", "คนบ้านหูล่อง")
    theirs = PAGE.replace("ทุกเดือน", "ทุกสัปดาห์")
    body = clean(merged_body(mine, theirs)).body
    assert "คนบ้านหูล่อง" in body and "ทุกสัปดาห์" in body
    near = merged_body(PAGE.replace("เดือนละครั้ง", "ปีละครั้ง"), PAGE.replace("ละครั้ง", "ละสองหน"))
    (clash,) = near.clashes
    assert (clash.part, clash.is_passage, clash.where) == ("body", True, "เวทีประชาคม")
    assert "ปีละครั้ง" in clash.mine and "เดือนละสองหน" in clash.theirs
    assert near.content.body == PAGE.replace("เดือนละครั้ง", "ปีละครั้ง")


def test_what_both_add_in_one_place_stands_one_after_the_other() -> None:
    mine, theirs = f"{PAGE}\n- ของฉัน", f"{PAGE}\n- ชวนครู\n\n## ปิดท้าย"
    body = clean(merged_body(mine, theirs)).body
    assert body == f"{PAGE}\n- ชวนครู\n- ของฉัน\n\n## ปิดท้าย"


def test_a_line_that_one_wrote_on_is_not_there_twice() -> None:
    mine, theirs = f"{PAGE}\n- ของฉันกับครู", f"{PAGE}\n- ของฉัน"
    assert clean(merged_body(mine, theirs)).body == mine
    assert clean(merged_body(theirs, mine)).body == mine


def test_two_answers_to_an_empty_question_touch() -> None:
    found = merged_body("ผมเขียน", "ฉันเขียน", "")
    assert found.clashes == (Clash("body", "", "ผมเขียน", "ฉันเขียน"),)
    assert found.content.body == "ผมเขียน"


def test_a_paragraph_removed_here_and_changed_there_is_kept_and_asked_about() -> None:
    mine = PAGE.replace("แกนนำบ้านหูล่องกับตัวแทนเทศบาล\n\n", "")
    theirs = PAGE.replace("ตัวแทนเทศบาล", "ตัวแทนเทศบาลสองคน")
    for found in (merged_body(mine, theirs), merged_body(theirs, mine)):
        (clash,) = found.clashes
        assert {clash.mine, clash.theirs} == {"", "แกนนำบ้านหูล่องกับตัวแทนเทศบาลสองคน"}
        assert (clash.now in found.content.body, clash.where) == (True, "ใครมา")


def test_a_paragraph_moved_by_one_and_mended_by_the_other_is_there_once_mended() -> None:
    who = "แกนนำบ้านหูล่องกับตัวแทนเทศบาล"
    moved = f"{who}\n\n" + PAGE.replace(f"{who}\n\n", "")
    mended = PAGE.replace("แกนนำ", "ผู้นำ")
    body = clean(merged_body(moved, mended)).body
    assert body == moved.replace("แกนนำ", "ผู้นำ")
    elsewhere = PAGE.replace(f"{who}\n\n", "") + f"\n\n{who}"
    assert clean(merged_body(moved, elsewhere)).body.count(who) == 1


def test_a_paragraph_moved_and_much_added_to_is_known_when_the_other_removed_it() -> None:
    who = "แกนนำบ้านหูล่องกับตัวแทนเทศบาล"
    longer = f"{who}\nครูสองคน เยาวชนแปดคน กรรมการกลุ่มออมทรัพย์ และนักศึกษาที่มาช่วยจดบันทึกทั้งวัน"
    removed = PAGE.replace(f"{who}\n\n", "")
    moved = f"{longer}\n\n{removed}"
    for found in (merged_body(moved, removed), merged_body(removed, moved)):
        (clash,) = found.clashes
        assert {clash.base, clash.mine, clash.theirs} == {who, "", longer}
        assert longer in found.content.body


def test_two_hundred_thousand_characters_merge_in_a_moment() -> None:
    line = "ชาวบ้านหูล่องคุยกันเรื่องกลุ่มออมทรัพย์ ตกลงให้ทุกบ้านฝากเงินเดือนละครั้ง "
    paragraphs = [f"ข้อ {n} {line * 4}" for n in range(700)]
    base = "\n\n".join(paragraphs)
    assert len(base) > 200_000
    mine = "\n\n".join(one.replace("ข้อ 1", "ข้อที่ 1") for one in paragraphs[20:])
    theirs = "\n\n".join([*paragraphs[:300], *paragraphs[350:], "ปิดท้าย"])
    texts = [
        (base, mine, theirs),
        ("ก\n" * 100_000, "ก\n" * 99_000 + "ข", "ค\n" + "ก\n" * 98_000),
        ("ก ข " * 50_000, "ข ก " * 50_000, "ก ข ค " * 30_000),
        ("", base, theirs),
    ]
    merge_text("body", "ก ก", "ข", "ค")
    # The first is what people write; the others are the worst that somebody could send.
    for one, most_s in zip(texts, (1, 10, 10, 1), strict=True):
        began = time.perf_counter()
        merge_text("body", *one)
        assert time.perf_counter() - began < most_s


# --- values and rows ------------------------------------------------------------------------------


def test_dates_titles_and_visibility_follow_the_one_who_changed_them() -> None:
    base = some_minutes()
    mine = replace(base, title="ประชุมกองทุน", visibility="members")
    theirs = replace(base, held_from=date(2007, 12, 19), url="https://example.org", title="ประชุม")
    found = merge(base, mine, theirs)
    assert [(one.part, one.mine, one.theirs) for one in found.clashes] == [
        ("title", "ประชุมกองทุน", "ประชุม")
    ]
    content = found.content
    assert (content.title, content.visibility) == ("ประชุมกองทุน", "members")
    assert (content.held_from, content.url) == (date(2007, 12, 19), "https://example.org")
    assert set(found.taken) == {"title", "held", "url"}


def meeting(base: NoteContent, **changed: Any) -> NoteContent:
    return replace(base, meeting=replace(base.meeting or Meeting(), **changed))


def test_rows_added_removed_and_changed_by_both_are_joined() -> None:
    base = some_minutes()
    assert base.meeting is not None
    first, second = base.meeting.attendees
    mine = meeting(
        base,
        attendees=(replace(first, present=False), second, Attendee("ครูใหญ่", "โรงเรียน")),
        budget=(),
        actions=(ActionItem("นัดประชุมครั้งหน้า", "เลขานุการ", date(2007, 12, 27), done=True),),
    )
    theirs = meeting(
        base,
        attendees=(Attendee("กำนัน"), replace(first, organisation="เครือข่าย"), Attendee("ครูใหญ่")),
        actions=(
            ActionItem("นัดประชุมครั้งหน้า", "ประธาน", date(2007, 12, 27)),
            ActionItem("ทำบัญชี"),
        ),
    )
    said = clean(merge(base, mine, theirs)).meeting
    assert said is not None
    assert said.attendees == (
        Attendee("กำนัน"),
        Attendee("แกนนำบ้านหูล่อง", "เครือข่าย", present=False),
        Attendee("ครูใหญ่", "โรงเรียน"),
    )
    assert said.budget == ()
    assert said.actions == (
        ActionItem("นัดประชุมครั้งหน้า", "ประธาน", date(2007, 12, 27), done=True),
        ActionItem("ทำบัญชี"),
    )


def test_a_row_changed_by_both_in_one_column_touches_in_that_column() -> None:
    base = some_minutes()
    mine = meeting(base, budget=(BudgetLine("พอช.", 100_00),))
    theirs = meeting(base, budget=(BudgetLine("อบต.", 5_00), BudgetLine("พอช.", 300_00)))
    found = merge(base, mine, theirs)
    assert found.clashes == (Clash("budget-1-amount_satang", 200_000_00, 100_00, 300_00),)
    assert found.content.meeting is not None
    assert found.content.meeting.budget[1] == BudgetLine("พอช.", 100_00)


def test_a_row_removed_here_and_changed_there_is_kept_and_asked_about() -> None:
    base = some_minutes()
    assert base.meeting is not None
    first, second = base.meeting.attendees
    changed = replace(second, organisation="เทศบาลเมือง")
    found = merge(
        base, meeting(base, attendees=(first,)), meeting(base, attendees=(first, changed))
    )
    assert found.clashes == (Clash("attendees-1", second, None, changed),)
    assert found.clashes[0].now == changed
    assert found.content.meeting is not None
    assert found.content.meeting.attendees == (first, changed)


def test_another_name_in_a_row_that_the_other_changed_is_asked_about() -> None:
    base = meeting(some_minutes(), attendees=(Attendee("นายสมชาย ใจดี", "อบต."),))
    mine = meeting(base, attendees=(Attendee("นายสมหมาย ใจดี", "อบต."),))
    theirs = meeting(base, attendees=(Attendee("นายสมชาย ใจดี", "อบต.", present=False),))
    assert [one.part for one in merge(base, mine, theirs).clashes] == ["attendees-0"]


def test_a_new_title_for_an_item_goes_with_the_decision_that_the_other_wrote() -> None:
    talk = "แต่ละกองทุนมีเจ้าของ แต่ยังไม่มีใครจดบัญชีร่วมกัน"
    base = meeting(some_minutes(), agenda=(AgendaItem("ทีมวิจัย", talk), AgendaItem("เรื่องอื่น")))
    mine = meeting(base, agenda=(AgendaItem("ทีมวิจัยของจังหวัด", talk), AgendaItem("เรื่องอื่น")))
    theirs = meeting(base, agenda=(AgendaItem("ทีมวิจัย", talk, "ตั้ง 15 คน"), AgendaItem("เรื่องอื่น")))
    said = clean(merge(base, mine, theirs)).meeting
    assert said is not None
    assert said.agenda[0] == AgendaItem("ทีมวิจัยของจังหวัด", talk, "ตั้ง 15 คน")


def test_rows_put_in_another_order_keep_that_order_and_take_the_new_rows() -> None:
    base = some_minutes(places=(PlaceNamed("80"), PlaceNamed("93"), PlaceNamed("90")))
    mine = replace(base, places=(PlaceNamed("90"), PlaceNamed("80"), PlaceNamed("93")))
    theirs = replace(base, places=(PlaceNamed("80"), PlaceNamed("8012"), *base.places[1:]))
    said = [one.code for one in clean(merge(base, mine, theirs)).places]
    assert said == ["90", "80", "8012", "93"]
    assert [one.code for one in clean(merge(base, theirs, mine)).places] == said


def test_themes_tags_and_files_are_sets_in_order() -> None:
    base = a_review(attachments=(AttachedFile("k1"), AttachedFile("k2")))
    mine = replace(base, tags=("แนวคิด", "ใหม่"), attachments=(AttachedFile("k2", "หน้าเวที"),))
    theirs = replace(base, tags=("ใหม่", *base.tags), themes=(), attachments=())
    found = merge(base, mine, theirs)
    assert found.content.tags == ("แนวคิด", "ใหม่")
    assert found.content.themes == ()
    assert [one.part for one in found.clashes] == ["attachments-0"]
    assert found.content.attachments == (AttachedFile("k2", "หน้าเวที"),)


def test_an_answer_to_a_question_that_the_other_left_behind_is_asked_about() -> None:
    base = a_review(review=Review("one-box", {"review": "คำเดิม"}))
    mine = replace(base, review=Review("four-questions", {"aim": "คำเดิม"}))
    theirs = replace(base, review=Review("one-box", {"review": "คำเดิมที่เติม"}))
    found = merge(base, mine, theirs)
    assert [one.part for one in found.clashes] == ["answers-review"]
    assert found.content.review is not None
    assert found.content.review.question_set == "four-questions"
    assert found.content.review.answers == {"aim": "คำเดิม", "review": "คำเดิมที่เติม"}


def test_words_for_a_kind_that_the_note_no_longer_is_stay_in_a_clash() -> None:
    base = some_minutes()
    mine = meeting(base, venue="ศาลาวัด", attendees=(Attendee("กำนัน"),))
    theirs = NoteContent(kind=Kind.NOTE, title=base.title, visibility="public")
    found = merge(base, mine, theirs)
    assert found.content.kind == Kind.NOTE
    assert found.content.meeting is None
    said = " ".join(" ".join(note_parts.texts_in(one.mine)) for one in found.clashes)
    assert "ศาลาวัด" in said and "กำนัน" in said


def test_without_a_base_what_differs_touches_and_what_is_alike_does_not() -> None:
    mine = page("คำของฉัน")
    found = merge(nothing(Kind.PAGE), mine, replace(mine, body="คำของเขา", tags=("ก",)))
    assert [one.part for one in found.clashes] == ["body"]
    assert found.content.tags == ("ก",)


def test_what_the_form_showed_otherwise_than_kept_is_no_change() -> None:
    kept = a_lesson(
        SourcePassage(7, "คำลับ"), SourcePassage(8, "คำเปิด"), held_from=date(2006, 1, 28)
    )
    assert kept.lesson is not None
    seen = replace(kept.lesson, sources=(SourcePassage(8, "คำเปิด"),))
    shown = replace(kept, lesson=seen, held_as_written="28 ม.ค. 2549")
    assert note_parts.settled(shown, shown, kept) == kept
    written = replace(shown, lesson=replace(seen, point="ใหม่", sources=()))
    meant = note_parts.settled(written, shown, kept)
    assert meant.lesson is not None
    assert meant.lesson.sources == (SourcePassage(7, "คำลับ"),)
    assert (meant.lesson.point, meant.held_as_written) == ("ใหม่", "")


# --- any two people -------------------------------------------------------------------------------

MARK = re.compile(r"[bmt][a-j]+x")
LETTERS = str.maketrans("0123456789", "abcdefghij")
FILLER = ("ชาวบ้าน", "ออมทรัพย์", "ประชุม ", "ที่", "น้ำ", " ", "และ", "การ", "https://example.org/ก ")


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, str, str]:
    """Base, mine and theirs: texts whose marked words occur once, in random changes."""
    filler = st.sampled_from(FILLER)
    mark = iter(range(10**6))

    def words(side: str, most: int) -> list[str]:
        n = draw(st.integers(1, most))
        return [f"{mark_of(side, next(mark))} {draw(filler)}" for _word in range(n)]

    base: list[list[list[str]]] = [
        [words("b", 12) for _line in range(draw(st.integers(1, 3)))]
        for _paragraph in range(draw(st.integers(1, 5)))
    ]

    def changed(side: str) -> list[list[list[str]]]:
        text = [[list(line) for line in lines] for lines in base]
        for _move in range(draw(st.integers(0, 1))):
            text.insert(draw(st.integers(0, len(text) - 1)), text.pop())
        for _change in range(draw(st.integers(0, 4))):
            # The paragraph that may have been moved is not changed as well.
            at = draw(st.integers(0, len(text) - 1))
            if text[at] == base[-1]:
                continue
            line = draw(st.sampled_from(text[at]))
            spot = draw(st.integers(0, len(line)))
            match draw(st.sampled_from(["word", "less", "line", "paragraph", "gone"])):
                case "word":
                    line[spot:spot] = words(side, 2)
                case "less":
                    del line[spot : spot + draw(st.integers(1, 4))]
                case "line":
                    text[at].insert(draw(st.integers(0, len(text[at]))), words(side, 4))
                case "paragraph":
                    text.insert(at, [words(side, 4)])
                case "gone":
                    del text[at]
        return text

    texts = (base, changed("m"), changed("t"))
    return tuple(
        "\n\n".join("\n".join("".join(line) for line in lines) for lines in text) for text in texts
    )  # type: ignore[return-value]


def mark_of(side: str, n: int) -> str:
    """A word that occurs once: letters only, so that it is one word for the cutter too."""
    return f"{side}{str(n).translate(LETTERS)}x"


def marks(*texts: str) -> Counter[str]:
    return Counter(mark for text in texts for mark in MARK.findall(text))


def in_clashes(clashes: Sequence[Clash]) -> Counter[str]:
    texts = [text for one in clashes for text in (one.base, one.mine, one.theirs)]
    return marks(*(word for text in texts for word in note_parts.texts_in(text)))


def check_words(
    base: Counter[str], mine: Counter[str], theirs: Counter[str], found: Merged
) -> None:
    said = marks(*note_parts.texts_in(found.content))
    clashing = in_clashes(found.clashes)
    for mark in base | mine | theirs:
        was, here, there = base[mark], mine[mark], theirs[mark]
        expected = (here and there) if was else (here or there)
        if not clashing[mark]:
            assert said[mark] == expected, mark
        if (here or there) and not was:
            assert said[mark] or clashing[mark], mark
    for clash in found.clashes:
        now = marks(*note_parts.texts_in(clash.now))
        assert now in (
            marks(*note_parts.texts_in(clash.mine)),
            marks(*note_parts.texts_in(clash.theirs)),
        )
        assert not now - said


@settings(max_examples=600, deadline=None)
@given(bodies())
@example(
    (
        "bax ชาวบ้าน\n\nbbx ชาวบ้าน",
        "bbx ชาวบ้าน\n\nmex ชาวบ้านmcx ชาวบ้านmdx ชาวบ้าน\nbax ชาวบ้าน",
        "bbx ชาวบ้าน\n\n",
    )
)
def test_no_word_of_two_texts_is_lost_or_doubled(texts: tuple[str, str, str]) -> None:
    base, mine, theirs = texts
    found = merge(page(base), page(mine), page(theirs))
    check_words(marks(base), marks(mine), marks(theirs), found)
    back = merge(page(base), page(theirs), page(mine))
    assert bool(back.clashes) == bool(found.clashes)
    if not found.clashes:
        assert marks(back.content.body) == marks(found.content.body)


@settings(max_examples=200, deadline=None)
@given(bodies())
def test_one_side_alone_is_taken_as_it_is(texts: tuple[str, str, str]) -> None:
    base, mine, theirs = map(page, texts)
    for one in (mine, theirs):
        assert clean(merge(base, one, base)) == one
        assert clean(merge(base, base, one)) == one
        assert clean(merge(base, one, one)) == one


@st.composite
def meetings(draw: st.DrawFn) -> tuple[NoteContent, NoteContent, NoteContent]:
    """Minutes whose words occur once each, with rows changed, added, removed and moved."""
    number = iter(range(10**6))

    def attendee(side: str) -> Attendee:
        org = draw(st.sampled_from(("", mark_of(side, next(number)))))
        return Attendee(mark_of(side, next(number)), org, draw(st.booleans()))

    def item(side: str) -> AgendaItem:
        return AgendaItem(*(f"เรื่อง {mark_of(side, next(number))}" for _column in range(3)))

    def action(side: str) -> ActionItem:
        return ActionItem(*(mark_of(side, next(number)) for _column in range(2)))

    def role(side: str) -> RolePlayed:
        return RolePlayed(
            "khun_kit", mark_of(side, next(number)), did=f"ทำ {mark_of(side, next(number))}"
        )

    makers: dict[str, Callable[[str], Any]] = {
        "attendees": attendee,
        "agenda": item,
        "actions": action,
        "roles": role,
    }
    texts = {
        "attendees": ("name", "organisation"),
        "agenda": ("title", "discussion", "decision"),
        "actions": ("what", "owner"),
        "roles": ("person", "did"),
    }

    base: dict[str, list[Any]] = {
        name: [make("b") for _row in range(draw(st.integers(0, 4)))]
        for name, make in makers.items()
    }

    def changed(side: str) -> dict[str, list[Any]]:
        rows = {name: list(every) for name, every in base.items()}
        for every in rows.values():
            if every and draw(st.booleans()):
                every.insert(draw(st.integers(0, len(every) - 1)), every.pop())
        for _change in range(draw(st.integers(0, 5))):
            name = draw(st.sampled_from(sorted(makers)))
            every = rows[name]
            at = draw(st.integers(0, len(every)))
            what = draw(st.sampled_from(("add", "change", "gone")))
            if what == "add" or at == len(every):
                every.insert(at, makers[name](side))
            elif every[at] in base[name][-1:]:
                continue
            elif what == "change":
                column = draw(st.sampled_from(texts[name]))
                every[at] = replace(every[at], **{column: mark_of(side, next(number))})
            else:
                del every[at]
        return rows

    def content(rows: dict[str, list[Any]]) -> NoteContent:
        roles = tuple(rows.pop("roles"))
        parts = {name: tuple(every) for name, every in rows.items()}
        return NoteContent(Kind.MINUTES, "ประชุม", roles=roles, meeting=Meeting(**parts))

    mine, theirs = content(changed("m")), content(changed("t"))
    return content({name: list(every) for name, every in base.items()}), mine, theirs


@settings(max_examples=600, deadline=None)
@given(meetings())
def test_no_word_of_two_minutes_is_lost_or_doubled(
    contents: tuple[NoteContent, NoteContent, NoteContent],
) -> None:
    base, mine, theirs = contents
    found = merge(base, mine, theirs)
    check_words(*(marks(*note_parts.texts_in(one)) for one in contents), found)
    back = merge(base, theirs, mine)
    assert bool(back.clashes) == bool(found.clashes)
    if not found.clashes:
        assert marks(*note_parts.texts_in(back.content)) == marks(
            *note_parts.texts_in(found.content)
        )
    for one in (mine, theirs):
        assert clean(merge(base, one, base)) == one
        assert clean(merge(base, base, one)) == one
        assert clean(merge(base, one, one)) == one


def test_parts_put_together_again_are_the_content() -> None:
    empty = NoteContent(Kind.MINUTES, "ประชุม")
    for content in (
        a_review(places=(PlaceNamed(HULONG), PlaceNamed(PHATTHALUNG, "บ้านนา"))),
        some_minutes(),
        a_lesson(SourcePassage(3, "คำพูด")),
        empty,
        replace(empty, meeting=Meeting()),
    ):
        assert note_parts.content_from(note_parts.parts_of(content)) == content
