"""People, their consent, who must not be written to, and the mails that wait. From nothing."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NEVER = "the consent log is append-only"
# What may be done to the log and to the words that it tells of: nothing but to add.
KEPT = ("consent", "wording")


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "head",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("proof", sa.LargeBinary, nullable=False),
        sa.Column("last_subscriber", sa.BigInteger, nullable=False),
        sa.Column("last_entry", sa.BigInteger, nullable=False),
        sa.Column("last_hash", sa.String(64), nullable=False),
    )
    _people(number)
    _consents(number)
    op.create_table(
        "outgoing",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("subscriber", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("asked", sa.BigInteger, nullable=False),
        sa.Column("not_before", sa.BigInteger, nullable=False, index=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.UniqueConstraint("subscriber", "kind"),
        sqlite_autoincrement=True,
    )
    for statement in triggers(op.get_bind().dialect.name):
        op.execute(sa.text(statement))


def downgrade() -> None:
    raise NotImplementedError("people aren't thrown away; put a copy back")


def _people(number: sa.types.TypeEngine[int]) -> None:
    op.create_table(
        "subscriber",
        sa.Column("id", number, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("topics", sa.Text, nullable=False),
        sa.Column("mood", sa.Text, nullable=False),
        sa.Column("kinds", sa.Text, nullable=False),
        sa.Column("minutes", sa.Text, nullable=False),
        sa.Column("rhythm", sa.String(16), nullable=False),
        sa.Column("paused_until", sa.String(10), nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("sent", sa.Text, nullable=False),
        sa.Column("last_edition", sa.Text, nullable=False),
        sa.Column("last_edition_date", sa.BigInteger),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("mailed", sa.BigInteger),
        sa.Column("confirmed", sa.BigInteger),
        sa.Column("unsubscribed", sa.BigInteger),
        sa.Column("asked_address", sa.Text, nullable=False),
    )
    some = sa.text("state != 'confirmed'")
    op.create_index("ix_subscriber_state_id", "subscriber", ["state", "id"], sqlite_where=some, postgresql_where=some)
    op.create_table(
        "suppression",
        sa.Column("hash", sa.LargeBinary(16), primary_key=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def _consents(number: sa.types.TypeEngine[int]) -> None:
    op.create_table(
        "former",
        sa.Column("hash", sa.LargeBinary(16), primary_key=True),
        sa.Column("subscriber", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "wording", sa.Column("hash", sa.String(64), primary_key=True), sa.Column("text", sa.Text, nullable=False)
    )
    op.create_table(
        "consent",
        sa.Column("number", number, primary_key=True, autoincrement=False),
        sa.Column("subscriber", sa.BigInteger, nullable=False, index=True),
        sa.Column("who", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("wording", sa.String(64), nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "origin",
        sa.Column("number", number, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False, index=True),
        sa.Column("ip", sa.Text, nullable=False),
        sa.Column("nonce", sa.String(32), nullable=False),
    )


def triggers(dialect: str) -> Iterator[str]:
    """What makes the database itself refuse to change the log, whoever asks it."""
    if dialect == "sqlite":
        for table, key in zip(KEPT, ("number", "hash"), strict=True):
            for verb in ("UPDATE", "DELETE"):
                yield (
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{NEVER}'); END"
                )
            # INSERT OR REPLACE deletes, and no trigger hears of it.
            yield (
                f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) "
                f"BEGIN SELECT RAISE(ABORT, '{NEVER}'); END"
            )
        yield (
            "CREATE TRIGGER origin_no_update BEFORE UPDATE ON origin "
            "BEGIN SELECT RAISE(ABORT, 'where consent came from is kept or deleted'); END"
        )
        return
    yield (
        "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{NEVER}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in KEPT:
        yield (
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )
    yield ("CREATE TRIGGER origin_no_update BEFORE UPDATE ON origin FOR EACH STATEMENT EXECUTE FUNCTION append_only()")
