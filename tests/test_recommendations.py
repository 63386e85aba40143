"""What notes ask of organisations and roles, and what these answer."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import joining, notes, organisations, recommendations
from kms.errors import Invalid, NotAllowed, NotFound, SignInNeeded
from kms.joining import ORGANISATION
from kms.models import Organisation, Person
from kms.note_kinds import Kind, NoteContent, OrganisationPart, RolePlayed
from kms.permissions import Viewer
from kms.recommendations import Asked
from kms.saving import Store
from tests.cast import Cast, csrf_token, post
from tests.statements import counting
from tests.stories import HULONG, PAK_PHANANG, a_review

GROUP = "พอช."
WHAT = "ให้ทุนกับตำบลที่มีเป้าหมายชัดก่อน"


def write(session: Session, cast: Cast, **changed: object) -> notes.Note:
    return notes.create(session, a_review(**changed), by=cast.facilitator)


def ask(session: Session, number: int, by: Viewer, **to: object) -> int:
    note = notes.get(session, number, seen_by=by)
    to = to or {"organisation": GROUP}
    made = recommendations.add(session, note, by=by, what=WHAT, **to)  # type: ignore[arg-type]
    return made.id


def join(session: Session, viewer: Viewer, name: str = GROUP) -> None:
    person = session.get_one(Person, viewer.person_id)
    person.organisation_id = session.scalar(
        select(Organisation.id).where(Organisation.name == name)
    )
    session.flush()


def asked(session: Session, viewer: Viewer, **wanted: object) -> list[int]:
    found = recommendations.listing(session, Asked(**wanted), seen_by=viewer)  # type: ignore[arg-type]
    assert found.total == len(found.recommendations)
    return [one.id for one in found.recommendations]


# --- asking ---------------------------------------------------------------------------------------


def test_a_member_asks_an_organisation_by_any_name_it_goes_by(session: Session, cast: Cast) -> None:
    note = write(session, cast)
    number = ask(session, note.id, cast.commenter, organisation="พอช")
    one = recommendations.show(session, number, seen_by=cast.anonymous)
    assert (one.organisation_name, one.what, one.by_name) == (GROUP, WHAT, cast.commenter.name)
    assert ask(session, note.id, cast.commenter, organisation=GROUP) == number
    assert asked(session, cast.anonymous) == [number]
    assert asked(session, cast.anonymous, organisation_id=one.organisation_id) == [number]
    assert [x.id for x in notes.view(session, note.id, seen_by=cast.anonymous).recommendations] == [
        number
    ]


def test_a_role_is_asked_with_its_place_and_found_from_above(session: Session, cast: Cast) -> None:
    note = write(session, cast)
    number = ask(session, note.id, cast.commenter, role="khun_ua", place_code=HULONG)
    assert asked(session, cast.anonymous, role="khun_ua", place=PAK_PHANANG) == [number]
    assert asked(session, cast.anonymous, role="khun_kit") == []
    assert asked(session, cast.anonymous, place="93") == []


@pytest.mark.parametrize(
    ("to", "field"),
    [
        ({"organisation": "ไม่มีใครรู้จัก"}, "organisation"),
        ({"role": ""}, "organisation"),
        ({"role": "king", "place_code": HULONG}, "organisation"),
        ({"role": "khun_ua"}, "place"),
        ({"role": "khun_ua", "place_code": "999999"}, "place"),
        ({"organisation": GROUP, "role": "khun_ua", "place_code": HULONG}, "role"),
        ({"organisation": GROUP, "place_code": HULONG}, "place"),
    ],
)
def test_whom_nobody_knows_is_refused_in_words(
    session: Session, cast: Cast, to: dict[str, str], field: str
) -> None:
    note = write(session, cast)
    with pytest.raises(Invalid) as refused:
        ask(session, note.id, cast.commenter, **to)
    assert field in refused.value.problems
    assert session.scalar(select(Organisation).where(Organisation.name == "ไม่มีใครรู้จัก")) is None


def test_an_organisation_of_a_draft_cannot_be_guessed(session: Session, cast: Cast) -> None:
    write(session, cast, visibility="draft", organisations=(OrganisationPart("กลุ่มลับ"),))
    note = write(session, cast)
    with pytest.raises(Invalid):
        ask(session, note.id, cast.commenter, organisation="กลุ่มลับ")
    assert ask(session, note.id, cast.facilitator, organisation="กลุ่มลับ")


def test_readers_and_strangers_ask_nothing(session: Session, cast: Cast) -> None:
    note = write(session, cast)
    for viewer, problem in ((cast.researcher, NotAllowed), (cast.anonymous, SignInNeeded)):
        with pytest.raises(problem):
            recommendations.add(session, note, by=viewer, what=WHAT, organisation=GROUP)


def test_everything_is_seen_with_its_note_only(session: Session, cast: Cast) -> None:
    for visibility in ("draft", "members"):
        note = write(session, cast, visibility=visibility)
        number = ask(session, note.id, cast.facilitator)
        assert number not in asked(session, cast.anonymous)
        assert asked(session, cast.anonymous) == []
        with pytest.raises(NotFound):
            recommendations.show(session, number, seen_by=cast.anonymous)
        with pytest.raises(NotFound):
            recommendations.answer(session, number, by=cast.anonymous, outcome="accepted", body="")
    assert len(asked(session, cast.facilitator)) == 2
    assert len(asked(session, cast.curator)) == 1


# --- answering ------------------------------------------------------------------------------------


def test_who_belongs_to_the_organisation_answers_and_takes_it_back(
    session: Session, cast: Cast
) -> None:
    note = write(session, cast)
    number = ask(session, note.id, cast.facilitator)
    said = {"outcome": "accepted", "body": "จะเริ่มปีหน้า"}
    with pytest.raises(NotAllowed):
        recommendations.answer(session, number, by=cast.commenter, **said)
    join(session, cast.commenter)
    recommendations.answer(session, number, by=cast.commenter, **said)
    recommendations.answer(session, number, by=cast.commenter, **said)
    one = recommendations.show(session, number, seen_by=cast.anonymous)
    assert one.answer is not None
    assert (one.answer.outcome, one.answer.body) == ("accepted", "จะเริ่มปีหน้า")
    assert asked(session, cast.anonymous, answered=True) == [number]
    recommendations.answer(session, number, by=cast.commenter, outcome="done", body="")
    with pytest.raises(NotAllowed):
        recommendations.take_back(session, number, by=cast.facilitator)
    recommendations.take_back(session, number, by=cast.commenter)
    before = recommendations.show(session, number, seen_by=cast.anonymous).answer
    assert before is not None
    assert before.outcome == "accepted"
    recommendations.take_back(session, number, by=cast.curator)
    assert asked(session, cast.anonymous, answered=False) == [number]


def test_whom_others_say_to_play_the_role_there_answers_and_nobody_of_elsewhere(
    session: Session, cast: Cast
) -> None:
    note = write(session, cast)
    role = RolePlayed("khun_amnuay", cast.facilitator.name, "", "tambon", HULONG)
    notes.create(session, a_review(author="", roles=(role,)), by=cast.commenter)
    here = ask(session, note.id, cast.commenter, role="khun_amnuay", place_code=HULONG)
    there = ask(session, note.id, cast.commenter, role="khun_amnuay", place_code="93")
    recommendations.answer(session, here, by=cast.facilitator, outcome="done", body="")
    with pytest.raises(NotAllowed):
        recommendations.answer(session, there, by=cast.facilitator, outcome="done", body="")
    recommendations.answer(session, there, by=cast.curator, outcome="accepted", body="")


def test_nobody_makes_themselves_the_one_who_is_asked(session: Session, cast: Cast) -> None:
    note = write(session, cast)
    number = ask(session, note.id, cast.facilitator, role="khun_ua", place_code="93")
    me = cast.commenter.name
    mine = {"roles": (RolePlayed("khun_ua", me, "", "province", "93"),), "author": ""}
    notes.create(session, a_review(visibility="draft", **mine), by=cast.commenter)
    notes.create(session, a_review(**mine), by=cast.commenter)
    notes.create(session, a_review(**{**mine, "author": me}), by=cast.facilitator)
    page = NoteContent(Kind.PAGE, "เมืองลุง", "คลอง", "public", **mine)  # type: ignore[arg-type]
    notes.create(session, page, by=cast.facilitator)
    with pytest.raises(NotAllowed):
        recommendations.answer(session, number, by=cast.commenter, outcome="done", body="")


@pytest.mark.parametrize(
    ("outcome", "body", "field"),
    [("yes", "", "outcome"), ("", "", "outcome"), ("declined", " ", "body")],
)
def test_an_answer_says_which_and_no_says_why(
    session: Session, cast: Cast, outcome: str, body: str, field: str
) -> None:
    number = ask(session, write(session, cast).id, cast.facilitator)
    with pytest.raises(Invalid) as refused:
        recommendations.answer(session, number, by=cast.curator, outcome=outcome, body=body)
    assert field in refused.value.problems


def test_its_author_alone_withdraws_it_and_brings_it_back(session: Session, cast: Cast) -> None:
    number = ask(session, write(session, cast).id, cast.commenter)
    with pytest.raises(NotAllowed):
        recommendations.withdraw(session, number, by=cast.curator)
    recommendations.withdraw(session, number, by=cast.commenter)
    assert asked(session, cast.commenter) == []
    with pytest.raises(NotFound):
        recommendations.show(session, number, seen_by=cast.curator)
    assert recommendations.show(session, number, seen_by=cast.commenter).is_withdrawn
    recommendations.withdraw(session, number, by=cast.commenter, back=True)
    assert asked(session, cast.anonymous) == [number]


# --- pages ----------------------------------------------------------------------------------------


@pytest.fixture
def number(store: Store, cast: Cast) -> int:
    with store.saving() as session:
        return write(session, cast).id


def test_from_asking_to_the_answer_on_every_page_that_shows_it(
    app: Flask, client: FlaskClient, store: Store, cast: Cast, number: int
) -> None:
    member = cast.browser(app, "commenter")
    assert f"/notes/{number}/recommend" in member.get(f"/notes/{number}").text
    form: dict[str, object] = {"what": WHAT, "organisation": GROUP}
    answer = post(member, f"/notes/{number}/recommend", form)
    assert answer.location == "/recommendations/1"
    person = f"/people/{cast.facilitator.person_id}/edit"
    office: dict[str, object] = {"name": cast.facilitator.name, "organisation": GROUP}
    assert post(cast.browser(app, "curator"), person, office).status_code == 303
    with store.reading() as session:
        group = session.scalar(select(Organisation.id).where(Organisation.name == GROUP))
    pages = (f"/notes/{number}", "/recommendations", f"/organisations/{group}")
    for page in pages:
        assert WHAT in client.get(page).text
        assert "รอคำตอบ" in client.get(page).text
    said: dict[str, object] = {"outcome": "partly", "body": "<b>ปีหน้า</b>"}
    page = "/recommendations/1"
    asked_of = cast.browser(app, "facilitator")
    assert post(asked_of, f"{page}/answer", said, page=page).status_code == 303
    for one in (*pages, page):
        assert "รับบางส่วน" in client.get(one).text
        assert "&lt;b&gt;ปีหน้า&lt;/b&gt;" in client.get(one).text
    assert post(asked_of, f"{page}/take-back", {}, page=page).status_code == 303
    assert "รับบางส่วน" not in client.get(pages[0]).text
    assert post(member, f"{page}/withdraw", {}, page=page).status_code == 303
    assert client.get(page).status_code == 404
    for one in pages:
        assert WHAT not in client.get(one).text
    assert "เอากลับมา" in member.get(page).text


def test_a_refused_form_gives_every_word_back(app: Flask, cast: Cast, number: int) -> None:
    member = cast.browser(app, "commenter")
    form: dict[str, object] = {"what": WHAT, "organisation": "", "role": "khun_ua", "place": "xyz"}
    answer = post(member, f"/notes/{number}/recommend", form)
    assert answer.status_code == 422
    assert WHAT in answer.text
    assert 'value="khun_ua" selected' in answer.text
    assert 'value="xyz"' in answer.text
    both = {**form, "organisation": GROUP, "place": "จ.พัทลุง"}
    answer = post(member, f"/notes/{number}/recommend", both)
    assert answer.status_code == 422
    for said in ("อย่างใดอย่างหนึ่ง ถ้าเสนอทั้งสอง", f'value="{GROUP}"', 'value="จ.พัทลุง"', WHAT):
        assert said in answer.text


def test_the_page_of_a_role_and_place_shows_what_is_asked_of_it(
    client: FlaskClient, store: Store, cast: Cast, number: int
) -> None:
    with store.saving() as session:
        ask(session, number, cast.facilitator, role="khun_ua", place_code=HULONG)
    everywhere = client.get("/roles/khun_ua").text.partition('class="asked-of"')[2]
    assert f"/roles/khun_ua?place={HULONG}" in everywhere.partition("</ul>")[0]
    assert WHAT in client.get("/roles/khun_ua?place=อ.ปากพนัง").text
    assert WHAT not in client.get("/roles/khun_ua?place=จ.พัทลุง").text
    assert WHAT in client.get("/recommendations?role=khun_ua&show=waiting").text
    assert WHAT not in client.get("/recommendations?show=answered").text


def test_words_for_what_was_withdrawn_meanwhile_are_not_lost(
    app: Flask, store: Store, cast: Cast, number: int
) -> None:
    with store.saving() as session:
        made = ask(session, number, cast.facilitator)
    curator = cast.browser(app, "curator")
    page = f"/recommendations/{made}"
    form: dict[str, object] = {"outcome": "partly", "body": "<b>ตอบยาว</b>"}
    token = csrf_token(curator, page)
    with store.saving() as session:
        recommendations.withdraw(session, made, by=cast.facilitator)
    told = []
    for one in (made, 99_999):
        sent = {"csrf_token": token, **form}
        answer = curator.post(f"/recommendations/{one}/answer", data=sent)
        assert answer.status_code == 404
        assert "&lt;b&gt;ตอบยาว&lt;/b&gt;" in answer.text
        told.append(answer.text.partition("<main")[2].partition("</main>")[0])
        assert token not in told[-1]
    assert told[0] == told[1]


def test_an_organisation_joined_to_another_is_asked_at_its_old_address(
    app: Flask, client: FlaskClient, store: Store, cast: Cast, number: int
) -> None:
    with store.saving() as session:
        ask(session, number, cast.facilitator)
        found = organisations.resolve(session, [GROUP, "สถาบันพัฒนาองค์กร"])
        kept, gone = (one.id for one in found.values())
        joining.join(session, ORGANISATION, kept=kept, gone=gone, by=cast.curator)
    old = client.get(f"/organisations/{gone}")
    assert (old.status_code, old.location) == (301, f"/organisations/{kept}")
    assert WHAT in client.get(old.location).text
    edit = cast.browser(app, "curator").get(f"/organisations/{gone}/edit")
    assert (edit.status_code, edit.location) == (301, f"/organisations/{kept}/edit")
    listed = client.get(f"/recommendations?organisation={gone}").text
    assert GROUP in listed and WHAT in listed
    assert f'name="organisation" value="{kept}"' in listed


def test_a_hidden_note_is_not_asked_from(app: Flask, store: Store, cast: Cast) -> None:
    with store.saving() as session:
        draft = write(session, cast, visibility="draft").id
    member = cast.browser(app, "commenter")
    assert member.get(f"/notes/{draft}/recommend").status_code == 404


def test_many_take_as_many_statements_as_few(
    client: FlaskClient, store: Store, cast: Cast, number: int
) -> None:
    sent = []
    for n in range(12):
        with store.saving() as session:
            note = notes.get(session, number, seen_by=cast.facilitator)
            recommendations.add(
                session, note, by=cast.facilitator, what=f"ข้อที่ {n}", organisation=GROUP
            )
        if n in (1, 11):
            with counting(store) as statements:
                assert client.get("/recommendations").text.count("ข้อที่") == n + 1
            sent.append(len(statements))
    assert sent[0] == sent[1]
