"""first schema."""

import sqlalchemy as sa
from alembic import op

import kms.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "index_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_index_change")),
    )
    with op.batch_alter_table("index_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_index_change_note_id"), ["note_id"], unique=False)

    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("abbreviation", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("place_code", sa.String(length=6), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('state', 'local', 'community', 'academic', 'fund', 'network', 'private')",
            name=op.f("ck_organisation_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_organisation_name")),
    )
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organisation_place_code"), ["place_code"], unique=False
        )

    op.create_table(
        "setting",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "tag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("key", name=op.f("uq_tag_key")),
    )
    op.create_table(
        "theme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "status IN ('agreed', 'proposed', 'retired')", name=op.f("ck_theme_status")
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["theme.id"], name=op.f("fk_theme_merged_into_id_theme")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["theme.id"], name=op.f("fk_theme_parent_id_theme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme")),
        sa.UniqueConstraint("slug", name=op.f("uq_theme_slug")),
    )
    with op.batch_alter_table("theme", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_theme_name_key"), ["name_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_theme_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "organisation_alias",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_organisation_alias_organisation_id_organisation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_alias")),
        sa.UniqueConstraint("key", name=op.f("uq_organisation_alias_key")),
    )
    with op.batch_alter_table("organisation_alias", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organisation_alias_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("nickname", sa.String(length=100), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("place_code", sa.String(length=6), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_person_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_name_key"), ["name_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_place_code"), ["place_code"], unique=False)

    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("permission", sa.String(length=16), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("session_stamp", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("signed_in_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "permission IN ('reader', 'member', 'curator', 'administrator')",
            name=op.f("ck_account_permission"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_account_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
    )
    op.create_table(
        "person_alias",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_person_alias_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_alias")),
    )
    with op.batch_alter_table("person_alias", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_alias_key"), ["key"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_alias_person_id"), ["person_id"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("permission", sa.String(length=16), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_by_id", sa.Integer(), nullable=True),
        sa.Column("used_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "permission IN ('reader', 'member', 'curator', 'administrator')",
            name=op.f("ck_invitation_permission"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["account.id"], name=op.f("fk_invitation_created_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["used_by_id"], ["account.id"], name=op.f("fk_invitation_used_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitation_code_hash")),
    )
    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("title_key", sa.String(length=500), nullable=False),
        sa.Column("lead", sa.String(length=400), nullable=False),
        sa.Column("visibility", sa.String(length=16), nullable=False),
        sa.Column("held_from", sa.Date(), nullable=True),
        sa.Column("held_to", sa.Date(), nullable=True),
        sa.Column("held_as_written", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=100), nullable=True),
        sa.Column("source_id", sa.String(length=200), nullable=True),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("licence", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("comment_count", sa.Integer(), nullable=False),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revised_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('aar', 'minutes', 'lesson', 'page', 'note')", name=op.f("ck_note_kind")
        ),
        sa.CheckConstraint(
            "visibility IN ('draft', 'members', 'public')", name=op.f("ck_note_visibility")
        ),
        sa.CheckConstraint(
            "held_to IS NULL OR held_from <= held_to", name=op.f("ck_note_held_range")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["person.id"], name=op.f("fk_note_author_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_note_owner_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_note_source_source_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_note_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_note_held_from"), ["held_from"], unique=False)
        batch_op.create_index("ix_note_newest", ["kind", "created_at"], unique=False)
        batch_op.create_index(
            "ix_note_seen",
            ["visibility", "owner_id", "author_id", "kind", "held_from"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_note_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_note_title_key"), ["title_key"], unique=False)

    op.create_table(
        "comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("reply_to_id", sa.Integer(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("quote_revision", sa.Integer(), nullable=True),
        sa.Column("source_key", sa.String(length=200), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("edited_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("hidden_by_id", sa.Integer(), nullable=True),
        sa.Column("hidden_reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["person.id"], name=op.f("fk_comment_author_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["hidden_by_id"], ["account.id"], name=op.f("fk_comment_hidden_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_comment_note_id_note"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_comment_owner_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["reply_to_id"], ["comment.id"], name=op.f("fk_comment_reply_to_id_comment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_comment_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_comment_note_id"), ["note_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_comment_reply_to_id"), ["reply_to_id"], unique=False)

    op.create_table(
        "lesson_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lesson_id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["note.id"],
            name=op.f("fk_lesson_source_lesson_id_note"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_lesson_source_note_id_note"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_source")),
    )
    with op.batch_alter_table("lesson_source", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lesson_source_lesson_id"), ["lesson_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lesson_source_note_id"), ["note_id"], unique=False)

    op.create_table(
        "note_organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "part IN ('organiser', 'funder', 'partner')", name=op.f("ck_note_organisation_part")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"],
            ["note.id"],
            name=op.f("fk_note_organisation_note_id_note"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_note_organisation_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_organisation")),
        sa.UniqueConstraint(
            "note_id",
            "organisation_id",
            "part",
            name=op.f("uq_note_organisation_note_id_organisation_id_part"),
        ),
    )
    with op.batch_alter_table("note_organisation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_organisation_note_id"), ["note_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_note_organisation_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "note_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("as_written", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "part IN ('author', 'chair', 'attendee')", name=op.f("ck_note_person_part")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_note_person_note_id_note"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_note_person_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_person")),
        sa.UniqueConstraint(
            "note_id", "person_id", "part", name=op.f("uq_note_person_note_id_person_id_part")
        ),
    )
    with op.batch_alter_table("note_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_person_note_id"), ["note_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_note_person_person_id"), ["person_id"], unique=False)

    op.create_table(
        "note_place",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("place_code", sa.String(length=6), nullable=False),
        sa.Column("village", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_note_place_note_id_note"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_place")),
    )
    with op.batch_alter_table("note_place", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_place_note_id"), ["note_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_note_place_place_code"), ["place_code"], unique=False)

    op.create_table(
        "note_tag",
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_note_tag_note_id_note"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_note_tag_tag_id_tag")),
        sa.PrimaryKeyConstraint("note_id", "tag_id", name=op.f("pk_note_tag")),
    )
    with op.batch_alter_table("note_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_tag_tag_id"), ["tag_id"], unique=False)

    op.create_table(
        "note_theme",
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("theme_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_note_theme_note_id_note"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["theme_id"], ["theme.id"], name=op.f("fk_note_theme_theme_id_theme")
        ),
        sa.PrimaryKeyConstraint("note_id", "theme_id", name=op.f("pk_note_theme")),
    )
    with op.batch_alter_table("note_theme", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_theme_theme_id"), ["theme_id"], unique=False)

    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_revision_by_id_person")),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_revision_note_id_note"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint("note_id", "number", name=op.f("uq_revision_note_id_number")),
    )
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_revision_note_id"), ["note_id"], unique=False)

    op.create_table(
        "role_assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("place_code", sa.String(length=6), nullable=True),
        sa.Column("did", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "level IN ('', 'province', 'amphoe', 'tambon', 'village', 'zone')",
            name=op.f("ck_role_assignment_level"),
        ),
        sa.CheckConstraint(
            "role IN ('khun_ua', 'khun_amnuay', 'khun_kit', 'khun_likhit', 'khun_prasan', 'khun_wisat')",
            name=op.f("ck_role_assignment_role"),
        ),
        sa.CheckConstraint(
            "person_id IS NOT NULL OR organisation_id IS NOT NULL",
            name=op.f("ck_role_assignment_who"),
        ),
        sa.ForeignKeyConstraint(
            ["note_id"],
            ["note.id"],
            name=op.f("fk_role_assignment_note_id_note"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_role_assignment_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_role_assignment_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_assignment")),
    )
    with op.batch_alter_table("role_assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_assignment_note_id"), ["note_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_role_assignment_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_role_assignment_person_id"), ["person_id"], unique=False
        )
        batch_op.create_index("ix_role_assignment_role_place", ["role", "place_code"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("role_assignment", schema=None) as batch_op:
        batch_op.drop_index("ix_role_assignment_role_place")
        batch_op.drop_index(batch_op.f("ix_role_assignment_person_id"))
        batch_op.drop_index(batch_op.f("ix_role_assignment_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_role_assignment_note_id"))

    op.drop_table("role_assignment")
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_revision_note_id"))

    op.drop_table("revision")
    with op.batch_alter_table("note_theme", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_theme_theme_id"))

    op.drop_table("note_theme")
    with op.batch_alter_table("note_tag", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_tag_tag_id"))

    op.drop_table("note_tag")
    with op.batch_alter_table("note_place", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_place_place_code"))
        batch_op.drop_index(batch_op.f("ix_note_place_note_id"))

    op.drop_table("note_place")
    with op.batch_alter_table("note_person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_person_person_id"))
        batch_op.drop_index(batch_op.f("ix_note_person_note_id"))

    op.drop_table("note_person")
    with op.batch_alter_table("note_organisation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_organisation_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_note_organisation_note_id"))

    op.drop_table("note_organisation")
    with op.batch_alter_table("lesson_source", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lesson_source_note_id"))
        batch_op.drop_index(batch_op.f("ix_lesson_source_lesson_id"))

    op.drop_table("lesson_source")
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_comment_reply_to_id"))
        batch_op.drop_index(batch_op.f("ix_comment_note_id"))
        batch_op.drop_index(batch_op.f("ix_comment_author_id"))

    op.drop_table("comment")
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_title_key"))
        batch_op.drop_index(batch_op.f("ix_note_owner_id"))
        batch_op.drop_index("ix_note_seen")
        batch_op.drop_index("ix_note_newest")
        batch_op.drop_index(batch_op.f("ix_note_held_from"))
        batch_op.drop_index(batch_op.f("ix_note_created_at"))
        batch_op.drop_index(batch_op.f("ix_note_author_id"))

    op.drop_table("note")
    op.drop_table("invitation")
    with op.batch_alter_table("person_alias", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_alias_person_id"))
        batch_op.drop_index(batch_op.f("ix_person_alias_key"))

    op.drop_table("person_alias")
    op.drop_table("account")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_place_code"))
        batch_op.drop_index(batch_op.f("ix_person_name_key"))

    op.drop_table("person")
    with op.batch_alter_table("organisation_alias", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisation_alias_organisation_id"))

    op.drop_table("organisation_alias")
    with op.batch_alter_table("theme", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_theme_parent_id"))
        batch_op.drop_index(batch_op.f("ix_theme_name_key"))

    op.drop_table("theme")
    op.drop_table("tag")
    op.drop_table("setting")
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisation_place_code"))

    op.drop_table("organisation")
    with op.batch_alter_table("index_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_index_change_note_id"))

    op.drop_table("index_change")
