"""The facilitator roles, and who plays them where."""

import pytest
from sqlalchemy.orm import Session

from kms import language, notes, roles
from kms.errors import Invalid
from kms.note_kinds import LEVELS, ROLES, RolePlayed
from kms.permissions import ANONYMOUS
from kms.saving import Store
from tests.cast import Cast
from tests.statements import counting
from tests.stories import HULONG, NAKHON, PAK_PHANANG, PHATTHALUNG, a_lesson, a_review


def test_every_role_and_level_is_told_in_both_languages() -> None:
    assert tuple(roles.ROLES) == ROLES
    for code in ROLES:
        thai = (roles.ROLES[code].name, roles.ROLES[code].does)
        with language.speaking("en"):
            english = (roles.ROLES[code].name, roles.ROLES[code].does)
        assert all(thai)
        assert all(english)
        assert not set(thai) & set(english)
    assert [roles.level_name(level) for level in LEVELS] == [
        "จังหวัด",
        "อำเภอ",
        "ตำบล",
        "หมู่บ้าน",
        "โซน",
    ]
    assert (roles.name("unknown"), roles.level_name("")) == ("unknown", "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("khun_amnuay", "khun_amnuay"),
        ("Khun-Amnuay", "khun_amnuay"),
        ("amnuay", "khun_amnuay"),
        ("คุณอำนวย", "khun_amnuay"),
        # Nikhahit and sara aa typed apart.
        ("คุณอํานวย", "khun_amnuay"),
        ("อำนวย", "khun_amnuay"),
        (" คุณเอื้อ ", "khun_ua"),
        ("วิศาสตร์", "khun_wisat"),
    ],
)
def test_a_role_is_read_as_people_write_it(text: str, code: str) -> None:
    assert roles.read(text) == code


def test_an_unknown_role_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(Invalid, match="คุณอำนวย"):
        roles.read("คุณนาย")


def test_from_a_role_and_a_place_one_walks_to_those_who_play_it(
    store: Store, session: Session, cast: Cast
) -> None:
    first = notes.create(session, a_review(), by=cast.facilitator)
    lesson = notes.create(session, a_lesson(), by=cast.facilitator)
    there = RolePlayed("khun_amnuay", "ผู้ประสานพัทลุง", "", "province", PHATTHALUNG, "ชวนกองทุนคุย")
    notes.create(session, a_review(roles=(there,)), by=cast.facilitator)
    notes.create(session, a_review(visibility="draft"), by=cast.facilitator)
    session.commit()
    with store.sessions() as fresh, counting(store) as sent:
        here = roles.players(fresh, "khun_amnuay", place=PAK_PHANANG, seen_by=ANONYMOUS)
    assert len(sent) == 1
    # With a level and a place of its own in one note, without them in the lesson.
    assert {(one.level, one.place_code, one.did, one.note_numbers) for one in here} == {
        ("tambon", HULONG, "ชวนคุยทีละข้อ", (first.number,)),
        ("", None, "ตั้งคำถามถึงเป้าหมาย", (lesson.number,)),
    }
    at_province = roles.players(session, "khun_amnuay", level="province", seen_by=ANONYMOUS)
    assert [one.person_name for one in at_province] == ["ผู้ประสานพัทลุง"]
    everyone = roles.players(session, place=NAKHON, seen_by=ANONYMOUS)
    assert {one.role for one in everyone} == {"khun_amnuay", "khun_kit"}


def test_those_with_more_notes_come_first_and_tell_what_they_did(
    session: Session, cast: Cast
) -> None:
    played = RolePlayed("khun_kit", "แกนนำบ้านหูล่อง", did="ลงมือ")
    once = RolePlayed("khun_kit", "แกนนำอีกคน")
    notes.create(session, a_review(roles=(once, played)), by=cast.facilitator)
    silent = RolePlayed("khun_kit", "แกนนำบ้านหูล่อง")
    notes.create(session, a_review(roles=(silent,), held_from=None), by=cast.facilitator)
    found = roles.players(session, "khun_kit", seen_by=ANONYMOUS)
    assert [(one.person_name, one.notes, one.did) for one in found] == [
        ("แกนนำบ้านหูล่อง", 2, "ลงมือ"),
        ("แกนนำอีกคน", 1, ""),
    ]


def test_a_role_counts_people_and_organisations_once(session: Session, cast: Cast) -> None:
    played = (
        RolePlayed("khun_ua", "", "ที่ทำการปกครองจังหวัด"),
        RolePlayed("khun_ua", "ปลัดจังหวัด", "ที่ทำการปกครองจังหวัด"),
        RolePlayed("khun_ua", "ปลัดจังหวัด", level="province"),
    )
    for visibility in ("public", "members"):
        notes.create(session, a_review(roles=played, visibility=visibility), by=cast.facilitator)
    assert roles.counts(session, seen_by=ANONYMOUS) == {"khun_ua": 2}
