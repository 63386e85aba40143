"""Organisations: one for every way of writing it."""

import pytest
from sqlalchemy.orm import Session

from kms import notes, organisations
from kms.errors import Invalid, NotAllowed, NotFound
from kms.note_kinds import OrganisationPart, RolePlayed
from kms.permissions import ANONYMOUS
from kms.saving import Store
from tests.cast import Cast
from tests.statements import counting
from tests.stories import NAKHON, PHATTHALUNG, a_lesson, a_review, some_minutes


def test_dots_spaces_and_unseen_characters_do_not_count() -> None:
    ways = ("พอช.", "พอช", " พ อ ช. ", "พ\u200bอช")
    assert {organisations.key(way) for way in ways} == {"พอช"}


def test_many_names_are_resolved_in_one_statement(store: Store, session: Session) -> None:
    names = [f"กลุ่มออมทรัพย์ที่ {n}" for n in range(20)]
    organisations.resolve(session, names)
    session.commit()
    with store.sessions() as fresh, counting(store) as sent:
        found = organisations.resolve(fresh, [*names, "", "..."])
    assert len(sent) == 1
    assert len(found) == 20


def test_the_first_word_tells_the_kind_of_a_new_one(session: Session) -> None:
    found = organisations.resolve(session, ["เทศบาลเมืองพัทลุง", "เครือข่ายสมมติ", "กลุ่มสมมติ"])
    assert [one.kind for one in found.values()] == ["local", "network", "community"]


def test_a_curator_gives_it_an_abbreviation_and_other_names(session: Session, cast: Cast) -> None:
    made = organisations.find_or_create(session, "สถาบันพัฒนาองค์กรชุมชน")
    organisations.revise(
        session,
        made,
        by=cast.curator,
        name="สถาบันพัฒนาองค์กรชุมชน (องค์การมหาชน)",
        abbreviation="พอช.",
        kind="state",
        aliases=["CODI"],
        place_code=None,
    )
    for way in ("พอช", "codi", "สถาบันพัฒนาองค์กรชุมชน", "สถาบันพัฒนาองค์กรชุมชน(องค์การมหาชน)"):
        assert organisations.find_or_create(session, way) is made


def test_a_name_of_another_organisation_is_refused_beside_its_field(
    session: Session, cast: Cast
) -> None:
    organisations.find_or_create(session, "พอช.")
    made = organisations.find_or_create(session, "สกว.")
    with pytest.raises(Invalid) as refused:
        organisations.revise(
            session,
            made,
            by=cast.curator,
            name="...",
            abbreviation="พอช",
            kind="empire",
            aliases=["ก" * 251],
            place_code="99",
        )
    assert refused.value.problems.keys() == {"name", "abbreviation", "kind", "aliases", "place"}
    with pytest.raises(NotAllowed):
        organisations.revise(session, made, by=cast.facilitator, name="สกว.")
    with pytest.raises(Invalid):
        organisations.find_or_create(session, "...")


def test_its_page_tells_its_notes_lessons_and_roles(
    store: Store, session: Session, cast: Cast
) -> None:
    notes.create(session, a_review(), by=cast.facilitator)
    parts = (OrganisationPart("พอช", "partner"),)
    played = (RolePlayed("khun_ua", "", "พอช.", "province", NAKHON, "ให้ทุนและเปิดทาง"),)
    notes.create(session, a_lesson(organisations=parts, roles=played), by=cast.facilitator)
    notes.create(session, some_minutes(roles=played, visibility="members"), by=cast.facilitator)
    session.commit()
    made = organisations.find_or_create(session, "พอช.")
    with store.sessions() as fresh, counting(store) as sent:
        page = organisations.page(fresh, made.id, seen_by=ANONYMOUS)
    assert len(sent) == 5
    assert [card.kind for card in page.notes] == ["aar"]
    assert [card.kind for card in page.lessons] == ["lesson"]
    assert [(one.role, one.did) for one in page.roles] == [("khun_ua", "ให้ทุนและเปิดทาง")]
    assert organisations.page(session, made.id, seen_by=cast.stranger).totals.notes == 2


def test_one_that_only_a_draft_names_is_not_told_to_others(session: Session, cast: Cast) -> None:
    secret = (OrganisationPart("กองทุนลับ"),)
    notes.create(session, a_review(visibility="draft", organisations=secret), by=cast.facilitator)
    made = organisations.find_or_create(session, "กองทุนลับ")
    open_to_all = organisations.find_or_create(session, "กองทุนเปิด")
    assert organisations.suggest(session, "กองทุน", seen_by=cast.commenter) == [open_to_all]
    listed = organisations.listing(session, seen_by=ANONYMOUS)
    assert "กองทุนลับ" not in [one.name for one in listed.organisations]
    with pytest.raises(NotFound):
        organisations.page(session, made.id, seen_by=cast.commenter)
    with pytest.raises(NotFound):
        organisations.page(session, 2**40, seen_by=cast.curator)
    assert organisations.page(session, made.id, seen_by=cast.facilitator).totals.notes == 1


def test_the_list_is_in_thai_order_and_narrows_by_place(
    store: Store, session: Session, cast: Cast
) -> None:
    parts = tuple(OrganisationPart(name) for name in ("แม่บ้านหูล่อง", "เกษตรปากพนัง", "กลุ่มปูม้า"))
    notes.create(session, a_review(organisations=parts, roles=()), by=cast.facilitator)
    seated = organisations.find_or_create(session, "เทศบาลเมืองพัทลุง")
    organisations.revise(
        session,
        seated,
        by=cast.curator,
        name=seated.name,
        kind="local",
        place_code=PHATTHALUNG,
    )
    session.commit()
    with store.sessions() as fresh, counting(store) as sent:
        every = organisations.listing(fresh, seen_by=ANONYMOUS)
    assert len(sent) == 2
    names = [one.name for one in every.organisations]
    assert names == ["กลุ่มปูม้า", "เกษตรปากพนัง", "เทศบาลเมืองพัทลุง", "แม่บ้านหูล่อง"]
    there = organisations.listing(session, seen_by=ANONYMOUS, place=PHATTHALUNG)
    assert [(one.name, one.notes) for one in there.organisations] == [("เทศบาลเมืองพัทลุง", 0)]
    local = organisations.listing(session, seen_by=ANONYMOUS, kind="local", limit=0)
    assert (local.total, local.organisations) == (1, [])


def test_those_that_begin_with_the_letters_are_suggested_first(session: Session) -> None:
    for name in ("กองทุนสวัสดิการ", "สวัสดิการชุมชน"):
        organisations.find_or_create(session, name)
    found = organisations.suggest(session, "สวัสดิการ", seen_by=ANONYMOUS)
    assert [one.name for one in found] == ["สวัสดิการชุมชน", "กองทุนสวัสดิการ"]
    assert organisations.suggest(session, " . ") == []
