"""Pages of messages: the list, one with its guidance, and the acts on it."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fairlead.domain.failure import Failure
from fairlead.features.maintenance import acts, reading, rules
from fairlead.features.maintenance.models import Message, Severity, State
from fairlead.jobs import registry
from fairlead.store import known
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.ui import help_codes
from fairlead.ui.access import Role, role_of

HERE: Final = "maintenance"
A_PAGE: Final = 50
SORTS: Final = (("newest", "Last seen"), ("oldest", "Oldest"), ("often", "How often"), ("code", "Code"))


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """The messages: open ones first asked for, with filters, search and pages."""
    org = default_org()
    asked = reading.wanted(request.GET.dict())
    page = Paginator(reading.messages(org, asked), A_PAGE).get_page(request.GET.get("page"))
    open_ones = Message.objects.filter(org=org, state=State.OPEN)
    context = {
        "here": HERE,
        "tab": "messages",
        "page": page,
        "rows": [(message, kind_title(message)) for message in page.object_list],
        "asked": asked,
        "states": State.choices,
        "severities": Severity.choices,
        "sorts": SORTS,
        "codes": list(open_ones.order_by("code").values_list("code", flat=True).distinct()),
        "query": urlencode(asked.query()),
        "any": bool(page.object_list) or Message.objects.filter(org=org).exists(),
    }
    return render(request, "maintenance/messages.html", context)


@require_GET
def messages_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same as a file, all pages of it."""
    found = reading.messages(default_org(), reading.wanted(request.GET.dict()))
    rows = (list(reading.as_dict(message).values()) for message in found.iterator(chunk_size=500))
    return streamed("messages.csv", reading.SHOWN, rows)


@require_GET
def message(request: HttpRequest, number: int) -> HttpResponse:
    """One message: what it means, why it happens, what to do, and where."""
    org = default_org()
    found = get_object_or_404(Message, pk=number, org=org)
    context = {
        "here": HERE,
        "tab": "messages",
        "message": found,
        "kind": kind_title(found),
        "list": known.subject(org, found.list_id) if found.list_id else None,
        "client": known.subject(org, found.client_id) if found.client_id else None,
        "place": _place(found.code),
        "can_retry": acts.can_retry(found),
        "guidance": help_codes.page(found.code),
        "support": acts.for_support(found, version("fairlead")),
    }
    return render(request, "maintenance/message.html", context)


@require_POST
def resolve(request: HttpRequest, number: int) -> HttpResponse:
    """Resolve a message by hand."""
    found = _message(default_org(), number)
    acts.resolve(default_org(), found.number, request.user.get_username())
    messages.success(request, _("Resolved. If it happens again, there will be a new message."))
    return redirect("message", number)


@require_POST
def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Ask again for the work of the message's job, and show that."""
    found = _message(default_org(), number)
    try:
        job = acts.retry(default_org(), found.number, request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("message", number)
    messages.success(request, _("Asked for again. When it succeeds, the message resolves itself."))
    return redirect("job", job.number)


def kind_title(message: Message) -> str:
    """What people call that which the message is of."""
    return rules.TITLES.get(message.kind) or registry.title(message.kind)


def panel(request: HttpRequest) -> SafeString:
    """For other pages: how many messages are open, and the way to them. Blank when all is well, or for who may not look."""
    if role_of(request) < Role.FULL:
        return SafeString("")
    found = Message.objects.filter(org=default_org(), state=State.OPEN).order_by().values_list("severity")
    counted: dict[str, int] = dict(found.annotate(open_ones=Count("id")))
    rows = [(severity, label, counted[severity]) for severity, label in Severity.choices if severity in counted]
    return render_to_string("maintenance/_panel.html", {"rows": rows}, request=request) if rows else SafeString("")


def _message(org: Org, number: int) -> Message:
    return get_object_or_404(Message, pk=number, org=org)


def _place(code: str) -> tuple[str, str] | None:
    place = rules.place_of(code)
    if place is None:
        return None
    try:
        return reverse(place.url, args=place.args), place.label
    except NoReverseMatch:
        return None


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def streamed(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A file of lines, sent while it is read: nothing of it is kept."""

    def lines() -> Iterator[str]:
        writer: Any = csv.writer(_Line())
        yield writer.writerow(head)
        for row in rows:
            yield writer.writerow([reading.harmless(cell) for cell in row])

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer
