"""What people choose about contacts and leads that go: deleted, emptied or merged (F98, and the options of section 2.8)."""

from typing import Any, Final

from fairlead.domain.setting import Choice, Flag, Number, Setting, Values
from fairlead.features.departures.rules import OnDelete, Options

ON_DELETE: Final = Choice(
    name="departures.on_delete",
    title="When a contact or lead is deleted",
    help=(
        "What happens to the subscriber of that address. Delete takes it off all lists and can be undone by adding it "
        "again; unsubscribe may also suppress it, as the list says. Nothing happens while another contact or lead has the "
        "same address, and who has unsubscribed stays unsubscribed."
    ),
    default=OnDelete.NOTHING,
    choices=(
        (OnDelete.NOTHING, "Leave the subscriber as it is"),
        (OnDelete.DELETE, "Set it to Deleted in Campaign Monitor"),
        (OnDelete.UNSUBSCRIBE, "Unsubscribe it in Campaign Monitor"),
    ),
)
ON_EMPTY: Final = Flag(
    name="departures.on_empty",
    title="Set to Deleted when the address is emptied",
    help=(
        "Somebody clears the e-mail address of a contact or lead: the subscriber that was linked with it is taken off all "
        "lists. Nothing happens while another contact or lead has that address."
    ),
    default=False,
)
ON_MERGE: Final = Flag(
    name="departures.on_merge",
    title="Move memberships when records are merged",
    help=(
        "Two contacts become one that keeps one address: the memberships of the other address move to it. An opt-out of "
        "either stays; nobody is subscribed again. Off: the other address stays on its lists."
    ),
    default=True,
)
AT_MOST: Final = Number(
    name="departures.at_most",
    title="Ask before more than",
    help=(
        "Deletions and emptied addresses that take more addresses than this off their lists at once are held: a slip in a "
        "data load must not empty a list. Raise the number to let them go."
    ),
    default=500,
    unit="addresses at once",
    least=1,
)
SETTINGS: Final[tuple[Setting[Any], ...]] = (ON_DELETE, ON_EMPTY, ON_MERGE, AT_MOST)


def options(values: Values) -> Options:
    """The options of a run."""
    return Options(OnDelete(values.of(ON_DELETE)), values.of(ON_EMPTY), values.of(ON_MERGE))
