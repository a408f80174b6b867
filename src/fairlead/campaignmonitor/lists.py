"""Subscriber lists: their settings, figures and custom fields."""

from typing import Final

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.transport import Door, Transport


class ListName(msgspec.Struct, frozen=True, rename={"list_id": "ListID", "name": "Name"}):
    """A list of a client, by its name."""

    list_id: str = ""
    name: str = ""


class ListDetails(
    msgspec.Struct,
    frozen=True,
    rename={
        "list_id": "ListID",
        "title": "Title",
        "confirmed_opt_in": "ConfirmedOptIn",
        "unsubscribe_setting": "UnsubscribeSetting",
        "unsubscribe_page": "UnsubscribePage",
        "confirmation_success_page": "ConfirmationSuccessPage",
    },
):
    """A list's settings. `unsubscribe_setting` is `AllClientLists` or `OnlyThisList`; pages are web addresses or blank."""

    list_id: str = ""
    title: str = ""
    confirmed_opt_in: bool = False
    unsubscribe_setting: str = ""
    unsubscribe_page: str = ""
    confirmation_success_page: str = ""


_TOTALS: Final = {
    "active": "TotalActiveSubscribers",
    "unsubscribed": "TotalUnsubscribes",
    "deleted": "TotalDeleted",
    "bounced": "TotalBounces",
}
_EVENTS: Final = {
    "new_active": "NewActiveSubscribers",
    "unsubscribed": "Unsubscribes",
    "deleted": "Deleted",
    "bounced": "Bounces",
}
_SPANS: Final = {
    "today": "Today",
    "yesterday": "Yesterday",
    "this_week": "ThisWeek",
    "this_month": "ThisMonth",
    "this_year": "ThisYear",
}
_COUNTERS: Final = _TOTALS | {
    f"{event}_{span}": f"{named}{spanned}" for event, named in _EVENTS.items() for span, spanned in _SPANS.items()
}


class ListStats(msgspec.Struct, frozen=True, rename=_COUNTERS):
    """How many subscribers a list has, by state, and how many entered the state in a span of the calendar.

    The spans are those of the client's time zone; a week begins on Sunday.
    """

    active: int = 0
    new_active_today: int = 0
    new_active_yesterday: int = 0
    new_active_this_week: int = 0
    new_active_this_month: int = 0
    new_active_this_year: int = 0
    unsubscribed: int = 0
    unsubscribed_today: int = 0
    unsubscribed_yesterday: int = 0
    unsubscribed_this_week: int = 0
    unsubscribed_this_month: int = 0
    unsubscribed_this_year: int = 0
    deleted: int = 0
    deleted_today: int = 0
    deleted_yesterday: int = 0
    deleted_this_week: int = 0
    deleted_this_month: int = 0
    deleted_this_year: int = 0
    bounced: int = 0
    bounced_today: int = 0
    bounced_yesterday: int = 0
    bounced_this_week: int = 0
    bounced_this_month: int = 0
    bounced_this_year: int = 0


class CustomField(
    msgspec.Struct,
    frozen=True,
    rename={"name": "FieldName", "key": "Key", "data_type": "DataType", "options": "FieldOptions"},
):
    """A custom field of a list. `key` is in square brackets; `options` are the choices of a multi-choice field."""

    name: str = ""
    key: str = ""
    data_type: str = ""
    options: tuple[str, ...] = ()


_LISTS = Reader[list[ListName]](list[ListName])
_DETAILS = Reader[ListDetails](ListDetails)
_STATS = Reader[ListStats](ListStats)
_FIELDS = Reader[list[CustomField]](list[CustomField])


async def lists(transport: Transport, client_id: str) -> list[ListName]:
    """The lists of a client."""
    return await transport.get(Door("/clients/{}/lists", (client_id,)), _LISTS)


async def details(transport: Transport, list_id: str) -> ListDetails:
    """A list's settings."""
    return await transport.get(Door("/lists/{}", (list_id,)), _DETAILS)


async def stats(transport: Transport, list_id: str) -> ListStats:
    """A list's figures."""
    return await transport.get(Door("/lists/{}/stats", (list_id,)), _STATS)


async def custom_fields(transport: Transport, list_id: str) -> list[CustomField]:
    """A list's custom fields."""
    return await transport.get(Door("/lists/{}/customfields", (list_id,)), _FIELDS)
