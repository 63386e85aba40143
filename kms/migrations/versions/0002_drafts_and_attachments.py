"""drafts, attachments, wiki links, and the forms that revisions came from."""

import re
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

import kms.db
from kms import naming

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOST_LINKS = 500
CODE_SPAN = re.compile(r"`+[^`]{1,2000}`+")
WIKI_LINK = re.compile(r"\[\[([^\[\]|\n]{1,300})(?:\|[^\[\]\n]{1,300})?\]\]")


def upgrade() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("loose_since", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_attachment_owner_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("key", name=op.f("uq_attachment_key")),
    )
    op.create_index(op.f("ix_attachment_created_at"), "attachment", ["created_at"])
    op.create_index(op.f("ix_attachment_digest"), "attachment", ["digest"])
    op.create_index(op.f("ix_attachment_loose_since"), "attachment", ["loose_since"])
    op.create_index(op.f("ix_attachment_owner_id"), "attachment", ["owner_id"])

    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=True),
        sa.Column("based_on", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.Column("begun_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("saved_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("discarded_at", kms.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('aar', 'minutes', 'lesson', 'page', 'note', 'comment')",
            name=op.f("ck_draft_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_draft_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_draft_note_id_note"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("account_id", "form_id", name=op.f("uq_draft_account_id_form_id")),
    )
    op.create_index("ix_draft_note_saved", "draft", ["note_id", "saved_at"])

    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=True),
        sa.Column("created_at", kms.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachment.id"],
            name=op.f("fk_upload_attachment_id_attachment"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_upload_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_account_id"), "upload", ["account_id"])
    op.create_index(op.f("ix_upload_created_at"), "upload", ["created_at"])

    op.create_table(
        "note_attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("caption", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachment.id"],
            name=op.f("fk_note_attachment_attachment_id_attachment"),
        ),
        sa.ForeignKeyConstraint(
            ["note_id"],
            ["note.id"],
            name=op.f("fk_note_attachment_note_id_note"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_attachment")),
        sa.UniqueConstraint(
            "note_id", "attachment_id", name=op.f("uq_note_attachment_note_id_attachment_id")
        ),
    )
    op.create_index(op.f("ix_note_attachment_attachment_id"), "note_attachment", ["attachment_id"])

    op.create_table(
        "wiki_link",
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("title_key", sa.String(length=500), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_wiki_link_note_id_note"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("note_id", "title_key", name=op.f("pk_wiki_link")),
    )
    op.create_index(op.f("ix_wiki_link_title_key"), "wiki_link", ["title_key"])

    relinked = sa.Column("relinked", sa.Integer(), server_default="0", nullable=False)
    op.add_column("note", relinked)

    op.add_column("revision", sa.Column("based_on", sa.Integer(), nullable=True))
    op.add_column("revision", sa.Column("form_id", sa.String(length=36), nullable=True))
    op.add_column("revision", sa.Column("sent_digest", sa.String(length=64), nullable=True))

    with op.batch_alter_table("comment") as batch_op:
        batch_op.add_column(sa.Column("sent_as", sa.String(length=64), nullable=True))
        batch_op.create_unique_constraint(op.f("uq_comment_sent_as"), ["sent_as"])

    _find_links_written_before()


def _find_links_written_before() -> None:
    connection = op.get_bind()
    note = sa.table(
        "note", sa.column("id"), sa.column("body", sa.Text()), sa.column("content", sa.JSON())
    )
    has_links = note.c.body.contains("[[") | sa.cast(note.c.content, sa.Text()).contains("[[")
    rows = [
        {"note_id": number, "title_key": key, "position": position}
        for number, body, content in connection.execute(sa.select(note).where(has_links))
        for position, key in enumerate(_titles_in([body, content]))
    ]
    if rows:
        links = sa.table(
            "wiki_link", sa.column("note_id"), sa.column("title_key"), sa.column("position")
        )
        op.bulk_insert(links, rows)


def _titles_in(said: object) -> list[str]:
    texts = "\n\n".join(_strings(said))
    keys = (naming.key(title, 500) for title in WIKI_LINK.findall(CODE_SPAN.sub("", texts)))
    return list(dict.fromkeys(key for key in keys if key))[:MOST_LINKS]


def _strings(said: object) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict | list):
        for each in said.values() if isinstance(said, dict) else said:
            yield from _strings(each)


def downgrade() -> None:
    with op.batch_alter_table("comment") as batch_op:
        batch_op.drop_constraint(op.f("uq_comment_sent_as"), type_="unique")
        batch_op.drop_column("sent_as")
    for column in ("sent_digest", "form_id", "based_on"):
        with op.batch_alter_table("revision") as batch_op:
            batch_op.drop_column(column)
    op.drop_column("note", "relinked")
    for table in ("wiki_link", "note_attachment", "upload", "draft", "attachment"):
        op.drop_table(table)
