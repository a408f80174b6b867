"""Requests for programs, such as External Services of Salesforce: ask, and see what became of it."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from fairlead.domain.role import Role
from fairlead.features.flow_requests import openapi, taking
from fairlead.features.flow_requests.models import FlowRequest
from fairlead.store.orgs import default_org
from fairlead.ui.api import BadBody, api, body


def _ask(request: HttpRequest, by: str) -> dict[str, Any]:
    """Take one request; one that is known is told as it stands."""
    sent = body(request)
    if "attachments" in sent:
        raise BadBody(
            "Attachments are not sent with smart e-mails: spam filters hold them back. Put a link into a variable."
        )
    unknown = set(sent) - set(openapi.FIELDS)
    if unknown:
        raise BadBody(f"The body has {', '.join(sorted(unknown))}, which mean nothing here.")
    found = taking.take(default_org(), sent, by)
    return {"request": told(found, str(sent["request_id"]).strip())}


def _look(request: HttpRequest, request_id: str) -> dict[str, Any]:
    """What became of one request."""
    return {"request": told(taking.find(default_org(), request_id), request_id)}


def told(row: FlowRequest, name: str) -> dict[str, Any]:
    """A request as JSON."""
    return {
        "request_id": name,
        "action": row.action,
        "outcome": row.outcome,
        "code": row.support_code,
        "message": row.reason,
    }


@login_not_required
@require_GET
def description(request: HttpRequest) -> HttpResponse:
    """The API's description; open to everybody, as it says nothing of this installation but its address."""
    return JsonResponse(openapi.document(settings.FAIRLEAD_PUBLIC_URL))


requests = api(post=_ask, role=Role.STANDARD)
request_of = api(get=_look, role=Role.STANDARD)
