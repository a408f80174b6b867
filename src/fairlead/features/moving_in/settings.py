"""Who writes while both are there, and when the older package counts as working."""

from typing import Any, Final

from fairlead.domain.setting import Choice, Number, Setting
from fairlead.features.moving_in.rules.holding import FAIRLEAD, OLD_PACKAGE

DECIDES: Final = Choice(
    name="moving_in.decides",
    title="Who writes while the older package works",
    help=(
        "Two integrations that write the same opt-outs, contacts, leads and lists undo each other's work. While the older "
        "package (wbsendit) works in the org, Fairlead writes none of them until you choose Fairlead here. Switch the older "
        "package's sync, rules and imports off first. You can take the choice back."
    ),
    default=OLD_PACKAGE,
    choices=((OLD_PACKAGE, "The older package, as long as it works"), (FAIRLEAD, "Fairlead decides now")),
)
WORKS_DAYS: Final = Number(
    name="moving_in.works_days",
    title="The older package counts as working for",
    help=(
        "So long after the last change of one of its records. Fairlead looks once a day; where it may not read these "
        "records, the package counts as working."
    ),
    default=14,
    unit="days",
    least=1,
    most=365,
)
SETTINGS: Final[tuple[Setting[Any], ...]] = (DECIDES, WORKS_DAYS)
