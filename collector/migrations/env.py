"""Alembic's entry: runs on the connection that collector.store.migrate hands over."""

from __future__ import annotations

from alembic import context

from collector.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
