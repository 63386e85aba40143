"""People: found by any spelling, never by guess, and shown only where a note may be read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from kms import comments, lesson_life, notes, people, recommendations
from kms.errors import Invalid, NotAllowed, NotFound
from kms.models import Person
from kms.note_kinds import PlaceNamed, RolePlayed
from kms.permissions import ACCOUNT, ANONYMOUS, Viewer
from kms.saving import Store
from tests.cast import Cast
from tests.statements import counting
from tests.stories import HULONG, NAKHON, PAK_PHANANG, PHATTHALUNG, a_lesson, a_review, some_minutes


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("นายภาณุ  อุทัยรัตน์", "ภาณุ อุทัยรัตน์"),
        ("นางสาว สมมติ", "สมมติ"),
        ("น.ส.สมมติ", "สมมติ"),
        ("ผอ.ดร. สมมติ", "สมมติ"),
        ("คุณสมมติ", "สมมติ"),
        ("น้าย้วน", "ย้วน"),
        ("อาจารย์ภีม", "ภีม"),
        ("ส\u200bมมติ", "สมมติ"),
        ("Dr. Who", "dr. who"),
        # These only begin like a title.
        ("คุณากร", "คุณากร"),
        ("นายก อบต.หูล่อง", "นายก อบต.หูล่อง"),
        ("นายกเทศมนตรีเมืองพัทลุง", "นายกเทศมนตรีเมืองพัทลุง"),
        ("นายกมล", "กมล"),
        ("นายกฤษณะ", "กฤษณะ"),
        ("คุณ", "คุณ"),
        ("ผู้ใหญ่ย้วน", "ผู้ใหญ่ย้วน"),
    ],
)
def test_titles_are_no_part_of_a_name(written: str, key: str) -> None:
    assert people.key(written) == key


@given(st.text(max_size=250))
def test_a_key_of_a_key_is_the_same_key(name: str) -> None:
    once = people.key(name)
    assert len(once) <= 200
    assert people.key(once) == once or len(once) == 200


def test_many_names_are_resolved_in_one_statement(store: Store, session: Session) -> None:
    names = [f"แกนนำคนที่ {n}" for n in range(30)]
    people.resolve(session, names)
    session.commit()
    with store.sessions() as fresh, counting(store) as sent:
        found = people.resolve(fresh, [*names, *(f"นาย{name}" for name in names)])
    assert len(sent) == 1
    assert len({person.id for person in found.values()}) == 30


def test_an_alias_leads_to_the_person_and_a_likeness_does_not(session: Session, cast: Cast) -> None:
    person = people.find_or_create(session, "ผู้ใหญ่ประยูร", place_code=HULONG)
    people.revise(
        session,
        person,
        by=cast.curator,
        name="ประยูร แห่งหูล่อง",
        aliases=["ผู้ใหญ่ย้วน", "ผู้ใหญ่ย้วน", ""],
        place_code=HULONG,
    )
    for way in ("ผู้ใหญ่ย้วน", "นายประยูร แห่งหูล่อง", "ผู้ใหญ่ประยูร"):
        assert people.find_or_create(session, way) is person
    assert people.find_or_create(session, "ประยูร") is not person


def test_an_alias_taken_away_no_longer_leads_there(session: Session, cast: Cast) -> None:
    person = people.find_or_create(session, "ภีม")
    people.revise(session, person, by=cast.curator, name="ภีม", aliases=["น้องภีม", "ลุงภีม"])
    people.revise(session, person, by=cast.curator, name="ภีม", aliases=["ลุงภีม"])
    assert [alias.name for alias in person.aliases] == ["ลุงภีม"]
    assert people.known(session, ["น้องภีม"]) == {}


def test_a_person_is_mended_by_curators_with_sound_values(session: Session, cast: Cast) -> None:
    person = people.find_or_create(session, "ภีม")
    with pytest.raises(NotAllowed):
        people.revise(session, person, by=cast.facilitator, name="ภีม")
    with pytest.raises(Invalid) as refused:
        people.revise(
            session,
            person,
            by=cast.curator,
            name="...",
            nickname="ก" * 101,
            aliases=[f"ชื่อ {n}" for n in range(51)],
            place_code="xx",
        )
    assert refused.value.problems.keys() == {"name", "nickname", "aliases", "place"}
    with pytest.raises(Invalid):
        people.find_or_create(session, "  ")


def test_from_a_person_one_walks_to_every_note_lesson_and_role(
    store: Store, session: Session, cast: Cast
) -> None:
    notes.create(session, a_review(), by=cast.facilitator)
    notes.create(session, some_minutes(), by=cast.facilitator)
    lesson = a_lesson(roles=(RolePlayed("khun_kit", "แกนนำบ้านหูล่อง", did="ลงมือ"),))
    notes.create(session, lesson, by=cast.facilitator)
    notes.create(session, a_lesson(title="ร่าง", visibility="draft"), by=cast.facilitator)
    session.commit()
    person = people.find_or_create(session, "แกนนำบ้านหูล่อง")
    with store.sessions() as fresh, counting(store) as sent:
        page = people.page(fresh, person.id, seen_by=ANONYMOUS)
    assert len(sent) == 7
    assert [card.kind for card in page.notes] == ["minutes", "aar"]
    assert [card.title for card in page.lessons] == ["ตกลงเป้าหมายก่อนเชิญคน"]
    assert [(one.role, one.title) for one in page.roles] == [
        ("khun_kit", "AAR เวทีตำบลหูล่อง"),
        ("khun_kit", "ตกลงเป้าหมายก่อนเชิญคน"),
    ]
    assert (page.totals.notes, page.totals.lessons, page.totals.roles) == (2, 1, 2)


def test_somebody_named_only_in_a_draft_is_nobody_to_others(session: Session, cast: Cast) -> None:
    secret = (RolePlayed("khun_kit", "ผู้ให้ข้อมูลลับ"),)
    note = notes.create(session, a_review(visibility="draft", roles=secret), by=cast.facilitator)
    person = people.find_or_create(session, "ผู้ให้ข้อมูลลับ")
    for viewer in (ANONYMOUS, cast.commenter):
        with pytest.raises(NotFound):
            people.page(session, person.id, seen_by=viewer)
        assert people.suggest(session, "ผู้ให้", seen_by=viewer) == []
        assert people.names(session, [person.id], seen_by=viewer) == {}
        listed = people.listing(session, seen_by=viewer)
        assert person.id not in [one.id for one in listed.people]
    assert people.page(session, person.id, seen_by=cast.facilitator).notes[0].number == note.number
    assert people.page(session, person.id, seen_by=cast.curator).notes == []
    with pytest.raises(NotFound):
        people.page(session, 2**40, seen_by=cast.curator)


def test_somebody_who_only_commented_has_a_page(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_review(), by=cast.facilitator)
    comments.add(session, note, by=cast.commenter, body="เห็นด้วย")
    assert cast.commenter.person_id is not None
    page = people.page(session, cast.commenter.person_id, seen_by=ANONYMOUS)
    assert (page.notes, page.totals.notes) == ([], 0)


def known_where(session: Session, cast: Cast, person: Viewer) -> list[bool]:
    """Whether a stranger, a member and they themselves can open the page and know the name."""
    number = person.person_id or 0
    found = []
    for viewer in (ANONYMOUS, cast.stranger, person):
        named = people.names(session, [number], seen_by=viewer) == {number: person.name}
        offered = [one.id for one in people.suggest(session, person.name, seen_by=viewer)]
        assert offered == ([number] if named else [])
        assert (session.scalar(can_be_called(viewer, number)) is not None) == (
            named or viewer is person
        )
        try:
            people.page(session, number, seen_by=viewer)
            found.append(True)
        except NotFound:
            found.append(False)
            assert not named
    return found


def can_be_called(viewer: Viewer, number: int) -> Select[int]:
    wanted = select(Person.id).where(Person.id == number, people.open_to(viewer))
    return wanted.params({ACCOUNT: viewer.account_id})


def test_who_only_steps_asks_or_answers_is_known_where_that_may_be_read(
    session: Session, cast: Cast, subtests: pytest.Subtests
) -> None:
    note = notes.create(session, a_review(), by=cast.facilitator)
    lesson = notes.create(session, a_lesson(), by=cast.facilitator)
    minutes = some_minutes(meeting=None, places=(PlaceNamed(PHATTHALUNG),))
    there = notes.create(session, minutes, by=cast.facilitator)
    to = {"what": "ให้ทุนต่อ", "role": "khun_ua", "place_code": NAKHON}

    def confirm(by: Viewer) -> None:
        lesson_life.confirm(session, lesson, by=by, place=PHATTHALUNG, note=there.id)

    def ask(by: Viewer) -> int:
        return recommendations.add(session, note, by=by, **to).id

    def answer(by: Viewer) -> None:
        asked = ask(cast.facilitator)
        recommendations.answer(session, asked, by=by, outcome="accepted", body="")

    doings = ((confirm, cast.commenter), (ask, cast.administrator), (answer, cast.curator))
    for doing, by in doings:
        with subtests.test(doing.__name__):
            plain = replace(by, permission="member")
            assert known_where(session, cast, plain) == [False, False, True]
            doing(by)
            for visibility, known in (
                ("members", [False, True, True]),
                ("draft", [False, False, True]),
                ("public", [True, True, True]),
            ):
                for one in (note, lesson, there):
                    one.visibility = visibility
                session.flush()
                assert known_where(session, cast, plain) == known


def test_what_is_withdrawn_or_told_by_a_hidden_note_makes_nobody_known(
    session: Session, cast: Cast
) -> None:
    lesson = notes.create(session, a_lesson(), by=cast.facilitator)
    minutes = some_minutes(places=(PlaceNamed(PHATTHALUNG),), visibility="members")
    there = notes.create(session, minutes, by=cast.facilitator)
    lesson_life.confirm(session, lesson, by=cast.commenter, place=PHATTHALUNG, note=there.id)
    assert known_where(session, cast, cast.commenter) == [False, True, True]
    to = {"what": "ให้ทุนต่อ", "role": "khun_ua", "place_code": NAKHON}
    asker = replace(cast.administrator, permission="member")
    asked = recommendations.add(session, lesson, by=asker, **to).id
    answerer = replace(cast.curator, permission="member")
    recommendations.answer(session, asked, by=cast.curator, outcome="accepted", body="")
    assert known_where(session, cast, answerer) == [True, True, True]
    recommendations.take_back(session, asked, by=cast.curator)
    assert known_where(session, cast, answerer) == [False, False, True]
    recommendations.answer(session, asked, by=cast.curator, outcome="done", body="")
    recommendations.withdraw(session, asked, by=asker)
    assert known_where(session, cast, asker) == [False, False, True]
    assert known_where(session, cast, answerer) == [False, False, True]


def test_people_are_suggested_by_any_name_those_that_begin_so_first(
    session: Session, cast: Cast
) -> None:
    players = tuple(
        RolePlayed("khun_kit", name) for name in ("ประธานกลุ่มปูม้า", "ปูม้าพาเพลิน", "ภีม", "100%")
    )
    notes.create(session, a_review(roles=players), by=cast.facilitator)
    person = people.find_or_create(session, "ภีม")
    people.revise(session, person, by=cast.curator, name="ภีม", aliases=["ลุงปูม้า"])
    found = people.suggest(session, "ปูม้า")
    assert [one.name for one in found] == ["ปูม้าพาเพลิน", "ประธานกลุ่มปูม้า", "ภีม"]
    assert [one.name for one in people.suggest(session, "%")] == ["100%"]
    assert people.suggest(session, "  ") == []


def test_the_list_of_people_is_in_thai_order_and_narrows_by_place_and_role(
    store: Store, session: Session, cast: Cast
) -> None:
    players = (
        RolePlayed("khun_kit", "แกนนำ ข", place_code=HULONG),
        RolePlayed("khun_ua", "นายเกษตร สมมติ", place_code=PHATTHALUNG),
        RolePlayed("khun_kit", "กำนันสมมติ"),
    )
    notes.create(session, a_review(author="", roles=players), by=cast.facilitator)
    session.commit()
    with store.sessions() as fresh, counting(store) as sent:
        everyone = people.listing(fresh, seen_by=ANONYMOUS)
    assert len(sent) == 4
    assert [one.name for one in everyone.people] == ["กำนันสมมติ", "นายเกษตร สมมติ", "แกนนำ ข"]
    assert everyone.people[1].roles == ("khun_ua",)
    assert everyone.people[1].notes == 1

    def names(place: str | None, role: str | None) -> list[str]:
        listed = people.listing(session, seen_by=ANONYMOUS, place=place, role=role)
        return [one.name for one in listed.people]

    assert names(PHATTHALUNG, None) == ["นายเกษตร สมมติ"]
    assert names(PAK_PHANANG, "khun_kit") == ["กำนันสมมติ", "แกนนำ ข"]
    assert names(NAKHON, "khun_ua") == []
    second = people.listing(session, seen_by=ANONYMOUS, offset=1, limit=1)
    assert (second.total, [one.name for one in second.people]) == (3, ["นายเกษตร สมมติ"])
