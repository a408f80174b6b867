"""`/query` and `/queryAll`: pages of up to 2,000 records."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call
from fairlead_emulators.salesforce.soql import door as soql_door
from fairlead_emulators.salesforce.soql.locators import Found
from fairlead_emulators.salesforce.state.org import Org

fact("query_pages")
fact("query_batch_size")
fact("query_columns")
fact("query_explain")

DEFAULT_PAGE: Final = 2_000
MIN_PAGE: Final = 200
KEPT: Final = 25


@dataclass(slots=True)
class Queries:
    """The endpoints, and the answers whose further pages wait; the oldest of them give way.

    `kept` gives the SOQL of what has an id with that prefix: a list view, a report. It raises ApiError.
    """

    api: Api
    kept: Mapping[str, Callable[[Org, str], str]] = field(default_factory=dict)
    waiting: "OrderedDict[str, tuple[Found, int, str]]" = field(default_factory=OrderedDict)

    def routes(self) -> list[Route]:
        """The routes of this file."""
        more = self.api(self.more)
        return [
            Route(DATA + "/query", self.api(self.query), methods=["GET"]),
            Route(DATA + "/queryAll", self.api(self.query_all), methods=["GET"]),
            Route(DATA + "/query/{locator}", more, methods=["GET"]),
            Route(DATA + "/queryAll/{locator}", more, methods=["GET"]),
        ]

    def query(self, call: Call) -> Response:
        """`GET …/query?q=`."""
        return self._ask(call, deleted=False)

    def query_all(self, call: Call) -> Response:
        """`GET …/queryAll?q=`: deleted records too."""
        return self._ask(call, deleted=True)

    def _ask(self, call: Call, *, deleted: bool) -> Response:
        if "explain" in call.query:
            return JSONResponse(soql_door.plan(call.org, self._explained(call.org, call.query["explain"])))
        text = call.query.get("q")
        if not text:
            raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
        if call.query.get("columns", "").lower() == "true":
            return JSONResponse(soql_door.columns(call.org, text))
        size = _page_size(call)
        found = soql_door.find(call.org, text, call.version, size, deleted=deleted)
        if not found.ids:
            return JSONResponse({"totalSize": found.total, "done": True, "records": found.first})
        identity = call.org.storage.new_ids("01g", 1)[0]
        self.waiting[identity] = (found, size, call.org.acting_user())
        while len(self.waiting) > KEPT:
            self.waiting.popitem(last=False)
        return self._page(call, identity, 0)

    def _explained(self, org: Org, asked: str) -> str:
        record_id = to18(asked.strip())
        query = self.kept.get(record_id[:3]) if record_id else None
        return query(org, record_id) if query and record_id else asked

    def _page(self, call: Call, identity: str, start: int) -> Response:
        found, size, _ = self.waiting[identity]
        end = start + size
        body: dict[str, Any] = {"totalSize": found.total, "done": end >= found.total}
        if not body["done"]:
            body["nextRecordsUrl"] = f"{call.root}/query/{identity}-{end}"
        return JSONResponse(body | {"records": soql_door.page(call.org, found, start, size, call.version)})

    def more(self, call: Call) -> Response:
        """`GET …/query/{locator}`."""
        identity, _, start = call.path["locator"].rpartition("-")
        known = self.waiting.get(identity)
        if (
            known is None
            or known[2] != call.org.acting_user()
            or not (start.isascii() and start.isdecimal() and len(start) < 10)
        ):
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        if int(start) > known[0].total:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(call, identity, int(start))


def _page_size(call: Call) -> int:
    asked = re.search(r"batchSize\s*=\s*([0-9]{1,9})", call.headers.get("sforce-query-options", ""))
    return min(max(int(asked.group(1)), MIN_PAGE), DEFAULT_PAGE) if asked else DEFAULT_PAGE
