"""What a writing form understands of what people type, and what it gives back."""

from datetime import date
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kms.note_kinds import (
    ActionItem,
    AgendaItem,
    Attendee,
    BudgetLine,
    Kind,
    LessonParts,
    Meeting,
    NoteContent,
    OrganisationPart,
    PlaceNamed,
    Review,
    RolePlayed,
    SourcePassage,
)
from kms.themes import ThemeNode, Tree
from kms.web.forms import aar, lesson, note_form
from kms.web.forms.note_form import Known
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Typed

HULONG = "801208"
TREE = Tree(
    {
        "welfare": ThemeNode("welfare", "สวัสดิการชุมชน", "Welfare", "", "agreed", None),
        "overlap": ThemeNode("overlap", "งานซ้ำซ้อน", "", "", "proposed", None),
    }
)
KNOWN = Known("คุณภีม", TREE, {"214": (214, "การประชุมหารือ")})
SCRIPT = "<script>alert('ปลาทู')</script>"


def typed(**fields: str) -> Typed:
    return Typed({name.replace("__", "-"): (value,) for name, value in fields.items()})


def rows(prefix: str, *each: dict[str, str]) -> dict[str, str]:
    return {
        f"{prefix}__{index}__{column}": value
        for index, row in enumerate(each)
        for column, value in row.items()
    }


# --- hostile and hurried input --------------------------------------------------------------------


def test_nonsense_in_every_field_is_refused_in_words_and_never_raises() -> None:
    names = [
        "title",
        "body",
        "visibility",
        "held",
        "tags",
        "theme_new",
        "url",
        "licence",
        "credit",
        "author",
        "polarity",
    ]
    names += [f"places-0-{one}" for one in ("text", "village", "code", "for")]
    names += [f"roles-0-{one}" for one in ("role", "person", "level", "place", "place_code", "did")]
    names += [f"actions-0-{one}" for one in ("what", "owner", "due", "done")]
    names += [f"budget-0-{one}" for one in ("organisation", "amount", "note")]
    names += ["sources-0-note", "sources-0-passage", "next_date", "questions", "answers-review"]
    for hostile in (SCRIPT, "\x00\x01", "\ufffd" * 50, "9" * 5000, "๙๙/๙๙/๙๙๙๙", "{{7*7}}"):
        everything = Typed(dict.fromkeys(names, (hostile,)))
        for kind in Kind:
            read = note_form.read(kind, everything, KNOWN)
            assert all(read.problems.values())


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(["held", "places-0-text", "tags", "title"]), st.text()))
def test_any_text_at_all_can_be_read(fields: dict[str, str]) -> None:
    form = Typed({name: (value,) for name, value in fields.items()})
    note_form.read(Kind.NOTE, form, KNOWN)


def test_rows_keep_their_order_however_the_browser_sent_them() -> None:
    form = Typed(
        {"attendees-10-name": ("ข",), "attendees-2-name": ("ก",), "attendees-x-name": ("ค",)}
    )
    assert [row["name"] for row in form.rows("attendees", ("name",))] == ["ก", "ข"]


def test_a_row_without_words_is_no_row() -> None:
    form = typed(roles__0__role="khun_ua", roles__0__level="tambon", roles__0__person="  ")
    assert note_form.read(Kind.NOTE, form, KNOWN).content.roles == ()


def test_an_impossible_date_is_refused_and_kept() -> None:
    read = note_form.read(Kind.NOTE, typed(title="ก", held="31 ก.พ. 2550"), KNOWN)
    assert "held" in read.problems
    assert read.content.held_as_written == "31 ก.พ. 2550"


def test_a_wrong_weekday_is_a_warning_not_a_refusal() -> None:
    read = note_form.read(Kind.NOTE, typed(title="ก", held="วันอาทิตย์ 28 ม.ค. 2549"), KNOWN)
    assert read.content.held_from == date(2006, 1, 28)
    assert "เสาร์" in read.notices.warnings["held"]
    assert read.notices.hints["held"] == "อ่านว่า 28 มกราคม 2549"
    assert not read.problems


# --- places ---------------------------------------------------------------------------------------


def test_a_tambon_is_understood_and_its_path_is_said() -> None:
    read = note_form.read(Kind.NOTE, typed(places__0__text="ต.หูล่อง อ.ปากพนัง"), KNOWN)
    assert read.content.places == (PlaceNamed(HULONG),)
    assert read.notices.hints["places-0-text"] == "ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช"


def test_an_ambiguous_place_offers_full_paths_and_takes_the_choice() -> None:
    read = note_form.read(Kind.NOTE, typed(places__0__text="ต.บ้านใหม่"), KNOWN)
    offered = read.notices.choices["places-0-text"]
    assert "places-0-text" in read.problems
    assert len(offered) > 1
    assert all("จ." in choice.label for choice in offered)
    chosen = typed(
        places__0__text="ต.บ้านใหม่", places__0__for="ต.บ้านใหม่", places__0__code=offered[1].value
    )
    assert note_form.read(Kind.NOTE, chosen, KNOWN).content.places[0].code == offered[1].value


def test_a_choice_made_for_other_words_no_longer_counts() -> None:
    changed = typed(places__0__text="จ.พัทลุง", places__0__for="ต.บ้านใหม่", places__0__code="801208")
    assert note_form.read(Kind.NOTE, changed, KNOWN).content.places[0].code == "93"


def test_an_unknown_place_code_chosen_by_hand_is_not_believed() -> None:
    forged = typed(
        places__0__text="ที่ไหนสักแห่ง", places__0__for="ที่ไหนสักแห่ง", places__0__code="999999"
    )
    assert "places-0-text" in note_form.read(Kind.NOTE, forged, KNOWN).problems


def test_a_village_alone_asks_for_its_tambon() -> None:
    read = note_form.read(Kind.NOTE, typed(places__0__village="ม.3"), KNOWN)
    assert "places-0-text" in read.problems


def test_a_thousand_unreadable_places_do_not_take_the_server_away() -> None:
    form = Typed({f"places-{n}-text": (f"ที่ไหนสักแห่ง {n}",) for n in range(1000)})
    began = process_time()
    read = note_form.read(Kind.NOTE, form, KNOWN)
    assert process_time() - began < 5
    assert len(read.problems) == 1000


# --- after-action reviews -------------------------------------------------------------------------


def test_the_shortest_review_is_one_box_and_names_itself() -> None:
    words = "เป้าหมายการประชุมไม่ชัด ทำให้กำหนดผู้เข้าร่วมไม่ชัดเจนไปด้วย ผลที่ได้จึงคลุมเครือ " * 2
    read = note_form.read(
        Kind.AFTER_ACTION_REVIEW, typed(questions="one-box", answers__review=words), KNOWN
    )
    assert not read.problems
    assert read.content.title.startswith("เป้าหมายการประชุมไม่ชัด")
    assert len(read.content.title) <= 80


def test_switching_questions_loses_no_word() -> None:
    begun = typed(
        questions="thai-km", answers__expected="หนึ่ง", answers__why="สอง", answers__next="สาม"
    )
    one_box = aar.switch(begun, "one-box")
    assert one_box.text("answers-review") == "หนึ่ง\n\nสอง\n\nสาม"
    back = aar.switch(one_box, "thai-km")
    assert back.text("answers-expected") == "หนึ่ง\n\nสอง\n\nสาม"
    organiser = aar.switch(begun, "thai-km-organiser")
    assert organiser.text("answers-why") == "สอง"


def test_an_unknown_question_set_means_the_simplest() -> None:
    review = typed(questions="../../etc", answers__review="ก")
    assert aar.read(review, None, {}, Notices()).question_set == "one-box"


# --- minutes --------------------------------------------------------------------------------------


def test_a_budget_is_read_in_every_spelling_and_summed() -> None:
    form = typed(
        **rows(
            "budget",
            {"organisation": "สกว.", "amount": "9,301,000"},
            {"organisation": "พม.", "amount": "๒,๕๐๐.๕๐"},
            {"organisation": "พอช.", "amount": "1.6 ล้านบาท"},
        )
    )
    read = note_form.read(Kind.MINUTES, form, KNOWN)
    assert read.content.meeting is not None
    assert read.content.meeting.budget_sum_satang == 1_090_350_050
    assert read.notices.hints["budget"] == "10,903,500.50 บาท"


def test_an_amount_that_cannot_be_read_is_named_with_its_row() -> None:
    form = typed(
        **rows(
            "budget",
            {"organisation": "สกว.", "amount": "100"},
            {"organisation": "พม.", "amount": "เยอะมาก"},
        )
    )
    assert list(note_form.read(Kind.MINUTES, form, KNOWN).problems) == ["budget-1-amount"]


def test_a_next_meeting_without_a_year_comes_after_this_one() -> None:
    form = typed(
        held="18 ธค 50", next_date="27 ธ.ค.", actions__0__what="ก", actions__0__due="5 ม.ค."
    )
    meeting = note_form.read(Kind.MINUTES, form, KNOWN).content.meeting
    assert meeting is not None
    assert meeting.next_date == date(2007, 12, 27)
    assert meeting.actions[0].due == date(2008, 1, 5)


# --- lessons --------------------------------------------------------------------------------------


def test_a_source_is_named_by_number_address_or_title() -> None:
    for written in ("214", "#๒๑๔", "/notes/214", "https://platu.example/notes/214?x=1#comment-2"):
        assert lesson.number_in(written) == 214
    assert lesson.number_in("การประชุมหารือ 2550") is None


def test_a_source_nobody_knows_is_refused_beside_its_field() -> None:
    read = note_form.read(Kind.LESSON, typed(point="ก", sources__0__note="99999"), KNOWN)
    assert "sources-0-note" in read.problems


@pytest.mark.parametrize("said", ["09.00", "9:30 น.", "๑๓.๐๐", "9", "24.00", "เช้า", "บ่ายสองโมง"])
def test_a_time_in_the_writers_words_is_taken(said: str) -> None:
    typed = Typed({"title": ("ประชุม",), "held": ("18 ธ.ค. 2550",), "starts": (said,)})
    read = note_form.read(Kind.MINUTES, typed, KNOWN)
    assert not read.problems
    assert read.content.meeting
    assert read.content.meeting.starts == said


@pytest.mark.parametrize("said", ["99", "9.75", "25:00", "๑๓.๖๐ น."])
def test_a_time_that_no_clock_shows_is_asked_about(said: str) -> None:
    typed = Typed({"title": ("ประชุม",), "held": ("18 ธ.ค. 2550",), "next_time": (said,)})
    assert "นาฬิกา" in note_form.read(Kind.MINUTES, typed, KNOWN).problems["next_time"]


# --- there and back -------------------------------------------------------------------------------

FULL = NoteContent(
    kind=Kind.MINUTES,
    title="หารือขับเคลื่อนสวัสดิการ",
    body="บรรทัดหนึ่ง\n\nบรรทัดสอง",
    visibility="public",
    held_from=date(2007, 12, 18),
    held_to=date(2007, 12, 18),
    held_as_written="18 ธค 50",
    author="ผู้จดบันทึก",
    places=(PlaceNamed(HULONG, "ม.3 บ้านบางหญ้า"), PlaceNamed("93")),
    themes=("welfare", "งานซ้ำซ้อน"),
    tags=("แนวคิด", "แก้จนเมืองนคร"),
    organisations=(OrganisationPart("พอช.", "funder"),),
    roles=(RolePlayed("khun_kit", "ผู้ใหญ่ย้วน", "กองทุนหมู่บ้าน", "tambon", HULONG, "เสนอคำคม"),),
    url="https://example.org/154920",
    licence="CC BY 4.0",
    meeting=Meeting(
        venue="ศาลากลาง",
        starts="09.00",
        ends="12.00",
        chair="อาจารย์ประวิง",
        attendees=(Attendee("คุณสุนทร", "สสจ.", present=False), Attendee("ผู้ใหญ่ย้วน")),
        agenda=(AgendaItem("กองทุน", "คุยกัน", "ตกลง"),),
        actions=(ActionItem("เลือกตัวแทน", "ทุกคน", date(2007, 12, 27), done=True),),
        budget=(BudgetLine("สกว.", 930_100_050, "งวดแรก"),),
        next_date=date(2007, 12, 27),
        next_time="09.00",
        next_venue="ศาลากลาง",
    ),
)


def test_minutes_filled_into_a_form_read_back_the_same() -> None:
    assert note_form.read(Kind.MINUTES, note_form.fill(FULL, KNOWN), KNOWN).content == FULL


def test_reviews_and_lessons_read_back_the_same() -> None:
    review = NoteContent(
        kind=Kind.AFTER_ACTION_REVIEW,
        title="AAR",
        review=Review("thai-km", {"expected": "ก", "next": "ข"}),
        author=KNOWN.writer,
    )
    parts = LessonParts("ก", "ข", "ค", "ง", "does_not_work", (SourcePassage(214, "คำเดิม"),))
    drawn = NoteContent(kind=Kind.LESSON, title="บทเรียน", lesson=parts)
    for content in (review, drawn):
        assert (
            note_form.read(content.kind, note_form.fill(content, KNOWN), KNOWN).content == content
        )


def test_a_date_written_without_its_year_keeps_its_day_when_edited_years_later() -> None:
    kept = NoteContent(
        kind=Kind.NOTE,
        title="ก",
        held_from=date(2006, 1, 28),
        held_to=date(2006, 1, 28),
        held_as_written="28 ม.ค.",
    )
    read = note_form.read(Kind.NOTE, note_form.fill(kept, KNOWN), KNOWN)
    assert read.content.held_from == date(2006, 1, 28)
