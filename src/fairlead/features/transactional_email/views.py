"""The pages of transactional e-mail: smart e-mails, mappings and their form, Run test, the queue."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain.failure import Failure
from fairlead.features.transactional_email import forms, keeping, queue, saving, shown, trying
from fairlead.features.transactional_email.models import SmartEmail, SmartMapping
from fairlead.features.transactional_email.rules.failures import BadMapping
from fairlead.features.transactional_email.rules.words import LOOK, Draft, Wrong
from fairlead.jobs import api
from fairlead.store.models import KnownList
from fairlead.store.orgs import default_org

HERE: Final = "transactional_email"
View = Callable[..., HttpResponseBase]


def of_mapping(view: View) -> View:
    """Gives a view its mapping; 404 where there is none."""

    @wraps(view)
    def found(request: HttpRequest, mapping: str, **more: Any) -> HttpResponseBase:
        row = SmartMapping.objects.filter(org=default_org(), uid=mapping).first()
        if row is None:
            raise Http404
        return view(request, row, **more)

    return found


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Smart e-mails and mappings, and what the queue did last."""
    org = default_org()
    context = {
        "smart_emails": shown.smart_emails(org),
        "mappings": shown.mappings(org),
        "queue": shown.queue(org),
        "paused": queue.paused(org),
    }
    return render(request, "transactional_email/overview.html", {"here": HERE, **context})


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Read the smart e-mails anew, in a job."""
    job = api.ask(default_org(), LOOK, args={"all": True}, by=request.user.get_username())
    messages.success(request, _("Job {number} reads the smart e-mails.").format(number=job.number))
    return redirect("transactional")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponseBase:
    """The form of a new mapping."""
    if request.method == "POST":
        return _posted(request, "")
    draft = Draft(smart=request.GET.get("smart", ""))
    smart = SmartEmail.objects.filter(org=default_org(), smart_id=draft.smart).first()
    return _form(request, forms.filled(draft, smart.variables) if smart else draft)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@of_mapping
def edit(request: HttpRequest, mapping: SmartMapping) -> HttpResponseBase:
    """The form of a mapping there is."""
    if request.method == "POST":
        return _posted(request, mapping.uid)
    return _form(request, keeping.draft_of(mapping.org, mapping.uid))


@require_POST
@of_mapping
def clone(request: HttpRequest, mapping: SmartMapping) -> HttpResponse:
    """The same mapping once more."""
    made = keeping.clone(default_org(), mapping.uid, request.user.get_username())
    messages.success(request, _("“{name}” is a copy of its own now.").format(name=made.name))
    return redirect("transactional_mapping", made.uid)


@require_http_methods(["GET", "POST"])
@of_mapping
def delete(request: HttpRequest, mapping: SmartMapping) -> HttpResponse:
    """Ask, then delete the mapping."""
    org = default_org()
    if request.method == "POST":
        keeping.delete(org, mapping.uid, request.user.get_username())
        messages.success(request, _("The mapping “{name}” is deleted.").format(name=mapping.name))
        return redirect("transactional")
    context = {"mapping": mapping, "open": keeping.open_sends(org, mapping.uid)}
    return render(request, "transactional_email/delete.html", {"here": HERE, **context})


@never_cache
@sensitive_post_parameters("record", "address")
@require_http_methods(["GET", "POST"])
@of_mapping
def test(request: HttpRequest, mapping: SmartMapping) -> HttpResponse:
    """Run test: the variables of one record, then the e-mail to one address, or to its recipients."""
    record, address = request.POST.get("record", "").strip(), request.POST.get("address", "").strip()
    context: dict[str, Any] = {"mapping": mapping, "record": record, "address": address}
    if request.method == "POST":
        try:
            if request.POST.get("act") == "send":
                by = request.user.get_username()
                sent = async_to_sync(trying.send)(default_org(), mapping.uid, record, address, by)
                context["sent"] = sent or _("accepted")
            found = async_to_sync(trying.look)(default_org(), mapping.uid, record)
            context |= {"shown": found, "variables": shown.variables(found.data)}
        except Failure as failure:
            context["problem"] = failure
    context["once"] = uuid.uuid4().hex
    return render(request, "transactional_email/test.html", {"here": HERE, **context})


@require_POST
@of_mapping
def send(request: HttpRequest, mapping: SmartMapping) -> HttpResponse:
    """Send the e-mail of a record to its recipients, by the queue; pressed twice it is sent once."""
    once, record = request.POST.get("once", "")[:64], request.POST.get("record", "").strip()
    try:
        name = f"page {once or uuid.uuid4().hex}"
        queue.take(default_org(), queue.hash_of(name), mapping.uid, record, request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("transactional_test", mapping.uid)
    messages.success(request, _("It is in the queue, and is sent once. This page shows what becomes of it."))
    return redirect("transactional")


@require_POST
def again(request: HttpRequest, send: int) -> HttpResponse:
    """Let what was refused be sent once more."""
    try:
        queue.again(default_org(), send, request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
    else:
        messages.success(request, _("It waits in the queue again."))
    return redirect("transactional")


def _posted(request: HttpRequest, uid: str) -> HttpResponseBase:
    draft, act = forms.draft_of(request.POST, uid), request.POST.get("act", forms.SAVE)
    if act != forms.SAVE:
        draft = forms.pruned(forms.changed(draft, act))
        if act == "fill":
            smart = SmartEmail.objects.filter(org=default_org(), smart_id=draft.smart).first()
            draft = forms.filled(draft, smart.variables) if smart else draft
        return _form(request, draft, act=act)
    draft = forms.pruned(draft)
    try:
        saved = async_to_sync(saving.save)(default_org(), draft, request.user.get_username())
    except BadMapping as bad:
        return _form(request, draft, problems=bad.problems)
    except Failure as failure:
        return _form(request, draft, problem=failure)
    messages.success(request, _("The mapping “{name}” is saved.").format(name=saved.name))
    return redirect("transactional_test", saved.uid)


def _form(
    request: HttpRequest,
    draft: Draft,
    *,
    act: str = "",
    problems: tuple[Wrong, ...] = (),
    problem: Failure | None = None,
) -> HttpResponse:
    org = default_org()
    offered = saving.Offered([], [])
    if draft.object:
        try:
            offered = async_to_sync(saving.offered)(org, draft)
        except Failure as failure:
            problem = problem or failure
    context = {
        "draft": draft,
        "form": forms.form(draft, act),
        "problems": problems,
        "wrong": forms.told(problems),
        "problem": problem,
        "offered": offered,
        "smart_emails": [one for one in keeping.smart_emails(org) if not one.gone or one.smart_id == draft.smart],
        "lists": KnownList.objects.filter(org=org).order_by("client_name", "client_id", "name", "list_id"),
        "kinds": shown.KINDS.items(),
        "sources": shown.SOURCES.items(),
        "tracks": shown.TRACKS.items(),
        "operators": shown.OPERATORS.items(),
    }
    return render(request, "transactional_email/form.html", {"here": HERE, **context})
