"""The page of text messages: the chosen country, how numbers come out, and where they are mapped."""

from typing import Any, Final

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fairlead.domain.failure import Failure
from fairlead.domain.phone import COUNTRIES, COUNTRY
from fairlead.features.sms import rules
from fairlead.store import setting_rows
from fairlead.store.orgs import default_org
from fairlead.sync import phone, sides
from fairlead.sync.failures import salesforce_failures

OBJECTS: Final = ("Contact", "Lead")
A_FEW: Final = 20


@require_GET
def sms(request: HttpRequest) -> HttpResponse:
    """What is chosen; and with `?look=1`, some numbers as they would go out, read now."""
    org = default_org()
    settings = setting_rows.values(org)
    country = settings.of(COUNTRY)
    context: dict[str, Any] = {"here": "sms", "country": dict(COUNTRIES).get(country, "")}
    if request.GET.get("look"):
        try:
            numbers = async_to_sync(_numbers)(org.pk)
        except Failure as failure:
            context["problem"] = failure
        else:
            context["checked"] = rules.checked(numbers, phone.by_setting(settings))
    return render(request, "sms/sms.html", context)


async def _numbers(org_id: int) -> list[tuple[str, str]]:
    """Mobile numbers of some contacts and leads, those changed last. Nothing of it is kept."""
    found: list[tuple[str, str]] = []
    async with sides.salesforce(org_id) as crm:
        with salesforce_failures("read mobile numbers"):
            for name in OBJECTS:
                newest = f"WHERE MobilePhone != null ORDER BY LastModifiedDate DESC LIMIT {A_FEW}"
                soql = f"SELECT Id, MobilePhone FROM {name} {newest}"
                async for page in crm.query(soql):
                    found += [(f"{name} {row['Id']}", str(row["MobilePhone"])) for row in page]
    return found
