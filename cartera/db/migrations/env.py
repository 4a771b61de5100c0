"""Run by Alembic: migrates the connection that `cartera.db.migrate` hands over, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table_schema="ops")
context.run_migrations()
