"""What the first page declares.

It shows what other rooms lend to two places: `home` (cards, drawn from the database: the page must come at once) and
`problems` (list items, each an open problem with the link that leads to its end; blank where there is none).
"""

from fairlead.ui.access import Role
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="home",
    title="Home",
    icon="home",
    entry="home",
    place=0,
    urls="fairlead.features.home.urls",
    verbs=(Verb("look"),),
    role=Role.STANDARD,
)
