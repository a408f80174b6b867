"""What can be chosen about Salesforce campaigns. Nothing is written to one before it is linked."""

from datetime import date
from typing import Final

from fairlead.domain.activity import Activity
from fairlead.domain.setting import Choice, Column, Flag, Several, Table, Text
from fairlead.features.salesforce_campaigns import benchmarks

ID_LENGTHS: Final = (0, 15, 18)


class Day(Text):
    """A day as 2026-03-10, or blank."""

    __slots__ = ()

    @property
    def possible(self) -> str:
        """What it can be, as a sentence."""
        return "Give a day as YYYY-MM-DD, or leave it blank."

    def read(self, value: object) -> str:
        """The day in ISO form, or blank. Raises BadSetting."""
        text = Text.read(self, value)
        try:
            return date.fromisoformat(text).isoformat() if text else ""
        except ValueError:
            raise self.refuse(value) from None


class RecordId(Text):
    """The id of a record in Salesforce, or blank."""

    __slots__ = ()

    @property
    def possible(self) -> str:
        """What it can be, as a sentence."""
        return "Give the id of a Salesforce record (15 or 18 letters and digits), or leave it blank."

    def read(self, value: object) -> str:
        """The id, or blank. Raises BadSetting."""
        text = Text.read(self, value)
        if len(text) not in ID_LENGTHS or (text and not (text.isascii() and text.isalnum())):
            raise self.refuse(value)
        return text


AUTO_CREATE: Final = Flag(
    name="salesforce_campaigns.auto_create",
    title="Create Salesforce campaigns automatically",
    help="A Salesforce campaign is created, and linked, for every campaign that was sent after this was turned on "
    "and that passes the filters below. Earlier ones can be linked by hand.",
    default=False,
)
UPDATE_STATISTICS: Final = Flag(
    name="salesforce_campaigns.update_statistics",
    title="Update the linked Salesforce campaign with Campaign Monitor campaign statistics",
    help="Recipients, opens, clicks, bounces and the other figures are written to linked campaigns whenever they move. "
    "Off: a campaign that Fairlead creates has the figures of that moment, one that is linked by hand has none.",
    default=True,
)
START_DATE: Final = Day(
    name="salesforce_campaigns.start_date",
    title="Campaign filter: start date",
    help="Salesforce campaigns are created only for campaigns sent on or after this day "
    "(YYYY-MM-DD, UTC). Blank: no such filter.",
    default="",
    most=10,
)
FILTER_TAGS: Final = Flag(
    name="salesforce_campaigns.filter_tags",
    title="Campaign filter: tags",
    help="Salesforce campaigns are created only for campaigns that have one of the tags below in Campaign Monitor.",
    default=False,
)
TAGS: Final = Several(
    name="salesforce_campaigns.tags",
    title="Tags",
    help="Tags of Campaign Monitor, separated by commas. A campaign with any of them passes; capitals do not matter.",
    default=(),
)
RECORD_TYPE: Final = RecordId(
    name="salesforce_campaigns.record_type",
    title="Record type of created campaigns",
    help="The id of the record type that created Salesforce campaigns get. Blank: the default of the user Fairlead signs in as.",
    default="",
    most=18,
)
PARENT: Final = RecordId(
    name="salesforce_campaigns.parent",
    title="Parent of created campaigns",
    help="The id of the Salesforce campaign under which created ones are hung. Blank: none.",
    default="",
    most=18,
)
CREATE_MEMBERS: Final = Flag(
    name="salesforce_campaigns.create_members",
    title="Create campaign members",
    help="Contacts and leads that a campaign was sent to become members of the linked Salesforce campaign. "
    "Off: only people who are members already are told of their activity.",
    default=True,
)
NEVER, ALWAYS, ONCE = "never", "always", "once"
STATUS_REFRESH: Final = Choice(
    name="salesforce_campaigns.status_refresh",
    title="Campaign member status refresh",
    help="Never: the status is set when the member is created. Always: it follows every later activity. "
    "Once only: it is set by the first interaction and then kept. "
    "An activity that is not later than the one the member shows never changes the status; a later one does, "
    "even where somebody has set the status by hand.",
    default=ALWAYS,
    choices=((NEVER, "Never"), (ALWAYS, "Always"), (ONCE, "Once only")),
)
AUTO_CREATE_STATUSES: Final = Flag(
    name="salesforce_campaigns.auto_create_statuses",
    title="Create missing member statuses",
    help="Statuses of the table below that a linked campaign does not have are added to it. "
    "Off: members that would need one are refused, and the reason names it.",
    default=True,
)
STATUS_MAP: Final = Table(
    name="salesforce_campaigns.status_map",
    title="Member status by activity",
    help="Which status a member gets by what it did, and whether a status that Fairlead adds counts as a response. "
    "An activity without a line leaves the status as it is.",
    default=(
        {"activity": Activity.SENT.value, "status": "Sent", "responded": False},
        {"activity": Activity.OPENED.value, "status": "Opened", "responded": False},
        {"activity": Activity.CLICKED.value, "status": "Clicked", "responded": True},
        {"activity": Activity.BOUNCED.value, "status": "Bounced", "responded": False},
        {"activity": Activity.UNSUBSCRIBED.value, "status": "Unsubscribed", "responded": False},
        {"activity": Activity.COMPLAINED.value, "status": "Spam complaint", "responded": False},
    ),
    columns=(
        Column("activity", "Activity", choices=tuple((activity.value, activity.value) for activity in Activity)),
        Column("status", "Member status"),
        Column("responded", "Responded", flag=True),
    ),
    unique="activity",
    most=len(Activity),
)
INDUSTRY: Final = Choice(
    name="salesforce_campaigns.industry",
    title="Industry",
    help="The average open and click rate of this industry stands beside each campaign.",
    default="",
    choices=(("", "None"), *((industry.name, industry.title) for industry in benchmarks.industries())),
)

SETTINGS: Final = (
    AUTO_CREATE,
    UPDATE_STATISTICS,
    START_DATE,
    FILTER_TAGS,
    TAGS,
    RECORD_TYPE,
    PARENT,
    CREATE_MEMBERS,
    STATUS_REFRESH,
    AUTO_CREATE_STATUSES,
    STATUS_MAP,
    INDUSTRY,
)
