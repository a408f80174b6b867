"""The door for Campaign Monitor, which signs nothing and carries no token of our pages; and the panel's button."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from fairlead.features.webhooks import receiving, repairing
from fairlead.jobs import api
from fairlead.store.orgs import default_org

WAIT_S = "60"


@csrf_exempt
@login_not_required
@never_cache
@sensitive_variables("body", "token")
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """200 when the post is kept; 404 for everything that is no webhook of ours, whatever it is; 429 when too many wait."""
    if request.method != "POST":
        return HttpResponse(status=receiving.UNKNOWN)
    # one byte more than is kept tells that it is too long; Django itself has spooled the body to a file by then
    body = request.read(receiving.LONGEST + 1)
    status = receiving.take(token, body)
    return HttpResponse(status=status, headers={"Retry-After": WAIT_S} if status == receiving.LATER else None)


@require_POST
def repair(request: HttpRequest) -> HttpResponse:
    """Ask for the job that looks at every list's webhook."""
    job = api.ask(default_org(), repairing.KIND, by=request.user.get_username())
    messages.success(request, _("Job {number} looks at the webhooks of every list.").format(number=job.number))
    return redirect("sync_settings")
