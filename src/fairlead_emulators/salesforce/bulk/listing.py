"""Lists of jobs: a thousand at a time, newest last, filtered by kind."""

import base64
from collections.abc import Callable, Iterable
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from fairlead_emulators.salesforce.bulk.jobs import Job
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.rest.wire import Call

fact("bulk_list_pages")

PAGE: Final = 1_000
_MODES: Final = ("parallel", "serial")


def listed(call: Call, jobs: Iterable[Job], path: str, tell: Callable[[Job], dict[str, Any]]) -> Response:
    """`GET …/jobs/ingest` or `query` with `jobType`, `concurrencyMode`, `isPkChunkingEnabled`, `queryLocator`."""
    found = [tell(job) for job in jobs]
    kind, mode = call.query.get("jobType"), call.query.get("concurrencyMode")
    if mode and mode.lower() not in _MODES:
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : concurrencyMode must be parallel or serial: {mode}")
    if kind:
        found = [each for each in found if each["jobType"].lower() == kind.lower()]
    if mode:
        found = [each for each in found if each["concurrencyMode"].lower() == mode.lower()]
    if call.query.get("isPkChunkingEnabled", "").lower() == "true":
        found = []  # these jobs are never cut by key
    first = _start(call.query.get("queryLocator"))
    done = first + PAGE >= len(found)
    more = None if done else f"{call.root}/jobs/{path}?queryLocator={_locator(first + PAGE)}"
    return JSONResponse({"done": done, "records": found[first : first + PAGE], "nextRecordsUrl": more})


def _locator(start: int) -> str:
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def _start(locator: str | None) -> int:
    if not locator:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4))))
    except ValueError:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", f"queryLocator is invalid: {locator}") from None
