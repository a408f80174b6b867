"""What rules about campaigns need to know: a port that the room of campaigns fills."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, Protocol

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.store import SubscriberList


class Activity(Protocol):
    """What is known of campaigns. Addresses are lower case; campaigns are named by their ids, lower case."""

    def version(self) -> object:
        """A value that changes whenever an answer of the others may have changed."""
        ...

    def went_to(self, campaign: str, on: SubscriberList) -> bool | None:
        """Whether the campaign was sent to the list; None: there is no such campaign of its client."""
        ...

    def links(self, campaign: str) -> Collection[str]:
        """The addresses that the campaign links to."""
        ...

    def recipients(self, campaign: str, on: SubscriberList) -> AbstractSet[str]:
        """Who got it on that list."""
        ...

    def openers(self, campaign: str, on: SubscriberList) -> AbstractSet[str]:
        """Who opened it."""
        ...

    def clickers(self, campaign: str, on: SubscriberList, url: str | None) -> AbstractSet[str]:
        """Who clicked the link; any link when `url` is None."""
        ...

    def last_active(self, on: SubscriberList) -> Mapping[str, float]:
        """When each address last opened or clicked anything: unix seconds."""
        ...

    def countries(self, on: SubscriberList) -> Mapping[str, str]:
        """The country where each address was last seen, by its English name."""
        ...


class NoActivity:
    """Before anything was sent."""

    def version(self) -> object:
        """Nothing ever changes."""
        return None

    def went_to(self, campaign: str, on: SubscriberList) -> bool | None:
        """There is no campaign."""
        return None

    def links(self, campaign: str) -> Collection[str]:
        """None."""
        return ()

    def recipients(self, campaign: str, on: SubscriberList) -> AbstractSet[str]:
        """Nobody."""
        return frozenset()

    def openers(self, campaign: str, on: SubscriberList) -> AbstractSet[str]:
        """Nobody."""
        return frozenset()

    def clickers(self, campaign: str, on: SubscriberList, url: str | None) -> AbstractSet[str]:
        """Nobody."""
        return frozenset()

    def last_active(self, on: SubscriberList) -> Mapping[str, float]:
        """Nobody was."""
        return {}

    def countries(self, on: SubscriberList) -> Mapping[str, str]:
        """None is known."""
        return {}


NOTHING_SENT: Final[Activity] = NoActivity()


class Port:
    """Where the room of campaigns puts what it knows: `service.own(Port).activity = …`."""

    def __init__(self, service: Service) -> None:
        self.activity: Activity = NOTHING_SENT
