"""For the administrator: accounts, invitations and how the system is."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kms import accounts, status
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models.accounts import PERMISSIONS
from kms.permissions import may, require
from kms.web import context
from kms.web.context import reading, saving, settings, viewer

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

DEFAULT_INVITATION_DAYS = 14


@blueprint.get("")
def show() -> str:
    """What a curator or an administrator can look after."""
    require(viewer(), "edit_themes")
    if not may(viewer(), "manage_accounts"):
        return render_template("admin/show.html", status=None, index_works=None)
    with reading() as session:
        found = status.read(session, settings())
    works = context.store().index.is_healthy()
    return render_template("admin/show.html", status=found, index_works=works)


@blueprint.get("/accounts")
def list_accounts() -> str:
    """Everybody who can sign in."""
    require(viewer(), "manage_accounts")
    return _accounts_page()


@blueprint.post("/accounts/<int:number>/permission")
def change_permission(number: int) -> ResponseReturnValue:
    """Give one account another permission."""
    with saving() as session:
        account = accounts.get(session, number)
        accounts.change_permission(
            session, account, request.form.get("permission", ""), by=viewer()
        )
    flash(_("เปลี่ยนสิทธิ์ของ %(name)s แล้ว", name=account.person.name), "success")
    return _back_to_accounts()


@blueprint.post("/accounts/<int:number>/deactivate")
def deactivate(number: int) -> ResponseReturnValue:
    """Close one account."""
    with saving() as session:
        account = accounts.get(session, number)
        accounts.deactivate(session, account, by=viewer())
    flash(_("ปิดบัญชีของ %(name)s แล้ว", name=account.person.name), "success")
    return _back_to_accounts()


@blueprint.post("/accounts/<int:number>/reactivate")
def reactivate(number: int) -> ResponseReturnValue:
    """Open a closed account again."""
    with saving() as session:
        account = accounts.get(session, number)
        accounts.reactivate(session, account, by=viewer())
    flash(_("เปิดบัญชีของ %(name)s แล้ว", name=account.person.name), "success")
    return _back_to_accounts()


@blueprint.post("/accounts/<int:number>/password")
def reset_password(number: int) -> str:
    """A one-time password for someone who forgot theirs, shown this once."""
    with saving() as session:
        account = accounts.get(session, number)
        password = accounts.reset_password(session, account, by=viewer())
    return _accounts_page(name=account.person.name, one_time_password=password)


@blueprint.get("/invitations")
def list_invitations() -> str:
    """The invitations, and the form for a new one."""
    require(viewer(), "invite")
    return _invitations_page({}, {"days": str(DEFAULT_INVITATION_DAYS), "permission": "member"})


@blueprint.post("/invitations")
def invite() -> ResponseReturnValue:
    """Make an invitation; its code is shown on this page only."""
    typed = request.form.to_dict()
    try:
        with saving() as session:
            code = accounts.invite(
                session,
                by=viewer(),
                permission=typed.get("permission", ""),
                note=typed.get("note", ""),
                days=_whole(typed.get("days", "")),
            )
    except Invalid as problem:
        return _invitations_page(problem.problems, typed), 422
    return _invitations_page({}, typed, code)


@blueprint.post("/invitations/<int:number>/withdraw")
def withdraw(number: int) -> ResponseReturnValue:
    """Make an unused invitation useless."""
    with saving() as session:
        accounts.withdraw(session, number, by=viewer())
    flash(_("ยกเลิกคำเชิญแล้ว"), "success")
    return redirect(url_for("admin.list_invitations"), 303)


def _accounts_page(name: str = "", one_time_password: str = "") -> str:
    with reading() as session:
        listed = accounts.listing(session)
    return render_template(
        "admin/accounts.html",
        accounts=listed,
        permissions=permission_names(),
        name=name,
        one_time_password=one_time_password,
    )


def _invitations_page(problems: dict[str, str], typed: dict[str, str], code: str = "") -> str:
    with reading() as session:
        listed = accounts.invitations(session)
    base = settings().public_url or request.host_url.rstrip("/")
    return render_template(
        "admin/invitations.html",
        invitations=listed,
        permissions=permission_names(),
        permission_names=dict(permission_names()),
        problems=problems,
        typed=typed,
        code=code,
        code_url=base + url_for("signin.register", code=code) if code else "",
    )


def permission_names() -> list[tuple[str, str]]:
    """Every permission with what it is called, the least first."""
    names = {
        "reader": _("ผู้อ่าน"),
        "member": _("สมาชิก"),
        "curator": _("บรรณาธิการ"),
        "administrator": _("ผู้ดูแลระบบ"),
    }
    return [(code, names[code]) for code in PERMISSIONS]


def _back_to_accounts() -> ResponseReturnValue:
    return redirect(url_for("admin.list_accounts"), 303)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
