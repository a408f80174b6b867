"""An import as a job: opens both sides, runs the flow, and notes what came of it. Also the calendar of imports."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from fairlead.domain import consent_settings
from fairlead.domain.failure import FixTheSettings
from fairlead.domain.outward_settings import PAUSED, TRIGGER_JOURNEYS
from fairlead.domain.setting import Values
from fairlead.features.import_wizard import numbers
from fairlead.features.import_wizard.consent import MayBeAdded, OrgTicks
from fairlead.features.import_wizard.flow import STAGES, ImportFlow, Paused, Plan, Tools
from fairlead.features.import_wizard.models import Import
from fairlead.features.import_wizard.records import Book
from fairlead.features.import_wizard.rules import columns, removal
from fairlead.features.import_wizard.rules.words import Refresh
from fairlead.features.import_wizard.sources import source_of
from fairlead.features.import_wizard.writing import AccountList
from fairlead.jobs import api, pausing, schedules
from fairlead.jobs.context import JobContext, in_database
from fairlead.jobs.models import Job
from fairlead.store import hashing, setting_rows
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.models import Org
from fairlead.sync import known, sides
from fairlead.sync.stage import ClientScope

KIND: Final = "import"
TITLE: Final = "Import"
LOOK_EVERY: Final = 0.25
"""Seconds between two looks at whether everything is paused: pages and calls ask far more often."""


class NoSuchImport(FixTheSettings):
    """The import is not there, or no longer."""

    code = "FL-477"
    next_step = "`fairlead imports list` lists them; so does the page Imports."

    def __init__(self, number: object) -> None:
        super().__init__(f"There is no import {number}.")


class ClientNotSynced(FixTheSettings):
    """The list of an import belongs to a client that is not selected."""

    code = "FL-478"
    next_step = "Select the client on the page Connections, or delete the import."

    def __init__(self, name: str) -> None:
        super().__init__(f"The client of “{name}” is not synced.")


def find(org: Org, number: object) -> Import:
    """The import of this number. Raises NoSuchImport."""
    found = Import.objects.filter(org=org, pk=int(str(number))).first() if str(number).isdecimal() else None
    if found is None:
        raise NoSuchImport(number)
    return found


def ask(owner: Import, by: str, *, allow_large_changes: bool = False) -> Job:
    """Ask for a run. Imports to one list run one after another: the others are Holding."""
    args: dict[str, Any] = {"import": owner.pk}
    if allow_large_changes:
        args["allow_large_changes"] = True
    return api.ask(owner.org, KIND, key=owner.list_id, args=args, by=by)


def due(now: datetime) -> list[Job]:
    """Ask for the imports that are due, those that waited for the pause to end first. Several workers may call it at once."""
    waiting = Import.objects.filter(waits=True).select_related("org").order_by("id")
    asked = [
        ask(owner, "schedule") for owner in waiting if not pausing.paused(owner.org_id) and _no_longer_waits(owner)
    ]
    for owner in Import.objects.filter(next_run_at__lte=now).select_related("org").order_by("next_run_at", "id"):
        if pausing.paused(owner.org_id):
            continue
        following = schedules.next_at(owner.hours, owner.days, owner.timezone, now)
        with transaction.atomic():
            mine = Import.objects.filter(pk=owner.pk, next_run_at=owner.next_run_at)
            if mine.update(next_run_at=following):
                asked.append(ask(owner, "schedule"))
    return asked


def _no_longer_waits(owner: Import) -> bool:
    if setting_rows.value(owner.org, PAUSED):
        return False
    return bool(Import.objects.filter(pk=owner.pk, waits=True).update(waits=False))


def plan_of(owner: Import, chosen: Values, *, allow_large_changes: bool = False) -> Plan:
    """What the import does, as it was chosen."""
    return Plan(
        name=owner.name,
        lines=columns.lines_of(owner.lines),
        refresh=Refresh(owner.refresh),
        version=owner.version,
        track=owner.track,
        clear_blank=owner.clear_blank,
        write_all=owner.write_all,
        segment=owner.segment,
        segment_id=owner.segment_id,
        segment_field=owner.segment_field,
        limits=removal.limits(chosen),
        allow_large_changes=allow_large_changes,
    )


def digests(texts: Sequence[str]) -> list[bytes]:
    """Keyed digests of wishes, 16 bytes each."""
    return hashing.content_digests(texts)


def hashes(texts: Sequence[str]) -> list[bytes]:
    """Keyed hashes of addresses in their normal form, 32 bytes each."""
    return hashing.keyed_hashes(texts)


async def run_import(context: JobContext) -> None:
    """One run of the import that the job names."""
    await context.stages(list(STAGES))
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    owner = await sync_to_async(find)(org, context.args.get("import"))
    chosen = await sync_to_async(setting_rows.values)(org)
    client = await sync_to_async(client_of)(owner)

    looked_at, is_paused = float("-inf"), False

    async def paused() -> bool:
        nonlocal looked_at, is_paused
        if time.monotonic() - looked_at >= LOOK_EVERY:
            is_paused = await in_database(setting_rows.value, org, PAUSED)
            looked_at = time.monotonic()
        return is_paused

    async def made(changes: Mapping[str, Any]) -> None:
        await in_database(_keep, context, owner.pk, changes)

    book = Book(owner.pk, context.job_id, owner.version, context.fence)
    try:
        if await paused():
            raise Paused
        async with sides.campaign_monitor(org.pk) as account, sides.salesforce(org.pk) as crm:
            tools = Tools(
                source=source_of(crm, owner.kind, owner.source),
                subscribers=AccountList(account, client, owner.list_id, trigger_journeys=chosen.of(TRIGGER_JOURNEYS)),
                book=book,
                may=MayBeAdded(
                    client.id,
                    PostgresConsentBook(org.pk, context.fence),
                    OrgTicks(crm),
                    consent_settings.options(chosen),
                ),
                hashes=hashes,
                digests=digests,
                told=context,
                paused=paused,
                made=made,
                to_e164=numbers.to_e164(chosen),
            )
            allow = bool(context.args.get("allow_large_changes"))
            counts = await ImportFlow(plan_of(owner, chosen, allow_large_changes=allow), tools).run()
    except Paused:
        await in_database(_wait, context, owner.pk)
        await context.stage("source", message=f"“{PAUSED.title}” is on: the import waits until it is off.")
        return
    await context.counts(**counts)


def client_of(owner: Import) -> ClientScope:
    """The client of an import's list. Plain Django. Raises ClientNotSynced."""
    for one in known.clients(owner.org_id):
        if one.scope.id == owner.client and one.selected:
            return one.scope
    raise ClientNotSynced(owner.name)


def _keep(context: JobContext, number: int, changes: Mapping[str, Any]) -> None:
    with transaction.atomic():
        context.fence()
        Import.objects.filter(pk=number).update(**changes)


def _wait(context: JobContext, number: int) -> None:
    with transaction.atomic():
        context.fence()
        Import.objects.filter(pk=number).update(waits=True)


def set_next(owner: Import, now: datetime | None = None) -> None:
    """Work out when the import is due next; not saved. Raises BadSchedule."""
    owner.next_run_at = schedules.next_at(owner.hours, owner.days, owner.timezone, now or timezone.now())
