"""What the reactions to changes in Salesforce share: a run, pages of changed records, and what a room offers.

Change events and polling only say *look*; a run then reads each record as it is now, once, and hands it to every room
that reacts. Each reaction has a cursor of its own: one that fails is told the same again, and does not hold up others.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.domain.setting import Values, defaults
from fairlead.salesforce.client import Salesforce
from fairlead.sync.ports import Ledger
from fairlead.sync.stage import Calls, ClientScope, Progress

CONTACT: Final = "Contact"
LEAD: Final = "Lead"
ACCOUNT: Final = "Account"
OBJECTS: Final = (CONTACT, LEAD, ACCOUNT)

MANY: Final = 200
"""More changes than this at once are a bulk change (F35): as many as Salesforce hands to one trigger."""

ALWAYS_READ: Final = ("Id", "CreatedDate", "SystemModstamp")


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that was deleted. `master` is the id of the record it was merged into, blank for none; `email` in memory only."""

    id: str
    email: str = field(default="", repr=False)
    master: str = ""


@dataclass(frozen=True, slots=True)
class OrgPage:
    """Changed records of one object, as they are now.

    `records` map field paths (`Email`, `Account.Industry`) to values as the query gave them, `ALWAYS_READ` among them.
    A contact is here, too, when only its account changed (`outward.account_trigger`). `created` are the ids of those that
    are new since the reaction's cursor. `bulk`: one of more than `MANY` changes.
    """

    object: str
    records: Sequence[Mapping[str, Any]]
    created: frozenset[str] = frozenset()
    gone: Sequence[Gone] = ()
    bulk: bool = False


@dataclass(slots=True)
class OutwardRun:
    """One run of what reacts to changes in Salesforce. `number` is the job's; `fence` is called in each transaction.

    `now` is the org's clock when the run began (UTC). `whole`: read every record, whatever changed.
    """

    number: int
    org_id: int
    clients: Sequence[ClientScope]
    campaign_monitor: CampaignMonitor
    salesforce: Salesforce
    ledger: Ledger
    progress: Progress
    now: datetime
    settings: Values = field(default_factory=defaults)
    fence: Callable[[], None] = lambda: None
    calls: Calls | None = None
    whole: bool = False
    totals: dict[str, int] = field(default_factory=dict)

    def add(self, **counts: int) -> None:
        """Add to the totals of the run."""
        for name, count in counts.items():
            self.totals[name] = self.totals.get(name, 0) + count


class Reaction(Protocol):
    """What a room does about changed records; made anew for each run, so it may keep what it gathers."""

    name: str
    """Unique; the cursor's kind is `reaction:<name>`."""
    title: str

    async def fields(self, run: OutwardRun) -> Mapping[str, Collection[str]]:
        """The field paths it needs of each object; objects left out are of no interest to it now."""
        ...

    async def page(self, run: OutwardRun, page: OrgPage) -> None:
        """Take some changed records. What is due may be gathered until `end`. Raises a Failure."""
        ...

    async def end(self, run: OutwardRun) -> None:
        """All pages came: write what was gathered, and wait for it. The cursor moves only after this. Raises a Failure."""
        ...
