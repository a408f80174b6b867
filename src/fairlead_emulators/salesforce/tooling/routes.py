"""`/tooling`: query, describe and single rows; Apex is not run."""

import re
from collections.abc import Callable
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model import describe
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call
from fairlead_emulators.salesforce.tables.filters import quoted
from fairlead_emulators.salesforce.tooling import query
from fairlead_emulators.salesforce.tooling.schema import tooling_schema

fact("tooling_shapes")
fact("tooling_read_only")
fact("tooling_no_apex")
fact("definitions_by_rest")

_DEFINITIONS: Final = re.compile(r"^\s*select\s[^']*?\sfrom\s+(?:entity|field)definition\b", re.IGNORECASE)


def routes(api: Api) -> list[Route]:
    """The routes of this file."""
    root = DATA + "/tooling"
    one = root + "/sobjects/{sobject}"
    return [
        Route(root, api(doors), methods=["GET"]),
        Route(root + "/query", api(ask), methods=["GET"]),
        Route(root + "/queryAll", api(ask), methods=["GET"]),
        Route(root + "/executeAnonymous", api(no_apex), methods=["GET", "POST"]),
        Route(root + "/runTestsAsynchronous", api(no_apex), methods=["GET", "POST"]),
        Route(root + "/runTestsSynchronous", api(no_apex), methods=["GET", "POST"]),
        Route(root + "/sobjects", api(all_objects), methods=["GET"]),
        Route(one, api(basic), methods=["GET"]),
        Route(one, api(read_only), methods=["POST"]),
        Route(one + "/describe", api(described), methods=["GET"]),
        Route(one + "/{id}", api(read), methods=["GET"]),
        Route(one + "/{id}", api(read_only), methods=["PATCH", "DELETE"]),
    ]


def definitions(api: Api, otherwise: Callable[[Call], Response]) -> list[Route]:
    """`/query` of EntityDefinition and FieldDefinition, which are asked here too; all else is asked `otherwise`."""

    def work(call: Call) -> Response:
        match = _DEFINITIONS.search(call.query.get("q", ""))
        if match is None or "columns" in call.query:
            return otherwise(call)
        answer = query.ask(call.org, call.query["q"], call.version)
        return JSONResponse({"totalSize": answer.total, "done": True, "records": answer.records})

    return [Route(DATA + "/query", api(work), methods=["GET"])]


def _root(call: Call) -> str:
    return f"{call.root}/tooling"


def doors(call: Call) -> Response:
    """`GET …/tooling`."""
    return JSONResponse(
        {name: f"{_root(call)}/{name}" for name in ("query", "queryAll", "sobjects", "executeAnonymous")}
    )


def ask(call: Call) -> Response:
    """`GET …/tooling/query?q=`."""
    text = call.query.get("q")
    if not text:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    answer = query.ask(call.org, text, call.version)
    body: dict[str, Any] = {"size": len(answer.records), "totalSize": answer.total, "done": True, "queryLocator": None}
    return JSONResponse(body | {"entityTypeName": _entity(text), "records": answer.records})


def _entity(text: str) -> str | None:
    words = text.split()
    after = next((words[at + 1] for at, word in enumerate(words[:-1]) if word.lower() == "from"), "")
    found = tooling_schema().object(after)
    return found.name if found else None


def _sobject(call: Call) -> SObject:
    found = tooling_schema().object(call.path["sobject"])
    if found is None:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return found


def all_objects(call: Call) -> Response:
    """`GET …/tooling/sobjects`."""
    return JSONResponse(describe.describe_global(tooling_schema(), _root(call)))


def basic(call: Call) -> Response:
    """`GET …/tooling/sobjects/X`."""
    return JSONResponse({"objectDescribe": describe.summary(_sobject(call), _root(call)), "recentItems": []})


def described(call: Call) -> Response:
    """`GET …/tooling/sobjects/X/describe`."""
    return JSONResponse(describe.describe(_sobject(call), _root(call)))


def read(call: Call) -> Response:
    """`GET …/tooling/sobjects/X/{id}`."""
    sobject = _sobject(call)
    names = ", ".join(f.name for f in sobject.fields.values() if f.name != "Id")
    text = f"SELECT Id, {names} FROM {sobject.name} WHERE Id = {quoted(call.path['id'])}"
    try:
        found = query.ask(call.org, text, call.version).records
    except ApiError:
        found = []
    if not found:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return JSONResponse(found[0])


def read_only(call: Call) -> Response:
    """Metadata is not written here."""
    name = _sobject(call).name
    message = f"entity type {name} is read only in this org: deploy it through the Metadata API"
    raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", message)


def no_apex(_call: Call) -> Response:
    """Apex is not run."""
    message = "This org does not run Apex: neither anonymous code nor tests"
    raise ApiError(400, "FUNCTIONALITY_NOT_ENABLED", message)
