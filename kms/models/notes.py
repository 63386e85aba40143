"""The note, its revisions and its links to places, themes, tags, organisations and people."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from kms.db import Base, UtcDateTime, now
from kms.models.attachments import NoteAttachment
from kms.models.follow_up import NoteAction
from kms.models.people import Organisation, Person
from kms.models.roles import RoleAssignment
from kms.models.themes import Tag, Theme


class Note(Base):
    """One record of any kind; its ``number`` is its key, permanent and never given twice.

    ``content`` holds what only this kind has (answers, minutes, the lesson's parts), as
    ``note_kinds`` writes it. ``version`` counts every change that alters what a page about
    this note shows, so that rendered pages can be kept by it; ``relinked`` counts changes of
    links from and to it, which its page shows and its index entry does not.
    """

    __tablename__ = "note"
    __table_args__ = (
        CheckConstraint("kind IN ('aar', 'minutes', 'lesson', 'page', 'note')", name="kind"),
        CheckConstraint("visibility IN ('draft', 'members', 'public')", name="visibility"),
        CheckConstraint("held_to IS NULL OR held_from <= held_to", name="held_range"),
        UniqueConstraint("source", "source_id"),
        Index("ix_note_newest", "kind", "created_at"),
        # Whoever counts all that a viewer may see reads this and no note.
        Index("ix_note_seen", "visibility", "owner_id", "author_id", "kind", "held_from"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = synonym("id")
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(500))
    title_key: Mapped[str] = mapped_column(String(500), index=True)
    # The first words in plain text, for lists.
    lead: Mapped[str] = mapped_column(String(400), default="")
    visibility: Mapped[str] = mapped_column(String(16), default="members")

    held_from: Mapped[date | None] = mapped_column(index=True)
    held_to: Mapped[date | None]
    held_as_written: Mapped[str] = mapped_column(String(200), default="")

    # Who put it here (may revise a draft), and who is credited; anonymous posting has no author.
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    source: Mapped[str | None] = mapped_column(String(100))
    source_id: Mapped[str | None] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(1000), default="")
    licence: Mapped[str] = mapped_column(String(200), default="")

    revision: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)
    reads: Mapped[int] = mapped_column(default=0)
    comment_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    revised_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    # Last in the row: SQLite walks through what stands before a column to reach it.
    body: Mapped[str] = mapped_column(Text, default="")
    content: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    relinked: Mapped[int] = mapped_column(default=0, server_default="0")
    # When others than its owner could first read it; None while it is a draft.
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)

    author: Mapped[Person | None] = relationship()
    places: Mapped[list["NotePlace"]] = relationship(
        cascade="all, delete-orphan", order_by="NotePlace.position"
    )
    themes: Mapped[list["NoteTheme"]] = relationship(
        cascade="all, delete-orphan", order_by="NoteTheme.position"
    )
    tags: Mapped[list["NoteTag"]] = relationship(
        cascade="all, delete-orphan", order_by="NoteTag.position"
    )
    organisations: Mapped[list["NoteOrganisation"]] = relationship(
        cascade="all, delete-orphan", order_by="NoteOrganisation.position"
    )
    roles: Mapped[list[RoleAssignment]] = relationship(
        cascade="all, delete-orphan", order_by="RoleAssignment.position"
    )
    people: Mapped[list["NotePerson"]] = relationship(
        cascade="all, delete-orphan", order_by="NotePerson.id"
    )
    sources: Mapped[list["LessonSource"]] = relationship(
        cascade="all, delete-orphan",
        order_by="LessonSource.position",
        foreign_keys="LessonSource.lesson_id",
    )
    attachments: Mapped[list[NoteAttachment]] = relationship(
        cascade="all, delete-orphan", order_by="NoteAttachment.position"
    )
    wiki_links: Mapped[list["WikiLink"]] = relationship(
        cascade="all, delete-orphan", order_by="WikiLink.position"
    )
    actions: Mapped[list[NoteAction]] = relationship(
        cascade="all, delete-orphan", order_by="NoteAction.position"
    )


class NotePlace(Base):
    """A place of a note: a DOPA code of 2, 4 or 6 digits (a prefix is the parent)."""

    __tablename__ = "note_place"

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    place_code: Mapped[str] = mapped_column(String(6), index=True)
    village: Mapped[str] = mapped_column(String(200), default="")


class NoteTheme(Base):
    """A theme of a note."""

    __tablename__ = "note_theme"

    note_id: Mapped[int] = mapped_column(
        ForeignKey("note.id", ondelete="CASCADE"), primary_key=True
    )
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0)

    theme: Mapped[Theme] = relationship()


class NoteTag(Base):
    """A tag of a note."""

    __tablename__ = "note_tag"

    note_id: Mapped[int] = mapped_column(
        ForeignKey("note.id", ondelete="CASCADE"), primary_key=True
    )
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0)

    tag: Mapped[Tag] = relationship()


class NoteOrganisation(Base):
    """An organisation with its part in what the note tells."""

    __tablename__ = "note_organisation"
    __table_args__ = (
        CheckConstraint("part IN ('organiser', 'funder', 'partner')", name="part"),
        UniqueConstraint("note_id", "organisation_id", "part"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    part: Mapped[str] = mapped_column(String(16), default="partner")
    position: Mapped[int] = mapped_column(default=0)

    organisation: Mapped[Organisation] = relationship()


class NotePerson(Base):
    """Someone who took part otherwise than by a role: chair or attendee, by the name written."""

    __tablename__ = "note_person"
    __table_args__ = (
        CheckConstraint("part IN ('author', 'chair', 'attendee')", name="part"),
        UniqueConstraint("note_id", "person_id", "part"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    part: Mapped[str] = mapped_column(String(16))
    as_written: Mapped[str] = mapped_column(String(200), default="")

    person: Mapped[Person] = relationship()


class LessonSource(Base):
    """A note that a lesson was drawn from, with the very passage and its revision.

    ``starts_at`` is where the passage begins in the plain words of that revision, or of the
    comment (``comment_id``) that said it; unknown for passages from before it was kept, and none
    in a comment that says it no more.
    """

    __tablename__ = "lesson_source"

    id: Mapped[int] = mapped_column(primary_key=True)
    lesson_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), index=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    passage: Mapped[str] = mapped_column(Text, default="")
    revision: Mapped[int] = mapped_column(default=1)
    comment_id: Mapped[int | None] = mapped_column(
        ForeignKey("comment.id", ondelete="SET NULL"), index=True
    )
    starts_at: Mapped[int | None]

    note: Mapped[Note] = relationship(foreign_keys=[note_id])


class WikiLink(Base):
    """A ``[[title]]`` in the words of a note, by the key of the title it means."""

    __tablename__ = "wiki_link"

    note_id: Mapped[int] = mapped_column(
        ForeignKey("note.id", ondelete="CASCADE"), primary_key=True
    )
    title_key: Mapped[str] = mapped_column(String(500), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0)


class Revision(Base):
    """What a note said at one moment: the whole of it, as ``NoteContent`` writes it.

    ``form_id`` and ``sent_digest`` tell which form it came from and with which words: the same
    form sent again after a lost answer is known by them. ``based_on`` is the revision that the
    writer had before the eyes, when it was not the one before this.
    """

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("note_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")
    based_on: Mapped[int | None]
    form_id: Mapped[str | None] = mapped_column(String(36))
    sent_digest: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    by: Mapped[Person | None] = relationship()
