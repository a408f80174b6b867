"""Who reacts to changed records of Salesforce, in their order: what the rooms offer, joined here and nowhere else."""

from typing import Final

from fairlead.features.departures import flow as departures
from fairlead.features.field_mappings import flow as field_mappings
from fairlead.features.opt_status import flow as opt_status
from fairlead.features.org_changes.offered import Make
from fairlead.features.subscriber_rules import flow as subscriber_rules

IF_PAUSED: Final[tuple[Make, ...]] = (*opt_status.REACTIONS,)
"""Opt-outs: they go on while everything to Campaign Monitor is paused, and are written before anything else."""

REACTIONS: Final[tuple[Make, ...]] = (
    *departures.REACTIONS,
    *field_mappings.REACTIONS,
    *subscriber_rules.REACTIONS,
)
"""Departures first: what moves to another address is there when mappings and rules look at it."""
