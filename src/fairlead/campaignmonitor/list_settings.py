"""Lists and their custom fields are created, changed and deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from fairlead.campaignmonitor import lists
from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.transport import Door, Transport, nothing

_TEXT = Reader[str](str)

# What a second call hears of what the first has taken away.
_NO_LIST: Final = (101, 404)
_NO_FIELD: Final = (253,)


class UnsubscribeSetting(StrEnum):
    """What an unsubscribe from a list counts for. For all lists of the client: then it also enters the suppression list."""

    ALL_LISTS = "AllClientLists"
    THIS_LIST = "OnlyThisList"


class DataType(StrEnum):
    """What a custom field holds. The options of countries and US states are the server's own."""

    TEXT = "Text"
    NUMBER = "Number"
    ONE_OF = "MultiSelectOne"
    SOME_OF = "MultiSelectMany"
    DATE = "Date"
    COUNTRY = "Country"
    US_STATE = "USState"


@dataclass(frozen=True, slots=True)
class ListWish:
    """How a list shall be. Pages are web addresses, blank for the server's own. `confirmed_opt_in` mails who is added."""

    title: str
    unsubscribe_setting: UnsubscribeSetting = UnsubscribeSetting.ALL_LISTS
    confirmed_opt_in: bool = False
    unsubscribe_page: str = ""
    confirmation_success_page: str = ""

    def wire(self) -> dict[str, Any]:
        """As it is sent."""
        return {
            "Title": self.title,
            "UnsubscribeSetting": self.unsubscribe_setting,
            "ConfirmedOptIn": self.confirmed_opt_in,
            "UnsubscribePage": self.unsubscribe_page,
            "ConfirmationSuccessPage": self.confirmation_success_page,
        }


@dataclass(frozen=True, slots=True)
class FieldWish:
    """A custom field to create. `options` are for the two kinds of choices; `visible`: people may change it themselves."""

    name: str
    data_type: DataType
    options: Sequence[str] = ()
    visible: bool = True

    def wire(self) -> dict[str, Any]:
        """As it is sent."""
        body: dict[str, Any] = {"FieldName": self.name, "DataType": self.data_type}
        return body | {"Options": list(self.options), "VisibleInPreferenceCenter": self.visible}


class ListSettings:
    """The lists of clients, and the custom fields of lists. Raises SetupRefused where a setting is not accepted.

    What is created is not created twice: after a lost answer the account is read, and where even that cannot be done,
    OutcomeUnknown is raised.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(self, client_id: str, wish: ListWish) -> str:
        """A new list's id. Raises SetupRefused for a title that is taken (code 250) or blank (251)."""
        before = {each.list_id for each in await lists.lists(self._transport, client_id)}

        async def settle() -> str | None:
            now = await lists.lists(self._transport, client_id)
            made = [each for each in now if each.list_id not in before and _same(each.name, wish.title)]
            return made[0].list_id if made else None

        door = Door("/lists/{}", (client_id,))
        return await self._transport.send("POST", door, wish.wire(), _TEXT, settle=settle)

    async def update(
        self,
        list_id: str,
        wish: ListWish,
        *,
        suppress_unsubscribes: bool | None = None,
        scrub_suppressed: bool | None = None,
    ) -> None:
        """Give a list these settings, all of them.

        Where unsubscribes count for all lists: `suppress_unsubscribes` enters those who have left this list in the
        suppression list, `scrub_suppressed` takes who is suppressed off this list. None leaves it to the server.
        """
        body = wish.wire()
        if suppress_unsubscribes is not None:
            body["AddUnsubscribesToSuppList"] = suppress_unsubscribes
        if scrub_suppressed is not None:
            body["ScrubActiveWithSuppList"] = scrub_suppressed
        await self._transport.send("PUT", Door("/lists/{}", (list_id,)), body, nothing, repeatable=True)

    async def delete(self, list_id: str) -> None:
        """Delete a list and all its subscribers. Raises SetupRefused where a draft campaign uses it (code 252)."""
        door = Door("/lists/{}", (list_id,))
        await self._transport.send("DELETE", door, None, nothing, repeatable=True, gone=_NO_LIST)

    async def create_field(self, list_id: str, wish: FieldWish) -> str:
        """A new custom field's key, in square brackets. Raises SetupRefused where one is so named already (code 255)."""
        before = {each.key for each in await lists.custom_fields(self._transport, list_id)}

        async def settle() -> str | None:
            return await self._key_of(list_id, wish.name, but=before)

        door = Door("/lists/{}/customfields", (list_id,))
        return await self._transport.send("POST", door, wish.wire(), _TEXT, settle=settle)

    async def update_field(self, list_id: str, key: str, name: str, *, visible: bool) -> str:
        """Rename a custom field; its new key. Raises SetupRefused where another is so named (code 255)."""
        fields = await lists.custom_fields(self._transport, list_id)
        others = {each.key for each in fields} - {bracketed(key)}

        async def settle() -> str | None:
            return await self._key_of(list_id, name, but=others)

        body = {"FieldName": name, "VisibleInPreferenceCenter": visible}
        door = _field_door(list_id, key)
        return await self._transport.send("PUT", door, body, _TEXT, repeatable=True, settle=settle)

    async def set_options(self, list_id: str, key: str, options: Sequence[str], *, keep_existing: bool) -> None:
        """Add choices to a custom field, or put these in place of its own.

        Raises SetupRefused where a workflow uses one that would go (code 264).
        """
        body = {"KeepExistingOptions": keep_existing, "Options": list(options)}
        door = _field_door(list_id, key, "/options")
        await self._transport.send("PUT", door, body, nothing, repeatable=True)

    async def delete_field(self, list_id: str, key: str) -> None:
        """Delete a custom field, its values, and the rules of segments that use it.

        Raises SetupRefused where a workflow or another rule uses it (codes 263, 267).
        """
        door = _field_door(list_id, key)
        await self._transport.send("DELETE", door, None, nothing, repeatable=True, gone=_NO_FIELD)

    async def _key_of(self, list_id: str, name: str, *, but: set[str]) -> str | None:
        now = await lists.custom_fields(self._transport, list_id)
        return next((each.key for each in now if each.key not in but and _same(each.name, name)), None)


def bracketed(key: str) -> str:
    """A field's key as calls want it: in square brackets. Raises ValueError for a blank one."""
    bare = key.strip()
    bare = bare[1:-1] if bare.startswith("[") and bare.endswith("]") else bare
    if not bare.strip():
        raise ValueError(f"{key!r} is not the key of a custom field: give one such as '[colour]'.")
    return f"[{bare}]"


def _field_door(list_id: str, key: str, end: str = "") -> Door:
    return Door(f"/lists/{{}}/customfields/{{}}{end}", (list_id,), names=(bracketed(key),))


def _same(one: str, other: str) -> bool:
    return one.strip() == other.strip()
