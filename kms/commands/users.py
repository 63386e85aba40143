"""``kms user``: accounts from the command line."""

import click

from kms import accounts, passwords
from kms.commands.opening import opened
from kms.language import gettext as _
from kms.models.accounts import PERMISSIONS
from kms.permissions import SYSTEM

ROLE = click.Choice(PERMISSIONS)


@click.group(help=_("บัญชีผู้ใช้"))
def user() -> None:
    """Every command about accounts."""


@user.command(help=_("เพิ่มบัญชี แล้วแสดงรหัสผ่านครั้งเดียว"))
@click.argument("email")
@click.option("--role", type=ROLE, default="member", show_default=True, help=_("สิทธิ์"))
@click.option("--name", default="", help=_("ชื่อที่ให้คนอื่นเห็น (ไม่ใส่ใช้ส่วนหน้าของอีเมล)"))
def add(email: str, role: str, name: str) -> None:
    """Make an account with a one-time password."""
    password = passwords.one_time()
    with opened() as store, store.saving() as session:
        account = accounts.add(
            session,
            email,
            password,
            name or email.partition("@")[0],
            permission=role,
            must_change_password=True,
        )
    click.echo(_("เพิ่ม %(email)s แล้ว", email=account.email), err=True)
    _tell(password)


@user.command("list", help=_("แสดงทุกบัญชี"))
def list_users() -> None:
    """One line for each account, tab-separated: e-mail, permission, state, name."""
    with opened() as store, store.reading() as session:
        for line in accounts.listing(session):
            state = "active" if line.is_active else "closed"
            click.echo(f"{line.email}\t{line.permission}\t{state}\t{line.name}")


@user.command("password", help=_("ตั้งรหัสผ่านครั้งเดียวให้คนที่ลืม"))
@click.argument("email")
def reset_password(email: str) -> None:
    """Give a one-time password and sign every device out."""
    with opened() as store, store.saving() as session:
        account = accounts.by_email(session, email)
        password = accounts.reset_password(session, account, by=SYSTEM)
    _tell(password)


@user.command("role", help=_("เปลี่ยนสิทธิ์"))
@click.argument("email")
@click.argument("role", type=ROLE)
def change_role(email: str, role: str) -> None:
    """Give another permission."""
    with opened() as store, store.saving() as session:
        account = accounts.by_email(session, email)
        accounts.change_permission(session, account, role, by=SYSTEM)
    click.echo(_("%(email)s เป็น %(role)s แล้ว", email=account.email, role=role), err=True)


@user.command(help=_("ปิดบัญชี สิ่งที่เขียนไว้ยังอยู่"))
@click.argument("email")
def deactivate(email: str) -> None:
    """Close an account and sign every device out."""
    with opened() as store, store.saving() as session:
        account = accounts.by_email(session, email)
        accounts.deactivate(session, account, by=SYSTEM)
    click.echo(_("ปิดบัญชี %(email)s แล้ว", email=account.email), err=True)


@user.command(help=_("ออกรหัสเชิญครั้งเดียว"))
@click.option("--role", type=ROLE, default="member", show_default=True, help=_("สิทธิ์"))
@click.option("--days", type=int, default=14, show_default=True, help=_("ใช้ได้กี่วัน"))
@click.option("--note", default="", help=_("เชิญใคร"))
def invite(role: str, days: int, note: str) -> None:
    """Make an invitation and print its code."""
    with opened() as store, store.saving() as session:
        click.echo(accounts.invite(session, by=SYSTEM, permission=role, note=note, days=days))


def _tell(password: str) -> None:
    click.echo(_("รหัสผ่านครั้งเดียว: %(password)s", password=password))
