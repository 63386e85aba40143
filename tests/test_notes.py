"""Writing notes, revising them, and reading them back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kms import notes
from kms.errors import EditConflict, Invalid, NotAllowed, NotFound, SignInNeeded
from kms.models import Note, Organisation, Person, Revision, Tag, Theme
from kms.note_kinds import (
    ActionItem,
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
from kms.permissions import ANONYMOUS, SYSTEM
from kms.saving import Store
from tests.cast import Cast
from tests.statements import counting
from tests.stories import (
    HULONG,
    NAKHON,
    PAK_PHANANG,
    PHATTHALUNG,
    a_lesson,
    a_page,
    a_review,
    some_minutes,
)


def problems_of(content: NoteContent) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        notes.check(content)
    return refused.value.problems


# --- writing -------------------------------------------------------------------------------------


def test_a_note_says_exactly_what_its_writer_wrote(session: Session, cast: Cast) -> None:
    written = a_review()
    note = notes.create(session, written, by=cast.facilitator)
    kept = notes.content_of(note)
    assert replace(kept, themes=written.themes) == written


def test_a_name_in_a_role_is_one_person_however_it_is_titled(session: Session, cast: Cast) -> None:
    for name in ("นายสมมติ แห่งหูล่อง", "สมมติ  แห่งหูล่อง", "คุณสมมติ แห่งหูล่อง"):
        content = a_review(roles=(RolePlayed("khun_kit", name),))
        notes.create(session, content, by=cast.facilitator)
    keys = session.scalars(select(Person.name).where(Person.name_key == "สมมติ แห่งหูล่อง")).all()
    assert keys == ["นายสมมติ แห่งหูล่อง"]


def test_the_writer_in_a_role_is_the_writer_and_no_namesake(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_review(), by=cast.facilitator)
    assert note.author_id == cast.facilitator.person_id
    assert note.roles[0].person_id == cast.facilitator.person_id


def test_an_abbreviation_and_its_full_name_are_one_organisation(
    session: Session, cast: Cast
) -> None:
    named = (OrganisationPart("พอช.", "funder"), OrganisationPart("พอช", "funder"))
    note = notes.create(session, a_review(organisations=named), by=cast.facilitator)
    assert len(note.organisations) == 1


def test_four_writers_who_use_a_new_name_at_once_make_it_once(store: Store, cast: Cast) -> None:
    together = Barrier(4)

    def write(n: int) -> None:
        together.wait()
        with store.saving() as session:
            content = a_review(title=f"AAR {n}", tags=("ปูม้า",), themes=("ธนาคารปูม้า",))
            notes.create(session, content, by=cast.facilitator)

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(write, range(4)))
    with store.reading() as session:
        assert session.scalars(select(Tag.name)).all() == ["ปูม้า"]
        assert session.scalars(select(Theme.name)).all() == ["ธนาคารปูม้า"]
        assert session.scalar(select(func.count()).select_from(Note)) == 4


def test_attendees_are_linked_to_people_we_know_and_make_nobody(
    session: Session, cast: Cast
) -> None:
    notes.create(session, a_review(), by=cast.facilitator)
    before = session.scalar(select(func.count()).select_from(Person))
    note = notes.create(session, some_minutes(), by=cast.facilitator)
    assert session.scalar(select(func.count()).select_from(Person)) == before
    seen = notes.view(session, note.number, seen_by=ANONYMOUS)
    assert list(seen.linked_people) == ["แกนนำบ้านหูล่อง"]


def test_an_unknown_theme_becomes_a_proposal_and_the_note_keeps_it(
    session: Session, cast: Cast
) -> None:
    note = notes.create(session, a_review(themes=("ธนาคารปูม้า",)), by=cast.facilitator)
    theme = session.scalars(select(Theme).where(Theme.name == "ธนาคารปูม้า")).one()
    assert theme.status == "proposed"
    assert notes.content_of(note).themes == (theme.slug,)


def test_a_reader_may_not_write_and_a_passer_by_is_asked_to_sign_in(
    session: Session, cast: Cast
) -> None:
    with pytest.raises(NotAllowed):
        notes.create(session, a_review(), by=cast.stranger)
    with pytest.raises(SignInNeeded):
        notes.create(session, a_review(), by=ANONYMOUS)


def test_a_draft_needs_an_owner(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        notes.create(session, a_review(visibility="draft"), by=SYSTEM)
    assert "visibility" in refused.value.problems


def test_the_number_of_a_deleted_note_is_never_given_again(session: Session, cast: Cast) -> None:
    first = notes.create(session, a_review(), by=cast.facilitator)
    number = first.number
    notes.delete(session, first, by=cast.curator)
    session.commit()
    assert notes.create(session, a_review(), by=cast.facilitator).number > number


def test_an_anonymous_note_does_not_tell_its_writer_even_in_its_history(
    session: Session, cast: Cast
) -> None:
    note = notes.create(session, a_review(author=""), by=cast.facilitator)
    assert note.author_id is None
    by = session.scalars(select(Revision.by_id).where(Revision.note_id == note.id)).all()
    assert by == [None]


# --- lessons and their sources -------------------------------------------------------------------


def test_a_lesson_keeps_the_passage_and_the_revision_that_said_it(
    session: Session, cast: Cast
) -> None:
    source = notes.create(session, a_review(), by=cast.facilitator)
    content = a_lesson(SourcePassage(source.number, "เป้าหมายไม่ชัด"))
    lesson = notes.create(session, content, by=cast.facilitator)
    changed = replace(notes.content_of(source), title="AAR เวทีหูล่อง ฉบับแก้")
    notes.revise(session, source, changed, by=cast.facilitator, based_on=1)
    again = replace(notes.content_of(lesson), title="ชัดก่อนชวน")
    notes.revise(session, lesson, again, by=cast.facilitator, based_on=1)
    shown = notes.view(session, lesson.number, seen_by=ANONYMOUS).sources[0]
    assert (shown.number, shown.passage, shown.revision) == (source.number, "เป้าหมายไม่ชัด", 1)
    assert shown.title == "AAR เวทีหูล่อง ฉบับแก้"


def test_a_note_shows_the_lessons_drawn_from_it(session: Session, cast: Cast) -> None:
    source = notes.create(session, a_review(), by=cast.facilitator)
    passages = (
        SourcePassage(source.number, "เป้าหมายไม่ชัด"),
        SourcePassage(source.number, "คลุมเครือ"),
    )
    lesson = notes.create(session, a_lesson(*passages), by=cast.facilitator)
    notes.create(
        session,
        a_lesson(*passages, title="ร่างบทเรียน", visibility="draft"),
        by=cast.facilitator,
    )
    (card,) = notes.view(session, source.number, seen_by=ANONYMOUS).lessons
    assert card.number == lesson.number
    assert card.place_codes == (PAK_PHANANG,)
    assert card.theme_labels == ("แผนแม่บทชุมชน",)
    assert len(notes.view(session, source.number, seen_by=cast.facilitator).lessons) == 2


def test_nobody_draws_a_lesson_from_a_note_they_may_not_see(session: Session, cast: Cast) -> None:
    draft = notes.create(session, a_review(visibility="draft"), by=cast.facilitator)
    for number in (draft.number, 999_999, 2**63, -1):
        with pytest.raises(Invalid) as refused:
            notes.create(session, a_lesson(SourcePassage(number)), by=cast.commenter)
        assert list(refused.value.problems) == ["sources-0-note"]


def test_words_from_a_hidden_source_stay_hidden_on_the_lesson(session: Session, cast: Cast) -> None:
    said = a_review(visibility="members", body="คำพูดภายใน")
    source = notes.create(session, said, by=cast.facilitator)
    content = a_lesson(SourcePassage(source.number, "คำพูดภายใน"))
    lesson = notes.create(session, content, by=cast.facilitator)
    outside = notes.view(session, lesson.number, seen_by=ANONYMOUS)
    assert not outside.sources
    assert "คำพูดภายใน" not in str(outside)
    assert "คำพูดภายใน" in str(notes.view(session, lesson.number, seen_by=cast.stranger))
    assert "คำพูดภายใน" not in str(notes.contents_of(session, [lesson], seen_by=ANONYMOUS))
    assert "คำพูดภายใน" not in str(lesson.content)


# --- revising ------------------------------------------------------------------------------------


def test_saving_without_a_change_makes_no_revision(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_review(), by=cast.facilitator)
    notes.revise(session, note, notes.content_of(note), by=cast.facilitator, based_on=1)
    notes.revise(session, note, a_review(), by=cast.facilitator, based_on=1)
    assert note.revision == 1


def test_the_second_of_two_editors_is_told_and_changes_nothing(
    session: Session, cast: Cast
) -> None:
    page = notes.create(session, a_page("โมเดลปลาทู", "หัว ตัว หาง"), by=cast.facilitator)
    first = replace(notes.content_of(page), body="หัว ตัว หาง ครบสามส่วน")
    notes.revise(session, page, first, by=cast.commenter, based_on=1)
    with pytest.raises(EditConflict) as conflict:
        notes.revise(session, page, first, by=cast.facilitator, based_on=1)
    assert conflict.value.latest_revision == 2
    assert page.body == "หัว ตัว หาง ครบสามส่วน"


def test_of_two_editors_at_one_moment_only_one_gets_the_revision(
    store: Store, session: Session, cast: Cast
) -> None:
    number = notes.create(session, a_page("โมเดลปลาทู", "หนึ่ง"), by=cast.facilitator).number
    session.commit()
    with store.sessions() as one, store.sessions() as two:
        mine = notes.get(one, number, seen_by=cast.facilitator)
        theirs = notes.get(two, number, seen_by=cast.commenter)
        words = replace(notes.content_of(theirs), body="สอง")
        # Both have read revision 1; theirs is saved first.
        notes.content_of(mine)
        one.rollback()
        notes.revise(two, theirs, words, by=cast.commenter, based_on=1)
        two.commit()
        with pytest.raises(EditConflict):
            notes.revise(one, mine, replace(words, body="สาม"), by=cast.facilitator, based_on=1)


def test_links_follow_the_words_when_a_note_is_revised(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_review(), by=cast.facilitator)
    session.commit()
    changed = a_review(
        places=(PlaceNamed(PHATTHALUNG), PlaceNamed(HULONG, "บ้านหูล่อง")),
        tags=("แก้จนเมืองนคร",),
        organisations=(OrganisationPart("พอช.", "partner"), OrganisationPart("พอช.", "funder")),
        roles=tuple(reversed(a_review().roles)),
        themes=(),
    )
    notes.revise(session, note, changed, by=cast.facilitator, based_on=1)
    session.commit()
    session.expire_all()
    seen = notes.view(session, note.number, seen_by=ANONYMOUS)
    assert [place.place_code for place in note.places] == [PHATTHALUNG, HULONG]
    assert [one.part for one in seen.organisations] == ["partner", "funder"]
    assert [one.role for one in seen.roles] == ["khun_kit", "khun_amnuay"]
    assert (seen.tags, seen.themes) == (("แก้จนเมืองนคร",), ())


def test_a_curator_who_mends_a_note_leaves_its_author(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_review(), by=cast.facilitator)
    mended = replace(notes.content_of(note), title="AAR เวทีตำบลหูล่อง (แก้คำ)")
    notes.revise(session, note, mended, by=cast.curator, based_on=1, reason="แก้คำผิด")
    assert note.author_id == cast.facilitator.person_id
    assert note.revision == 2


def test_only_a_curator_turns_a_note_into_another_kind(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_page("คำถาม", "เนื้อความ"), by=cast.facilitator)
    plain = replace(notes.content_of(note), kind=Kind.NOTE)
    with pytest.raises(NotAllowed):
        notes.revise(session, note, plain, by=cast.facilitator, based_on=1)
    notes.revise(session, note, plain, by=cast.curator, based_on=1)
    assert note.kind == "note"


def test_publishing_a_draft_asks_for_what_it_lacks(session: Session, cast: Cast) -> None:
    unfinished = a_review(visibility="draft", review=Review("one-box", {}))
    note = notes.create(session, unfinished, by=cast.facilitator)
    with pytest.raises(Invalid) as refused:
        notes.change_visibility(session, note, "members", by=cast.facilitator)
    assert list(refused.value.problems) == ["answers-review"]
    assert note.visibility == "draft"


def test_a_note_made_public_keeps_a_revision_of_it(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_review(visibility="members"), by=cast.facilitator)
    notes.change_visibility(session, note, "public", by=cast.facilitator)
    assert notes.get(session, note.number, seen_by=ANONYMOUS).revision == 2


def test_a_deleted_note_takes_its_comments_and_revisions_along(
    session: Session, cast: Cast
) -> None:
    source = notes.create(session, a_review(), by=cast.facilitator)
    lesson = notes.create(session, a_lesson(SourcePassage(source.number)), by=cast.facilitator)
    session.commit()
    notes.delete(session, source, by=cast.curator)
    session.commit()
    assert session.scalars(select(Revision.note_id)).all() == [lesson.id]
    assert not notes.view(session, lesson.number, seen_by=ANONYMOUS).sources


def test_a_new_title_freshens_the_lessons_that_show_it(session: Session, cast: Cast) -> None:
    source = notes.create(session, a_review(), by=cast.facilitator)
    lesson = notes.create(session, a_lesson(SourcePassage(source.number)), by=cast.facilitator)
    session.commit()
    before = notes.stamp(session, lesson.number, seen_by=ANONYMOUS)
    changed = replace(notes.content_of(source), title="ชื่อใหม่")
    notes.revise(session, source, changed, by=cast.facilitator, based_on=1)
    session.commit()
    assert notes.stamp(session, lesson.number, seen_by=ANONYMOUS) > before


# --- reading -------------------------------------------------------------------------------------


def test_a_page_with_everything_on_it_takes_five_statements_and_a_lesson_six(
    store: Store, session: Session, cast: Cast
) -> None:
    source = notes.create(session, a_review(), by=cast.facilitator)
    for n in range(5):
        content = a_lesson(SourcePassage(source.number, "เป้าหมายไม่ชัด"), title=f"บทเรียน {n}")
        lesson = notes.create(session, content, by=cast.facilitator)
    session.commit()
    for number, most in ((source.number, 5), (lesson.number, 6)):
        with store.sessions() as fresh, counting(store) as sent:
            notes.view(fresh, number, seen_by=cast.stranger)
        assert len(sent) == most


def test_a_list_of_cards_takes_two_statements_and_keeps_its_order(
    store: Store, session: Session, cast: Cast
) -> None:
    made = [
        notes.create(session, a_review(title=f"AAR {n}"), by=cast.facilitator) for n in range(9)
    ]
    hidden = notes.create(session, a_review(visibility="draft"), by=cast.facilitator)
    session.commit()
    wanted = [made[4].number, hidden.number, made[1].number, 10**6]
    with store.sessions() as fresh, counting(store) as sent:
        cards = notes.cards(fresh, wanted, seen_by=cast.stranger)
    assert len(sent) == 2
    assert [card.number for card in cards] == [made[4].number, made[1].number]
    assert cards[0].lead == "เป้าหมายไม่ชัด ผลจึงคลุมเครือ"
    assert cards[0].place_codes == (HULONG,)
    assert cards[0].url == f"/notes/{made[4].number}"


def test_a_stranger_cannot_tell_a_hidden_note_from_an_absent_one(
    session: Session, cast: Cast
) -> None:
    draft = notes.create(session, a_review(visibility="draft"), by=cast.facilitator)
    said = set()
    for number in (draft.number, 999_999, 0, -5, 2**40):
        for fetch in (notes.get, notes.view, notes.stamp):
            with pytest.raises(NotFound) as absent:
                fetch(session, number, seen_by=cast.stranger)
            said.add(absent.value.message)
    assert len(said) <= 2
    with pytest.raises(NotFound):
        notes.get_for_revision(session, draft.number, by=cast.curator)


def test_reads_are_counted_without_making_the_note_new(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_review(), by=cast.facilitator)
    session.commit()
    before = notes.stamp(session, note.number, seen_by=ANONYMOUS)
    notes.count_reads(session, {note.number: 3})
    notes.count_reads(session, {note.number: 2, 999_999: 1})
    notes.count_reads(session, {})
    session.commit()
    assert notes.view(session, note.number, seen_by=ANONYMOUS).reads == 5
    assert notes.stamp(session, note.number, seen_by=ANONYMOUS) == before


def test_counts_hold_only_what_the_viewer_may_see(session: Session, cast: Cast) -> None:
    notes.create(session, a_review(), by=cast.facilitator)
    notes.create(session, a_review(visibility="members", held_from=None), by=cast.facilitator)
    notes.create(session, a_review(visibility="draft"), by=cast.facilitator)
    notes.create(session, some_minutes(), by=cast.facilitator)
    notes.create(session, a_lesson(), by=cast.facilitator)
    assert notes.counts_by_province(session, seen_by=ANONYMOUS) == {NAKHON: 2, PHATTHALUNG: 1}
    assert notes.counts_by_province(session, seen_by=cast.facilitator)[NAKHON] == 4
    assert notes.counts_by_child_place(session, NAKHON, seen_by=ANONYMOUS) == {PAK_PHANANG: 2}
    assert notes.counts_by_child_place(session, PAK_PHANANG, seen_by=ANONYMOUS) == {HULONG: 1}
    assert notes.counts_by_child_place(session, HULONG, seen_by=ANONYMOUS) == {}
    assert notes.counts_by_year(session, seen_by=ANONYMOUS) == {2007: 1, 2006: 1}
    everything = notes.totals(session, seen_by=ANONYMOUS)
    assert (everything.notes, everything.lessons, everything.provinces) == (3, 1, 2)
    assert everything.people == 2


def test_the_front_page_has_new_lessons_and_new_records_apart(
    store: Store, session: Session, cast: Cast
) -> None:
    for n in range(4):
        notes.create(session, a_review(title=f"AAR {n}"), by=cast.facilitator)
        notes.create(session, a_lesson(title=f"บทเรียน {n}"), by=cast.facilitator)
    notes.create(session, a_page("หน้า", "เนื้อความ"), by=cast.facilitator)
    session.commit()
    with store.sessions() as fresh, counting(store) as sent:
        lessons, others = notes.newest(fresh, seen_by=ANONYMOUS, limit=3)
    assert len(sent) == 2
    assert [card.title for card in lessons] == ["บทเรียน 3", "บทเรียน 2", "บทเรียน 1"]
    assert [card.title for card in others] == ["AAR 3", "AAR 2", "AAR 1"]


def test_my_notes_begin_with_my_drafts(session: Session, cast: Cast) -> None:
    notes.create(session, a_review(visibility="draft", title="ร่าง"), by=cast.facilitator)
    notes.create(session, a_review(title="ตีพิมพ์แล้ว"), by=cast.facilitator)
    notes.create(session, a_review(title="ของคนอื่น"), by=cast.commenter)
    mine = notes.of_owner(session, cast.facilitator)
    assert [card.title for card in mine] == ["ร่าง", "ตีพิมพ์แล้ว"]
    assert notes.of_owner(session, ANONYMOUS) == []


def test_a_link_by_title_finds_the_page_first_and_only_what_may_be_read(
    session: Session, cast: Cast
) -> None:
    other = notes.create(session, a_review(title="โมเดลปลาทู"), by=cast.facilitator)
    page = notes.create(session, a_page("โมเดลปลาทู", "หัว ตัว หาง"), by=cast.facilitator)
    hidden = notes.create(session, a_page("ลับ", "x", visibility="draft"), by=cast.facilitator)
    assert notes.resolve_page(session, " โมเดลปลาทู ", seen_by=ANONYMOUS) == page.number
    assert notes.resolve_page(session, "ลับ", seen_by=ANONYMOUS) is None
    assert notes.resolve_page(session, "ลับ", seen_by=cast.facilitator) == hidden.number
    alike = notes.similar_titles(session, "ปลาทู", seen_by=ANONYMOUS)
    assert {number for number, _title in alike} == {other.number, page.number}
    assert notes.similar_titles(session, "100%_", seen_by=ANONYMOUS) == []


# --- what is refused -----------------------------------------------------------------------------


def test_control_characters_and_halves_of_characters_fall_away() -> None:
    tidied = notes.check(
        a_review(
            title="  AAR\x00 เวที\r\nหูล่อง\x1b ",
            body="ก\ud800ข\r\nบรรทัดสอง\x07",
            tags=("#แนวคิด", " ", "แนวคิด"),
        )
    )
    assert tidied.title == "AAR เวที หูล่อง"
    assert tidied.body == "ก\ufffdข\nบรรทัดสอง"
    assert tidied.tags == ("แนวคิด",)
    tidied.body.encode()


def test_a_title_of_unseen_characters_is_no_title() -> None:
    for title in ("", "   ", "\u200b\u200b", "\x00"):
        assert "title" in problems_of(a_review(title=title))


def test_ten_megabytes_are_refused_with_a_sentence() -> None:
    assert list(problems_of(a_review(body="ก" * 10_000_000))) == ["body"]


def test_too_many_of_anything_are_refused() -> None:
    crowd = some_minutes().meeting
    assert crowd is not None
    guests = replace(crowd, attendees=crowd.attendees[:1] * 501)
    found = problems_of(
        a_review(
            tags=tuple(f"แท็ก{n}" for n in range(600)),
            themes=tuple(f"ประเด็น{n}" for n in range(101)),
            places=tuple(PlaceNamed(NAKHON, f"บ้าน{n}") for n in range(101)),
            roles=(RolePlayed("khun_kit", "แกนนำ"),) * 101,
        )
    )
    assert {"tags", "themes", "places", "roles"} <= found.keys()
    assert "attendees" in problems_of(some_minutes(meeting=guests))


def test_every_unknown_code_is_named_beside_its_field() -> None:
    found = problems_of(
        a_review(
            visibility="secret",
            places=(PlaceNamed(NAKHON), PlaceNamed("999999"), PlaceNamed("../etc")),
            organisations=(OrganisationPart("พอช.", "owner"), OrganisationPart("...")),
            roles=(
                RolePlayed("khun_mai", "ใคร", level="galaxy", place_code="00"),
                RolePlayed("khun_kit", did="ทำโดยไม่มีชื่อ"),
                RolePlayed("khun_kit", "---"),
            ),
        )
    )
    assert found.keys() == {
        "visibility",
        "places-1-text",
        "places-2-text",
        "organisations-0-part",
        "organisations-1-name",
        "roles-0-role",
        "roles-0-level",
        "roles-0-place",
        "roles-1-person",
        "roles-2-person",
    }


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://x.y", "http://", "x y"],
)
def test_only_web_addresses_are_sources(address: str) -> None:
    assert "url" in problems_of(a_review(url=address))
    assert notes.check(a_review(url="https://www.gotoknow.org/posts/14228"))


def test_days_that_cannot_be_are_refused() -> None:
    backwards = a_review(held_from=date(2006, 1, 28), held_to=date(2006, 1, 27))
    assert "held" in problems_of(backwards)
    assert "held" in problems_of(a_review(held_from=date(999, 1, 1)))
    assert "held" in problems_of(a_review(held_from=date(2549, 1, 28)))
    assert "held" in problems_of(a_review(held_from=None, held_to=date(2006, 1, 28)))


def test_a_review_answers_its_own_questions_and_the_first_at_least() -> None:
    stray = Review("one-box", {"review": "ได้เรียนรู้", "nonsense": "คำตอบ"})
    assert list(problems_of(a_review(review=stray))) == ["answers-nonsense"]
    assert list(problems_of(a_review(review=Review("thai-km", {})))) == ["answers-expected"]
    assert list(problems_of(a_review(review=Review("unknown", {})))) == ["questions"]
    assert list(problems_of(a_review(review=None))) == ["body"]
    assert notes.check(a_review(review=None, body="เป้าหมายไม่ชัด ผลจึงคลุมเครือ"))


def test_minutes_need_their_day_and_sound_rows() -> None:
    rows = Meeting(
        actions=(ActionItem("", "เลขานุการ"), ActionItem("นัดหมาย", due=date(300, 1, 1))),
        budget=(BudgetLine("พอช.", -1), BudgetLine("", 5)),
        next_date=date(2999, 1, 1),
    )
    found = problems_of(some_minutes(held_from=None, meeting=rows))
    assert found.keys() == {
        "held",
        "actions-0-what",
        "actions-1-due",
        "budget-0-amount",
        "budget-1-organisation",
        "next_date",
    }


def test_a_lesson_needs_its_point() -> None:
    found = problems_of(a_lesson(lesson=LessonParts(point=" ", polarity="maybe")))
    assert found.keys() == {"point", "polarity"}
    assert list(problems_of(a_lesson(lesson=None))) == ["point"]


def test_a_part_of_another_kind_is_refused_not_dropped() -> None:
    assert "kind" in problems_of(a_review(lesson=LessonParts("บทเรียน")))


def test_a_draft_may_be_unfinished_but_for_its_title() -> None:
    assert notes.check(a_review(visibility="draft", review=Review("thai-km", {})))
    assert notes.check(some_minutes(visibility="draft", held_from=None))
    assert notes.check(a_lesson(visibility="draft", lesson=None))
    assert list(problems_of(a_review(visibility="draft", title=""))) == ["title"]


def test_markup_in_any_field_is_kept_as_text(session: Session, cast: Cast) -> None:
    bad = "<script>alert(1)</script>"
    content = a_review(
        title=bad,
        body=bad,
        author=bad,
        tags=(bad,),
        themes=(bad,),
        organisations=(OrganisationPart(bad),),
        roles=(RolePlayed("khun_kit", bad, bad, did=bad),),
    )
    note = notes.create(session, content, by=cast.facilitator)
    seen = notes.view(session, note.number, seen_by=ANONYMOUS)
    assert (seen.title, seen.tags, seen.themes[0][1]) == (bad, (bad,), bad)


def test_an_import_finds_again_what_it_brought(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_review(), by=SYSTEM, source="gotoknow", source_id="14228")
    assert notes.find_imported(session, "gotoknow", "14228") is note
    assert notes.find_imported(session, "gotoknow", "1") is None
    assert session.scalars(select(Organisation.name)).all().count("พอช.") == 1
    assert session.scalars(select(Note.owner_id)).all() == [None]
