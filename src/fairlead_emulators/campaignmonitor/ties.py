"""What rooms know of each other's things: asked before one is deleted, told when one is gone."""

from collections.abc import Callable

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.store import Client, Store, SubscriberList


class Ties:
    """One per account: `service.own(Ties)`. Rooms add to the lists when the account is made.

    `in_draft`: whether a draft campaign uses the list or segment of that id. `list_gone`, `client_gone`: called
    within the transaction that deletes; a client's lists are gone before it.
    """

    def __init__(self, service: Service) -> None:
        self.in_draft: list[Callable[[str], bool]] = []
        self.list_gone: list[Callable[[SubscriberList], None]] = []
        self.client_gone: list[Callable[[Client], None]] = []

    def used_by_draft(self, identity: str) -> bool:
        """Whether any draft campaign uses the list or segment."""
        return any(asks(identity) for asks in self.in_draft)


def next_number(store: Store, kind: str, least: int = 1) -> int:
    """The number of a new thing of that kind, never one that a deleted thing had. Emptying starts again at 1."""
    number = max(int(store.meta(f"made {kind}") or 0) + 1, least)
    store.remember(f"made {kind}", str(number))
    return number
