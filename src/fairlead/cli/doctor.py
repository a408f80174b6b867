"""The checks of `fairlead doctor`: each says what it found, and what to do where that is not well."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from fairlead.cli import edge
from fairlead.cli.house import org

if TYPE_CHECKING:
    from fairlead.campaignmonitor.account import CampaignMonitor
    from fairlead.salesforce.client import Salesforce
    from fairlead.salesforce.describe import ObjectInfo
    from fairlead.salesforce.limits import Budget, Limit
    from fairlead.settings import Settings

T = TypeVar("T")

OK: Final = "ok"
WARN: Final = "warning"
FAIL: Final = "failed"
MARKS: Final = {OK: "✓", WARN: "!", FAIL: "✗"}

FEW_LEFT: Final = 0.1
"""Part of a limit below which a warning is due."""
TELL_LIMITS: Final = "Give the integration user the permission View Setup and Configuration."
"""What to do where the org tells no limits."""
LATE: Final = timedelta(minutes=10)
"""So long after its time a run counts as missed."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `fix` is blank where all is well."""

    name: str
    state: str
    text: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def examine(open_house: Callable[[], "Settings"], settings: Callable[[], "Settings"]) -> list[Check]:
    """All checks; those that need what has failed are left out."""
    found = list(_guarded("Settings", lambda: _settings(settings())))
    if _failed(found):
        return found
    found += _guarded("Database", lambda: _database(open_house))
    if _failed(found):
        return found
    found += _guarded("Worker", _worker)
    found += _guarded("Schedule", _schedule)
    found += asyncio.run(_side("Campaign Monitor", _campaign_monitor))
    found += asyncio.run(_side("Salesforce", _salesforce))
    found += _guarded("Older package", older_package)
    return found


def _failed(found: Sequence[Check]) -> bool:
    return any(check.state == FAIL for check in found)


def _guarded(name: str, work: Callable[[], Iterable[Check]]) -> list[Check]:
    try:
        return list(work())
    except Exception as error:
        return [_as_check(name, error)]


def _as_check(name: str, error: Exception) -> Check:
    problem = edge.explain(error)
    return Check(name, FAIL, f"{problem.text} [{problem.code}]", problem.next_step)


def _settings(found: "Settings") -> Iterable[Check]:
    yield Check("Settings", OK, f"data folder {found.home}")
    if not found.https and found.host not in ("127.0.0.1", "localhost", "::1"):
        yield Check(
            "Settings",
            WARN,
            f"the admin listens on {found.host} without HTTPS",
            "Set FAIRLEAD_PUBLIC_URL to an https:// address.",
        )


def _database(open_house: Callable[[], "Settings"]) -> Iterable[Check]:
    open_house()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version'), pg_size_pretty(pg_database_size(current_database()))")
        version, size = cursor.fetchone()
    yield Check("Database", OK, f"PostgreSQL {version}, {size}, tables up to date")


def _worker() -> Iterable[Check]:
    from django.conf import settings

    from fairlead.jobs import engine

    count = engine.living_workers(settings.FAIRLEAD_STALE_SECONDS)
    if count:
        yield Check("Worker", OK, f"{count} running")
    else:
        yield Check("Worker", FAIL, "none is running: nothing is synced", "Run `fairlead up`, or `fairlead worker`.")


def _schedule() -> Iterable[Check]:
    from django.utils import timezone

    from fairlead.features.primary_sync import rules
    from fairlead.jobs.models import Frequency, Schedule

    schedule = Schedule.objects.filter(org=org(), kind=rules.KIND).first()
    if schedule is None or schedule.frequency == Frequency.NEVER or schedule.next_run_at is None:
        yield Check(
            "Schedule", WARN, "the primary sync never runs by itself", "Choose a frequency on the page Sync settings."
        )
    elif schedule.next_run_at < timezone.now() - LATE:
        yield Check(
            "Schedule", FAIL, f"the run of {schedule.next_run_at:%Y-%m-%d %H:%M} UTC is overdue", "Start a worker."
        )
    else:
        yield Check("Schedule", OK, f"{schedule.frequency}, next run {schedule.next_run_at:%Y-%m-%d %H:%M} UTC")


def older_package() -> Iterable[Check]:
    """Whether two integrations would write the same, as it was seen last; nothing where there is only one."""
    from fairlead.features.moving_in import hold
    from fairlead.features.moving_in.rules.holding import OldPackageDecides
    from fairlead.store import setting_rows

    name, seen = "Older package", hold.kept(org())
    if not seen.objects_there:
        return
    if hold.held(org()):
        held = OldPackageDecides()
        yield Check(name, WARN, held.text, held.step)
    elif hold.works(seen, setting_rows.values(org())):
        text = "wbsendit works in the org beside Fairlead, and Fairlead decides"
        yield Check(
            name, WARN, text, "Switch the older package's sync, rules and imports off, so that only one writes."
        )
    else:
        yield Check(name, OK, f"{seen.objects_there} objects of wbsendit are there, and nothing of it works")


async def _side(name: str, work: Callable[[], Awaitable[list[Check]]]) -> list[Check]:
    try:
        return await work()
    except Exception as error:
        return [_as_check(name, error)]


async def _campaign_monitor() -> list[Check]:
    from fairlead import wiring

    here = await _in_database(org)
    async with wiring.open_campaign_monitor(here) as account:
        return await _clients(account, await _in_database(_selected))


def _selected() -> dict[str, str]:
    from fairlead.features.connections.models import Client

    return dict(Client.objects.filter(org=org(), selected=True).values_list("client_id", "name"))


async def _clients(account: "CampaignMonitor", selected: dict[str, str]) -> list[Check]:
    reached = {client.client_id for client in await account.clients()}
    found = [Check("Campaign Monitor", OK, f"signed in; {len(reached)} clients, {len(selected)} of them synced")]
    if not selected:
        found.append(Check("Clients", FAIL, "none is selected", "Run `fairlead connect campaign-monitor`."))
    gone = [name for client, name in selected.items() if client not in reached]
    if gone:
        text = f"{', '.join(gone)}: no longer reached with this API key"
        found.append(
            Check("Clients", FAIL, text, "Connect again with a key of the account, or turn these clients off.")
        )
    return found


async def _salesforce() -> list[Check]:
    from fairlead import wiring

    here = await _in_database(org)
    async with wiring.open_salesforce(here) as crm:
        identity = await crm.identity()
        found = [Check("Salesforce", OK, f"signed in to the org {identity.organization_id}, API {crm.api_version}")]
        limits = await crm.limits()
        # with a spent share the questions about objects would be refused, by ourselves
        if crm.budget.remaining != 0:
            found += await _objects(crm)
            found += await _people(crm)
        found.append(api_calls(crm.budget))
        found += _limit(
            limits, "DataStorageMB", "Storage", "MB", "Free data storage in the org, or buy more: a member takes 2 kB."
        )
        return found


async def _objects(crm: "Salesforce") -> list[Check]:
    from fairlead.salesforce import names

    found = []
    wanted = ((names.CLIENT, names.CLIENT_FIELDS), (names.LIST, names.LIST_FIELDS), (names.MEMBER, names.MEMBER_FIELDS))
    for name, fields in wanted:
        try:
            info = await crm.describe(name)
        except Exception as error:
            problem = edge.explain(error)
            fix = "Run `fairlead salesforce deploy`, and assign the permission set Fairlead Full Access to the integration user."
            found.append(Check(name, FAIL, problem.text, fix))
        else:
            found.append(_object(info, fields))
    return found


def _object(info: "ObjectInfo", fields: Sequence[str]) -> Check:
    rights = [name for name in ("createable", "updateable", "deletable", "queryable") if not getattr(info, name)]
    plain = [name.split(".")[0].replace("__r", "__c") for name in fields]
    known = {name: info.field(name) for name in plain}
    hidden = [name for name, field in known.items() if field is None]
    locked = [name for name, field in known.items() if field is not None and not (field.createable or field.updateable)]
    missing = [
        *(f"not {right}" for right in rights),
        *(f"{name} hidden" for name in hidden),
        *(f"{name} read-only" for name in locked),
    ]
    if missing:
        fix = "Assign the permission set Fairlead Full Access to the integration user; deploy again if a field is missing."
        return Check(info.name, FAIL, ", ".join(missing), fix)
    return Check(info.name, OK, f"all {len(plain)} fields can be written")


async def _people(crm: "Salesforce") -> list[Check]:
    found = []
    for name in ("Contact", "Lead"):
        info = await crm.describe(name)
        if not info.queryable or info.field("Email") is None:
            fix = f"Give the integration user read access to {name} and to its field Email."
            found.append(Check(name, FAIL, "cannot be read: members stay unlinked", fix))
        else:
            count = await crm.count(f"SELECT COUNT() FROM {name} WHERE Email != null")
            found.append(Check(name, OK, f"{count:,} records with an address"))
    return found


def api_calls(budget: "Budget") -> Check:
    """The org's API calls of 24 hours, those of all programs, beside the share at which Fairlead stops by itself."""
    name, stop_at, left = "API calls", budget.stop_at, budget.remaining
    if stop_at is None or left is None:
        return Check(name, WARN, "the org does not tell this limit", TELL_LIMITS)
    text = (
        f"{budget.used:,} of {budget.limit:,} in 24 hours are used, by all programs; "
        f"Fairlead stops at {stop_at:,} ({budget.share:.0%})"
    )
    fix = "Wait until calls grow old, raise FAIRLEAD_SALESFORCE_CALL_SHARE, or ask Salesforce for more calls."
    if left == 0:
        return Check(name, FAIL, text, fix)
    if budget.spacing:
        return Check(name, WARN, f"{text}; it goes slower now, a call every {budget.spacing:.2g} s at most", fix)
    return Check(name, OK, text)


def _limit(limits: "dict[str, Limit]", key: str, name: str, unit: str, fix: str) -> list[Check]:
    limit = limits.get(key)
    if limit is None:
        return [Check(name, WARN, "the org does not tell this limit", TELL_LIMITS)]
    text = f"{limit.remaining:,} of {limit.maximum:,} {unit} left"
    if limit.remaining <= 0:
        return [Check(name, FAIL, text, fix)]
    return [Check(name, WARN, text, fix) if limit.remaining < FEW_LEFT * limit.maximum else Check(name, OK, text)]


async def _in_database(work: Callable[[], T]) -> T:
    from asgiref.sync import sync_to_async

    return await sync_to_async(work)()
