"""One at a time among all processes that share the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import psycopg
from django.db import connection

PATIENCE_S: Final = 180
"""How long to wait for another holder: longer than any sign-in takes."""


@asynccontextmanager
async def only_one(what: str) -> AsyncIterator[None]:
    """Held by one task of one process at a time. It ends with its block, or with the process that holds it.

    Raises psycopg.OperationalError when the database is away, or the lock is not free within `PATIENCE_S`.
    """
    params = connection.get_connection_params()
    login = {name: params[name] for name in ("dbname", "host", "port", "user", "password", "sslmode") if name in params}
    async with await psycopg.AsyncConnection.connect(**login, autocommit=True, connect_timeout=10) as own:
        await own.execute("select set_config('lock_timeout', %s, false)", [f"{PATIENCE_S}s"])
        await own.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [what])
        yield


def take(what: str) -> None:
    """The same lock for the rest of the transaction under way; waits for its holder."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [what])
