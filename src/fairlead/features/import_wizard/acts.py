"""What people do with imports: make, change, preview, run, delete. Pages and commands call these."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction
from django.utils import timezone

from fairlead.domain import consent_settings
from fairlead.domain.failure import FixTheSettings
from fairlead.features.import_wizard import numbers, running
from fairlead.features.import_wizard.consent import MayBeAdded, OrgTicks
from fairlead.features.import_wizard.flow import BadColumns
from fairlead.features.import_wizard.models import Import, ImportRun
from fairlead.features.import_wizard.previewing import Preview, Previewing
from fairlead.features.import_wizard.records import Book
from fairlead.features.import_wizard.rules import columns, removal, words
from fairlead.features.import_wizard.rules.columns import Column, Line, ListField
from fairlead.features.import_wizard.rules.words import Refresh, SourceKind, Status
from fairlead.features.import_wizard.sources import source_of
from fairlead.features.import_wizard.writing import AccountList
from fairlead.jobs import api, schedules
from fairlead.jobs.models import Job
from fairlead.store import audit, setting_rows
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.models import Org
from fairlead.sync import known, sides
from fairlead.sync.failures import campaign_monitor_failures, salesforce_failures
from fairlead.sync.stage import ClientScope
from fairlead.ui import stale

CHANGEABLE: Final = (
    "name", "kind", "source", "source_name", "lines", "refresh", "track", "clear_blank", "write_all", "segment", "hours",
    "days", "timezone",
)  # fmt: skip
REWRITES: Final = frozenset({"lines", "track", "clear_blank", "segment"})
"""Changes after which everybody is written again."""


class NoSuchList(FixTheSettings):
    """The list is not one of a client that is synced."""

    code = "FL-479"
    next_step = "`fairlead members lists` and the page Lists show the lists of the clients that are synced."

    def __init__(self, list_id: str) -> None:
        super().__init__(f"No synced client has a list {list_id!r}.")


class BadImport(FixTheSettings):
    """Something of an import cannot be as it was given."""

    code = "FL-558"
    next_step = "Correct it; nothing was changed."


@dataclass(frozen=True, slots=True)
class ListChoice:
    """A list that an import can write to."""

    id: str
    name: str
    client: str
    client_name: str


@dataclass(frozen=True, slots=True)
class Offered:
    """What a source and a list have, for the choice of columns."""

    columns: Sequence[Column]
    fields: Sequence[ListField]
    suggested: Sequence[Line] = field(default=())


def lists(org: Org) -> list[ListChoice]:
    """The lists of the clients that are synced, read live. Raises a Failure."""
    clients = [one.scope for one in known.clients(org.pk) if one.selected]

    async def read() -> list[ListChoice]:
        found = []
        async with sides.campaign_monitor(org.pk) as account:
            for client in clients:
                with campaign_monitor_failures("read the lists of a client"):
                    listed = await account.lists(client.id)
                found += [ListChoice(one.list_id, one.name, client.id, client.name) for one in listed]
        return found

    return async_to_sync(read)()


def choices(org: Org, kind: str, object: str = "") -> list[tuple[str, str]]:
    """What can be chosen of a kind of source, as (id, name), read live. A query has no choices. Raises a Failure."""

    async def read() -> list[tuple[str, str]]:
        async with sides.salesforce(org.pk) as crm:
            with salesforce_failures("list the sources of imports"):
                if kind == SourceKind.REPORT:
                    return [(one.id, one.name) for one in await crm.reports.all()]
                if kind == SourceKind.LIST_VIEW:
                    return [(one.id, one.label) for one in await crm.list_views.all(object)]
                soql = "SELECT Id, Name FROM Campaign ORDER BY LastModifiedDate DESC LIMIT 500"
                return [(row["Id"], row["Name"]) async for page in crm.query(soql) for row in page]

    return [] if kind == SourceKind.SOQL else async_to_sync(read)()


def offered(org: Org, client: str, list_id: str, kind: str, source: Mapping[str, Any]) -> Offered:
    """The columns of a source, the custom fields of a list, and where each column probably goes. Raises a Failure."""

    async def read() -> Offered:
        async with sides.salesforce(org.pk) as crm, sides.campaign_monitor(org.pk) as account:
            found = await source_of(crm, kind, source).columns()
            fields = await AccountList(account, ClientScope(client, "", ""), list_id).fields()
        return Offered(found, fields, columns.suggest(found, fields))

    return async_to_sync(read)()


def check_source(org: Org, kind: str, source: Mapping[str, Any]) -> Sequence[Column]:
    """The columns of a source that can be read. Raises a Failure that says what is wrong with it, BadQuery among them."""

    async def read() -> Sequence[Column]:
        async with sides.salesforce(org.pk) as crm:
            return await source_of(crm, kind, source).columns()

    return async_to_sync(read)()


def create(org: Org, list_id: str, kind: str, source: Mapping[str, Any], by: str, **more: Any) -> Import:
    """A new import; its source is read to see whether that can be done. Raises a Failure."""
    chosen = next((one for one in lists(org) if one.id == list_id), None)
    if chosen is None:
        raise NoSuchList(list_id)
    _check_kind(kind)
    check_source(org, kind, source)
    name = str(more.pop("name", "")).strip() or str(more.get("source_name", "")) or SourceKind(kind).label
    whole = {**more, "source": dict(source)}
    _check(org, None, list_id, whole)
    with transaction.atomic():
        owner = Import(
            org=org, name=name[:255], client=chosen.client, list_id=list_id, list_name=chosen.name[:255], kind=kind,
            owner=by, changed_by=by, **whole,
        )  # fmt: skip
        running.set_next(owner)
        owner.save()
        audit.record(org, by, "create import", str(owner.pk), after=_shown(owner))
    return owner


def change(owner: Import, by: str, **news: Any) -> Import:
    """Change an import; people are written again where what is written of them changed. Raises a Failure."""
    with transaction.atomic():
        mine = Import.objects.select_for_update(no_key=True).get(pk=owner.pk)
        before = _shown(mine)
        news = {name: value for name, value in news.items() if name in CHANGEABLE and getattr(mine, name) != value}
        _check(mine.org, mine.pk, mine.list_id, {"refresh": mine.refresh, **news})
        for name, value in news.items():
            setattr(mine, name, value)
        if REWRITES & set(news):
            mine.version += 1
        mine.changed_by = by
        if {"hours", "days", "timezone"} & set(news):
            running.set_next(mine)
        mine.save()
        if news:
            audit.record(mine.org, by, "change import", str(mine.pk), before=before, after=_shown(mine))
    return mine


def mark(owner: Import) -> str:
    """A sign of what can be changed of an import, for forms that showed it."""
    return stale.mark(*(getattr(owner, name) for name in sorted(CHANGEABLE)))


def save_lines(owner: Import, lines: Sequence[Line], found: Offered, by: str) -> Import:
    """Change the columns of an import. Raises BadColumns."""
    wrong = columns.problems(lines, found.columns, found.fields)
    if wrong:
        raise BadColumns(wrong)
    return change(owner, by, lines=[line.as_json() for line in lines])


def run(owner: Import, by: str, *, allow_large_changes: bool = False) -> Job:
    """Ask for a run now. Raises BadImport where no columns are chosen yet."""
    if not owner.lines:
        raise BadImport(f"“{owner.name}” has no columns yet.", next_step="Choose its columns first.")
    with transaction.atomic():
        job = running.ask(owner, by, allow_large_changes=allow_large_changes)
        audit.record(owner.org, by, "run import", str(owner.pk), after=job.number)
    return job


def delete(owner: Import, by: str) -> None:
    """Delete an import and what it remembers; subscribers, custom fields and segments stay. Jobs of it are cancelled."""
    with transaction.atomic():
        for job in jobs_of(owner):
            if not job.ended:
                api.cancel(job.pk, by)
        audit.record(owner.org, by, "delete import", str(owner.pk), before=_shown(owner))
        owner.delete()


def jobs_of(owner: Import) -> list[Job]:
    """The jobs of an import, the latest first."""
    return list(Job.objects.filter(org=owner.org, kind=running.KIND, args__import=owner.pk)[:20])


def status(owner: Import, job: Job | None = None) -> Status:
    """How an import stands; `job` is its latest, where that is known."""
    latest = job or next(iter(jobs_of(owner)), None)
    if latest is None:
        return words.status("", "", written=False, attempts=0, paused=owner.waits, code="")
    stage: dict[str, Any] = next((one for one in latest.stages if one["state"] == "running"), {})
    return words.status(
        latest.state,
        str(stage.get("name", "")),
        written=bool((stage.get("counts") or {}).get("written")),
        attempts=latest.attempt,
        paused=owner.waits,
        code=latest.support_code,
    )


def runs(owner: Import) -> list[tuple[ImportRun, Job | None]]:
    """The runs of an import, the latest first, with their jobs as long as those are kept."""
    found = list(ImportRun.objects.filter(owner=owner)[:50])
    jobs = Job.objects.in_bulk([one.job for one in found])
    return [(one, jobs.get(one.job)) for one in found]


def preview(owner: Import, most: int | None) -> Preview:
    """What a run would do, as far as can be told without writing; `most` rows are read. Raises a Failure."""
    org = owner.org

    async def work() -> Preview:
        chosen = await sync_to_async(setting_rows.values)(org)
        client = await sync_to_async(running.client_of)(owner)
        async with AsyncExitStack() as stack:
            crm = await stack.enter_async_context(sides.salesforce(owner.org_id))
            account = await stack.enter_async_context(sides.campaign_monitor(owner.org_id))
            previewing = Previewing(
                plan=running.plan_of(owner, chosen),
                source=source_of(crm, owner.kind, owner.source),
                subscribers=AccountList(account, client, owner.list_id),
                book=Book(owner.pk, 0, owner.version, lambda: None),
                may=MayBeAdded(
                    client.id, PostgresConsentBook(owner.org_id, lambda: None), OrgTicks(crm),
                    consent_settings.options(chosen),
                ),
                to_e164=numbers.to_e164(chosen),
            )  # fmt: skip
            return await previewing.look(most)

    return async_to_sync(work)()


def _check_kind(kind: str) -> None:
    if kind not in set(SourceKind):
        raise BadImport(f"{kind!r} is no kind of source.", next_step=f"Give one of {', '.join(SourceKind)}.")


def _check(org: Org, number: int | None, list_id: str, news: Mapping[str, Any]) -> None:
    """Raises BadImport, TwoRemove, BadSchedule."""
    refresh = news.get("refresh", Refresh.UPDATE)
    if refresh not in set(Refresh):
        raise BadImport(f"{refresh!r} is no refresh type.", next_step=f"Give one of {', '.join(Refresh)}.")
    if news.get("track", "") not in ("", "Yes", "No"):
        raise BadImport("The consent to track is Yes, No, or blank for unchanged.")
    if "name" in news and not str(news["name"]).strip():
        raise BadImport("An import needs a name.")
    others = Import.objects.filter(org=org, list_id=list_id).exclude(pk=number or 0)
    removal.check_others(Refresh(refresh).removes, [(one.name, Refresh(one.refresh).removes) for one in others])
    schedules.next_at(news.get("hours", ()), news.get("days", ()), str(news.get("timezone", "UTC")), timezone.now())


def _shown(owner: Import) -> dict[str, Any]:
    """An import for the audit log: what was chosen, which names nobody."""
    return {name: getattr(owner, name) for name in CHANGEABLE if name != "source"} | {"list": owner.list_id}
