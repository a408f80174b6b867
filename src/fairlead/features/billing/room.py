"""What the billing page declares. Everybody who may come in may read it; what costs money is for Full Access."""

from fairlead.ui.access import Role
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="billing",
    title="Billing",
    icon="moneybag",
    entry="billing",
    place=97,
    urls="fairlead.features.billing.urls",
    verbs=(Verb("look"), Verb("subscribe"), Verb("pay"), Verb("count"), Verb("send invoices again")),
    role=Role.GUEST,
)
