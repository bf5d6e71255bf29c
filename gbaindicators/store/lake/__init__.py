"""A database that a team shares: DuckLake, its catalogue in PostgreSQL, its figures in a folder or an object store."""
