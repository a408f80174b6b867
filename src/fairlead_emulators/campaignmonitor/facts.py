"""What this account imitates, and how we know: `facts.toml`."""

from typing import Final

from fairlead_emulators.facts import FactBook

fact: Final = FactBook(__package__)
