"""The facts of the emulated org: `fact("id")` marks code that imitates the entry of `facts.toml`."""

from typing import Final

from fairlead_emulators.facts import FactBook

fact: Final = FactBook("fairlead_emulators.salesforce")
