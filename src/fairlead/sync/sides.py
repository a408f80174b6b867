"""Both sides for who reads or writes them outside a run: pages, commands, jobs of single rooms.

Who opens them knows the kept credentials; the wiring provides it, so that rooms need not know one another.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.domain.failure import OurBug
from fairlead.salesforce.client import Salesforce


class Opener(Protocol):
    """Opens a side of an org, signed in, as a context manager. Entering raises a Failure where that is not possible."""

    def campaign_monitor(self, org_id: int) -> AbstractAsyncContextManager[CampaignMonitor]: ...

    def salesforce(self, org_id: int) -> AbstractAsyncContextManager[Salesforce]: ...


class NotProvided(OurBug):
    """The house was not wired before somebody asked for a side."""

    code = "FL-902"

    def __init__(self) -> None:
        super().__init__("Nobody has said how the sides are opened.")


@dataclass(slots=True)
class _Provided:
    opener: Opener | None = None


_provided = _Provided()


def provide(opener: Opener | None) -> None:
    """Say how sides are opened; a later call replaces an earlier one. None: nobody says."""
    _provided.opener = opener


def campaign_monitor(org_id: int) -> AbstractAsyncContextManager[CampaignMonitor]:
    """The connected Campaign Monitor account of an org. Raises NotProvided."""
    return _opener().campaign_monitor(org_id)


def salesforce(org_id: int) -> AbstractAsyncContextManager[Salesforce]:
    """The connected Salesforce org of an org. Raises NotProvided."""
    return _opener().salesforce(org_id)


def _opener() -> Opener:
    if _provided.opener is None:
        raise NotProvided
    return _provided.opener
