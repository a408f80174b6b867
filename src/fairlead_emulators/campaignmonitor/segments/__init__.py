"""Segments of lists."""

from fairlead_emulators.campaignmonitor.segments.membership import members

__all__ = ["members"]
