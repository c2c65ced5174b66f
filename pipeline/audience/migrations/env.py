"""What Alembic runs to migrate: always on the connection that ``store.opening`` hands it, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
