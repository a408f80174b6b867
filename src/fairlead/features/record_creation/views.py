"""The page of new contacts and leads: a list's preview, and offering refused rows again."""

from typing import Any
from urllib.parse import urlencode

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fairlead.domain.failure import Failure
from fairlead.features.record_creation import preview as previews
from fairlead.features.record_creation import settings
from fairlead.store import setting_rows
from fairlead.store.orgs import default_org

HERE = "record_creation"


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The lists, which of them have a rule, and the preview of one that was chosen. Both are read live."""
    org = default_org()
    chosen = request.GET.get("list", "")
    context: dict[str, Any] = {"here": HERE, "chosen": chosen}
    try:
        with_rule = {
            subject
            for subject in setting_rows.subjects(org, settings.RULE)
            if setting_rows.value(org, settings.RULE, subject) != settings.NOTHING
        }
        found = async_to_sync(previews.lists)(org)
        context["lists"] = [(one, name, client, one in with_rule) for one, name, client in found]
        if chosen:
            context["preview"] = async_to_sync(previews.preview)(org, chosen)
    except Failure as failure:
        context["problem"] = failure
    return render(request, "record_creation/page.html", context)


@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Let the next sync offer refused rows again, of one list or of all."""
    chosen = request.POST.get("list", "")
    rows = previews.retry(default_org(), request.user.get_username(), chosen)
    messages.success(request, _("The next sync offers {rows:,} refused rows again.").format(rows=rows))
    return redirect(f"{reverse('records')}?{urlencode({'list': chosen})}" if chosen else "records")
