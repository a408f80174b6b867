"""What the account room declares: no page of its own, but a panel of the account page."""

from fairlead.features.account.views import panel
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="account",
    title="Account",
    place=98,
    urls="fairlead.features.account.urls",
    verbs=(Verb("choose time zone"),),
    panels={"account": panel},
)
