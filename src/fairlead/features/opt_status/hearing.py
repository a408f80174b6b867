"""What is done about people who leave or sign up, as webhooks tell it: they are looked at within seconds.

A sign-up from an address of the internet is a consent given by the person. That Campaign Monitor tells it only of forms, and
`TypeManual` of imports and of its API, is *assumed* (`docs/explanation/assumed.md`).
"""

from collections.abc import Sequence

from asgiref.sync import async_to_sync
from django.db import transaction

from fairlead.campaignmonitor.timezones import instants, zone
from fairlead.domain.address import normal
from fairlead.domain.consent import Basis, Evidence, Side
from fairlead.features.opt_status import acts, records, rules
from fairlead.jobs import api as jobs
from fairlead.store.models import KnownList, Org
from fairlead.sync.heard import Heard
from fairlead.sync.stage import ClientScope

BY = "webhook"


def listen(org_id: int, list_id: str, heard: Sequence[Heard]) -> None:
    """Keep consents, and let the next run look at everybody; nothing before the client's first run."""
    org = Org.objects.get(pk=org_id)
    client = _client_of(org, list_id)
    if client is None or not async_to_sync(acts.book_of(org).scope)(client.id):
        return
    for one in heard:
        if one.signed_up:
            _consent(org, client, list_id, one)
    with transaction.atomic():
        for one in heard:
            left = None if one.signed_up else (list_id, one.date)
            records.put_waiting(org.pk, client.id, normal(one.address), heard=left)
        jobs.ask(org, rules.KIND, args={"waiting": True}, by=BY)


def _consent(org: Org, client: ClientScope, list_id: str, one: Heard) -> None:
    """Of two moments that the text may mean, the earlier: a consent has to be later than the opt-out."""
    try:
        at = instants(one.date, zone(client.time_zone))[0]
    except ValueError:
        return
    given = Evidence(side=Side.CAMPAIGN_MONITOR, basis=Basis.SUBSCRIBE_FORM, source=f"form of list {list_id}", at=at)
    async_to_sync(acts.book_of(org).record)(client.id, records.address_key(one.address), given)


def _client_of(org: Org, list_id: str) -> ClientScope | None:
    known = KnownList.objects.filter(org=org, list_id=list_id).values_list("client_id", flat=True).first()
    return next((client for client in acts.clients(org) if client.id == known), None)
