"""Rows as years of use leave them in Fairlead's own tables, written in bulk: for measuring pages and counting their queries.

Import it when Django is set up.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection

from fairlead.features.connections.models import CampaignMonitorAccount, Client
from fairlead.features.maintenance.models import Message, Severity
from fairlead.features.maintenance.models import State as MessageState
from fairlead.features.members.models import ListReading
from fairlead.features.suppression.models import SuppressionReading
from fairlead.features.webhooks.models import Endpoint
from fairlead.jobs.models import Job, State
from fairlead.store.models import AuditEntry, KnownList, Org, SettingRow

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
AT_ONCE = 5_000
STATES = (State.DONE, State.DONE, State.DONE, State.FAILED, State.CANCELLED)
COUNTS = {"read": 25_000, "written": 120, "unchanged": 24_880, "refused": 0, "cm_calls": 61, "sf_calls": 4}
STAGES = [
    {"name": "lists", "title": "Lists", "state": "done", "done": 3, "total": 3, "unit": "lists"},
    {"name": "members", "title": "Members", "state": "done", "done": 25_000, "total": 25_000, "unit": "subscribers"},
]


def fill(org: Org, *, clients: int, lists: int, jobs: int, messages: int) -> None:
    """So many of each, beside what is there. May be called again: numbers go on."""
    _clients(org, clients)
    _lists(org, lists)
    _jobs(org, jobs)
    _messages(org, messages)


def settle() -> None:
    """What PostgreSQL does by itself within a minute of such a filling (autovacuum): statistics, and pages marked visible."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _clients(org: Org, number: int) -> None:
    account = CampaignMonitorAccount.objects.filter(org=org).first()
    account = account or CampaignMonitorAccount.objects.create(org=org, base_url="https://api.example.com")
    first = Client.objects.filter(org=org).count()
    names = [f"client{n}" for n in range(first, first + number)]
    Client.objects.bulk_create(
        Client(org=org, account=account, client_id=name, name=name.title(), time_zone="UTC", selected=True)
        for name in names
    )
    SuppressionReading.objects.bulk_create(
        SuppressionReading(org=org, client=name, name=name.title(), total=900, newest=b"0" * 16) for name in names
    )


def _lists(org: Org, number: int) -> None:
    first = ListReading.objects.filter(org=org).count()
    rows = [(f"list{n}", f"List {n}", f"client{n % 10}") for n in range(first, first + number)]
    figures = {"active": 1_200, "unsubscribed": 30, "bounced": 4, "deleted": 8}
    ListReading.objects.bulk_create(
        (
            ListReading(
                org=org, client_id=client, client_name=client.title(), list_id=key, name=name, figures=figures,
                read_at=NOW, whole_at=NOW - timedelta(days=3), unconfirmed=2,
            )
            for key, name, client in rows
        ),
        AT_ONCE,
    )  # fmt: skip
    KnownList.objects.bulk_create(
        (
            KnownList(org=org, list_id=key, name=name, client_id=client, client_name=client.title(), seen_at=NOW)
            for key, name, client in rows
        ),
        AT_ONCE,
    )
    Endpoint.objects.bulk_create(
        Endpoint(org=org, client=client, list=key, name=name, token_hash=key.encode().ljust(32), state="active")
        for key, name, client in rows
    )
    SettingRow.objects.bulk_create(
        SettingRow(org=org, name="members.prevent_sync", subject=key, value=True, changed_by="ann")
        for key, _, _ in rows[::10]
    )


def _jobs(org: Org, number: int) -> None:
    first = Job.objects.filter(org=org).count()
    Job.objects.bulk_create(
        (
            Job(
                org=org, kind="primary_sync", key=f"{n}", state=STATES[n % len(STATES)], attempt=1, stages=STAGES,
                counts=COUNTS, requested_by="schedule", started_at=NOW, finished_at=NOW + timedelta(seconds=4),
                reason="" if n % 5 != 3 else "Salesforce could not be reached.",
            )
            for n in range(first, first + number)
        ),
        AT_ONCE,
    )  # fmt: skip
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(
                org=org, who="ann", what="change setting", subject=f"members.prevent_sync of list{n}", after=True
            )
            for n in range(first, first + number // 10 + 1)
        ),
        AT_ONCE,
    )


def _messages(org: Org, number: int) -> None:
    first = Message.objects.filter(org=org).count()
    Message.objects.bulk_create(
        (
            Message(
                org=org, code="FL-150", subject=f"primary_sync/members//list{n}", severity=list(Severity)[n % 2],
                kind="primary_sync", stage="members", what="The org could not be reached.", list_id=f"list{n % 2_000}",
                next_step="It is tried again by itself.", first_seen=NOW, last_seen=NOW + timedelta(seconds=n), times=3,
                state=MessageState.OPEN if n % 5 == 0 else MessageState.RESOLVED,
            )
            for n in range(first, first + number)
        ),
        AT_ONCE,
    )  # fmt: skip
