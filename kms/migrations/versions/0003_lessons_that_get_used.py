"""the life of lessons, follow-up, activities and overlaps, briefings, following, merging."""

from datetime import date

import sqlalchemy as sa
from alembic import op

import kms.db
from kms import naming, people

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merging",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("gone_id", sa.Integer(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("undone_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('person', 'organisation')", name=op.f("ck_merging_kind")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_merging_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merging")),
    )
    op.create_index(op.f("ix_merging_gone_id"), "merging", ["gone_id"])
    op.create_index(op.f("ix_merging_kept_id"), "merging", ["kept_id"])

    op.create_table(
        "not_the_same",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'organisation')", name=op.f("ck_not_the_same_kind")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["person.id"], name=op.f("fk_not_the_same_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_not_the_same")),
        sa.UniqueConstraint(
            "kind", "first_id", "second_id", name=op.f("uq_not_the_same_kind_first_id_second_id")
        ),
    )
    op.create_table(
        "follow",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=500), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('place', 'theme', 'person', 'note', 'search')", name=op.f("ck_follow_kind")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_follow_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow")),
        sa.UniqueConstraint(
            "account_id", "kind", "target", name=op.f("uq_follow_account_id_kind_target")
        ),
    )
    op.create_table(
        "activity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("reach", sa.String(length=200), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=True),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("amount_satang", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revised_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("removed_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_as", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "starts IS NULL OR ends IS NULL OR starts <= ends", name=op.f("ck_activity_period")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_activity_by_id_person")),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_activity_note_id_note"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_activity_owner_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint("sent_as", name=op.f("uq_activity_sent_as")),
    )
    op.create_index(op.f("ix_activity_created_at"), "activity", ["created_at"])
    op.create_index(op.f("ix_activity_name_key"), "activity", ["name_key"])
    op.create_index(op.f("ix_activity_note_id"), "activity", ["note_id"])
    op.create_index(op.f("ix_activity_starts"), "activity", ["starts"])

    op.create_table(
        "briefing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("place_code", sa.String(length=6), nullable=False),
        sa.Column("themes", sa.JSON(), nullable=False),
        sa.Column("lessons", sa.JSON(), nullable=False),
        sa.Column("planned_for", sa.Date(), nullable=True),
        sa.Column("note_id", sa.Integer(), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_briefing_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_briefing_note_id_note"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_briefing")),
        sa.UniqueConstraint("key", name=op.f("uq_briefing_key")),
    )
    op.create_index(op.f("ix_briefing_account_id"), "briefing", ["account_id"])
    op.create_index(op.f("ix_briefing_note_id"), "briefing", ["note_id"])

    op.create_table(
        "lesson_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lesson_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=True),
        sa.Column("other_id", sa.Integer(), nullable=True),
        sa.Column("place_code", sa.String(length=6), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("from_review", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("undone_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('', 'worked', 'partly', 'did_not')", name=op.f("ck_lesson_step_outcome")
        ),
        sa.CheckConstraint(
            "step IN ('agreed', 'confirmed', 'applied', 'contradicted', 'routine', 'review', 'reviewed', 'superseded')",
            name=op.f("ck_lesson_step_step"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_lesson_step_by_id_person")),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["note.id"],
            name=op.f("fk_lesson_step_lesson_id_note"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_lesson_step_note_id_note"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_lesson_step_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["note.id"], name=op.f("fk_lesson_step_other_id_note"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"], ["person.id"], name=op.f("fk_lesson_step_undone_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_step")),
    )
    op.create_index(op.f("ix_lesson_step_by_id"), "lesson_step", ["by_id"])
    op.create_index(op.f("ix_lesson_step_created_at"), "lesson_step", ["created_at"])
    op.create_index("ix_lesson_step_lesson_step", "lesson_step", ["lesson_id", "step"])
    op.create_index(op.f("ix_lesson_step_note_id"), "lesson_step", ["note_id"])
    op.create_index(op.f("ix_lesson_step_other_id"), "lesson_step", ["other_id"])

    op.create_table(
        "note_action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("what_key", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("carried_from", sa.Integer(), nullable=True),
        sa.Column("carried_key", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_note_action_note_id_note"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_note_action_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["person.id"], name=op.f("fk_note_action_owner_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_action")),
    )
    op.create_index(op.f("ix_note_action_carried_from"), "note_action", ["carried_from"])
    op.create_index(op.f("ix_note_action_note_id"), "note_action", ["note_id"])
    op.create_index("ix_note_action_open", "note_action", ["done", "due"])
    op.create_index(op.f("ix_note_action_organisation_id"), "note_action", ["organisation_id"])
    op.create_index(op.f("ix_note_action_owner_id"), "note_action", ["owner_id"])
    op.create_index(op.f("ix_note_action_what_key"), "note_action", ["what_key"])

    op.create_table(
        "recommendation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("place_code", sa.String(length=6), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "organisation_id IS NOT NULL OR role <> ''", name=op.f("ck_recommendation_to_whom")
        ),
        sa.CheckConstraint(
            "role IN ('', 'khun_ua', 'khun_amnuay', 'khun_kit', 'khun_likhit', 'khun_prasan', 'khun_wisat')",
            name=op.f("ck_recommendation_role"),
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["person.id"], name=op.f("fk_recommendation_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"],
            ["note.id"],
            name=op.f("fk_recommendation_note_id_note"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_recommendation_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_recommendation_owner_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation")),
    )
    op.create_index(op.f("ix_recommendation_created_at"), "recommendation", ["created_at"])
    op.create_index(op.f("ix_recommendation_note_id"), "recommendation", ["note_id"])
    op.create_index(
        op.f("ix_recommendation_organisation_id"), "recommendation", ["organisation_id"]
    )
    op.create_index(op.f("ix_recommendation_place_code"), "recommendation", ["place_code"])

    op.create_table(
        "activity_note",
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activity.id"],
            name=op.f("fk_activity_note_activity_id_activity"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_activity_note_note_id_note"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("activity_id", "note_id", name=op.f("pk_activity_note")),
    )
    op.create_index(op.f("ix_activity_note_note_id"), "activity_note", ["note_id"])

    op.create_table(
        "activity_organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "part IN ('funder', 'runner', 'partner')", name=op.f("ck_activity_organisation_part")
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activity.id"],
            name=op.f("fk_activity_organisation_activity_id_activity"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_activity_organisation_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_organisation")),
        sa.UniqueConstraint(
            "activity_id",
            "organisation_id",
            "part",
            name=op.f("uq_activity_organisation_activity_id_organisation_id_part"),
        ),
    )
    op.create_index(
        op.f("ix_activity_organisation_activity_id"), "activity_organisation", ["activity_id"]
    )
    op.create_index(
        op.f("ix_activity_organisation_organisation_id"),
        "activity_organisation",
        ["organisation_id"],
    )

    op.create_table(
        "activity_place",
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("place_code", sa.String(length=6), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activity.id"],
            name=op.f("fk_activity_place_activity_id_activity"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("activity_id", "place_code", name=op.f("pk_activity_place")),
    )
    op.create_index(op.f("ix_activity_place_place_code"), "activity_place", ["place_code"])

    op.create_table(
        "activity_theme",
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("theme_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activity.id"],
            name=op.f("fk_activity_theme_activity_id_activity"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["theme_id"], ["theme.id"], name=op.f("fk_activity_theme_theme_id_theme")
        ),
        sa.PrimaryKeyConstraint("activity_id", "theme_id", name=op.f("pk_activity_theme")),
    )
    op.create_index(op.f("ix_activity_theme_theme_id"), "activity_theme", ["theme_id"])

    op.create_table(
        "mention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"],
            ["comment.id"],
            name=op.f("fk_mention_comment_id_comment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_mention_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mention")),
        sa.UniqueConstraint(
            "comment_id", "person_id", name=op.f("uq_mention_comment_id_person_id")
        ),
    )
    op.create_index(op.f("ix_mention_person_id"), "mention", ["person_id"])

    op.create_table(
        "overlap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("theme_id", sa.Integer(), nullable=False),
        sa.Column("place_code", sa.String(length=6), nullable=False),
        sa.Column("starts", sa.Date(), nullable=True),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("marked_by_id", sa.Integer(), nullable=True),
        sa.Column("marked_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("found_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('', 'coordinated')", name=op.f("ck_overlap_state")),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_overlap_in_order")),
        sa.ForeignKeyConstraint(
            ["first_id"],
            ["activity.id"],
            name=op.f("fk_overlap_first_id_activity"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["marked_by_id"], ["person.id"], name=op.f("fk_overlap_marked_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["second_id"],
            ["activity.id"],
            name=op.f("fk_overlap_second_id_activity"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["theme_id"], ["theme.id"], name=op.f("fk_overlap_theme_id_theme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overlap")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_overlap_first_id_second_id")),
    )
    op.create_index("ix_overlap_place_state", "overlap", ["place_code", "state"])
    op.create_index(op.f("ix_overlap_second_id"), "overlap", ["second_id"])
    op.create_index(op.f("ix_overlap_theme_id"), "overlap", ["theme_id"])

    op.create_table(
        "overlap_place",
        sa.Column("overlap_id", sa.Integer(), nullable=False),
        sa.Column("place_code", sa.String(length=6), nullable=False),
        sa.ForeignKeyConstraint(
            ["overlap_id"],
            ["overlap.id"],
            name=op.f("fk_overlap_place_overlap_id_overlap"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("overlap_id", "place_code", name=op.f("pk_overlap_place")),
    )
    op.create_index(op.f("ix_overlap_place_place_code"), "overlap_place", ["place_code"])

    op.create_table(
        "recommendation_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recommendation_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("undone_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'partly', 'declined', 'done')",
            name=op.f("ck_recommendation_answer_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["person.id"], name=op.f("fk_recommendation_answer_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_recommendation_answer_owner_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["recommendation_id"],
            ["recommendation.id"],
            name=op.f("fk_recommendation_answer_recommendation_id_recommendation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation_answer")),
    )
    op.create_index(
        op.f("ix_recommendation_answer_recommendation_id"),
        "recommendation_answer",
        ["recommendation_id"],
    )

    op.add_column(
        "account", sa.Column("news_seen_at", kms.db.UtcDateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "account", sa.Column("digest", sa.String(length=8), server_default="off", nullable=False)
    )
    op.add_column(
        "account", sa.Column("digest_sent_at", kms.db.UtcDateTime(timezone=True), nullable=True)
    )

    with op.batch_alter_table("lesson_source") as batch_op:
        batch_op.add_column(sa.Column("comment_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("starts_at", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_lesson_source_comment_id_comment"),
            "comment",
            ["comment_id"],
            ["id"],
            ondelete="SET NULL",
        )
    op.create_index(op.f("ix_lesson_source_comment_id"), "lesson_source", ["comment_id"])

    op.add_column(
        "note", sa.Column("published_at", kms.db.UtcDateTime(timezone=True), nullable=True)
    )
    op.execute("UPDATE note SET published_at = created_at WHERE visibility <> 'draft'")
    op.create_index(op.f("ix_note_published_at"), "note", ["published_at"])

    op.add_column("organisation", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_organisation_merged_into_id"), "organisation", ["merged_into_id"])

    op.add_column(
        "person",
        sa.Column("phone", sa.String(length=100), server_default=sa.text("''"), nullable=False),
    )
    op.add_column("person", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_person_merged_into_id"), "person", ["merged_into_id"])

    _agree_to_what_was_shipped()
    _find_action_items()


def _agree_to_what_was_shipped() -> None:
    """The lessons of ``content/`` are agreed to; those that people wrote wait for somebody."""
    note = sa.table("note", sa.column("id"), sa.column("kind"), sa.column("source"))
    step = sa.table(
        "lesson_step",
        sa.column("lesson_id"),
        sa.column("step"),
        sa.column("outcome"),
        sa.column("changed"),
        sa.column("reason"),
        sa.column("from_review", sa.Boolean()),
        sa.column("created_at", kms.db.UtcDateTime()),
    )
    shipped = sa.select(note.c.id).where(note.c.kind == "lesson", note.c.source == "platu")
    fixed = {"step": "agreed", "outcome": "", "changed": "", "reason": "", "from_review": False}
    rows = [
        {"lesson_id": number, **fixed, "created_at": kms.db.now()}
        for number in op.get_bind().scalars(shipped)
    ]
    if rows:
        op.bulk_insert(step, rows)


def _find_action_items() -> None:
    """What the minutes kept so far say is to be done, and by whom where that is known."""
    note = sa.table("note", sa.column("id"), sa.column("kind"), sa.column("content", sa.JSON()))
    minutes = sa.select(note.c.id, note.c.content).where(note.c.kind == "minutes")
    rows = [
        {
            "note_id": number,
            "position": position,
            "what": item["what"],
            "what_key": naming.mark(item["what"]),
            "owner": item.get("owner") or "",
            "due": date.fromisoformat(item["due"]) if item.get("due") else None,
            "done": bool(item.get("done")),
            "result": "",
            "carried_key": "",
        }
        for number, content in op.get_bind().execute(minutes)
        for position, item in enumerate((content.get("meeting") or {}).get("actions") or ())
    ]
    if not rows:
        return
    for row in rows:
        row["owner_id"] = _person(row["owner"])
    columns = [sa.column(name, _TYPES.get(name)) for name in rows[0]]
    op.bulk_insert(sa.table("note_action", *columns), rows)


_TYPES = {"due": sa.Date(), "done": sa.Boolean()}


def _person(name: str) -> int | None:
    person = sa.table("person", sa.column("id"), sa.column("name_key"))
    found = sa.select(person.c.id).where(person.c.name_key == people.key(name))
    return op.get_bind().scalar(found.order_by(person.c.id).limit(1)) if name else None


def downgrade() -> None:
    with op.batch_alter_table("lesson_source") as batch_op:
        batch_op.drop_constraint(op.f("fk_lesson_source_comment_id_comment"), type_="foreignkey")
        batch_op.drop_index(op.f("ix_lesson_source_comment_id"))
        batch_op.drop_column("starts_at")
        batch_op.drop_column("comment_id")
    for table in ("person", "organisation"):
        op.drop_index(op.f(f"ix_{table}_merged_into_id"), table)
        op.drop_column(table, "merged_into_id")
    op.drop_column("person", "phone")
    op.drop_index(op.f("ix_note_published_at"), "note")
    op.drop_column("note", "published_at")
    for column in ("digest_sent_at", "digest", "news_seen_at"):
        op.drop_column("account", column)
    for table in (
        "recommendation_answer",
        "overlap_place",
        "overlap",
        "mention",
        "activity_theme",
        "activity_place",
        "activity_organisation",
        "activity_note",
        "recommendation",
        "note_action",
        "lesson_step",
        "briefing",
        "activity",
        "follow",
        "not_the_same",
        "merging",
    ):
        op.drop_table(table)
