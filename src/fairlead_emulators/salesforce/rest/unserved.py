"""Resources that a real org has and this one refuses by name, rather than as unknown."""

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call
from fairlead_emulators.salesforce.state.storage import quoted

fact("sosl_refused")
fact("organization_minimal")


def routes(api: Api) -> list[Route]:
    """The routes of this file."""
    return [
        Route(DATA + "/search", api(no_search), methods=["GET"]),
        Route(DATA + "/parameterizedSearch", api(no_search), methods=["GET", "POST"]),
        Route(DATA + "/search/{rest:path}", api(no_search), methods=["GET"]),
        Route(DATA + "/connect/organization", api(organization), methods=["GET"]),
    ]


def no_search(_call: Call) -> Response:
    """SOSL is not served."""
    raise ApiError(400, "FUNCTIONALITY_NOT_ENABLED", "This org does not serve SOSL: ask by SOQL, /query?q=")


def organization(call: Call) -> Response:
    """`GET …/connect/organization`: the little that clients ask of it."""
    with call.org.storage.lock:
        row = call.org.storage.connection.execute(f"SELECT Name FROM {quoted('Organization')}").fetchone()
    return JSONResponse(
        {
            "accessTimeout": 120,
            "name": row[0] if row else "",
            "orgId": call.org.identity.org_id,
            "userSettings": {"userId": call.org.acting_user(), "timeZone": {"name": "UTC", "gmtOffset": 0.0}},
        }
    )
