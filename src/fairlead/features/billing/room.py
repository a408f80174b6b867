"""What the billing page declares. Everybody who may come in may read it."""

from fairlead.ui.access import Role
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="billing",
    title="Billing",
    icon="moneybag",
    entry="billing",
    place=97,
    urls="fairlead.features.billing.urls",
    verbs=(Verb("look"),),
    role=Role.GUEST,
)
