"""Platu: lessons of Thai community development, kept and found again.

``create_app`` is the composition root: the only place that knows every part.
"""

import sqlite3

from flask import Flask
from sqlalchemy import exc
from werkzeug.routing import IntegerConverter, Map

# Imported by their full names: ``accounts`` or ``errors`` bound here would stand in the way of
# the modules ``kms.accounts`` and ``kms.errors``.
import kms.web.accounts
import kms.web.actions
import kms.web.activities
import kms.web.admin
import kms.web.ahead
import kms.web.api
import kms.web.attachments
import kms.web.briefings
import kms.web.browse
import kms.web.calendar
import kms.web.comments
import kms.web.compression
import kms.web.context
import kms.web.curating
import kms.web.drafts
import kms.web.errors
import kms.web.evidence
import kms.web.feeds
import kms.web.filters
import kms.web.finding
import kms.web.following
import kms.web.lesson_hints
import kms.web.lessons
import kms.web.network
import kms.web.news
import kms.web.notes
import kms.web.offline
import kms.web.organisations
import kms.web.overlaps
import kms.web.people
import kms.web.recommendations
import kms.web.revisions
import kms.web.same
import kms.web.security
import kms.web.shell
import kms.web.signin
import kms.web.writing
from kms.saving import Store, open_store
from kms.settings import Settings, read_settings

BLUEPRINTS = (
    kms.web.shell.blueprint,
    kms.web.offline.blueprint,
    kms.web.signin.blueprint,
    kms.web.accounts.blueprint,
    kms.web.admin.blueprint,
    kms.web.notes.blueprint,
    kms.web.revisions.blueprint,
    kms.web.lessons.blueprint,
    kms.web.evidence.blueprint,
    kms.web.lesson_hints.blueprint,
    kms.web.writing.blueprint,
    kms.web.comments.blueprint,
    kms.web.drafts.blueprint,
    kms.web.attachments.blueprint,
    kms.web.finding.blueprint,
    kms.web.briefings.blueprint,
    kms.web.browse.blueprint,
    kms.web.people.blueprint,
    kms.web.same.blueprint,
    kms.web.network.blueprint,
    kms.web.organisations.blueprint,
    kms.web.curating.blueprint,
    kms.web.activities.blueprint,
    kms.web.overlaps.blueprint,
    kms.web.following.blueprint,
    kms.web.news.blueprint,
    kms.web.feeds.blueprint,
    kms.web.actions.blueprint,
    kms.web.calendar.blueprint,
    kms.web.recommendations.blueprint,
    kms.web.api.blueprint,
)
# What is raised when the database is locked, full, read-only, broken or away; SQLite's own comes
# from where a transaction begins.
STORAGE_ERRORS = (exc.DatabaseError, exc.TimeoutError, sqlite3.DatabaseError)
# Kinds of these that mean a mistake of ours.
MISTAKES = (exc.IntegrityError, exc.ProgrammingError, exc.DataError)
# What the largest integer column holds; a larger number in an address is simply not there.
LARGEST_ID = 2**31 - 1


class RowNumber(IntegerConverter):
    """``<int:…>`` in an address: only what a row could have ever reaches the database."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_ID)


def create_app(settings: Settings | None = None, store: Store | None = None) -> Flask:
    """The application over a prepared database (see ``kms init``)."""
    settings = settings or read_settings()
    app = Flask(__name__, template_folder="../templates", static_folder="../static")
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of Flask's own provider
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.converters["int"] = RowNumber
    kms.web.compression.register(app)
    kms.web.context.prepare(app, store or open_store(settings), settings)
    kms.web.security.protect(app, settings)
    kms.web.signin.prepare(app)
    kms.web.filters.register(app)
    kms.web.ahead.register(app)
    kms.web.errors.register(app, STORAGE_ERRORS, mistakes=MISTAKES)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
