"""How the identity and userinfo resources tell and refuse: in three formats, and with words of their own."""

import json
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from fairlead_emulators.control import Endpoint
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.state.org import Org

fact("identity_formats")
fact("identity_refusals")


def refusing(endpoint: Endpoint) -> Endpoint:
    """A bad session is 403 with a word, not 401 with JSON."""

    async def wrapped(request: Request) -> Response:
        if not request.headers.get("authorization"):
            return PlainTextResponse("Missing_OAuth_Token", 403)
        try:
            return await endpoint(request)
        except ApiError:
            return PlainTextResponse("Bad_OAuth_Token", 403)

    return wrapped


def identity(org: Org, endpoint: Endpoint) -> Endpoint:
    """Answers `/id/{org}/{user}` by `format` or Accept as JSON, XML or form; refuses other orgs."""

    async def wrapped(request: Request) -> Response:
        if request.path_params["org_id"][:15] != org.identity.org_id[:15]:
            return PlainTextResponse("Wrong_Org", 403)
        if not request.path_params["user_id"].startswith("005"):
            return PlainTextResponse("Bad_Id", 403)
        answer = await endpoint(request)
        told = json.loads(bytes(answer.body))
        wanted = request.query_params.get("format") or _accepted(request.headers.get("accept", ""))
        if wanted == "xml":
            body = f'<?xml version="1.0" encoding="UTF-8"?>\n<user>{_xml(told)}</user>'
            return Response(body, media_type="application/xml")
        if wanted == "urlencoded":
            return Response(urlencode(_flat(told)), media_type="application/x-www-form-urlencoded")
        return answer

    return refusing(wrapped)


def _accepted(header: str) -> str:
    for part in header.split(","):
        kind = part.partition(";")[0].strip().lower()
        if kind in ("application/xml", "text/xml"):
            return "xml"
        if kind == "application/x-www-form-urlencoded":
            return "urlencoded"
        if kind == "application/json":
            return "json"
    return "json"


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(part)}</{name}>" for name, part in value.items())
    return escape(_text(value))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _flat(told: dict[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in told.items():
        parts = value.items() if isinstance(value, dict) else (("", value),)
        flat |= {f"{name}.{part}" if part else name: _text(each) for part, each in parts}
    return flat
