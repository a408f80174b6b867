"""Who reacts to changed records of Salesforce, in their order: what the rooms offer, joined here and nowhere else."""

from typing import Final

from fairlead.features.departures import flow as departures
from fairlead.features.org_changes.offered import Make

IF_PAUSED: Final[tuple[Make, ...]] = ()
"""Opt-outs: they go on while everything to Campaign Monitor is paused, and are written before anything else."""

REACTIONS: Final[tuple[Make, ...]] = (*departures.REACTIONS,)
"""Departures first: what moves to another address is there when mappings and rules look at it."""
