"""Accounts: registering, signing in, invitations, and what a person may ask about their data."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from unicodedata import category

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from kms import passwords, people
from kms.db import now
from kms.errors import Invalid, NotAllowed, NotFound
from kms.language import gettext as _
from kms.models import Account, Invitation, Person
from kms.models.accounts import PERMISSIONS
from kms.permissions import Viewer, require
from kms.settings import Settings

MOST_EMAIL_LETTERS = 254
MOST_NAME_LETTERS = 200
MOST_NOTE_LETTERS = 200
MOST_INVITATION_DAYS = 365
FIRST_EMAIL = "admin@platu.local"
_PART = r"[^@\s<>\"'(),:;\\\x00-\x1f\x7f]"
_EMAIL = re.compile(rf"{_PART}+@{_PART}+\.{_PART}*[^@\s<>\"'(),:;\\\x00-\x1f\x7f.]")
# Crockford's alphabet: no letter looks like a digit.
_CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class AccountLine:
    """One account in the administrator's list."""

    id: int
    email: str
    name: str
    permission: str
    is_active: bool
    created_at: datetime
    signed_in_at: datetime | None


@dataclass(frozen=True)
class InvitationLine:
    """One invitation in the administrator's list; ``state`` is waiting, used or expired."""

    id: int
    note: str
    permission: str
    created_at: datetime
    expires_at: datetime
    state: str


@dataclass(frozen=True)
class Identity:
    """What each request needs to know of the account behind its cookie."""

    viewer: Viewer
    must_change_password: bool


def identify(session: Session, account_id: int, stamp: str) -> Identity | None:
    """The active account with this session stamp, in one statement; None when there is none."""
    row = session.execute(
        select(
            Account.session_stamp,
            Account.permission,
            Account.must_change_password,
            Person.id,
            Person.name,
        )
        .join(Account.person)
        .where(Account.id == account_id, Account.is_active)
    ).one_or_none()
    if row is None or not secrets.compare_digest(row.session_stamp.encode(), stamp.encode()):
        return None
    viewer = Viewer(account_id, row.id, row.name, row.permission)
    return Identity(viewer, row.must_change_password)


def authenticate(session: Session, email: str, password: str) -> Account:
    """The active account of this e-mail and password, with its person.

    Raises Invalid with the same sentence, after the same time, whatever did not fit.
    Only reads, so that guessing never holds the write lock.
    """
    account = _by_email(session, fold_email(email))
    fitting = passwords.fits(account.password_hash if account else None, password)
    if account is None or not fitting or not account.is_active:
        raise Invalid(_("อีเมลหรือรหัสผ่านไม่ถูกต้อง"))
    return account


def record_sign_in(session: Session, account_id: int, password: str) -> None:
    """Remember when, and keep the password by today's settings if it was kept by older ones."""
    account = get(session, account_id)
    account.signed_in_at = now()
    if passwords.is_outdated(account.password_hash):
        account.password_hash = passwords.keep(password)
    session.flush()


def register(
    session: Session,
    email: str,
    password: str,
    name: str,
    *,
    settings: Settings,
    invitation_code: str = "",
) -> Account:
    """A new account as the office's registration setting allows.

    The person is always a new one: a stranger must not become someone whom notes already name.
    The invitation is checked first, so that only the invited can ask which e-mails are known.
    """
    if settings.registration == "closed":
        raise NotAllowed(_("คลังนี้ไม่เปิดรับสมัครเอง ขอบัญชีได้จากผู้ดูแลระบบ"))
    invitation = None
    if invitation_code.strip() or settings.registration == "invite":
        invitation = _open_invitation(session, invitation_code)
    account = add(
        session,
        email,
        password,
        name,
        permission=invitation.permission if invitation else "member",
    )
    account.signed_in_at = now()
    if invitation:
        invitation.used_by_id = account.id
        invitation.used_at = now()
        session.flush()
    return account


def add(
    session: Session,
    email: str,
    password: str,
    name: str,
    *,
    permission: str,
    must_change_password: bool = False,
) -> Account:
    """A new account with a new person; raises Invalid naming each field to mend."""
    folded, called = fold_email(email), clean_name(name)
    problems = _problems(folded, password, called)
    if problems:
        raise Invalid(_("ยังมีจุดที่ต้องแก้"), problems)
    _check_permission(permission)
    account = Account(
        email=folded,
        password_hash=passwords.keep(password),
        permission=permission,
        must_change_password=must_change_password,
        session_stamp=_new_stamp(),
        person=Person(name=called, name_key=people.key(called)),
    )
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError as problem:
        raise _email_taken() from problem
    return account


def first_administrator(session: Session) -> str | None:
    """Make the first administrator; its one-time password, or None when one exists already."""
    if _count_administrators(session):
        return None
    password = passwords.one_time()
    add(
        session,
        FIRST_EMAIL,
        password,
        _("ผู้ดูแลระบบ"),
        permission="administrator",
        must_change_password=True,
    )
    return password


def get(session: Session, account_id: int) -> Account:
    """The account with its person; NotFound when there is none."""
    account = session.get(Account, account_id, options=[joinedload(Account.person)])
    if account is None:
        raise NotFound(_("ไม่พบบัญชีนี้"))
    return account


def by_email(session: Session, email: str) -> Account:
    """The account of this e-mail; NotFound when there is none."""
    account = _by_email(session, fold_email(email))
    if account is None:
        raise NotFound(_("ไม่พบบัญชีของอีเมล %(email)s", email=email))
    return account


def listing(session: Session) -> list[AccountLine]:
    """Every account, the newest first."""
    accounts = session.scalars(
        select(Account).options(joinedload(Account.person)).order_by(Account.id.desc())
    )
    return [
        AccountLine(
            account.id,
            account.email,
            account.person.name,
            account.permission,
            account.is_active,
            account.created_at,
            account.signed_in_at,
        )
        for account in accounts
    ]


def rename(session: Session, account: Account, name: str) -> None:
    """Change the name that others see."""
    called = clean_name(name)
    problem = _name_problem(called)
    if problem:
        raise Invalid(_("ยังมีจุดที่ต้องแก้"), {"name": problem})
    account.person.name = called
    account.person.name_key = people.key(called)
    session.flush()


def change_password(session: Session, account: Account, *, current: str, new: str) -> None:
    """Replace the password and sign every device out."""
    if not passwords.fits(account.password_hash, current):
        raise Invalid(_("ยังมีจุดที่ต้องแก้"), {"current_password": _("รหัสผ่านเดิมไม่ถูกต้อง")})
    problem = passwords.fault(new, account.email)
    if not problem and new == current:
        problem = _("ตั้งรหัสใหม่ที่ไม่ใช่รหัสเดิม")
    if problem:
        raise Invalid(_("ยังมีจุดที่ต้องแก้"), {"new_password": problem})
    account.password_hash = passwords.keep(new)
    account.must_change_password = False
    sign_out_everywhere(account)
    session.flush()


def reset_password(session: Session, account: Account, *, by: Viewer) -> str:
    """A one-time password that must be changed at the next sign-in; signs every device out."""
    require(by, "manage_accounts")
    _require_not_own(account, by)
    password = passwords.one_time()
    account.password_hash = passwords.keep(password)
    account.must_change_password = True
    sign_out_everywhere(account)
    session.flush()
    return password


def change_permission(session: Session, account: Account, permission: str, *, by: Viewer) -> None:
    """Give another permission; the last active administrator keeps theirs."""
    require(by, "manage_accounts")
    _check_permission(permission)
    if permission != "administrator":
        require_another_administrator(session, account)
    account.permission = permission
    session.flush()


def deactivate(session: Session, account: Account, *, by: Viewer) -> None:
    """Close the account and sign every device out; what it wrote stays."""
    require(by, "manage_accounts")
    require_another_administrator(session, account)
    _require_not_own(account, by)
    account.is_active = False
    sign_out_everywhere(account)
    session.flush()


def reactivate(session: Session, account: Account, *, by: Viewer) -> None:
    """Open a closed account again, unless its owner asked to be forgotten."""
    require(by, "manage_accounts")
    if account.password_hash == passwords.UNUSABLE:
        raise NotAllowed(_("เจ้าของบัญชีนี้ขอให้ลืมแล้ว เปิดใหม่ไม่ได้"))
    account.is_active = True
    session.flush()


def invite(session: Session, *, by: Viewer, permission: str, note: str, days: int) -> str:
    """The code of a new one-time invitation; it is shown once and only its hash is kept."""
    require(by, "invite")
    _check_permission(permission)
    if not 1 <= days <= MOST_INVITATION_DAYS:
        said = _("ใส่จำนวนวันระหว่าง 1 ถึง %(n)s", n=MOST_INVITATION_DAYS)
        raise Invalid(_("ยังมีจุดที่ต้องแก้"), {"days": said})
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(16))
    code = "-".join(letters[at : at + 4] for at in range(0, 16, 4))
    session.add(
        Invitation(
            code_hash=_code_hash(code),
            note=_without_controls(note)[:MOST_NOTE_LETTERS],
            permission=permission,
            created_by_id=by.account_id,
            expires_at=now() + timedelta(days=days),
        )
    )
    session.flush()
    return code


def invitations(session: Session) -> Sequence[InvitationLine]:
    """Every invitation, the newest first."""
    found = session.scalars(select(Invitation).order_by(Invitation.id.desc()))
    return [
        InvitationLine(
            one.id, one.note, one.permission, one.created_at, one.expires_at, _state(one)
        )
        for one in found
    ]


def withdraw(session: Session, invitation_id: int, *, by: Viewer) -> None:
    """Make an unused invitation useless."""
    require(by, "invite")
    invitation = session.get(Invitation, invitation_id)
    if invitation is None:
        raise NotFound(_("ไม่พบคำเชิญนี้"))
    if invitation.used_at is None:
        invitation.expires_at = min(invitation.expires_at, now())
        session.flush()


def sign_out_everywhere(account: Account) -> None:
    """Make every session cookie of this account useless."""
    account.session_stamp = _new_stamp()


def require_another_administrator(session: Session, account: Account) -> None:
    """Raise NotAllowed when this account is the last active administrator."""
    if account.permission != "administrator" or not account.is_active:
        return
    if _count_administrators(session) < 2:
        raise NotAllowed(_("ต้องมีผู้ดูแลระบบอย่างน้อยหนึ่งคน ตั้งคนอื่นเป็นผู้ดูแลก่อน"))


def _require_not_own(account: Account, by: Viewer) -> None:
    if account.id == by.account_id:
        raise NotAllowed(_("นี่คือบัญชีของคุณเอง เปลี่ยนรหัสผ่านหรือปิดบัญชีได้ที่หน้าบัญชีของฉัน"))


def fold_email(email: str) -> str:
    """The e-mail as accounts keep it; a NUL, which PostgreSQL cannot even look for, is a gap."""
    return email.strip().lower().replace("\0", " ")


def clean_name(name: str) -> str:
    """The name without control characters and doubled spaces."""
    return " ".join(_without_controls(name).split())


def _problems(email: str, password: str, name: str) -> dict[str, str]:
    problems = {}
    if len(email) > MOST_EMAIL_LETTERS or not _EMAIL.fullmatch(email):
        problems["email"] = _("ใส่อีเมลให้ครบ เช่น somjai@example.org")
    if problem := _name_problem(name):
        problems["name"] = problem
    if problem := passwords.fault(password, email):
        problems["password"] = problem
    return problems


def _name_problem(name: str) -> str:
    if not name:
        return _("ใส่ชื่อที่ให้คนอื่นเห็น ชื่อเล่นก็ได้")
    if len(name) > MOST_NAME_LETTERS:
        return _("ชื่อยาวเกินไป ใช้ไม่เกิน %(n)s ตัวอักษร", n=MOST_NAME_LETTERS)
    return ""


def _email_taken() -> Invalid:
    said = _("สมัครด้วยอีเมลนี้ไม่ได้ ถ้าเคยสมัครแล้วให้เข้าสู่ระบบ")
    return Invalid(_("ยังมีจุดที่ต้องแก้"), {"email": said})


def _check_permission(permission: str) -> None:
    if permission not in PERMISSIONS:
        raise Invalid(_("ยังมีจุดที่ต้องแก้"), {"permission": _("เลือกสิทธิ์จากรายการ")})


def _by_email(session: Session, email: str) -> Account | None:
    return session.scalar(
        select(Account).options(joinedload(Account.person)).where(Account.email == email)
    )


def _open_invitation(session: Session, code: str) -> Invitation:
    invitation = session.scalar(
        select(Invitation).where(Invitation.code_hash == _code_hash(code)).with_for_update()
    )
    if invitation is None or _state(invitation) != "waiting":
        said = _("รหัสเชิญนี้ใช้ไม่ได้ อาจใช้ไปแล้วหรือหมดอายุ ขอรหัสใหม่จากผู้ดูแลระบบ")
        raise Invalid(_("ยังมีจุดที่ต้องแก้"), {"invitation_code": said})
    return invitation


def _state(invitation: Invitation) -> str:
    if invitation.used_at is not None:
        return "used"
    return "waiting" if invitation.expires_at > now() else "expired"


def _code_hash(code: str) -> str:
    said = re.sub(r"[\s-]", "", code).upper()
    return sha256(said.encode("utf-8", "replace")).hexdigest()


def _count_administrators(session: Session) -> int:
    # Locked where rows can be, so that of two who step down at one moment one stays.
    active = (Account.permission == "administrator", Account.is_active)
    locked = select(Account.id).where(*active).order_by(Account.id).with_for_update()
    return len(session.scalars(locked).all())


def _new_stamp() -> str:
    return secrets.token_hex(16)


def _without_controls(text: str) -> str:
    shown = (char for char in text if category(char) not in ("Cf", "Cs", "Cn", "Co"))
    return "".join(char if char.isprintable() else " " for char in shown).strip()
