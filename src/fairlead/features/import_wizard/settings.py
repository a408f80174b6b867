"""The options of imports."""

from typing import Any, Final

from fairlead.domain.setting import Flag, Number, Setting
from fairlead.features.import_wizard.rules import removal

SEGMENTS: Final = Flag(
    name="import_wizard.offer_segments",
    title="Offer automatic segments",
    help="Whether the wizard offers to keep a segment of the people whom an import lists. Imports that have one keep it.",
    default=True,
)
PREVIEW_ROWS: Final = Number(
    name="import_wizard.preview_rows",
    title="Rows read for a preview on a page",
    help="A preview on a page reads so many rows of the source at most; `fairlead imports preview` reads all.",
    default=10_000,
    unit="rows",
    least=100,
    most=200_000,
)
SETTINGS: Final[tuple[Setting[Any], ...]] = (*removal.SETTINGS, SEGMENTS, PREVIEW_ROWS)
