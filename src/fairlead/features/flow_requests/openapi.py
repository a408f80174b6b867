"""The description of the API in OpenAPI 3.0, as External Services of Salesforce import it: short, unique operation ids."""

from typing import Any, Final

from fairlead.features.flow_requests.rules import LONGEST_ID, LONGEST_VALUE, OFFERED

FIELDS: Final[dict[str, dict[str, Any]]] = {
    "request_id": {
        "type": "string",
        "maxLength": LONGEST_ID,
        "description": "A name for the request: requests of one name are carried out once.",
    },
    "action": {"type": "string", "enum": [str(one) for one in OFFERED], "description": "What to do."},
    "record_id": {
        "type": "string",
        "maxLength": 18,
        "description": "The contact or lead that it is about; with send_smart_email a record of the mapping's object.",
    },
    "mapping_id": {
        "type": "string",
        "maxLength": LONGEST_ID,
        "description": "With send_smart_email: the id of the smart e-mail mapping.",
    },
    "list_id": {
        "type": "string",
        "maxLength": LONGEST_ID,
        "description": "List Id of the list's record. Blank with unsubscribe: all lists.",
    },
    "field": {
        "type": "string",
        "maxLength": LONGEST_VALUE,
        "description": "With set_field: the custom field, by name or key.",
    },
    "value": {
        "type": "string",
        "maxLength": LONGEST_VALUE,
        "description": "With set_field: the value; blank empties it.",
    },
}
REQUIRED: Final = ("request_id", "action", "record_id")
_OUTCOME: Final[dict[str, dict[str, Any]]] = {
    "request_id": {"type": "string"},
    "action": {"type": "string"},
    "outcome": {"type": "string", "enum": ["waiting", "done", "refused"]},
    "code": {"type": "string", "description": "The support code of a refusal."},
    "message": {"type": "string", "description": "Why it was refused, and what to do."},
}


def document(url: str) -> dict[str, Any]:
    """The description, for a Fairlead at this address."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Fairlead requests",
            "version": "1",
            "description": "Ask for changes of subscribers. Nobody who opted out is subscribed again.",
        },
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": {
            "/api/v1/requests": {
                "post": {
                    "operationId": "ask",
                    "summary": "Ask for work on one contact or lead, or for a smart e-mail",
                    "requestBody": {"required": True, "content": _content("Request")},
                    "responses": _answers("Kept, or known already: how it stands", "401", "409", "422"),
                }
            },
            "/api/v1/requests/{request_id}": {
                "get": {
                    "operationId": "look",
                    "summary": "See what became of a request",
                    "parameters": [
                        {"name": "request_id", "in": "path", "required": True, "schema": {"type": "string"}}
                    ],
                    "responses": _answers("How it stands", "401", "404"),
                }
            },
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Request": {"type": "object", "required": list(REQUIRED), "properties": FIELDS},
                "Outcome": {"type": "object", "properties": _OUTCOME},
                "Answer": {
                    "type": "object",
                    "properties": {"ok": {"type": "boolean"}, "request": {"$ref": "#/components/schemas/Outcome"}},
                },
                "Error": {
                    "type": "object",
                    "properties": {
                        "code": {"type": "string"},
                        "text": {"type": "string"},
                        "next_step": {"type": "string"},
                    },
                },
                "Failure": {
                    "type": "object",
                    "properties": {"ok": {"type": "boolean"}, "error": {"$ref": "#/components/schemas/Error"}},
                },
            },
        },
    }


_WHY: Final = {
    "401": "No valid token",
    "404": "No such request",
    "409": "Another request has this id",
    "422": "Not a request",
}


def _answers(good: str, *bad: str) -> dict[str, Any]:
    answers = {"200": {"description": good, "content": _content("Answer")}}
    return answers | {code: {"description": _WHY[code], "content": _content("Failure")} for code in bad}


def _content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
