"""Run by alembic: takes the steps on the connection that `Database.migrate` gives."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from checker.service.models import Base

_LOCK = 0x6B616F6865  # "kaohe"


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        # All steps in one transaction, also on SQLite: a start that is killed leaves the tables as they were.
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        with context.begin_transaction():
            context.run_migrations()


_run(context.config.attributes["connection"])
