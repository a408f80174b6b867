"""A world for the laws of matching: an emulated org with our records, a ledger on PostgreSQL, and the stage of matching."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.setting import Given
from fairlead.features.members import rematch
from fairlead.features.members.settings import match_rules
from fairlead.salesforce import Salesforce, names
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import ClientScope, Run, Wanted
from tests.conformance import emulated


class Killed(BaseException):
    """The process died here."""


class Told:
    """Where a run tells how far it is: the last message of each stage."""

    def __init__(self) -> None:
        self.messages: dict[str, str] = {}
        self.counts: dict[str, dict[str, int]] = {}

    async def stage(self, name: str, *, message: str | None = None, **more: Any) -> None:
        if message is not None:
            self.messages[name] = message
        self.counts.setdefault(name, {}).update({key: value for key, value in more.items() if isinstance(value, int)})

    async def check_cancelled(self) -> None:
        """Nobody cancels."""


@dataclass
class Calls:
    campaign_monitor: int = 0
    salesforce: int = 0


@dataclass
class World:
    """`pool` are the addresses in play. `edit` is one act of a person in the org; `match` one run of the stage."""

    emulators: Emulators
    org: Salesforce
    org_id: int
    name: str
    rows: dict[tuple[str, str], object] = field(default_factory=dict)
    fence: Callable[[], None] = lambda: None
    runs: int = 0
    told: Told = field(default_factory=Told)
    people: dict[str, list[str]] = field(default_factory=lambda: {"Contact": [], "Lead": []})
    gone: list[tuple[str, str]] = field(default_factory=list)

    @property
    def pool(self) -> list[str]:
        return [f"{self.name}.{n}@example.com" for n in range(5)]

    def run(self, *, full: bool = False) -> Run:
        self.runs += 1
        settings = Given(self.rows)
        keys = LedgerKeys(b"a" * 32, b"c" * 32, lambda text: text.encode(), lambda token: token.decode())
        return Run(
            number=self.runs,
            org_id=self.org_id,
            wanted=Wanted(full=full),
            clients=[ClientScope(emulated.CLIENT, "Client", "(GMT) UTC")],
            campaign_monitor=None,  # type: ignore[arg-type] # matching asks the org only
            salesforce=self.org,
            matcher=OrgMatcher(self.org, read_all=full, rules=match_rules(settings)),
            ledger=PostgresLedger(self.org_id, self.runs, self.fence, keys),
            progress=self.told,
            settings=settings,
            fence=self.fence,
            clock=datetime(2026, 3, 10, 9, 30),
        )

    async def match(self) -> Run:
        run = self.run()
        await rematch.match(run)
        return run

    async def lay(self) -> None:
        """A member, a tracking row and a suppression of every address of the pool, linked to nobody."""
        list_id = self.name.ljust(32, "l")
        await emulated.add_list(self.org, list_id)
        parents = {"List__r": {names.LIST_KEY: list_id}}
        for target, key, more in (
            (names.MEMBER, names.MEMBER_KEY, {**parents, "State__c": "Active"}),
            (names.TRACKING, names.TRACKING_KEY, {"Activity__c": "Opened"}),
            (names.SUPPRESSION, names.SUPPRESSION_KEY, {}),
        ):
            records = [{key: f"{list_id}:{address}", "Email__c": address, **more} for address in self.pool]
            results = await self.org.collections.upsert(target, key, records)
            assert all(result.success for result in results), results

    def act(self, **act: Any) -> dict[str, Any]:
        return dict(self.emulators.post("salesforce", "/_control/act", act))

    def add(self, name: str, email: str, **fields: Any) -> str:
        more = {"Company": "C"} if name == "Lead" else {}
        made = self.act(act="create", object=name, fields={"LastName": "Somebody", "Email": email, **more, **fields})[
            "id"
        ]
        self.people[name].append(made)
        return str(made)

    def edit(self, chance: random.Random) -> str:
        """One act drawn by chance; what it was."""
        name = chance.choice(["Contact", "Contact", "Lead"])
        people = self.people[name]
        do = chance.choice(["add", "address", "touch", "delete", "undelete", "merge", "convert"])
        if do == "add" or not people:
            self.add(name, chance.choice(self.pool))
        elif do == "undelete" and self.gone:
            back = self.gone.pop(chance.randrange(len(self.gone)))
            self.act(act="undelete", object=back[0], id=back[1])
            self.people[back[0]].append(back[1])
        elif do == "merge" and len(people) > 1:
            winner, loser = chance.sample(people, 2)
            self.act(act="merge", object=name, id=winner, losers=[loser], fields={})
            people.remove(loser)
        elif do == "convert" and self.people["Lead"]:
            lead = chance.choice(self.people["Lead"])
            into = chance.choice([*self.people["Contact"], None])
            given = {} if into is None else {"contact_id": into}
            try:
                done = self.act(act="convert", id=lead, status="Closed - Converted", **given)
            except Exception as error:  # noqa: BLE001 - a contact without account cannot take a lead
                return f"refused: {error}"
            self.people["Lead"].remove(lead)
            if done["contact_id"] not in self.people["Contact"]:
                self.people["Contact"].append(done["contact_id"])
        elif do == "delete":
            going = chance.choice(people)
            self.act(act="delete", object=name, id=going)
            people.remove(going)
            self.gone.append((name, going))
        elif do == "touch":
            self.act(act="edit", object=name, id=chance.choice(people), fields={"LastName": str(chance.random())})
        else:
            self.act(act="edit", object=name, id=chance.choice(people), fields={"Email": chance.choice(self.pool)})
        return do

    async def links(self) -> dict[tuple[str, str], tuple[str | None, str | None]]:
        """What our records of the pool are linked to, by object and address."""
        found = {}
        for name in rematch.LINKED:
            async for page in self.org.query(f"SELECT Email__c, Contact__c, Lead__c FROM {name}"):
                for record in page:
                    if record["Email__c"].startswith(f"{self.name}."):
                        found[name, record["Email__c"]] = (record["Contact__c"], record["Lead__c"])
        return found

    async def expected(self) -> dict[tuple[str, str], tuple[str | None, str | None]]:
        """What a full sync would link them to."""
        matcher = OrgMatcher(self.org, read_all=True, rules=match_rules(Given(self.rows)))
        contacts, leads = await matcher.match(self.pool)
        pairs = list(zip(self.pool, contacts, leads, strict=True))
        return {(name, a): (c or None, lead or None) for name in rematch.LINKED for a, c, lead in pairs}
