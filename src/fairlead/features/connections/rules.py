"""What the connections room decides: which account and org are the same as before, who stays selected, who may own records."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from fairlead.domain.record_id import to_18
from fairlead.domain.setting import Of, Setting

REMOVE_KIND: Final = "remove_client"
REMOVE_TITLE: Final = "Remove a client"
HAND_OVER_KIND: Final = "hand_over"
HAND_OVER_TITLE: Final = "Hand over records"
SIDES: Final = {"campaign_monitor": "Campaign Monitor", "salesforce": "Salesforce"}

_USER_ID: Final = re.compile(r"005[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")


def same_account(known: Collection[str], found: Collection[str]) -> bool:
    """Whether clients `found` belong to the account whose clients were `known`, by their ids.

    Assumed: a client belongs to one account for ever, and ids are not given twice. Names and contacts tell nothing: one
    person may administer several accounts. A login to one client alone is of the same account as one to all.
    """
    return not set(known).isdisjoint(found)


def selection(known: Mapping[str, bool], found: Collection[str], chosen: Collection[str]) -> dict[str, bool]:
    """Which of the clients `found` are selected. `known`: whether each client of this account was, before.

    Where `chosen` names some, those and no others. Else everything stays as it was, and a client that is new is left to
    be chosen; an account that is connected for the first time is taken whole.
    """
    if chosen:
        return {client: client in chosen for client in found}
    return {client: known.get(client, not known) for client in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserId(Setting[str]):
    """The id of a Salesforce user, kept with 18 characters; blank for nobody in particular."""

    kind: ClassVar[str] = "text"

    @property
    def possible(self) -> str:
        """What it can be, as a sentence."""
        return "Give the id of a Salesforce user: 15 or 18 letters and digits that begin with 005; or nothing."

    def read(self, value: object) -> str:
        """The id with 18 characters, or blank. Raises BadSetting."""
        text = value.strip() if isinstance(value, str) else "?"
        if text and _USER_ID.fullmatch(text) is None:
            raise self.refuse(value)
        return to_18(text)


OWNER: Final = UserId(
    name="connections.owner",
    title="Owner of created records",
    help="The Salesforce user who owns what is created for this client, so that your sharing rules decide who sees it. "
    "Blank: the user whom Fairlead signs in as. Records that exist keep their owner until they are handed over.",
    default="",
    unit="Salesforce user id",
    of=Of.CLIENT,
)
