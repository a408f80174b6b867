"""Makes a process ready: secret key, database server, Django, tables. Every entrance calls it first."""

import os
from collections.abc import MutableMapping
from pathlib import Path

import django

from fairlead.store import keys, postgres

MIGRATING = 0x0FA1
"""Advisory lock held while tables are made, so that two processes that start together do not collide."""


def prepare(
    home: Path, *, embedded: bool, make_key: bool = True, environ: MutableMapping[str, str] = os.environ
) -> None:
    """Make the key if the deployment sets none (`make_key`), and start the server if `embedded`; each makes the data folder.

    With a key and a database of the deployment's own nothing is written here: the file system may be read-only.

    Afterwards Django is set up and all tables are of today. Raises `PostgresFailed`, or Django's own
    `OperationalError` when a server of the deployment's cannot be reached.
    """
    if make_key:
        keys.ensure(home)
    if embedded:
        postgres.ensure_server(home)
    look(environ)
    migrate()


def look(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set up Django and nothing else: for commands that only look, many times an hour."""
    environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.web.django_settings")
    django.setup()


def migrate() -> None:
    """Bring all tables up to date; does nothing but look when they are."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [MIGRATING])
        try:
            call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [MIGRATING])
