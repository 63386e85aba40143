"""Hints while a lesson is written: by rule, few of them wrong, and none tells of a draft."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from kms import notes, organisations
from kms.lesson_hints import LONGEST, full_names, hints, says_more_than_one, short_forms
from kms.models import OrganisationAlias
from kms.note_kinds import Kind, LessonParts, NoteContent, OrganisationPart
from kms.permissions import ANONYMOUS, Viewer
from kms.saving import Store
from tests.cast import Cast, csrf_token, post
from tests.statements import counting
from tests.stories import a_review

CONTENT = Path(__file__).parent.parent / "content" / "lessons"
WHOLE = LessonParts(
    "รวมแต่กำไรของกองทุน อย่ารวมตัวกองทุน",
    "เมื่อตำบลมีหลายกองทุน",
    "ตกลงกันว่าแต่ละกองทุนแบ่งกำไรเท่าไร",
    "แต่ละกองทุนมีกฎของตน",
)


def rules(parts: LessonParts, **known: str) -> list[tuple[str, str]]:
    return [(one.field, one.rule) for one in hints(parts, known)]


def shipped() -> list[LessonParts]:
    fields = ("point", "holds_when", "what_to_do", "why")
    said = [
        yaml.safe_load(one.read_text().split("---")[1])["lesson"] for one in CONTENT.glob("*.md")
    ]
    return [LessonParts(*(str(one.get(name, "")) for name in fields)) for one in said]


def test_a_whole_lesson_gets_no_hint_and_an_empty_form_none_yet() -> None:
    assert rules(WHOLE) == [] == rules(LessonParts()) == rules(LessonParts("ก"))


def test_what_is_missing_is_asked_for_unless_the_point_says_it() -> None:
    bare = LessonParts("ให้เจ้าของกองทุนคุยกันสามวง")
    assert rules(bare) == [("holds_when", "when"), ("why", "why")]
    said = LessonParts("ถ้าให้เจ้าของกองทุนคุยกันก่อน งานจะเดิน เพราะไม่มีใครกลัวเสียของตัวเอง")
    assert rules(said) == []


@pytest.mark.parametrize(
    "point",
    [
        "ควรเชิญเจ้าของกองทุนมาคุยก่อน และควรตั้งคณะทำงานร่วม",
        "1) ชวนคุย 2) ตั้งทีม 3) ทำแผน",
        "- ชวนคุยก่อน\n- ตั้งทีมร่วม",
        "๑. ชวนคุยก่อน\n๒. ตั้งทีมร่วม",
        "ชวนหน่วยงานมาตั้งแต่ต้น นอกจากนี้ยังมีเรื่องงบที่ตกลงกันไว้",
        "ต้องถามชาวบ้าน ควรฟังให้จบ อย่ารีบสรุป",
    ],
)
def test_several_points_are_seen(point: str) -> None:
    assert says_more_than_one(point)


@pytest.mark.parametrize(
    "point",
    [
        "อย่าเอาแม่ไก่มารวมกัน มันจะจิกกัน ให้เอาไข่มาฟักด้วยกัน",
        "เป้าหมายไม่ชัด คนที่เชิญก็ไม่ชัด ผลที่ได้จึงคลุมเครือ",
        "การรวมกองทุนควรเริ่มที่ชาวบ้านเห็นตรงกัน แล้วจึงทำบันทึกความร่วมมือ",
        "ตั้งแต่ปี 2550. ที่ผ่านมา งบ 1.5 ล้านบาทต้องแบ่งตามหมู่บ้าน",
        "ผู้จัดและชาวบ้านต้องตกลงกันก่อน",
    ],
)
def test_one_point_in_several_clauses_is_one(point: str) -> None:
    assert not says_more_than_one(point)


def test_abbreviations_are_asked_about_once_unless_explained() -> None:
    said = LessonParts("อปท. ควรร่วมทุนกับ กขคจ. และ อปท. ข้างเคียง ใน 27 ธ.ค. ที่ จ.พัทลุง")
    assert short_forms(said) == [("point", "อปท."), ("point", "กขคจ.")]
    told = LessonParts("องค์กรปกครองส่วนท้องถิ่น (อปท.) ร่วมทุนกับ พอช. (สถาบันพัฒนาองค์กรชุมชน)")
    assert short_forms(told) == []
    assert short_forms(LessonParts("ก. ชวนคุยกันก่อน AAR หลังเลิกประชุม อบต. เวลา 9.00 น.")) == []


def test_a_known_abbreviation_is_written_out(session: Session) -> None:
    name = "สถาบันพัฒนาองค์กรชุมชน"
    office = organisations.find_or_create(session, name)
    office.aliases.append(OrganisationAlias(name="พอช.", key=organisations.key("พอช.")))
    session.flush()
    assert full_names(session, ["กขคจ.", "พอช."], seen_by=ANONYMOUS) == {"พอช.": name}
    said = hints(LessonParts("ถ้า พอช. ร่วมทุน งานจึงเดินต่อ"), {"พอช.": name})
    assert name in said[0].said


def test_hints_name_no_office_of_anothers_draft_and_none_by_itself(
    session: Session, cast: Cast
) -> None:
    draft = a_review(visibility="draft", organisations=(OrganisationPart("ศปจ.", "funder"),))
    note = notes.create(session, draft, by=cast.facilitator)
    office = organisations.find_or_create(session, "ศปจ.")
    asked = (cast.commenter, cast.facilitator)
    assert [full_names(session, ["ศปจ."], seen_by=one) for one in asked] == [{}, {}]
    office.name = "ศูนย์ประสานงานจังหวัด"
    session.flush()
    told = {"ศปจ.": office.name}
    assert [full_names(session, ["ศปจ."], seen_by=one) for one in asked] == [{}, told]
    shown = replace(notes.content_of(note), visibility="public")
    notes.revise(session, note, shown, by=cast.facilitator, based_on=1)
    assert full_names(session, ["ศปจ."], seen_by=ANONYMOUS) == told


def test_what_is_too_long_says_how_long_it_is() -> None:
    for field, longest in LONGEST.items():
        values = {**vars(WHOLE), field: "ก" * (longest + 1)}
        found = hints(LessonParts(**values), {})
        assert [(one.field, one.rule) for one in found] == [(field, "long")]
        assert str(longest + 1) in found[0].said


def test_few_of_the_lessons_that_are_shipped_get_a_hint_and_fewer_a_wrong_one() -> None:
    found = [(parts, hints(parts, {})) for parts in shipped()]
    assert len(found) >= 40
    assert sum(bool(said) for _parts, said in found) <= 0.1 * len(found)
    # Abbreviations there are truly unexplained; every other rule may be wrong once.
    others = [one for _parts, said in found for one in said if one.rule != "short"]
    assert len(others) <= 1


# --- live -----------------------------------------------------------------------------------------


@pytest.fixture
def facilitator(app: Flask, cast: Cast) -> Iterator[FlaskClient]:
    yield cast.browser(app, "facilitator")


def keep(store: Store, by: Viewer, title: str, visibility: str = "public") -> int:
    content = NoteContent(Kind.LESSON, title, visibility=visibility, lesson=WHOLE)
    with store.saving() as session:
        return notes.create(session, content, by=by).number


def asked(client: FlaskClient, **typed: str) -> Any:
    answer = post(client, "/write/lesson/hints", dict(typed), page="/account")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_hints_come_live_with_lessons_that_say_the_same(
    facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    for n in range(9):
        keep(store, cast.facilitator, f"เรื่องอื่นที่ {n}")
    number = keep(store, cast.curator, "กำไรรวมได้ ตัวกองทุนรวมไม่ได้")
    told = asked(facilitator, point="กองทุนควรรวมแต่กำไร ไม่ใช่รวมตัวกองทุนเข้าด้วยกันทั้งหมด")
    assert {one["field"] for one in told["hints"]} >= {"why", "holds_when"}
    assert told["similar"] == [] or told["similar"][0]["url"].startswith("/notes/")
    assert f"/notes/{number}" not in str(asked(facilitator, point=WHOLE.point, number=str(number)))


def test_hints_never_tell_of_anothers_draft(
    app: Flask, facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    keep(store, cast.facilitator, "ร่างลับเรื่องกำไร", "draft")
    curator = cast.browser(app, "curator")
    before = asked(curator, point=WHOLE.point)
    assert before["similar"] == []
    client = app.test_client()
    assert client.post("/write/lesson/hints").status_code in (302, 400, 401)
    reader = cast.browser(app, "researcher")
    form = {"csrf_token": csrf_token(reader, "/account"), "point": "ก"}
    assert reader.post("/write/lesson/hints", data=form).status_code == 403


@pytest.mark.parametrize(
    "words", ["", "\x00", "ก" * 200_000, "<script>", "1) " * 9_000, "ควร" * 9_000]
)
def test_strange_words_get_an_answer_at_once(facilitator: FlaskClient, words: str) -> None:
    told = asked(facilitator, point=words, why=words, number="x" * 50)
    assert set(told) == {"hints", "similar"}


def test_without_scripts_the_hints_come_after_check_first(
    facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    form: dict[str, object] = {"point": "อปท. ต้องร่วมทุน และต้องส่งคนมาร่วมวง", "do": "check"}
    page = post(facilitator, "/write/lesson", form).text
    assert "แยกเป็นบทเรียนละข้อ" in page and "อาจไม่รู้จัก อปท." in page
    assert 'id="hints"' in page and 'href="#why"' in page
    saved = post(facilitator, "/write/lesson", {**form, "do": "save"})
    assert saved.status_code == 303


def test_hints_take_few_statements(facilitator: FlaskClient, cast: Cast, store: Store) -> None:
    taken = []
    for count in (2, 12):
        for n in range(count):
            keep(store, cast.facilitator, f"บทเรียน {count} {n}")
        token = csrf_token(facilitator, "/account")
        form = {"csrf_token": token, "point": WHOLE.point + " กับ พอช. อปท."}
        with counting(store) as sent:
            facilitator.post("/write/lesson/hints", data=form)
        taken.append(len(sent))
    assert taken[0] == taken[1] <= 6
