"""Names that may mean one person are found by themselves, and a curator says whether they do."""

import pytest
from sqlalchemy.orm import Session

from kms import joining, likeness, notes, organisations, people, same
from kms.errors import NotAllowed, NotFound
from kms.joining import ORGANISATION, PERSON
from kms.likeness import Named, alike
from kms.models import Account, Person
from kms.note_kinds import OrganisationPart, PlaceNamed, RolePlayed
from kms.saving import Store
from kms.thai.sounds import sound_of
from tests.cast import Cast
from tests.statements import counting
from tests.stories import HULONG, PAK_PHANANG, PHATTHALUNG, a_review


def reasons(*names: str, **more: str) -> list[str]:
    """Why the first of these names may be the others, with ``more`` of the first."""
    everyone = [Named(number, people.key(name)) for number, name in enumerate(names)]
    first = Named(
        0, everyone[0].key, tuple(more.get("aliases", "").split()), more.get("nickname", "")
    )
    return [one.reason for one in alike([first, *everyone[1:]])]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("ภาณุ อุทัยรัตน์", "ภานุ อุทัยรัตน์", ["sound"]),
        ("นายภาณุ", "ภาณุ", ["same"]),
        ("ประยูร", "ประยุร", ["sound"]),
        ("กิตติศักดิ์ สมมติ", "กิติศักดิ์ สมมติ", ["sound"]),
        ("ผู้ใหญ่ย้วน", "ย้วน", ["called"]),
        ("สมศรี แห่งหูล่อง", "สมศรี", ["part"]),
        ("สมศรี แห่งหูล่อง", "สมศรี แห่งพัทลุง", []),
        ("ประธานกองทุนหูล่อง", "ประธานกองทุนหูล่อม", ["slip"]),
        ("แกนนำคนที่ 3", "แกนนำคนที่ 4", []),
        ("ภีม", "ภีร์", []),
        ("ก", "ก ข", []),
    ],
)
def test_names_are_alike_for_a_reason(one: str, other: str, why: list[str]) -> None:
    assert reasons(one, other) == why


def test_an_alias_or_a_nickname_meets_a_name() -> None:
    assert reasons("ประยูร", "ผู้ใหญ่ย้วน", aliases="ผู้ใหญ่ย้วน") == ["alias"]
    assert reasons("ประยูร", "ผู้ใหญ่ย้วน", nickname="ย้วน") == ["nickname"]


def test_a_name_that_hundreds_bear_does_not_make_a_hundred_thousand_pairs() -> None:
    everyone = [Named(number, "สมชาย") for number in range(300)]
    assert len(alike(everyone)) == 299


def test_tone_marks_and_silenced_letters_are_not_heard() -> None:
    assert sound_of("พันธุ์ทิพย์") == sound_of("พันทิพ")
    assert sound_of("ณัฐวรรณ") == sound_of("นัทวัน")
    assert sound_of("มานี") != sound_of("มานะ")


def write(session: Session, cast: Cast, name: str, place: str, **changed: object) -> Person:
    said = {
        "author": "",
        "places": (PlaceNamed(place),),
        "roles": (RolePlayed("khun_kit", name, "กลุ่มออมทรัพย์หูล่อง", "", place),),
    }
    notes.create(session, a_review(**{**said, **changed}), by=cast.facilitator)
    return people.find_or_create(session, name)


def test_each_pair_is_told_with_a_sentence_and_the_surest_first(
    session: Session, cast: Cast
) -> None:
    write(session, cast, "ภาณุ อุทัยรัตน์", HULONG)
    write(session, cast, "ภานุ อุทัยรัตน์", HULONG)
    write(session, cast, "ผู้ใหญ่ย้วน", PAK_PHANANG)
    write(session, cast, "ย้วน", PHATTHALUNG)
    found = same.candidates(session, PERSON, seen_by=cast.curator)
    assert [(one.first_name, one.second_name) for one in found] == [
        ("ภาณุ อุทัยรัตน์", "ภานุ อุทัยรัตน์"),
        ("ผู้ใหญ่ย้วน", "ย้วน"),
    ]
    assert found[0].why == (
        "ชื่ออ่านออกเสียงเหมือนกัน พบที่ ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช ทั้งคู่ อยู่ กลุ่มออมทรัพย์หูล่อง ทั้งคู่"
    )


def test_those_said_to_be_two_are_not_asked_about_again(session: Session, cast: Cast) -> None:
    one, other = (write(session, cast, name, HULONG) for name in ("ภาณุ", "ภานุ"))
    third = write(session, cast, "พานุ", HULONG)
    joining.say_not_the_same(session, PERSON, other.id, one.id, by=cast.curator)
    joining.say_not_the_same(session, PERSON, one.id, other.id, by=cast.curator)
    found = same.candidates(session, PERSON, seen_by=cast.curator)
    assert {(each.first, each.second) for each in found} == {
        (one.id, third.id),
        (other.id, third.id),
    }
    joining.join(session, PERSON, kept=one.id, gone=third.id, by=cast.curator)
    assert same.candidates(session, PERSON, seen_by=cast.curator) == []


def test_two_with_accounts_are_no_pair_and_drafts_tell_nothing(
    session: Session, cast: Cast
) -> None:
    for who in (cast.commenter, cast.facilitator):
        account = session.get_one(Account, who.account_id)
        account.person.name, account.person.name_key = "ชื่อเดียวกัน", "ชื่อเดียวกัน"
    write(session, cast, "ภาณุ", HULONG)
    hidden = write(session, cast, "ภานุ", HULONG, visibility="draft")
    assert same.candidates(session, PERSON, seen_by=cast.curator) == []
    with pytest.raises(NotFound):
        same.side_by_side(session, PERSON, hidden.id, hidden.id - 1, seen_by=cast.curator)
    with pytest.raises(NotAllowed):
        same.candidates(session, PERSON, seen_by=cast.facilitator)


def test_organisations_are_compared_written_out(session: Session, cast: Cast) -> None:
    for name in ("อบต.หูล่อง", "องค์การบริหารส่วนตำบลหูล่อง", "อบต.หูล่าง"):
        part = (OrganisationPart(name, "partner"),)
        notes.create(session, a_review(organisations=part, roles=()), by=cast.facilitator)
    found = same.candidates(session, ORGANISATION, seen_by=cast.curator)
    assert ("อบต.หูล่อง", "องค์การบริหารส่วนตำบลหูล่อง") in [
        (one.first_name, one.second_name) for one in found[:1]
    ]
    one, other = same.side_by_side(
        session, ORGANISATION, found[0].first, found[0].second, seen_by=cast.curator
    )
    assert one.places == other.places == (HULONG,)
    assert len(one.notes) == 1
    assert organisations.written_out("อบต") == "อบต"


def test_many_pairs_take_as_many_statements_as_few(
    store: Store, session: Session, cast: Cast
) -> None:
    taken = []
    for count in (1, 6):
        for n in range(count):
            for name in ("ภาณุ", "ภานุ"):
                write(session, cast, f"{name} {chr(ord('ก') + 7 * count + n)}สกุล", HULONG)
        session.commit()
        with store.sessions() as fresh, counting(store) as sent:
            assert same.candidates(fresh, PERSON, seen_by=cast.curator)
        taken.append(len(sent))
    assert taken[0] == taken[1] == 6


def test_a_reason_that_says_little_is_not_enough_alone() -> None:
    assert {one for one in likeness.SAYS.values() if one < likeness.ENOUGH}
