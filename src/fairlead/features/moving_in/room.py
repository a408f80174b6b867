"""What the room of moving in declares: its page, its verbs and settings, and the banner while writes are held."""

from collections.abc import Sequence

from fairlead.features.moving_in import hold
from fairlead.features.moving_in.rules.holding import OldPackageDecides
from fairlead.features.moving_in.settings import SETTINGS
from fairlead.store.models import Org
from fairlead.sync import holds
from fairlead.ui import banners, rooms
from fairlead.ui.banners import Banner
from fairlead.ui.rooms import Verb

ROOM = rooms.Room(
    name="moving_in",
    title="Moving in",
    icon="upload",
    entry="moving_in",
    place=96,
    urls="fairlead.features.moving_in.urls",
    verbs=(Verb("look"), Verb("apply"), Verb("decide")),
    settings=SETTINGS,
)


def furnish() -> None:
    """Offer the banner, and tell others why writes are held."""
    banners.offer("moving_in", said)
    holds.provide(hold.reason)


def said(org: Org) -> Sequence[Banner]:
    """One banner while the older package works and Fairlead may not write."""
    return [Banner(OldPackageDecides().text, "moving_in", "Look at it", "warning")] if hold.held(org) else []
