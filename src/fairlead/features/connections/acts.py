"""What people do with connections: pages, command line and API call these. Each leaves an entry in the audit, ids only."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.db import models, transaction
from django.utils import timezone

from fairlead.domain.failure import FixTheSettings, RefusedByGuard
from fairlead.domain.setting import BadSetting
from fairlead.features.connections import credentials, forgetting, pieces, records, rules
from fairlead.features.connections.jobs import of_all
from fairlead.features.connections.models import CampaignMonitorAccount, Client, SalesforceOrg, State
from fairlead.jobs import api, schedules
from fairlead.jobs.models import Frequency, Job, Schedule
from fairlead.jobs.models import State as JobState
from fairlead.jobs.states import ENDED, Event, move
from fairlead.salesforce.client import Salesforce
from fairlead.store import audit, orgs
from fairlead.store.models import Org


class GoneFromAccount(FixTheSettings):
    """A client cannot be selected: the account no longer shows it to us."""

    code = "FL-376"
    next_step = "Connect Campaign Monitor again with a sign-in that reaches the client."

    def __init__(self, client_id: str) -> None:
        super().__init__(f"The client {client_id} is not among those that the connected account shows.")


class OtherName(RefusedByGuard):
    """What was typed to confirm a removal is not the client's name."""

    code = "FL-570"
    next_step = "Nothing was deleted. Type the name as it is shown."

    def __init__(self) -> None:
        super().__init__("What was typed is not the client's name.")


def select(org: Org, client_ids: Collection[str], by: str) -> None:
    """Sync exactly these clients from the next run on; the others are paused. Raises UnknownClient, GoneFromAccount.

    A client whose removal was stopped and that is selected again is read from its beginning.
    """
    _choose(
        org, dict.fromkeys(Client.objects.filter(org=org).values_list("client_id", flat=True), False), client_ids, by
    )


def resume(org: Org, client_id: str, by: str) -> None:
    """Sync this client, too. Raises UnknownClient, GoneFromAccount."""
    _choose(org, {}, [client_id], by)


def pause(org: Org, client_id: str, by: str) -> None:
    """Sync this client no more; settings, cursors and records stay. Raises UnknownClient."""
    records.client(org, client_id)
    _choose(org, {client_id: False}, [], by)


def _choose(org: Org, others: dict[str, bool], chosen: Collection[str], by: str) -> None:
    with transaction.atomic():
        orgs.lock(org.pk)
        before = _selected(org)
        for client_id in chosen:
            _check_selectable(org, records.client(org, client_id))
        for client_id, wanted in {**others, **dict.fromkeys(chosen, True)}.items():
            found = Client.objects.filter(org=org, client_id=client_id)
            found.update(selected=wanted, **({"removing_since": None} if wanted else {}))
        after = _selected(org)
        if before != after:
            audit.record(org, by, "select clients", "Campaign Monitor", before=before, after=after)


def _check_selectable(org: Org, client: Client) -> None:
    if client.state == State.DISCONNECTED and not _comes_back(org, client):
        raise GoneFromAccount(client.client_id)
    if _removals(org, client.client_id).exists():
        raise StillRemoved(client.client_id)


def _comes_back(org: Org, client: Client) -> bool:
    """One that people disconnected, rather than one that the account no longer shows, is back when it is selected."""
    account = records.account(org)
    if client.last_message != records.BY_HAND or account is None or account.state == State.DISCONNECTED:
        return False
    Client.objects.filter(pk=client.pk).update(state=State.CONNECTED, last_message="")
    return True


class StillRemoved(FixTheSettings):
    """The records of a client are being deleted: it cannot be selected meanwhile."""

    code = "FL-378"
    next_step = "Wait for the end of the job, or cancel it first (`fairlead jobs list`)."

    def __init__(self, client_id: str) -> None:
        super().__init__(f"The client {client_id} is being removed.")


def _selected(org: Org) -> list[str]:
    return sorted(Client.objects.filter(org=org, selected=True).values_list("client_id", flat=True))


def _removals(org: Org, client_id: str) -> models.QuerySet[Job]:
    return Job.objects.filter(org=org, kind=rules.REMOVE_KIND, key=client_id).exclude(state__in=ENDED)


@dataclass(frozen=True, slots=True)
class Removal:
    """What a removal would delete: records in the org by object, settings, cursors."""

    client: Client
    records: dict[str, int]
    kept: forgetting.Kept

    @property
    def as_json(self) -> dict[str, object]:
        """As the command line and the API tell it."""
        return {
            "client": self.client.client_id,
            "name": self.client.name,
            "records": self.records,
            "settings": self.kept.settings,
            "cursors": self.kept.cursors,
        }


async def removal(crm: Salesforce, org: Org, client_id: str) -> Removal:
    """Look what a removal would delete; changes nothing. Raises UnknownClient, a Failure of the org."""
    client = await sync_to_async(records.client)(org, client_id)
    counts, subjects = await pieces.count(crm, client_id), await pieces.subjects(crm, client_id)
    return Removal(client, counts, await sync_to_async(forgetting.of_client)(org, client_id, subjects))


def remove(org: Org, client_id: str, name: str, by: str) -> Job:
    """Ask for the removal of a client; `name` is what was typed to confirm it. Runs that write the client are cancelled.

    Raises UnknownClient, OtherName.
    """
    client = records.client(org, client_id)
    if name.strip() != client.name.strip():
        raise OtherName
    with transaction.atomic():
        orgs.lock(org.pk)
        client.selected, client.removing_since = False, client.removing_since or timezone.now()
        client.save(update_fields=["selected", "removing_since"])
        _cancel_jobs_of(org, client_id, by)
        under_way = _removals(org, client_id).filter(cancel_requested=False).first()
        if under_way is not None:
            return under_way
        audit.record(org, by, "remove client", client_id)
        return api.ask(org, rules.REMOVE_KIND, key=client_id, args={"client": client_id}, by=by)


def hand_over(org: Org, client_id: str, by: str) -> Job:
    """Ask for giving the client's records to the owner that is chosen for it. Raises UnknownClient."""
    records.client(org, client_id)
    with transaction.atomic():
        audit.record(org, by, "hand over records", client_id)
        return api.ask(org, rules.HAND_OVER_KIND, key=client_id, args={"client": client_id}, by=by)


def disconnect_client(org: Org, client_id: str, by: str) -> None:
    """Sync one client no more, in either direction, at once; records, settings and cursors stay. Raises UnknownClient."""
    client = records.client(org, client_id)
    with transaction.atomic():
        orgs.lock(org.pk)
        client.selected, client.state, client.last_message = False, State.DISCONNECTED, records.BY_HAND
        client.save(update_fields=["selected", "state", "last_message"])
        _cancel_jobs_of(org, client_id, by)
        audit.record(org, by, "disconnect client", client_id)


def disconnect(org: Org, sides: Collection[str], by: str) -> dict[str, int]:
    """Stop everything in both directions and forget the credentials of these sides (`rules.SIDES`).

    Jobs are cancelled, schedules turned off; records, settings, cursors and the selection stay, and are found again by
    connecting the same account or org. Tells how many jobs and schedules. Raises BadSetting.
    """
    for side in sides:
        if side not in rules.SIDES:
            raise BadSetting("sides", side, f"Choose of {', '.join(rules.SIDES)}.")
    with transaction.atomic():
        orgs.lock(org.pk)
        stopped = {"jobs": _cancel(_active(org), by), "schedules": _schedules_off(org, by)}
        _forget_sides(org, sides)
        names = " and ".join(rules.SIDES[side] for side in sorted(sides))
        audit.record(org, by, "disconnect", names, before=stopped)
    return stopped


def reset(org: Org, by: str) -> dict[str, int]:
    """Disconnect both sides whatever hangs: no side is asked, no worker waited for, no lock of a sign-in taken (F15).

    Jobs that run are ended here and now; what their worker still tries to commit is refused.
    """
    with transaction.atomic():
        orgs.lock(org.pk)
        stopped = disconnect(org, tuple(rules.SIDES), by)
        for job in Job.objects.filter(org=org, state=JobState.RUNNING):
            move(
                job.pk, Event.CANCEL, finished_at=timezone.now(), reason=f"Ended by a reset of the connections ({by})."
            )
        audit.record(org, by, "reset connections", "", before=stopped)
    api.dispatch(org.pk)
    return stopped


def _active(org: Org) -> Sequence[Job]:
    return list(Job.objects.filter(org=org).exclude(state__in=ENDED))


def _cancel_jobs_of(org: Org, client_id: str, by: str) -> int:
    """Jobs of the client, and running jobs of all: the next of those leaves the client out. Removals go on."""
    others = Job.objects.filter(org=org).exclude(state__in=ENDED).exclude(kind=rules.REMOVE_KIND)
    of_it, running = others.filter(args__client=client_id), others.filter(of_all(), state=JobState.RUNNING)
    return _cancel([*of_it, *running], by)


def _cancel(jobs: Iterable[Job], by: str) -> int:
    count = 0
    for job in jobs:
        api.cancel(job.pk, by)
        count += 1
    return count


def _schedules_off(org: Org, by: str) -> int:
    on = Schedule.objects.filter(org=org).exclude(frequency=Frequency.NEVER)
    kinds = list(on.values_list("kind", flat=True))
    for kind in kinds:
        schedules.set_frequency(org, kind, Frequency.NEVER, by)
    return len(kinds)


def _forget_sides(org: Org, sides: Collection[str]) -> None:
    for side in sides:
        credentials.forget(org, side)
    if credentials.CAMPAIGN_MONITOR in sides:
        CampaignMonitorAccount.objects.filter(org=org).update(state=State.DISCONNECTED, message="")
        Client.objects.filter(org=org).update(state=State.DISCONNECTED)
    if credentials.SALESFORCE in sides:
        SalesforceOrg.objects.filter(org=org).update(state=State.DISCONNECTED, message="")
