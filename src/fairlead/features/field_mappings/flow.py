"""What the room runs: its reaction to changes in Salesforce, and its stage of the primary sync."""

from collections.abc import Callable
from typing import Final

from fairlead.features.field_mappings import inward
from fairlead.features.field_mappings.outward import FieldMappings
from fairlead.sync.outward import Reaction

REACTIONS: Final[tuple[Callable[[], Reaction], ...]] = (FieldMappings,)
STAGES: Final = inward.STAGES
