"""What is to be done after meetings: in one list, done with a word, carried over to the next."""

import re
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import actions, history, notes, people
from kms.actions import Asked
from kms.errors import Invalid, NotAllowed, NotFound, SignInNeeded
from kms.models import NoteAction, Organisation, Person
from kms.note_kinds import (
    ActionItem,
    Attendee,
    Kind,
    Meeting,
    NoteContent,
    PlaceNamed,
    Review,
    RolePlayed,
)
from kms.permissions import SYSTEM, Viewer
from kms.saving import Store
from tests.cast import PEOPLE, Cast, post
from tests.statements import counting
from tests.stories import HULONG, PAK_PHANANG, PHATTHALUNG, a_review, some_minutes

TODAY = date(2008, 1, 8)
CALL = "นัดประชุมครั้งหน้า"
COMMENTER = PEOPLE["commenter"][1]


def a_meeting(*items: ActionItem, **changed: object) -> NoteContent:
    meeting = Meeting(
        venue="ศาลากลางจังหวัด",
        attendees=(Attendee("แกนนำบ้านหูล่อง", present=False),),
        actions=items,
        next_date=date(2007, 12, 27),
        next_time="09.00",
        next_venue="หอประชุมจังหวัด",
    )
    return some_minutes(**{"meeting": meeting, **changed})


def write(store: Store, content: NoteContent, by: Viewer) -> int:
    with store.saving() as session:
        return notes.create(session, content, by=by).number


def listed(
    session: Session, viewer: Viewer, way: str = "open", **asked: object
) -> list[tuple[int, str]]:
    wanted = Asked(way, **asked)  # type: ignore[arg-type]
    found = actions.listing(session, wanted, seen_by=viewer, today=TODAY)
    assert found.total == len(found.actions)
    return [(one.note, one.what) for one in found.actions]


# --- who is meant ---------------------------------------------------------------------------------


def test_an_owner_who_is_known_is_found_and_nobody_is_made(session: Session, cast: Cast) -> None:
    notes.create(session, a_review(), by=cast.facilitator)
    before = session.scalars(select(Person.id)).all()
    names = (COMMENTER, "พอช.", "ใครก็ไม่รู้", cast.facilitator.name)
    items = tuple(ActionItem(f"งานที่ {n}", owner) for n, owner in enumerate(names))
    note = notes.create(session, a_meeting(*items), by=cast.facilitator)
    rows = session.scalars(select(NoteAction).where(NoteAction.note_id == note.id)).all()
    group = session.scalar(select(Organisation.id).where(Organisation.name == "พอช."))
    assert [row.owner_id for row in rows] == [
        cast.commenter.person_id,
        None,
        None,
        cast.facilitator.person_id,
    ]
    assert [row.organisation_id for row in rows] == [None, group, None, None]
    assert session.scalars(select(Person.id)).all() == before


def test_a_name_keeps_meaning_whom_it_meant_whoever_revises(session: Session, cast: Cast) -> None:
    name = COMMENTER
    elder = session.get_one(Person, cast.researcher.person_id)
    elder.name, elder.name_key = name, people.key(name)
    session.flush()
    assert people.known(session, [name]) == {name: elder}
    meeting = Meeting(
        chair=name,
        actions=(
            ActionItem(CALL, "เลขานุการ"),
            ActionItem("ส่งรายชื่อ", name),
            ActionItem("ก", "พอช."),
        ),
    )
    mine = some_minutes(meeting=meeting, author=name, roles=(RolePlayed("khun_ua", name),))
    note = notes.create(session, a_review(), by=cast.facilitator)
    note = notes.create(session, mine, by=cast.commenter)
    group = note.actions[2].organisation_id
    session.add(Person(name="พอช.", name_key=people.key("พอช.")))
    session.flush()

    def meant() -> list[list[int | None]]:
        session.expire_all()
        return [
            [row.owner_id for row in note.actions],
            [row.organisation_id for row in note.actions],
            [row.person_id for row in note.roles],
            [row.person_id for row in note.people if row.as_written == name],
        ]

    me = cast.commenter.person_id
    as_said = [[None, me, None], [None, None, group], [me], [me]]
    assert group is not None
    assert meant() == as_said
    actions.settle(session, note.id, 0, what=CALL, done=True, result="", by=cast.curator)
    assert meant() == as_said
    again = notes.content_of(note)
    roles = (*again.roles, RolePlayed("khun_kit", name, did="คนเดิม"))
    changed = replace(again, title="ชื่อใหม่", roles=roles)
    notes.revise(session, note, changed, by=cast.curator, based_on=2)
    assert meant() == [*as_said[:2], [me, me], [me]]


def test_rows_follow_the_words_of_the_note(session: Session, cast: Cast) -> None:
    twice = ActionItem("ส่งรายชื่อ")
    note = notes.create(session, a_meeting(twice, twice, ActionItem(CALL)), by=cast.facilitator)
    assert [row.what for row in note.actions] == ["ส่งรายชื่อ", "ส่งรายชื่อ", CALL]
    kept = note.actions[0].id
    content = a_meeting(twice, ActionItem(CALL, done=True))
    notes.revise(session, note, content, by=cast.facilitator, based_on=1)
    session.expire_all()
    assert [(row.what, row.position, row.done) for row in note.actions] == [
        ("ส่งรายชื่อ", 0, False),
        (CALL, 1, True),
    ]
    assert note.actions[0].id == kept
    notes.delete(session, note, by=SYSTEM)
    assert session.scalars(select(NoteAction)).all() == []


# --- one list -------------------------------------------------------------------------------------


def test_the_list_has_the_overdue_first_and_those_without_a_day_last(
    session: Session, cast: Cast
) -> None:
    items = (
        ActionItem("ไม่มีวัน"),
        ActionItem("อีกนาน", due=date(2008, 2, 1)),
        ActionItem("เลยแล้ว", due=date(2007, 12, 27)),
        ActionItem("ทำแล้ว", due=date(2007, 1, 1), done=True),
    )
    notes.create(session, a_meeting(*items), by=cast.facilitator)
    assert [what for _n, what in listed(session, cast.commenter)] == ["เลยแล้ว", "อีกนาน", "ไม่มีวัน"]
    assert [what for _n, what in listed(session, cast.commenter, "overdue")] == ["เลยแล้ว"]
    assert [what for _n, what in listed(session, cast.commenter, "done")] == ["ทำแล้ว"]
    found = actions.listing(session, Asked("overdue"), seen_by=cast.commenter, today=TODAY)
    assert (found.actions[0].days_late, found.actions[0].is_late) == (12, True)


def test_mine_and_my_places_are_what_they_say(session: Session, cast: Cast) -> None:
    mine = a_meeting(ActionItem("ของผู้เห็นความเห็น", COMMENTER), places=(PlaceNamed(PHATTHALUNG),))
    other = a_review(review=Review(answers={"review": "ก"}, actions=(ActionItem("ของหูล่อง"),)))
    notes.create(session, mine, by=cast.facilitator)
    notes.create(session, other, by=cast.facilitator)
    assert [what for _n, what in listed(session, cast.commenter, "mine")] == ["ของผู้เห็นความเห็น"]
    assert listed(session, cast.facilitator, "mine") == []
    assert listed(session, cast.anonymous, "mine") == []
    assert listed(session, cast.commenter, "place") == []
    person = session.get_one(Person, cast.commenter.person_id)
    person.place_code = PAK_PHANANG
    session.flush()
    assert [what for _n, what in listed(session, cast.commenter, "place")] == ["ของหูล่อง"]
    by_place = listed(session, cast.anonymous, places=(HULONG,))
    assert [what for _n, what in by_place] == ["ของหูล่อง"]
    assert [what for _n, what in listed(session, cast.anonymous, who=COMMENTER)] == [
        "ของผู้เห็นความเห็น"
    ]


def test_nothing_of_a_draft_or_of_members_shows_to_a_stranger(session: Session, cast: Cast) -> None:
    for visibility in ("draft", "members"):
        item = ActionItem(f"ลับ {visibility}", due=date(2007, 1, 1))
        notes.create(session, a_meeting(item, visibility=visibility), by=cast.facilitator)
    for way in actions.WAYS:
        assert listed(session, cast.anonymous, way) == []
    assert [what for _n, what in listed(session, cast.commenter)] == ["ลับ members"]
    assert len(listed(session, cast.facilitator)) == 2


def test_a_page_of_many_takes_as_many_statements_as_of_few(
    store: Store, app: Flask, cast: Cast
) -> None:
    client = cast.browser(app, "commenter")
    sent: list[int] = []
    for count in (2, 10):
        items = tuple(ActionItem(f"งาน {n} ของ {count}", COMMENTER) for n in range(count))
        write(store, a_meeting(*items), cast.facilitator)
        with counting(store) as statements:
            page = client.get("/actions?show=open&place=จ.พัทลุง")
        assert page.status_code == 200
        assert page.text.count('class="todo-what"') >= count
        sent.append(len(statements))
    assert sent[0] == sent[1]


# --- done, with a word ----------------------------------------------------------------------------


def test_its_owner_says_how_it_went_without_the_right_to_revise(store: Store, cast: Cast) -> None:
    item = ActionItem(CALL, COMMENTER, date(2007, 12, 27))
    number = write(store, a_meeting(ActionItem("อื่น"), item), cast.facilitator)
    with store.saving() as session:
        said = {"what": CALL, "done": True, "result": "นัดได้แล้ว 15 คน"}
        actions.settle(session, number, 1, **said, by=cast.commenter)  # type: ignore[arg-type]
    with store.reading() as session:
        note = notes.get(session, number, seen_by=SYSTEM)
        content = notes.content_of(note)
        revision, _content = history.revision(session, note, 2, seen_by=cast.commenter)
    assert content.actions[1] == ActionItem(
        CALL, COMMENTER, date(2007, 12, 27), True, "นัดได้แล้ว 15 คน"
    )
    assert content.actions[0] == ActionItem("อื่น")
    assert CALL in revision.reason
    assert revision.by_id == cast.commenter.person_id
    with store.saving() as session:
        actions.undo(session, number, 1, what=CALL, revision=1, by=cast.commenter)
    with store.reading() as session:
        assert notes.content_of(notes.get(session, number, seen_by=SYSTEM)).actions[1] == item


def test_others_may_not_say_it_is_done_and_what_is_hidden_is_not_there(
    session: Session, cast: Cast
) -> None:
    note = notes.create(session, a_meeting(ActionItem(CALL, "เลขานุการ")), by=cast.facilitator)
    draft = notes.create(
        session, a_meeting(ActionItem(CALL), visibility="draft"), by=cast.facilitator
    )
    for viewer, problem in ((cast.commenter, NotAllowed), (cast.anonymous, SignInNeeded)):
        with pytest.raises(problem):
            actions.settle(session, note.id, 0, what=CALL, done=True, result="", by=viewer)
    for number, position, what in ((draft.id, 0, CALL), (note.id, 5, "ไม่มี"), (10**6, 0, CALL)):
        with pytest.raises(NotFound):
            actions.settle(
                session, number, position, what=what, done=True, result="", by=cast.curator
            )
    with pytest.raises(Invalid):
        actions.settle(
            session, note.id, 0, what=CALL, done=True, result="ก" * 60_000, by=cast.facilitator
        )


def test_an_item_that_moved_meanwhile_is_known_again_and_nothing_else_is_touched(
    session: Session, cast: Cast
) -> None:
    note = notes.create(session, a_meeting(ActionItem(CALL)), by=cast.facilitator)
    changed = a_meeting(ActionItem("มาใหม่"), ActionItem(CALL), title="ชื่อใหม่")
    notes.revise(session, note, changed, by=cast.facilitator, based_on=1)
    actions.settle(session, note.id, 0, what=CALL, done=True, result="ครบ", by=cast.facilitator)
    content = notes.content_of(note)
    assert content.title == "ชื่อใหม่"
    assert [(one.what, one.done) for one in content.actions] == [("มาใหม่", False), (CALL, True)]


def test_the_page_says_it_is_done_and_offers_to_undo(app: Flask, store: Store, cast: Cast) -> None:
    write(store, a_meeting(ActionItem(CALL, COMMENTER, date(2007, 12, 27))), cast.facilitator)
    client = cast.browser(app, "commenter")
    page = client.get("/actions")
    assert CALL in page.text
    assert "เลยมาแล้ว" in page.text
    assert "27 ธ.ค. 2550" in page.text
    form: dict[str, object] = {"what": CALL, "result": "โทรแล้ว", "done": "1", "next": "/actions"}
    answer = post(client, "/notes/1/actions/0", form)
    assert answer.location == "/actions?settled=1-0-1"
    page = client.get(answer.location)
    assert "โทรแล้ว" in page.text
    assert "เอากลับเป็นอย่างเดิม" in page.text
    undone = post(
        client, "/notes/1/actions/0/undo", {"what": CALL, "revision": "1"}, page="/actions"
    )
    assert undone.status_code == 303
    assert "โทรแล้ว" not in client.get("/actions").text
    evil = {**form, "next": "//evil.example"}
    assert post(client, "/notes/1/actions/0", evil).location.startswith("/actions")


# --- the next meeting -----------------------------------------------------------------------------


def test_an_item_carried_over_is_open_in_the_later_note_alone(session: Session, cast: Cast) -> None:
    first = notes.create(
        session, a_meeting(ActionItem(CALL), ActionItem("ส่งรายชื่อ")), by=cast.facilitator
    )
    carried = actions.carried_over(session, first.id, seen_by=cast.facilitator)
    assert [one.carried_from for one in carried] == [first.id, first.id]
    later = notes.create(
        session, a_meeting(carried[0], visibility="draft", title="ครั้งต่อไป"), by=cast.facilitator
    )
    assert (first.id, CALL) in listed(session, cast.commenter)
    assert (first.id, CALL) not in listed(session, cast.facilitator)
    notes.change_visibility(session, later, "public", by=cast.facilitator)
    assert listed(session, cast.commenter) == [(later.id, CALL), (first.id, "ส่งรายชื่อ")]
    states = actions.of_note(session, first.id, seen_by=cast.commenter)
    assert [one.carried_to for one in states] == [later.id, None]
    view = notes.view(session, first.id, seen_by=cast.anonymous)
    assert view.carried == {0: later.id}


def test_an_item_mended_while_it_is_carried_over_is_still_the_same(
    app: Flask, store: Store, cast: Cast
) -> None:
    number = write(store, a_meeting(ActionItem("ทำแผน"), ActionItem("ส่งรายชื่อ")), cast.facilitator)
    client = cast.browser(app, "facilitator")
    page = client.get(f"/write/minutes?next_of={number}").text
    hidden = re.findall(r'name="(actions-0-carried_[a-z]+)" value="([^"]+)"', page)
    assert len(hidden) == 2
    assert "ทำแผน" not in dict(hidden).values()
    form: dict[str, object] = {
        "title": "ครั้งต่อไป",
        "held": "27 ธ.ค. 2550",
        "visibility": "public",
        "actions-0-what": "ทำแผนชุมชนให้เสร็จ",
        **dict(hidden),
    }
    answer = post(client, "/write/minutes", form)
    assert answer.status_code == 303, answer.text
    later = int(answer.location.rpartition("/")[2])
    with store.saving() as session:
        states = actions.of_note(session, number, seen_by=cast.commenter)
        assert [one.carried_to for one in states] == [later, None]
        (item,) = notes.content_of(notes.get(session, later, seen_by=SYSTEM)).actions
        assert item.carried_from == number
        again = replace(item, what="ทำแผนให้เสร็จในปีนี้")
        note = notes.get(session, later, seen_by=SYSTEM)
        content = notes.content_of(note).with_actions((again,))
        notes.revise(session, note, content, by=cast.facilitator, based_on=1)
    with store.reading() as session:
        listed_now = {what for _number, what in listed(session, cast.commenter)}
        assert listed_now == {"ส่งรายชื่อ", "ทำแผนให้เสร็จในปีนี้"}
    edit = client.get(f"/notes/{later}/edit").text
    for name, value in hidden:
        assert f'name="{name}" value="{value}"' in edit


def test_what_is_carried_from_a_note_out_of_sight_is_an_item_of_its_own(
    session: Session, cast: Cast
) -> None:
    draft = notes.create(
        session, a_meeting(ActionItem(CALL), visibility="draft"), by=cast.facilitator
    )
    made = notes.create(
        session, a_meeting(ActionItem(CALL, carried_from=draft.id)), by=cast.commenter
    )
    assert notes.content_of(made).actions[0].carried_from is None


def test_the_next_minutes_begin_with_what_was_agreed_and_what_is_open(
    app: Flask, store: Store, cast: Cast
) -> None:
    items = (ActionItem(CALL, "เลขานุการ"), ActionItem("ทำแล้ว", done=True))
    number = write(store, a_meeting(*items), cast.facilitator)
    hidden = write(store, a_meeting(visibility="draft"), cast.facilitator)
    client = cast.browser(app, "commenter")
    page = client.get(f"/write/minutes?next_of={number}").text
    for words in ("27 ธ.ค. 2550", "หอประชุมจังหวัด", "แกนนำบ้านหูล่อง", CALL, "09.00", "จ.พัทลุง"):
        assert words in page
    assert 'ทำแล้ว"' not in page
    assert f'name="actions-0-carried_from" value="{number}"' in page
    assert 'absent" type="checkbox" value="1" checked' not in page
    assert client.get(f"/write/minutes?next_of={hidden}").status_code == 404
    assert f"/write/minutes?next_of={number}" in client.get(f"/notes/{number}").text
    form: dict[str, object] = {
        "title": "ครั้งต่อไป",
        "held": "27 ธ.ค. 2550",
        "visibility": "public",
        "actions-0-what": CALL,
        "actions-0-carried_from": str(number),
    }
    answer = post(client, "/write/minutes", form)
    assert answer.status_code == 303, answer.text
    assert "ยกไปครั้งต่อไปแล้ว" in client.get(f"/notes/{number}").text
    with store.reading() as session:
        (one,) = actions.of_note(session, 3, seen_by=cast.commenter)
    assert one.carried_from == number


def test_a_review_has_items_too(session: Session, cast: Cast) -> None:
    review = Review(answers={"review": "เป้าหมายไม่ชัด"}, actions=(ActionItem("ทำเป้าหมายให้ชัด"),))
    note = notes.create(session, a_review(review=review), by=cast.facilitator)
    assert note.kind == Kind.AFTER_ACTION_REVIEW
    assert listed(session, cast.anonymous) == [(note.id, "ทำเป้าหมายให้ชัด")]
