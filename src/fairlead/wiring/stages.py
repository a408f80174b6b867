"""The stages of the primary sync, in the order in which they run: each room offers its own."""

from dataclasses import replace
from typing import Final

from fairlead.features.campaigns import flow as campaigns_flow
from fairlead.features.connections import flow as connections_flow
from fairlead.features.field_mappings import flow as field_mappings_flow
from fairlead.features.members import flow as members_flow
from fairlead.features.opt_status import flow as opt_status_flow
from fairlead.features.primary_sync import clean as primary_sync_clean
from fairlead.features.record_creation import flow as record_creation_flow
from fairlead.features.salesforce_campaigns import flow as salesforce_campaigns_flow
from fairlead.features.storage import flow as storage_flow
from fairlead.features.suppression import flow as suppression_flow
from fairlead.features.tracking_history import flow as tracking_flow
from fairlead.features.webhooks import stage as webhooks_stage
from fairlead.sync.stage import Stage
from fairlead.wiring.holding import beside_old_package, held_stage

STAGE_ORDER: Final = (
    "clean",
    "clients",
    "lists",
    "match",
    "members",
    "figures",
    "records",
    "mapping",
    "campaigns",
    "links",
    "journeys",
    "tracking",
    "rollups",
    "suppression",
    "opt_status",
    "campaign_members",
    "webhooks",
    "retention",
    "tidy",
)
"""What a stage finds was written by those before it: members hang on lists, events on campaigns and members."""

PRIMARY_SYNC_STAGES: Final[tuple[Stage, ...]] = tuple(
    sorted(
        (
            primary_sync_clean.FIRST_STAGE,
            *connections_flow.STAGES,
            *members_flow.STAGES,
            *campaigns_flow.STAGES,
            salesforce_campaigns_flow.LINKS,
            salesforce_campaigns_flow.MEMBERS,
            *tracking_flow.STAGES,
            *map(beside_old_package, (*record_creation_flow.STAGES, *field_mappings_flow.STAGES)),
            *suppression_flow.STAGES,
            *(beside_old_package(replace(stage, run=held_stage(stage.run))) for stage in opt_status_flow.STAGES),
            *storage_flow.STAGES,
            *webhooks_stage.STAGES,
        ),
        key=lambda stage: STAGE_ORDER.index(stage.name),
    )
)
