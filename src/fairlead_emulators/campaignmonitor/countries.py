"""Countries, and states of the USA, as this account names them."""

from functools import cache
from importlib import resources
from typing import Final

from fairlead_emulators.campaignmonitor.facts import fact

# Where the ISO table of the tz database names a country otherwise than this account does.
_RENAMED: Final = {"Britain (UK)": "United Kingdom", "United States": "United States of America"}
STATES: Final = (
    "Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado", "Connecticut", "Delaware",
    "District of Columbia", "Florida", "Georgia", "Hawaii", "Idaho", "Illinois", "Indiana", "Iowa", "Kansas",
    "Kentucky", "Louisiana", "Maine", "Maryland", "Massachusetts", "Michigan", "Minnesota", "Mississippi",
    "Missouri", "Montana", "Nebraska", "Nevada", "New Hampshire", "New Jersey", "New Mexico", "New York",
    "North Carolina", "North Dakota", "Ohio", "Oklahoma", "Oregon", "Pennsylvania", "Rhode Island",
    "South Carolina", "South Dakota", "Tennessee", "Texas", "Utah", "Vermont", "Virginia", "Washington",
    "West Virginia", "Wisconsin", "Wyoming",
)  # fmt: skip


@cache
@fact("countries")
def countries() -> list[str]:
    """Country names, from the table that comes with the tz database."""
    text = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    names = [line.split("\t")[1] for line in text.splitlines() if line and not line.startswith("#")]
    return sorted(_RENAMED.get(name, name) for name in names)
