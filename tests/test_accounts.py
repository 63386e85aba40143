"""Accounts: who may have one, what guards it, and what a person may ask about their own data."""

from dataclasses import replace
from datetime import timedelta
from time import process_time

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import accounts, notes, passwords, people, privacy
from kms.db import now
from kms.errors import Invalid, NotAllowed
from kms.models import Account, Invitation, Note, Person, Revision
from kms.note_kinds import Attendee, Kind, Meeting, NoteContent, RolePlayed
from kms.permissions import SYSTEM, Viewer
from kms.saving import Store
from kms.settings import Settings
from tests.cast import PASSWORD, Cast

PHRASE = "กบว่ายน้ำในคลองตอนเช้า"
NAMED = "เหรัญญิกกองทุนวันละบาท"


def joined(session: Session, settings: Settings, email: str = "new@example.org") -> Account:
    return accounts.register(session, email, PHRASE, NAMED, settings=settings)


def viewer_of(account: Account) -> Viewer:
    return Viewer(account.id, account.person_id, account.person.name, account.permission)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("สั้นไป", "อย่างน้อย"),
        ("password123", "เดาง่าย"),
        ("1234567890", "เดาง่าย"),
        ("กกกกกกกกกกกกกก", "เดาง่าย"),
        ("New@Example.org", "อีเมล"),
        ("ก" * 201, "ยาวเกินไป"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(
    session: Session, settings: Settings, password: str, why: str
) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.register(session, "new@example.org", password, "ชื่อ", settings=settings)
    assert why in refused.value.problems["password"]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "no-at",
        "a@b",
        "a b@example.org",
        "a@b.org\r\nBcc: x@y.z",
        "<a@b.org>",
        "a@b.org\0",
        "@b.c",
        "a" * 250 + "@example.org",
        "a@example.",
        "a@@example.org",
    ],
)
def test_an_email_that_is_none_is_refused(session: Session, settings: Settings, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.register(session, email, PHRASE, "ชื่อ", settings=settings)
    assert "email" in refused.value.problems


def test_one_email_has_one_account_however_it_is_written(
    session: Session, settings: Settings
) -> None:
    joined(session, settings)
    with pytest.raises(Invalid):
        joined(session, settings, " NEW@Example.org ")


def test_a_stranger_does_not_become_someone_whom_notes_name(
    session: Session, settings: Settings
) -> None:
    known = people.find_or_create(session, NAMED)
    assert joined(session, settings).person_id != known.id


def test_a_name_keeps_no_control_or_direction_characters(
    session: Session, settings: Settings
) -> None:
    account = accounts.register(
        session, "new@example.org", PHRASE, " แดง\u202e\r\nใจดี\0 ", settings=settings
    )
    assert account.person.name == "แดง ใจดี"


def test_the_same_thai_password_typed_on_another_keyboard_fits(
    session: Session, settings: Settings
) -> None:
    composed = "น้ำใจไหลเชี่ยวกราก"
    accounts.register(session, "new@example.org", composed, "ชื่อ", settings=settings)
    accounts.authenticate(session, "new@example.org", composed.replace("ำ", "\u0e4d\u0e32"))


def test_unknown_wrong_and_closed_accounts_are_told_alike(
    session: Session, settings: Settings
) -> None:
    account = joined(session, settings)
    said = set()
    for email, password in [("nobody@example.org", PHRASE), (account.email, "ผิดแน่นอนครับท่าน")]:
        with pytest.raises(Invalid) as refused:
            accounts.authenticate(session, email, password)
        said.add(refused.value.message)
    account.is_active = False
    session.flush()
    with pytest.raises(Invalid) as refused:
        accounts.authenticate(session, account.email, PHRASE)
    assert said == {refused.value.message}


def test_an_unknown_email_takes_as_long_as_a_known_one(
    session: Session, settings: Settings
) -> None:
    account = joined(session, settings)

    def fastest(email: str) -> float:
        times = []
        for _ in range(5):
            start = process_time()
            with pytest.raises(Invalid):
                accounts.authenticate(session, email, "ผิดแน่นอนครับท่าน")
            times.append(process_time() - start)
        return min(times)

    assert fastest("nobody@example.org") > fastest(account.email) / 2


def test_an_invitation_lets_one_person_in_once(
    session: Session, settings: Settings, cast: Cast
) -> None:
    invited = replace(settings, registration="invite")
    code = accounts.invite(session, by=cast.administrator, permission="curator", note="", days=7)

    def use(email: str, said: str) -> Account:
        return accounts.register(
            session, email, PHRASE, "ชื่อ", settings=invited, invitation_code=said
        )

    for wrong in ("", "0000-0000-0000-0000", "\ud800"):
        with pytest.raises(Invalid) as refused:
            use("a@example.org", wrong)
        assert "invitation_code" in refused.value.problems
    assert use("a@example.org", f" {code.lower().replace('-', ' ')} ").permission == "curator"
    with pytest.raises(Invalid):
        use("b@example.org", code)


def test_a_code_is_kept_as_a_hash_only(session: Session, cast: Cast) -> None:
    code = accounts.invite(session, by=cast.administrator, permission="member", note="", days=7)
    kept = session.scalars(select(Invitation.code_hash)).one()
    assert code not in kept and code.replace("-", "") not in kept


def test_an_old_or_withdrawn_invitation_is_useless(
    session: Session, settings: Settings, cast: Cast
) -> None:
    codes = [
        accounts.invite(session, by=cast.administrator, permission="member", note="", days=1)
        for _ in range(2)
    ]
    old, withdrawn = session.scalars(select(Invitation).order_by(Invitation.id))
    old.expires_at = now() - timedelta(seconds=1)
    accounts.withdraw(session, withdrawn.id, by=cast.administrator)
    for code in codes:
        with pytest.raises(Invalid):
            accounts.register(
                session, "a@example.org", PHRASE, "ชื่อ", settings=settings, invitation_code=code
            )


def test_only_the_invited_can_ask_which_emails_are_known(
    session: Session, settings: Settings
) -> None:
    account = joined(session, settings)
    with pytest.raises(Invalid) as refused:
        accounts.register(
            session,
            account.email,
            PHRASE,
            "ชื่อ",
            settings=replace(settings, registration="invite"),
        )
    assert set(refused.value.problems) == {"invitation_code"}


def test_a_closed_office_registers_nobody(session: Session, settings: Settings) -> None:
    with pytest.raises(NotAllowed):
        joined(session, replace(settings, registration="closed"))


def test_a_new_password_ends_every_session(session: Session, settings: Settings) -> None:
    account = joined(session, settings)
    stamp = account.session_stamp
    assert accounts.identify(session, account.id, stamp)
    accounts.change_password(session, account, current=PHRASE, new=PHRASE + "อีกครั้ง")
    assert accounts.identify(session, account.id, stamp) is None
    assert accounts.identify(session, account.id, account.session_stamp)


def test_the_old_password_must_be_known_to_set_a_new_one(
    session: Session, settings: Settings
) -> None:
    account = joined(session, settings)
    for current, new, field in [
        ("ไม่ใช่รหัสนี้แน่ ๆ", PHRASE + "2", "current_password"),
        (PHRASE, PHRASE, "new_password"),
        (PHRASE, "สั้น", "new_password"),
    ]:
        with pytest.raises(Invalid) as refused:
            accounts.change_password(session, account, current=current, new=new)
        assert set(refused.value.problems) == {field}


def test_a_member_manages_no_accounts(session: Session, cast: Cast) -> None:
    account = accounts.get(session, cast.stranger.account_id or 0)
    for attempt in (
        lambda: accounts.change_permission(session, account, "curator", by=cast.curator),
        lambda: accounts.deactivate(session, account, by=cast.facilitator),
        lambda: accounts.reset_password(session, account, by=cast.curator),
        lambda: accounts.invite(session, by=cast.curator, permission="reader", note="", days=1),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_the_last_administrator_stays(session: Session, cast: Cast) -> None:
    last = accounts.get(session, cast.administrator.account_id or 0)
    for attempt in (
        lambda: accounts.change_permission(session, last, "member", by=SYSTEM),
        lambda: accounts.deactivate(session, last, by=SYSTEM),
        lambda: privacy.forget(session, last),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert accounts.first_administrator(session) is None


def test_nobody_locks_themselves_out_with_one_press(session: Session, cast: Cast) -> None:
    accounts.add(session, "second@example.org", PASSWORD, "ผู้ดูแลคนที่สอง", permission="administrator")
    own = accounts.get(session, cast.administrator.account_id or 0)
    for attempt in (
        lambda: accounts.deactivate(session, own, by=cast.administrator),
        lambda: accounts.reset_password(session, own, by=cast.administrator),
    ):
        with pytest.raises(NotAllowed, match="ของคุณเอง"):
            attempt()
    assert own.is_active


def test_a_one_time_password_opens_once_and_asks_for_another(
    session: Session, settings: Settings, cast: Cast
) -> None:
    account = joined(session, settings)
    password = accounts.reset_password(session, account, by=cast.administrator)
    found = accounts.identify(session, account.id, account.session_stamp)
    assert found and found.must_change_password
    accounts.change_password(session, account, current=password, new=PHRASE + "ใหม่")
    found = accounts.identify(session, account.id, account.session_stamp)
    assert found and not found.must_change_password


def test_a_password_kept_by_older_settings_is_kept_anew(session: Session, cast: Cast) -> None:
    account = accounts.get(session, cast.facilitator.account_id or 0)
    assert passwords.is_outdated(account.password_hash)
    accounts.record_sign_in(session, account.id, "รหัสผ่านยาวสำหรับทดสอบ")
    assert not passwords.is_outdated(account.password_hash)
    assert accounts.authenticate(session, account.email, "รหัสผ่านยาวสำหรับทดสอบ") is account


def meeting_with(name: str) -> NoteContent:
    return NoteContent(
        kind=Kind.MINUTES,
        title="ประชุมกองทุน",
        body=f"{name}เล่าว่าเก็บเงินครบ",
        held_from=now().date(),
        author=name,
        roles=(RolePlayed(role="khun_kit", person=name),),
        meeting=Meeting(chair=name, attendees=(Attendee(name=name), Attendee(name="ประธานกองทุน"))),
    )


def test_who_is_forgotten_is_named_nowhere_and_the_notes_stay(
    store: Store, settings: Settings
) -> None:
    with store.saving() as session:
        account = joined(session, settings)
        me = viewer_of(account)
        linked = notes.create(session, meeting_with(NAMED), by=me)
        linked.author_id = account.person_id
        for role in linked.roles:
            role.person_id = account.person_id
        draft = notes.create(session, replace(meeting_with(NAMED), visibility="draft"), by=me)
        kept, dropped = linked.id, draft.id
    with store.saving() as session:
        privacy.forget(session, accounts.get(session, account.id))
    with store.reading() as session:
        gone = accounts.get(session, account.id)
        assert session.get(Note, dropped) is None
        note = session.get_one(Note, kept)
        revision = session.scalars(select(Revision).where(Revision.note_id == kept)).one()
        for content in (note.content, revision.content):
            assert content["meeting"]["chair"] == gone.person.name
            assert content["meeting"]["attendees"][1]["name"] == "ประธานกองทุน"
        assert revision.content["roles"][0]["person"] == gone.person.name
        assert NAMED not in gone.person.name and NAMED in note.body
        assert "example.org" not in gone.email and not gone.is_active
        with pytest.raises(Invalid):
            accounts.authenticate(session, "new@example.org", PHRASE)
        with pytest.raises(NotAllowed):
            accounts.reactivate(session, gone, by=SYSTEM)


def test_my_data_is_mine_and_all_of_it(session: Session, settings: Settings, cast: Cast) -> None:
    account = joined(session, settings)
    me = viewer_of(account)
    notes.create(session, replace(meeting_with(NAMED), visibility="draft"), by=me)
    notes.create(
        session, NoteContent(kind=Kind.NOTE, title="ของคนอื่น", body="ลับ"), by=cast.facilitator
    )
    kept = privacy.export_own_data(session, account)
    assert kept["account"]["email"] == account.email
    assert [note["title"] for note in kept["notes"]] == ["ประชุมกองทุน"]
    assert "password_hash" not in str(kept)


def test_a_forgotten_person_is_still_one_row(session: Session, settings: Settings) -> None:
    account = joined(session, settings)
    privacy.forget(session, account)
    person = session.get_one(Person, account.person_id)
    assert person.name_key == people.key(person.name) and not person.aliases
