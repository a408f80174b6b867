"""Python's cycle collector while pages by the thousand go through."""

import gc
from typing import Final

THRESHOLDS: Final = (50_000, 50, 1_000)
"""Pages hold no cycles: with the usual 700 the collector took about a seventh of the pull's time to find nothing."""


def calm() -> None:
    """Let the collector look more rarely, and never again at what was there at the start. Harmless when repeated."""
    if gc.get_threshold() != THRESHOLDS:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
