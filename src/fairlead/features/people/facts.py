"""What is known of a person on both sides when somebody asks. It is read for the answer and kept nowhere."""

from dataclasses import dataclass, field
from typing import Any

from fairlead.domain.said import OPT_STATUS, Said
from fairlead.sync.match import MatchRules


@dataclass(frozen=True, slots=True)
class Person:
    """A contact, lead or person account that has the address in `field`, which need not be one that is matched by.

    `modified` and `created` are Salesforce's texts, in UTC.
    `account` is the person account's id. `became` is the contact that a converted lead became, `converted` whether it did.
    """

    id: str
    kind: str
    field: str
    modified: str
    account: str = ""
    converted: bool = False
    became: str = ""
    opted_out: bool = False
    do_not_call: bool = False
    created: str = ""


@dataclass(frozen=True, slots=True)
class Matching:
    """How members find their contact and lead: fields in the order in which they count, and who wins of several."""

    contact_fields: tuple[str, ...] = ("Email",)
    lead_fields: tuple[str, ...] = ("Email",)
    oldest_wins: bool = False
    id_field: str = ""

    @property
    def rules(self) -> MatchRules:
        """As the sync has them."""
        return MatchRules(self.contact_fields, self.lead_fields, self.oldest_wins, by_id=bool(self.id_field))


@dataclass(frozen=True, slots=True)
class Member:
    """A member record in the org; a deleted one is in its recycle bin."""

    id: str
    state: str
    modified: str
    contact: str = ""
    lead: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row was refused, how often it was offered, and whether it will be again."""

    code: str
    reason: str
    attempts: int
    again: bool


@dataclass(frozen=True, slots=True)
class OnList:
    """One list: what Campaign Monitor says of the address there, and what Fairlead and the org have of it.

    `state` is blank where the address is not on the list; `since` (of the state) and `joined` are in the client's time
    zone, `cursor` (how far the list was read, blank for never) in the account's. `consent_to_track` is `Yes`, `No` or
    blank. `named_id` is the record id that a custom field of the subscriber names. `creates` is what the list's rule makes
    for people without a record: `contact`, `lead`, or blank; `not_created` says why Salesforce did not take such a record.
    """

    id: str
    name: str
    client: str
    client_name: str
    selected: bool = True
    prevented: bool = False
    state: str = ""
    since: str = ""
    joined: str = ""
    consent_to_track: str = ""
    named_id: str = ""
    history: tuple[str, ...] = ()
    cursor: str = ""
    member: Member | None = None
    refusal: Refusal | None = None
    creates: str = ""
    not_created: Refusal | None = None
    settings: tuple[str, ...] = ()

    @property
    def read_until(self) -> str:
        """The cursor as people write a moment."""
        return self.cursor[:19].replace("T", " ")


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A client that does not mail to the address, as this side says."""

    side: str
    client: str
    since: str
    reason: str


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happened, as the org has it."""

    what: str
    at: str
    where: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CampaignMember:
    """A Salesforce campaign that the person is in."""

    id: str
    campaign: str
    status: str
    person: str


@dataclass(frozen=True, slots=True)
class Syncs:
    """The primary sync: whether one is under way, how the last ended (blank where none ran), and when the next is due."""

    running: bool = False
    last: int = 0
    last_state: str = ""
    last_reason: str = ""
    failed_stages: tuple[str, ...] = ()
    next_run: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it. A side that cannot be asked has its reason in `account_problem` or `org_problem`."""

    address: str
    lists: tuple[OnList, ...] = ()
    people: tuple[Person, ...] = ()
    matching: Matching = field(default_factory=Matching)
    suppressed: tuple[Suppressed, ...] = ()
    activities: tuple[Activity, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    campaigns: tuple[CampaignMember, ...] = ()
    syncs: Syncs = field(default_factory=Syncs)
    account_problem: str = ""
    org_problem: str = ""
    settings: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()
    """What rooms say of the person, such as which rules are true of their records."""

    @property
    def opt_status(self) -> list[Said]:
        """What is agreed about mail to the address, with its history."""
        return [one for one in self.said if one.topic == OPT_STATUS]

    @property
    def rules(self) -> list[Said]:
        """What else rooms say."""
        return [one for one in self.said if one.topic != OPT_STATUS]

    @property
    def found(self) -> bool:
        """Whether either side knows the address at all."""
        known = any(one.state or one.member for one in self.lists)
        return bool(known or self.people or self.suppressed or self.activities)


Json = dict[str, Any]
