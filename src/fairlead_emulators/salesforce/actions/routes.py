"""`/actions`: which actions there are, what each takes, and invoking them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.actions import flows, notifications
from fairlead_emulators.salesforce.errors import ApiError, RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call
from fairlead_emulators.salesforce.state.org import Org

fact("actions_list")
fact("actions_results")

MAX_INPUTS: Final = 200
CUSTOM: Final = ("apex", "emailAlert", "externalService", "flow", "quickAction", "sendNotification")
_LABEL: Final = "Send Custom Notification"


def routes(api: Api) -> list[Route]:
    """The routes of this file."""
    root = DATA + "/actions"
    notify = f"{root}/standard/{notifications.NAME}"
    return [
        Route(root, api(kinds), methods=["GET"]),
        Route(root + "/standard", api(standard), methods=["GET"]),
        Route(notify, api(notify_described), methods=["GET"]),
        Route(notify, api(notify_invoked), methods=["POST"]),
        Route(root + "/custom", api(custom), methods=["GET"]),
        Route(root + "/custom/{kind}", api(custom_kind), methods=["GET"]),
        Route(root + "/custom/flow/{name}", api(flow_described), methods=["GET"]),
        Route(root + "/custom/flow/{name}", api(flow_invoked), methods=["POST"]),
    ]


def control(org: Org) -> list[Route]:
    """`GET /_control/notifications`: what was sent, oldest first; a DELETE forgets it."""

    async def inbox(request: Request) -> Response:
        if request.method == "DELETE":
            notifications.clear(org)
        return JSONResponse(notifications.sent(org))

    return [Route("/_control/notifications", inbox, methods=["GET", "DELETE"])]


def kinds(call: Call) -> Response:
    """`GET …/actions`."""
    return JSONResponse({name: f"{call.root}/actions/{name}" for name in ("standard", "custom")})


def standard(call: Call) -> Response:
    """`GET …/actions/standard`."""
    url = f"{call.root}/actions/standard/{notifications.NAME}"
    each = {"label": _LABEL, "name": notifications.NAME, "type": "CUSTOMNOTIFICATION", "url": url}
    return JSONResponse({"actions": [each]})


def custom(call: Call) -> Response:
    """`GET …/actions/custom`."""
    return JSONResponse({name: f"{call.root}/actions/custom/{name}" for name in CUSTOM})


def custom_kind(call: Call) -> Response:
    """`GET …/actions/custom/flow`, and the kinds of which there are none."""
    kind = call.path["kind"]
    if kind not in CUSTOM:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    found = flows.flows(call.org).values() if kind == "flow" else ()
    actions = [
        {"label": f.label, "name": f.name, "type": "FLOW", "url": f"{call.root}/actions/custom/flow/{f.name}"}
        for f in found
    ]
    return JSONResponse({"actions": actions})


def notify_described(_call: Call) -> Response:
    """`GET …/actions/standard/customNotificationAction`."""
    inputs = [
        _parameter(name, kind, required=needed, most=500 if name == "recipientIds" else 1)
        for name, kind, needed in notifications.INPUTS
    ]
    outputs = [_parameter("SuccessMessage", "STRING")]
    return _described(notifications.NAME, _LABEL, "CUSTOMNOTIFICATION", "Send a custom notification.", inputs, outputs)


def notify_invoked(call: Call) -> Response:
    """`POST …/actions/standard/customNotificationAction`."""

    def send(asked: Mapping[str, Any]) -> dict[str, Any]:
        refusal = notifications.send(call.org, asked)
        if refusal is not None:
            raise flows.Failed(refusal)
        count = len(asked["recipientIds"])
        return {"SuccessMessage": f"Your custom notification is processed successfully for {count} recipients."}

    return _invoked(call, notifications.NAME, send)


def _flow(call: Call) -> flows.Flow:
    found = flows.flows(call.org).get(call.path["name"])
    if found is None:
        raise ApiError(404, "NOT_FOUND", f"No active autolaunched flow is called {call.path['name']}")
    return found


def flow_described(call: Call) -> Response:
    """`GET …/actions/custom/flow/{name}`."""
    flow = _flow(call)
    found = flow.variables
    inputs, outputs = (
        [_parameter(v.name, v.type.upper(), v.description, most=999 if v.collection else 1) for v in side]
        for side in ([v for v in found if v.input], [v for v in found if v.output])
    )
    return _described(flow.name, flow.label, "FLOW", flow.description, inputs, outputs)


def flow_invoked(call: Call) -> Response:
    """`POST …/actions/custom/flow/{name}`."""
    flow = _flow(call)
    finished = {"Flow__InterviewStatus": "Finished"}
    return _invoked(call, flow.name, lambda asked: finished | flows.invoke(call.org, flow, asked))


def _invoked(call: Call, name: str, work: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Response:
    """One result for each of `inputs`, in order; 400 when any was refused."""
    inputs = call.json_object().get("inputs")
    if not isinstance(inputs, list) or not inputs or not all(isinstance(each, dict) for each in inputs):
        raise ApiError(400, "INVALID_INPUT", "inputs must be a list of objects")
    if len(inputs) > MAX_INPUTS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"{len(inputs)} inputs exceed the limit of {MAX_INPUTS}")
    results: list[dict[str, Any]] = []
    for asked in inputs:
        try:
            results.append(_result(name, work(asked), None))
        except flows.Failed as failed:
            results.append(_result(name, None, failed.error))
    good = all(each["isSuccess"] for each in results)
    return JSONResponse(results, status_code=200 if good else 400)


def _result(name: str, outputs: dict[str, Any] | None, error: RowError | None) -> dict[str, Any]:
    return {
        "actionName": name,
        "errors": [error.in_collection()] if error else None,
        "isSuccess": error is None,
        "invocationId": None,
        "outputValues": outputs,
        "sortOrder": -1,
        "version": 1,
    }


def _parameter(name: str, kind: str, description: str = "", *, required: bool = False, most: int = 1) -> dict[str, Any]:
    return {
        "byteLength": 0,
        "description": description or None,
        "label": name,
        "maxOccurs": most,
        "name": name,
        "picklistValues": None,
        "required": required,
        "sobjectType": None,
        "type": kind,
    }


def _described(
    name: str, label: str, kind: str, description: str, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]
) -> Response:
    return JSONResponse(
        {
            "description": description,
            "inputs": inputs,
            "label": label,
            "name": name,
            "outputs": outputs,
            "standard": kind != "FLOW",
            "targetEntityName": None,
            "type": kind,
        }
    )
