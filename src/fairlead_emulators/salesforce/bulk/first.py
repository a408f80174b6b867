"""Bulk API 1.0: off in this org, which it says in the format that is asked for."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fairlead_emulators.salesforce.facts import fact

fact("bulk_1_refused")
fact("bulk_1_formats")

_CODE: Final = "FeatureNotEnabled"
_MESSAGE: Final = "Async API not enabled"
METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]


async def refused(request: Request) -> Response:
    """400 FeatureNotEnabled."""
    told = request.headers.get("accept", "") + request.headers.get("content-type", "")
    if "json" in told or "xml" not in told:
        return JSONResponse({"exceptionCode": _CODE, "exceptionMessage": _MESSAGE}, status_code=400)
    space = "http://www.force.com/2009/06/asyncapi/dataload"
    inside = f"<exceptionCode>{_CODE}</exceptionCode><exceptionMessage>{_MESSAGE}</exceptionMessage>"
    body = f'<?xml version="1.0" encoding="UTF-8"?><error xmlns="{space}">{inside}</error>'
    return Response(body, status_code=400, media_type="application/xml")
