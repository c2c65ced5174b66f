"""The steps that bring a database of any age to the tables of today. Run by ``store.opening``, through Alembic."""
