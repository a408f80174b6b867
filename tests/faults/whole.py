"""The primary sync with all its stages in this process, over both emulators: quick enough to break it often.

Nothing is replaced: the wiring's own runner, a job's row, the kept credentials of a user of the org who is no admin.
"""

import base64
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync
from django.db import connection
from django.test.utils import setup_databases

from fairlead import wiring
from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.failure import Failure
from fairlead.domain.setting import Setting
from fairlead.features.connections import connecting
from fairlead.features.connections.credentials import AccountKey, OrgGrant
from fairlead.jobs.context import JobContext
from fairlead.jobs.models import Job, State
from fairlead.jobs.registry import Runner
from fairlead.salesforce.metadata import package_from_source
from fairlead.salesforce.package import package_of
from fairlead.store import setting_rows
from fairlead.store.models import Org, RowRefusal, ScopeState
from tests.conformance import emulated
from tests.faults.person import Stay
from tests.nursery import start_emulators
from tests.oracle.check import ALL, check
from tests.oracle.reading import CM, SF, Sides
from tests.oracle.report import Report
from tests.oracle.tolerance import Tolerance

USER = "fairlead@example.com"
BACK = "http://127.0.0.1:1/back"
ZONE = "(GMT+10:00) Canberra, Melbourne, Sydney"
LEFT_OUT = ("CM_Member__c.details", "rollups")
"""Consents without a number; and what `make year` compares: totals, linked campaigns and their members."""
CHECKED = tuple(name for name in ALL if name not in LEFT_OUT)


def client(name: str, first: int, **more: Any) -> dict[str, Any]:
    """A client's part of a seed: two lists, campaigns, a journey."""
    remarks = [{"name": "Remarks", "type": "Text"}]
    lists = [
        {"title": f"{name} news", "people": [[first, 40]], "custom_fields": remarks},
        {"title": f"{name} offers", "people": [[first + 30, 20]], "unsubscribe_setting": "OnlyThisList"},
    ]
    campaigns = [
        {"name": f"{name} June", "lists": [f"{name} news"], "sent_days_ago": 30, "tags": ["News"]},
        {"name": f"{name} July", "lists": [f"{name} news", f"{name} offers"], "sent_days_ago": 5},
    ]
    emails = [{"name": "Hello", "delay_hours": 1}]
    journeys = [{"name": f"{name} welcome", "list": f"{name} news", "history_days": 60, "emails": emails}]
    return {
        "name": name, "country": "Australia", "time_zone": ZONE, "lists": lists, "campaigns": campaigns,
        "journeys": journeys, **more,
    }  # fmt: skip


SEED = {
    CM: {"clients": [client("One", 0), client("Two", 100)]},
    SF: {
        "contacts": [{"first": 0, "count": 25, "second": False}, {"first": 105, "count": 20, "second": False}],
        "leads": [{"first": 20, "count": 10, "second": False}],
    },
}


class Killed(BaseException):
    """The process died here."""


class Mortal(JobContext):
    """Lets a run die at its `dies_at`-th word to its job: between two calls, or instead of a commit. Dead, it stays so."""

    def __init__(self, job: Job, dies_at: int) -> None:
        super().__init__(job)
        self._left = dies_at

    def _step(self) -> None:
        self._left -= 1
        if self._left <= 0:
            raise Killed

    async def stage(self, name: str, **news: Any) -> None:
        self._step()
        await super().stage(name, **news)

    async def check_cancelled(self) -> None:
        self._step()
        await super().check_cancelled()

    def fence(self) -> None:
        self._step()
        super().fence()


@dataclass
class Told:
    """How a run ended: the failure that was raised, if any, and what each stage told."""

    failure: Failure | None
    stages: dict[str, dict[str, Any]]
    counts: dict[str, int]

    def state(self, name: str) -> str:
        return str(self.stages[name]["state"])

    def message(self, name: str) -> str:
        return str(self.stages[name]["message"])

    @property
    def not_done(self) -> set[str]:
        """Names of stages that failed or were skipped."""
        return {name for name, stage in self.stages.items() if stage["state"] != "done"}


@dataclass
class Whole:
    """Both emulators, and Fairlead's rows of one org that is connected to them."""

    emulators: Emulators
    org: Org
    tolerance: Tolerance = field(default_factory=Tolerance)
    still: bool = False

    @classmethod
    def connected(cls, emulators: Emulators) -> "Whole":
        """The package deployed, a sync user with its permission set, and both sides connected."""
        whole = cls(emulators, Org.objects.create(name="whole"))
        whole.deploy(package_from_source(emulated.SOURCES, "60.0"))
        account, crm = emulators.line[CM], emulators.line[SF]

        async def clients() -> Any:
            async with emulated.account_of(emulators) as opened:
                return [await opened.client(one.client_id) for one in await opened.clients()]

        kept = AccountKey(account["api_key"])
        connecting.store_campaign_monitor(whole.org, account["url"], kept, async_to_sync(clients)(), [], "tests")
        whole._add_user()
        grant = whole._grant()
        org_id = whole.rows("Organization", "Id")[0]["Id"]
        found = connecting.FoundOrg(crm["url"], org_id, "60.0", whole.user_id())
        connecting.store_salesforce(whole.org, crm["url"], grant, found, "tests")
        return whole

    # ---- one run

    def sync(self, *, dies_at: int = 0, **wanted: Any) -> Told:
        """One run from its beginning to its end, in a job's row as the worker makes it. Raises Killed where it dies.

        Where one has died, its job is taken over, whatever is wanted now.
        """
        wiring.register_runners()
        return self.work("primary_sync", wiring.run_primary_sync, wanted, dies_at)

    def work(self, kind: str, runner: Runner, args: dict[str, Any], dies_at: int = 0) -> Told:
        """The same for a job of any kind, in a house that is wired."""
        if self.still:  # what is written is later than what was done
            self.emulators.post(CM, "/_control/clock", {"advance_seconds": 1})
        job = self._job(kind, args)
        context = Mortal(job, dies_at) if dies_at else JobContext(job)
        failure: Failure | None = None

        async def run() -> None:
            try:
                await runner(context)
            finally:
                await context.close()

        try:
            async_to_sync(run)()
        except Failure as raised:
            failure = raised
        except BaseException as raised:
            if _died(raised):
                raise Killed from raised
            raise
        job.refresh_from_db()
        Job.objects.filter(pk=job.pk).update(state=State.FAILED if failure else State.DONE)
        return Told(failure, {stage["name"]: stage for stage in job.stages}, dict(job.counts))

    def has_died(self, kind: str = "primary_sync") -> bool:
        """Whether the next run of this kind goes on with one that died."""
        return self._dead(kind) is not None

    def _dead(self, kind: str) -> Job | None:
        return Job.objects.filter(org=self.org, kind=kind, state=State.RUNNING).first()

    def _job(self, kind: str, args: dict[str, Any]) -> Job:
        dead = self._dead(kind)
        if dead is None:
            return Job.objects.create(org=self.org, kind=kind, args=args, state=State.RUNNING, attempt=1)
        dead.attempt += 1
        dead.save(update_fields=["attempt"])
        return dead

    def check(self, *, rollups: bool = False) -> Report:
        """Every record of every object held against both sides' own state; `rollups`: totals and campaign members, too."""
        objects = (*CHECKED, *(("rollups",) if rollups else ()))
        return check(Sides(self.emulators.url(CM), self.emulators.url(SF)), self.tolerance, objects=objects)

    def in_step(self, *, rollups: bool = False) -> bool:
        report = self.check(rollups=rollups)
        assert report.ok, report.text()
        return True

    def cursors(self) -> dict[tuple[str, str], str]:
        """How far each scope was read."""
        rows = ScopeState.objects.filter(org=self.org).values_list("kind", "list", "client", "cursor")
        return {(kind, of or client_id): cursor for kind, of, client_id, cursor in rows}

    def refusals(self, kind: str) -> list[str]:
        """Why rows of such scopes were refused."""
        found = RowRefusal.objects.filter(org=self.org, scope__kind=kind)
        return list(found.values_list("reason", flat=True))

    # ---- what people do here

    def choose(self, setting: Setting, value: Any, subject: str = "") -> None:
        setting_rows.put(self.org, setting, value, "tests", subject=subject)

    def unchoose(self, setting: Setting, subject: str = "") -> None:
        setting_rows.reset(self.org, setting, "tests", subject=subject)

    # ---- what people do in Campaign Monitor

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the account's own API."""
        return self._api(method, f"/api/v3.3/{path}.json", body)

    def _api(self, method: str, path: str, body: Any) -> Any:
        key = base64.b64encode(f"{self.emulators.line[CM]['api_key']}:x".encode()).decode()
        headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.emulators.url(CM) + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def clients(self) -> dict[str, str]:
        """Ids by name."""
        return {one["Name"]: one["ClientID"] for one in self.api("GET", "clients")}

    def lists(self) -> dict[str, str]:
        """Ids of all lists by name."""
        found = [self.api("GET", f"clients/{one}/lists") for one in self.clients().values()]
        return {one["Name"]: one["ListID"] for lists in found for one in lists}

    def list_called(self, name: str) -> str:
        """The id of the list whose name was this, or is still, with what renaming added."""
        return next(of for found, of in self.lists().items() if found.startswith(name))

    def sent(self) -> dict[str, str]:
        """Ids of sent campaigns by name."""
        found = [self.api("GET", f"clients/{one}/campaigns")["Results"] for one in self.clients().values()]
        return {one["Name"]: one["CampaignID"] for campaigns in found for one in campaigns}

    def subscribe(self, on: str, address: str, **more: Any) -> None:
        """Somebody joins a list."""
        body = {"EmailAddress": address, "Name": "New Person", "Resubscribe": True, "ConsentToTrack": "Yes", **more}
        self.api("POST", f"subscribers/{on}", body)

    # ---- what people do in the org

    def act(self, **act: Any) -> Any:
        return self.emulators.post(SF, "/_control/act", act)

    def rows(self, name: str, *fields: str) -> list[dict[str, Any]]:
        """An object's records that are not deleted."""
        asked = f"&fields={','.join(fields)}" if fields else ""
        return list(self.emulators.get(SF, f"/_control/records?object={name}{asked}"))

    def deploy(self, package: bytes) -> None:
        """An admin deploys this."""

        async def work() -> None:
            async with emulated.org_of(self.emulators) as crm:
                (await crm.metadata.deploy(package)).raise_for_failure()

        async_to_sync(work)()

    def remove_field(self, name: str) -> None:
        """An admin deletes a custom field, such as `CM_Campaign__c.Tags__c`."""
        self.deploy(package_of({}, {}, "60.0", deletions={"CustomField": [name]}))

    def deploy_all(self) -> None:
        """The package as it is now, anew."""
        self.deploy(package_from_source(emulated.SOURCES, "60.0"))

    @contextmanager
    def without_right(self, kind: str, **which: str) -> Iterator[None]:
        """A right of the sync user's permission set taken away, and given back: a row of `kind` with these fields."""
        parent = next(r["Id"] for r in self.rows("PermissionSet", "Id", "Name") if r["Name"] == "Fairlead_Full_Access")
        wanted = {"ParentId": parent, **which}
        (row,) = [r for r in self.rows(kind) if all(r[name] == value for name, value in wanted.items())]
        self.act(act="delete", object=kind, id=row["Id"])
        try:
            yield
        finally:
            self.act(
                act="create", object=kind, fields={n: v for n, v in row.items() if n in wanted or n.startswith("Perm")}
            )

    def live(self, seed: str, *only: str, share: float = 0.1) -> None:
        """An hour passes in Campaign Monitor, in which these kinds of things happen."""
        account = self.emulators.post(
            CM, "/_control/live", {"hours": 1, "seed": seed, "share": share, "only": list(only)}
        )
        self.tolerance.absorb(account, {"addresses": []})

    def user_id(self) -> str:
        return next(row["Id"] for row in self.rows("User", "Id", "Username") if row["Username"] == USER)

    def _add_user(self) -> None:
        profile = next(row["Id"] for row in self.rows("Profile", "Id", "Name") if row["Name"] == "Standard User")
        told = {"LastName": "Sync", "Alias": "sync", "Username": USER, "Email": USER, "ProfileId": profile}
        told |= {
            "TimeZoneSidKey": "UTC",
            "LocaleSidKey": "en_US",
            "EmailEncodingKey": "UTF-8",
            "LanguageLocaleKey": "en_US",
        }
        self.act(act="create", object="User", fields=told)
        self.assign("Fairlead_Full_Access")

    def assign(self, name: str) -> None:
        """The sync user gets a permission set."""
        sets = {row["Name"]: row["Id"] for row in self.rows("PermissionSet", "Id", "Name")}
        fields = {"AssigneeId": self.user_id(), "PermissionSetId": sets[name]}
        self.act(act="create", object="PermissionSetAssignment", fields=fields)

    def _grant(self) -> OrgGrant:
        """What the user has let the app have."""
        line = self.emulators.line[SF]
        asked = {"response_type": "code", "client_id": line["client_id"], "redirect_uri": BACK}
        url = f"{line['url']}/services/oauth2/authorize?{urllib.parse.urlencode(asked)}"
        form = urllib.parse.urlencode({"answer": "allow", "username": USER}).encode()
        try:
            urllib.request.build_opener(Stay).open(url, form, timeout=30)
        except urllib.error.HTTPError as redirect:
            code = urllib.parse.parse_qs(urllib.parse.urlsplit(redirect.headers["Location"]).query)["code"][0]
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        keys = {"client_id": line["client_id"], "client_secret": line["client_secret"]}
        body = urllib.parse.urlencode({**given, **keys}).encode()
        with urllib.request.urlopen(f"{line['url']}/services/oauth2/token", body, timeout=30) as answer:
            return OrgGrant(line["client_id"], line["client_secret"], json.loads(answer.read())["refresh_token"])

    # ---- faults and counts

    def fault(self, side: str, **rule: Any) -> None:
        self.emulators.post(side, "/_control/faults", [{"times": None, **rule}])

    def clear_faults(self) -> None:
        for side in (CM, SF):
            self._delete(side, "faults")

    def struck(self, side: str) -> int:
        told = next(iter(self.emulators.get(side, "/_control/faults")))
        return sum(rule["taken"] for rule in told["faults"])

    def _delete(self, side: str, path: str) -> None:
        request = urllib.request.Request(f"{self.emulators.url(side)}/_control/{path}", method="DELETE")
        urllib.request.urlopen(request, timeout=30).close()

    def forget_requests(self) -> None:
        """Count calls anew."""
        for side in (CM, SF):
            self._delete(side, "requests")

    def stand_still(self) -> None:
        """From now on time passes only by `live`, and by a second before each run."""
        self.emulators.post(CM, "/_control/clock", {"stands_still": True})
        self.still = True

    def writes_of(self, act: Callable[[], Told]) -> list[str]:
        """Calls that wrote to the org while something was done that must end well."""
        self.forget_requests()
        told = act()
        assert told.failure is None, told.failure
        made = self.requests(SF)["requests"]
        return [
            f"{one['method']} {one['path']}"
            for one in made
            if one["method"] != "GET" and not re.search("oauth2|/jobs/query", one["path"])
        ]

    def requests(self, side: str) -> dict[str, Any]:
        """Calls since `forget_requests`."""
        return dict(next(iter(self.emulators.get(side, "/_control/requests"))))


def _died(error: BaseException) -> bool:
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return isinstance(error, Killed) or any(_died(part) for part in parts)


@contextmanager
def served(seed: dict[str, Any]) -> Iterator[Whole]:
    """Emulators with a seed, and all that is connected to them. Commits: the database must be open, outside of a transaction."""
    emulators = start_emulators()
    try:
        for side, spec in seed.items():
            emulators.post(side, "/_control/seed", {"spec": spec, "seed": 1})
        whole = Whole.connected(emulators)
        try:
            yield whole
        finally:
            whole.org.delete()
    finally:
        emulators.stop()


@contextmanager
def open_database(blocker: Any) -> Iterator[None]:
    """The test database for longer than one test, with commits; made where no test of the session asks for one."""
    with blocker.unblock():
        if not connection.settings_dict["NAME"].startswith("test_"):
            setup_databases(verbosity=0, interactive=False, aliases={"default"}, keepdb=True)
        yield
