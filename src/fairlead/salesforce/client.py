"""The whole client: one object that holds the doors to one org."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, TypeVar, overload

import aiohttp

from fairlead.salesforce.bulk import BulkIngest
from fairlead.salesforce.bulk_query import BulkQuery
from fairlead.salesforce.collections import Collections
from fairlead.salesforce.composite import Composite
from fairlead.salesforce.describe import Describe, Identity, ObjectInfo, Version, choose_version
from fairlead.salesforce.limits import Budget, Limit
from fairlead.salesforce.login import Login
from fairlead.salesforce.metadata import Metadata
from fairlead.salesforce.people import Notifications, PermissionSets
from fairlead.salesforce.polling import Polling
from fairlead.salesforce.query import Queries, Selected, Total
from fairlead.salesforce.records import Records
from fairlead.salesforce.reports import Reports
from fairlead.salesforce.retrieval import Retrieval
from fairlead.salesforce.transport import Call, Patience, Transport
from fairlead.salesforce.views import ListViews

T = TypeVar("T")

# Salesforce lets 25 long requests of an org run at once; others need room too.
_CONNECTIONS: Final = 16
_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=120)


class Salesforce:
    """One org. Safe to share among tasks of one event loop."""

    def __init__(self, transport: Transport, api_version: str, pace: Polling) -> None:
        self.transport = transport
        self.api_version = api_version
        self.budget: Budget = transport.budget
        self.records = Records(transport)
        self.collections = Collections(transport)
        self.bulk = BulkIngest(transport, pace)
        self.bulk_query = BulkQuery(transport, pace)
        self.metadata = Metadata(transport, pace)
        self.retrieval = Retrieval(transport, pace, api_version)
        self._queries = Queries(transport)
        self._describe = Describe(transport)
        self.composite = Composite(transport)
        self.list_views = ListViews(transport, self._queries)
        self.reports = Reports(transport, self._queries, pace)
        self.notifications = Notifications(transport, self._queries)
        self.permission_sets = PermissionSets(self._queries, self.records)

    async def instance_url(self) -> str:
        """Scheme and host that serve this org."""
        return (await self.transport.token()).instance_url

    async def identity(self) -> Identity:
        """Who is signed in, and to which org."""
        return await self._describe.identity()

    async def versions(self) -> list[Version]:
        """API versions that the org serves, oldest first."""
        return await self._describe.versions()

    async def describe(self, object: str) -> ObjectInfo:
        """The object as this user may see it; unchanged descriptions are not sent twice."""
        return await self._describe.object(object)

    async def limits(self) -> dict[str, Limit]:
        """All limits of the org by name."""
        return await self._describe.limits()

    @overload
    def query(self, soql: str, *, on_total: Total | None = None) -> AsyncIterator[list[dict[str, Any]]]: ...
    @overload
    def query(self, soql: str, *, type: type[T], on_total: Total | None = None) -> AsyncIterator[list[T]]: ...
    def query(
        self, soql: str, *, type: Any = dict[str, Any], on_total: Total | None = None
    ) -> AsyncIterator[list[Any]]:
        """Records a page at a time, as dicts or as a msgspec Struct `type` (fast, only its fields).

        `on_total` is told how many there are, and may end it there: for who reads many by another door.
        """
        return self._queries.pages(soql, type=type, on_total=on_total)

    @overload
    def query_all(self, soql: str) -> AsyncIterator[list[dict[str, Any]]]: ...
    @overload
    def query_all(self, soql: str, *, type: type[T]) -> AsyncIterator[list[T]]: ...
    def query_all(self, soql: str, *, type: Any = dict[str, Any]) -> AsyncIterator[list[Any]]:
        """Like `query`, with deleted and archived records."""
        return self._queries.pages(soql, type=type, all_rows=True)

    async def explain(self, soql: str) -> None:
        """Have the org read a query without running it. Raises SalesforceError with `position` where it is no query."""
        await self._queries.explain(soql)

    async def columns(self, soql: str) -> list[Selected]:
        """The columns that a query gives, in its order, without those of child rows. Raises as `explain` does."""
        return await self._queries.columns(soql)

    async def count(self, soql: str, *, all_rows: bool = False) -> int:
        """The number that a `SELECT COUNT() FROM …` gives; `all_rows` counts deleted records too."""
        return await self._queries.count(soql, all_rows=all_rows)

    async def clock(self) -> datetime:
        """The org's own clock (UTC, whole seconds), as the answer to a small call bears it."""
        return await self._describe.clock()


@asynccontextmanager
async def connect(
    login: Login,
    *,
    on_call: Callable[[Call], None] | None = None,
    api_version: str | None = None,
    budget: Budget | None = None,
    patience: Patience | None = None,
    pace: Polling | None = None,
) -> AsyncIterator[Salesforce]:
    """A signed-in client; closed at the end of the block.

    `on_call` hears of every HTTP call; `api_version` (`"60.0"`) is else the newest that both sides know;
    `patience` and `pace` set the waits of repeats and of polling. Raises SessionRefused, SetupRefused, Unavailable.
    """
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    # cookies off: a session cookie of one sign-in must not outlive it
    async with aiohttp.ClientSession(
        connector=connector, timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True
    ) as http:
        transport = Transport(http, login, budget or Budget(), on_call=on_call, patience=patience)
        offered = await Describe(transport).versions()
        version = choose_version(offered, api_version)
        transport.data = f"/services/data/v{version}"
        yield Salesforce(transport, version, pace or Polling())
