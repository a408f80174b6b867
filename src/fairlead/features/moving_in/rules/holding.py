"""Two that write the same: whether the older package works, and who decides meanwhile."""

from datetime import datetime, timedelta
from typing import Final

from fairlead.domain.failure import FixTheSettings, RefusedByGuard

FAIRLEAD, OLD_PACKAGE = "fairlead", "old_package"
LOOK_EVERY: Final = timedelta(hours=24)


class OldPackageDecides(RefusedByGuard):
    """The older package works in the org, and nobody has said yet that Fairlead is to write in its place."""

    code = "FL-680"
    next_step = (
        "When what you need is taken over and the older package is switched off, choose “Fairlead decides now” on the page "
        "Moving in, or run `fairlead move-in decide fairlead`."
    )

    def __init__(self) -> None:
        super().__init__(
            "Opt-outs, contacts, leads and lists are not written: the older package (wbsendit) works in this Salesforce org, "
            "and both would write the same."
        )


class NoSuchDecider(FixTheSettings):
    """Who is to decide is neither of the two."""

    code = "FL-683"

    def __init__(self, who: str) -> None:
        super().__init__(f"{who!r} is nobody who could decide.", next_step=f"Give {FAIRLEAD} or {OLD_PACKAGE}.")


def works(changed: datetime | None, now: datetime, days: int, *, there: bool, readable: bool) -> bool:
    """Whether the older package works: its records were changed lately. Where that cannot be read it counts as working."""
    if not there:
        return False
    if not readable:
        return True
    return changed is not None and now - changed <= timedelta(days=days)


def holds(*, working: bool, chosen: str) -> bool:
    """Whether Fairlead must not write: the older package works, and it was not said that Fairlead decides."""
    return working and chosen != FAIRLEAD


def due(looked: datetime | None, now: datetime, *, same_org: bool) -> bool:
    """Whether the org must be looked at (again): once a day, and at once when another one is connected."""
    return not same_org or looked is None or now - looked > LOOK_EVERY
