"""Messages and the audit log for programs."""

from typing import Any, Final

from django.http import HttpRequest

from fairlead.features.maintenance import acts, reading
from fairlead.store.orgs import default_org
from fairlead.ui.api import api

MOST: Final = 500


def _list(request: HttpRequest) -> dict[str, Any]:
    """Messages by `state`, `code`, `kind`, `severity`, `find`, `sort`; at most `limit` from `offset` on."""
    found = reading.messages(default_org(), reading.wanted(request.GET.dict()))
    first, limit = _number(request, "offset", 0), min(_number(request, "limit", 100), MOST)
    return {"count": found.count(), "messages": [reading.as_dict(each) for each in found[first : first + limit]]}


def _one(request: HttpRequest, number: int) -> dict[str, Any]:
    """One message."""
    return {"message": reading.as_dict(acts.find(default_org(), number))}


def _resolve(request: HttpRequest, by: str, number: int) -> dict[str, Any]:
    """Resolve a message."""
    return {"message": reading.as_dict(acts.resolve(default_org(), number, by))}


def _retry(request: HttpRequest, by: str, number: int) -> dict[str, Any]:
    """Ask again for the work of its job."""
    return {"job": acts.retry(default_org(), number, by).number}


def _audit(request: HttpRequest) -> dict[str, Any]:
    """Entries of the audit log by `who`, `what`, `find`, `from`, `to`; at most `limit` from `offset` on."""
    found = reading.audit(default_org(), request.GET.dict())
    first, limit = _number(request, "offset", 0), min(_number(request, "limit", 100), MOST)
    return {"count": found.count(), "entries": [reading.entry(each) for each in found[first : first + limit]]}


def _number(request: HttpRequest, name: str, default: int) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else default


messages = api(get=_list)
message = api(get=_one)
resolve = api(post=_resolve)
retry = api(post=_retry)
audit = api(get=_audit)
