"""What every page says above its content while it holds: switches that are on, and what waits for a decision.

Rooms offer banners when their app is ready; each is asked on every page that somebody who is signed in sees.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fairlead.store.models import Org


@dataclass(frozen=True, slots=True)
class Banner:
    """A sentence, and the name of the page where it can be changed. `kind` is `warning` or `error`."""

    text: str
    entry: str
    link: str = "Change it"
    kind: str = "warning"


Offer = Callable[[Org], Sequence[Banner]]

_offers: dict[str, Offer] = {}


def offer(name: str, banners: Offer) -> None:
    """Say what a room has to say on every page; a later call of the same name replaces the earlier."""
    _offers[name] = banners


def withdraw(name: str) -> None:
    """Take back what was offered; harmless when there is nothing."""
    _offers.pop(name, None)


def banners(org: Org) -> list[Banner]:
    """All that is to be said now."""
    return [banner for offer in _offers.values() for banner in offer(org)]
