"""Keeping the tree of themes: adding, renaming, moving, agreeing, merging, retiring."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kms import browsing, curation, themes
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.permissions import require
from kms.themes import ThemeNode, Tree
from kms.web import asked
from kms.web.browse import branches
from kms.web.context import reading, saving, viewer

blueprint = Blueprint("curating", __name__, url_prefix="/curate")

HERE = "/curate/themes"
INDENT = "\u2003"

Typed = Mapping[str, str]


@dataclass(frozen=True)
class ThemeAside:
    """A theme outside the agreed tree."""

    slug: str
    name: str
    status: str
    count: int


@blueprint.before_request
def only_curators() -> None:
    """Nobody else comes in."""
    require(viewer(), "edit_themes")


@blueprint.get("/themes", endpoint="themes")
def tree() -> ResponseReturnValue:
    """The tree, what waits to be agreed, and a form for a new theme."""
    return _tree_page({}, {})


@blueprint.post("/themes")
def add() -> ResponseReturnValue:
    """A new theme."""
    given = asked.words("name", "name_en", "parent", many_lines=("about",))
    try:
        with saving() as session:
            curation.add(
                session,
                by=viewer(),
                name=given["name"],
                name_en=given["name_en"],
                about=given["about"],
                under=given["parent"],
            )
    except Invalid as problem:
        return _tree_page(given, problem.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    return _done(_("เพิ่มประเด็น “%(name)s” แล้ว", name=given["name"]))


@blueprint.get("/themes/<slug>")
def theme(slug: str) -> ResponseReturnValue:
    """One theme: its names, its place in the tree, and its end."""
    return _theme_page(slug, {}, {})


@blueprint.post("/themes/<slug>")
def revise(slug: str) -> ResponseReturnValue:
    """New names, or another place in the tree."""
    given = asked.words("name", "name_en", "parent", many_lines=("about",))
    try:
        with saving() as session:
            curation.revise(
                session,
                slug,
                by=viewer(),
                name=given["name"],
                name_en=given["name_en"],
                about=given["about"],
                under=given["parent"],
            )
    except Invalid as problem:
        return _theme_page(slug, given, problem.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    return _done(_("บันทึกประเด็น “%(name)s” แล้ว", name=given["name"]))


@blueprint.post("/themes/<slug>/agree")
def agree(slug: str) -> ResponseReturnValue:
    """Take a proposal into the tree."""
    field = f"under-{slug}"
    given = asked.words(field)
    try:
        with saving() as session:
            agreed = curation.agree(session, slug, by=viewer(), under=given[field], field=field)
            name = agreed.name
    except Invalid as problem:
        return _tree_page(given, problem.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    return _done(_("ตกลงใช้ประเด็น “%(name)s” แล้ว", name=name))


@blueprint.post("/themes/<slug>/merge")
def merge(slug: str) -> ResponseReturnValue:
    """Give the notes of one theme to another, from the page of proposals or of the theme."""
    among_proposals = f"into-{slug}" in request.form
    field = f"into-{slug}" if among_proposals else "into"
    given = asked.words(field)
    try:
        with saving() as session:
            kept = curation.merge(session, slug, by=viewer(), into=given[field], field=field)
            name = kept.name
    except Invalid as problem:
        again = _tree_page if among_proposals else partial(_theme_page, slug)
        return again(given, problem.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    return _done(_("รวมเข้ากับ “%(name)s” แล้ว บันทึกย้ายไปครบทุกชิ้น", name=name))


@blueprint.post("/themes/<slug>/retire")
def retire(slug: str) -> ResponseReturnValue:
    """Offer a theme no more."""
    try:
        with saving() as session:
            name = curation.retire(session, slug, by=viewer()).name
    except Invalid as problem:
        return _theme_page(slug, {}, problem.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    return _done(_("เลิกใช้ประเด็น “%(name)s” แล้ว", name=name))


def _done(sentence: str) -> ResponseReturnValue:
    flash(sentence)
    return redirect(HERE, HTTPStatus.SEE_OTHER)


# --- the pages -----------------------------------------------------------------------------------


def _tree_page(given: Typed, problems: Typed) -> str:
    with reading() as session:
        known = themes.load(session)
        counts = browsing.counts_by_theme(session, seen_by=viewer())
    agreed = list(_indented(known))
    return render_template(
        "curating/themes.html",
        tree=branches(known, None, counts),
        proposals=_aside(known, "proposed", counts),
        retired=_aside(known, "retired", counts),
        options=[("", _("ชั้นบนสุด")), *agreed],
        choices=[("", _("เลือกประเด็น")), *agreed],
        given=given,
        problems=problems,
    )


def _theme_page(slug: str, given: Typed, problems: Typed) -> str:
    with reading() as session:
        known = themes.load(session)
        counts = browsing.counts_by_theme(session, seen_by=viewer())
    node = known.by_slug.get(slug)
    if node is None:
        raise NotFound(_("ไม่พบประเด็นนี้"))
    agreed = [one for one in _indented(known) if one[0] not in known.subtree(slug)]
    return render_template(
        "curating/theme.html",
        here=ThemeAside(slug, node.name, node.status, counts.get(slug, 0)),
        options=[("", _("ชั้นบนสุด")), *agreed],
        choices=[("", _("เลือกประเด็น")), *agreed],
        given={**_kept(node), **given},
        problems=problems,
    )


def _kept(node: ThemeNode) -> dict[str, str]:
    return {
        "name": node.name,
        "name_en": node.name_en,
        "about": node.about,
        "parent": node.parent or "",
    }


def _indented(known: Tree, under: str | None = None, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The agreed tree as the options of a select, deeper ones further in."""
    for node in known.children(under):
        yield node.slug, INDENT * depth + node.label
        yield from _indented(known, node.slug, depth + 1)


def _aside(known: Tree, status: str, counts: Mapping[str, int]) -> list[ThemeAside]:
    return [
        ThemeAside(node.slug, node.label, node.status, counts.get(node.slug, 0))
        for node in known.by_slug.values()
        if node.status == status
    ]
