"""Two people turn out to be one, and perhaps two again: nothing is lost on either way."""

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import comments, joining, moving, notes, organisations, people, privacy
from kms.db import Base
from kms.errors import Invalid, NotAllowed, SignInNeeded
from kms.joining import ORGANISATION, PERSON
from kms.models import (
    Account,
    Activity,
    ActivityOrganisation,
    Comment,
    Follow,
    LessonStep,
    Mention,
    Merging,
    Note,
    NoteAction,
    NoteOrganisation,
    NotePerson,
    Organisation,
    OrganisationAlias,
    Person,
    PersonAlias,
    Recommendation,
    RoleAssignment,
)
from kms.note_kinds import OrganisationPart, RolePlayed
from kms.permissions import ANONYMOUS, SYSTEM
from kms.saving import Store
from tests.cast import Cast
from tests.search_helpers import find
from tests.stories import a_review

PARTS = ("author", "chair", "attendee")
DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
# What joining itself writes, and what only says that a page is stale.
NOT_COMPARED = {"merging", "index_change"}
STEPPED = {("note", "version"), ("note", "relinked")}


def everything(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as the database has it."""
    session.flush()
    kept = {}
    for table in Base.metadata.sorted_tables:
        if table.name in NOT_COMPARED:
            continue
        shown = [one for one in table.columns if (table.name, one.name) not in STEPPED]
        rows = session.execute(select(*shown).order_by(*table.primary_key.columns)).mappings()
        kept[table.name] = [dict(row) for row in rows]
    return kept


def a_world(session: Session, chance: random.Random) -> tuple[list[int], list[int]]:
    """People and organisations that meet each other in every table that names them."""
    persons = [
        Person(
            name=f"คนที่ {chance.choice('กขคง')}",
            name_key=chance.choice("กขคง"),
            title=chance.choice(["", "กำนัน"]),
            nickname=chance.choice(["", "แดง", "ดำ"]),
            phone=chance.choice(["", "1", "2"]),
            place_code=chance.choice([None, "80", "93"]),
        )
        for _ in range(5)
    ]
    groups = [
        Organisation(name=f"กลุ่ม {n}", abbreviation=chance.choice(["", f"ก{n}"])) for n in range(4)
    ]
    session.add_all([*persons, *groups])
    session.flush()
    for one in persons:
        one.organisation_id = chance.choice([None, *(group.id for group in groups)])
    ids, group_ids = [one.id for one in persons], [one.id for one in groups]
    account = Account(
        email="a@example.org", password_hash="", session_stamp="", person_id=chance.choice(ids)
    )
    session.add(account)
    for n, group in enumerate(groups):
        session.add(OrganisationAlias(organisation_id=group.id, name=group.name, key=f"กลุ่ม{n}"))
    for _ in range(4):
        session.add(PersonAlias(person_id=chance.choice(ids), name="ย", key=chance.choice("กขคงจ")))
    session.flush()
    for number in range(4):
        _a_note(session, chance, number, ids, group_ids, account.id)
    session.flush()
    return ids, group_ids


def _a_note(
    session: Session,
    chance: random.Random,
    number: int,
    ids: list[int],
    groups: list[int],
    account: int,
) -> None:
    note = Note(
        kind="note",
        title=f"บันทึก {number}",
        title_key=f"บันทึก {number}",
        author_id=chance.choice([None, *ids]),
    )
    session.add(note)
    session.flush()
    comment = Comment(note_id=note.id, author_id=chance.choice(ids), body="ดี")
    activity = Activity(note_id=note.id, name="ก", name_key="ก", by_id=chance.choice(ids))
    session.add_all([comment, activity])
    session.flush()
    for one in ids:
        for part in PARTS:
            if chance.random() < 0.4:
                session.add(NotePerson(note_id=note.id, person_id=one, part=part))
        if chance.random() < 0.5:
            called = {"name": f"คน{one}", "created_at": DAY}
            session.add(Mention(comment_id=comment.id, person_id=one, **called))
        if number == 0 and chance.random() < 0.7:
            session.add(Follow(account_id=account, kind="person", target=str(one)))
    for group in groups:
        for part in ("organiser", "funder"):
            if chance.random() < 0.4:
                link = NoteOrganisation(note_id=note.id, organisation_id=group, part=part)
                session.add(link)
        if chance.random() < 0.6:
            link = ActivityOrganisation(activity_id=activity.id, organisation_id=group)
            session.add(link)
    # These follow a place, not the person of that number.
    session.add(Follow(account_id=account, kind="place", target=str(ids[number])))
    step = LessonStep(lesson_id=note.id, step="confirmed", organisation_id=chance.choice(groups))
    step.by_id, step.undone_by_id = chance.choice(ids), chance.choice([None, *ids])
    owner = {"owner_id": chance.choice([None, *ids]), "organisation_id": chance.choice(groups)}
    played = {"person_id": chance.choice(ids), "organisation_id": chance.choice([None, *groups])}
    session.add_all(
        [
            step,
            NoteAction(note_id=note.id, what="ทำ", what_key="ทำ", **owner),
            RoleAssignment(note_id=note.id, role="khun_kit", **played),
            Recommendation(note_id=note.id, what="ขอ", organisation_id=chance.choice(groups)),
        ]
    )


def as_joined(
    before: dict[str, list[dict[str, Any]]], kind: str, kept: dict[int, int]
) -> dict[str, Counter[tuple[Any, ...]]]:
    """What each column that names someone should say once these are joined, each row once."""

    def end(one: int) -> int:
        while one in kept:
            one = kept[one]
        return one

    found = {}
    for pointer in moving.pointers(kind):
        if pointer.table.name in NOT_COMPARED:
            continue
        told: Counter[tuple[Any, ...]] = Counter()
        keys = moving._unique_with(pointer)
        for row in before[pointer.table.name]:
            meant = row[pointer.column.name]
            if pointer.only is not None and row["kind"] != "person":
                continue
            meant = None if meant is None else end(int(meant))
            told[(meant, *(row[name] for name in (keys[0] if keys else ["id"])))] += 1
        found[pointer.name] = Counter(dict.fromkeys(told, 1)) if keys else told
    return found


@settings(
    max_examples=25,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(st.randoms(use_true_random=False), st.sampled_from([PERSON, ORGANISATION]))
def test_joining_and_parting_in_any_order_ends_where_it_began(
    session: Session, chance: random.Random, kind: joining.Kind
) -> None:
    session.rollback()
    ids = a_world(session, chance)[kind is ORGANISATION]
    before = everything(session)
    held: dict[int, tuple[int, int]] = {}
    for _ in range(chance.randint(1, 7)):
        free = [one for one in ids if one not in {gone for _kept, gone in held.values()}]
        if held and (len(free) < 2 or chance.random() < 0.35):
            number = chance.choice(sorted(held))
            assert joining.undo(session, number, by=SYSTEM).left == 0
            del held[number]
        else:
            kept, gone = chance.sample(free, 2)
            merging = joining.join(session, kind, kept=kept, gone=gone, by=SYSTEM)
            held[merging.id] = (kept, gone)
        joined = as_joined(before, kind.name, {gone: kept for kept, gone in held.values()})
        alias = f"{kind.name}_alias.{kind.name}_id"
        now_said = as_joined(everything(session), kind.name, {})
        assert {**now_said, alias: None} == {**joined, alias: None}
    for number in chance.sample(sorted(held), len(held)):
        assert joining.undo(session, number, by=SYSTEM).left == 0
    assert everything(session) == before


def test_every_column_that_names_someone_can_be_moved_and_found_again() -> None:
    for target in ("person", "organisation"):
        for pointer in moving.pointers(target):
            assert len(pointer.table.primary_key.columns) == 1, pointer.name
    names = {pointer.name for pointer in moving.pointers("person")}
    assert {"note.author_id", "account.person_id", "lesson_step.undone_by_id"} < names
    assert "follow.target" in names


def two_of_one(session: Session, cast: Cast) -> tuple[Person, Person, Note]:
    """ภาณุ plays a role in a public note, and ภานุ is the other spelling, in another."""
    for name, title in (("ภาณุ", "เวทีหนึ่ง"), ("ภานุ", "เวทีสอง")):
        played = (RolePlayed("khun_ua", name),)
        note = notes.create(
            session, a_review(title=title, author="", roles=played), by=cast.facilitator
        )
    return people.find_or_create(session, "ภาณุ"), people.find_or_create(session, "ภานุ"), note


def test_the_other_name_leads_to_the_one_kept_from_then_on(
    store: Store, session: Session, cast: Cast
) -> None:
    kept, gone, note = two_of_one(session, cast)
    session.commit()
    with store.saving() as saving:
        merging = joining.join(
            saving, PERSON, kept=kept.id, gone=gone.id, by=cast.curator, reason="พูดด้วยแล้ว"
        )
    assert merging.reason == "พูดด้วยแล้ว" and merging.by_id == cast.curator.person_id
    with store.sessions() as fresh:
        found = people.resolve(fresh, ["ภานุ", "ภาณุ"])
        assert {one.id for one in found.values()} == {kept.id}
        page = people.page(fresh, kept.id, seen_by=ANONYMOUS)
        assert page.totals.notes == 2 and page.aliases == ["ภานุ"]
        assert people.kept_id(fresh, gone.id) == kept.id
        assert fresh.get_one(Note, note.id).version > note.version
    assert hits(store, kept.id) == 2
    with store.saving() as saving:
        assert joining.undo(saving, merging.id, by=cast.curator).left == 0
    assert (hits(store, kept.id), hits(store, gone.id)) == (1, 1)
    with store.sessions() as fresh:
        assert people.resolve(fresh, ["ภานุ"])["ภานุ"].id == gone.id


def hits(store: Store, person: int) -> int:
    """In how many notes the index knows this person."""
    return find(store, person=str(person)).total


def test_what_was_edited_away_since_is_said_and_left(session: Session, cast: Cast) -> None:
    kept, gone, note = two_of_one(session, cast)
    merging = joining.join(session, PERSON, kept=kept.id, gone=gone.id, by=cast.curator)
    session.delete(note.roles[0])
    session.flush()
    assert joining.undo(session, merging.id, by=cast.curator) == joining.Undone(back=0, left=1)
    with pytest.raises(Invalid):
        joining.undo(session, merging.id, by=cast.curator)


def test_only_curators_join_and_part(session: Session, cast: Cast) -> None:
    kept, gone, _note = two_of_one(session, cast)
    for viewer, refused in ((cast.facilitator, NotAllowed), (ANONYMOUS, SignInNeeded)):
        with pytest.raises(refused):
            joining.join(session, PERSON, kept=kept.id, gone=gone.id, by=viewer)
        with pytest.raises(refused):
            joining.say_not_the_same(session, PERSON, kept.id, gone.id, by=viewer)
    merging = joining.join(session, PERSON, kept=kept.id, gone=gone.id, by=cast.curator)
    with pytest.raises(NotAllowed):
        joining.undo(session, merging.id, by=cast.facilitator)


def test_nobody_is_joined_twice_or_to_themselves_and_two_accounts_stay_two(
    session: Session, cast: Cast
) -> None:
    kept, gone, _note = two_of_one(session, cast)
    assert cast.facilitator.person_id and cast.commenter.person_id
    accounts = {"kept": cast.facilitator.person_id, "gone": cast.commenter.person_id}
    for pair in ({"kept": kept.id, "gone": kept.id}, accounts):
        with pytest.raises(Invalid):
            joining.join(session, PERSON, **pair, by=cast.curator)
    with pytest.raises(Invalid):
        joining.join(session, PERSON, kept=kept.id, gone=gone.id, by=cast.curator, reason="ย" * 301)
    joining.join(session, PERSON, kept=kept.id, gone=gone.id, by=cast.curator)
    with pytest.raises(Invalid):
        joining.join(session, PERSON, kept=kept.id, gone=gone.id, by=cast.curator)


def test_a_member_who_is_joined_to_their_own_name_in_notes_keeps_their_account(
    session: Session, cast: Cast
) -> None:
    kept, _gone, note = two_of_one(session, cast)
    comments.add(session, note, by=cast.commenter, body="ผมเอง")
    assert cast.commenter.person_id
    joining.join(session, PERSON, kept=kept.id, gone=cast.commenter.person_id, by=cast.curator)
    account = session.get_one(Account, cast.commenter.account_id)
    assert account.person_id == kept.id


def test_an_organisation_gives_up_its_name_and_gets_it_back(session: Session, cast: Cast) -> None:
    for name in ("พอช.", "สถาบันพัฒนาองค์กรชุมชน"):
        funder = (OrganisationPart(name, "funder"),)
        notes.create(session, a_review(organisations=funder, roles=()), by=cast.facilitator)
    short = organisations.find_or_create(session, "พอช.")
    whole = organisations.find_or_create(session, "สถาบันพัฒนาองค์กรชุมชน")
    merging = joining.join(session, ORGANISATION, kept=whole.id, gone=short.id, by=cast.curator)
    assert organisations.find_or_create(session, "พอช") is whole
    assert organisations.page(session, whole.id, seen_by=ANONYMOUS).totals.notes == 2
    organisations.revise(session, whole, by=cast.curator, name="พอช.", aliases=[])
    assert organisations.find_or_create(session, "พอช.") is whole
    joining.undo(session, merging.id, by=cast.curator)
    assert short.name.startswith("พอช. (") and whole.name == "พอช."
    assert organisations.find_or_create(session, "พอช.") is whole


def test_the_doer_who_joins_themselves_is_still_named(session: Session, cast: Cast) -> None:
    kept, _gone, _note = two_of_one(session, cast)
    assert cast.curator.person_id
    merging = joining.join(
        session, PERSON, kept=kept.id, gone=cast.curator.person_id, by=cast.curator
    )
    assert session.get_one(Merging, merging.id).by_id == kept.id


def test_who_asks_to_be_forgotten_is_forgotten_under_every_name(
    session: Session, cast: Cast
) -> None:
    gone = people.find_or_create(session, "ภานุ แห่งหูล่อง")
    played = (RolePlayed("khun_ua", "ภานุ แห่งหูล่อง"),)
    notes.create(session, a_review(author="", roles=played), by=cast.facilitator)
    gone.phone, gone.nickname = "081 234 5678", "นุ"
    assert cast.commenter.person_id
    joining.join(
        session, PERSON, kept=cast.commenter.person_id, gone=gone.id, by=cast.curator, reason="ภานุ"
    )
    account = session.get_one(Account, cast.commenter.account_id)
    assert privacy.export_own_data(session, account)["person"]["phone"] == "081 234 5678"
    privacy.forget(session, account)
    session.expire_all()
    said = [*session.scalars(select(Person)), *session.scalars(select(Merging))]
    told = " ".join(str(vars(one)) for one in said)
    for word in ("ภานุ", "081 234 5678", "'นุ'"):
        assert word not in told
    assert people.resolve(session, ["ภานุ แห่งหูล่อง"])["ภานุ แห่งหูล่อง"].id not in (
        gone.id,
        cast.commenter.person_id,
    )
