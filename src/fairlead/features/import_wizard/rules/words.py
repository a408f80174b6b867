"""The words of imports: where people come from, what a refresh does, how an import stands (2.5)."""

from enum import StrEnum
from typing import Final

from fairlead.domain.words import noop


class SourceKind(StrEnum):
    """Where people come from."""

    CAMPAIGN = "campaign"
    REPORT = "report"
    LIST_VIEW = "list-view"
    SOQL = "soql"

    @property
    def label(self) -> str:
        """As people read it."""
        return _SOURCES[self]


class Refresh(StrEnum):
    """What a run does with people who were deleted from the list, and with those who left the source."""

    UPDATE = "update"
    ADD_DELETED = "add-deleted"
    REMOVE = "remove"
    REMOVE_ADD_DELETED = "remove-add-deleted"

    @property
    def label(self) -> str:
        """As people read it."""
        return _REFRESHES[self][0]

    @property
    def help(self) -> str:
        """What it does, in a sentence."""
        return _REFRESHES[self][1]

    @property
    def adds_deleted(self) -> bool:
        """Whether people whose state is Deleted are added again; those who unsubscribed or bounced never are."""
        return self in (Refresh.ADD_DELETED, Refresh.REMOVE_ADD_DELETED)

    @property
    def removes(self) -> bool:
        """Whether people whom the import added are taken off when they leave the source."""
        return self in (Refresh.REMOVE, Refresh.REMOVE_ADD_DELETED)


class Status(StrEnum):
    """How an import stands."""

    NEVER = noop("Not run yet")
    HOLDING = noop("Holding")
    WAITING = noop("Waiting")
    QUEUED = noop("Queued")
    RUNNING = noop("Running")
    PROCESSING = noop("Processing")
    UPDATING = noop("Updating")
    SEGMENTING = noop("Segmenting")
    COMPLETED = noop("Completed")
    FAILED = noop("Failed")
    TOO_LARGE = noop("Report too large")
    CANCELLED = noop("Cancelled")

    @property
    def meaning(self) -> str:
        """What it says, in a sentence."""
        return _MEANINGS[self]


REPORT_TOO_LARGE: Final = "FL-472"
"""Support code of a report that cannot be read past its first rows."""

_SOURCES: Final = {
    SourceKind.CAMPAIGN: noop("Salesforce campaign"),
    SourceKind.REPORT: noop("Report"),
    SourceKind.LIST_VIEW: noop("List view"),
    SourceKind.SOQL: noop("SOQL query"),
}
_REFRESHES: Final = {
    Refresh.UPDATE: (noop("Update"), noop("Adds new people and updates who is on the list.")),
    Refresh.ADD_DELETED: (
        noop("Update, and add deleted people again"),
        noop(
            "Also adds people again whose state is Deleted. Who unsubscribed, bounced or is suppressed stays as they are."
        ),
    ),
    Refresh.REMOVE: (
        noop("Update, and take off who is missing"),
        noop(
            "Also deletes people from the list who are no longer in the source, but only those whom this import added."
        ),
    ),
    Refresh.REMOVE_ADD_DELETED: (
        noop("Update, take off who is missing, and add deleted people again"),
        noop("Both: who leaves the source is taken off, and who returns to it is added again."),
    ),
}
_MEANINGS: Final = {
    Status.NEVER: noop("Start it, or wait for its schedule."),
    Status.HOLDING: noop("Another import to this list runs, or no slot is free; this one follows by itself."),
    Status.WAITING: noop(
        "Everything to Campaign Monitor is paused, or a side asked for patience; it goes on by itself."
    ),
    Status.QUEUED: noop("A worker takes it next."),
    Status.RUNNING: noop("The source and the list are being opened."),
    Status.PROCESSING: noop("Rows are being read."),
    Status.UPDATING: noop("People are being written to the list."),
    Status.SEGMENTING: noop("The segment is being brought up to date."),
    Status.COMPLETED: noop("Everything was read and written."),
    Status.FAILED: noop("It did not come to its end; what was written stays, and running it again is harmless."),
    Status.TOO_LARGE: noop("The report has more than 2,000 rows and no column with an Id to read it by."),
    Status.CANCELLED: noop("Somebody cancelled it; what was written stays."),
}


def status(state: str, stage: str, *, written: bool, attempts: int, paused: bool, code: str) -> Status:
    """How an import stands: from its last job's state, running stage, and how often it was begun.

    `paused`: it waits for everything to Campaign Monitor to be switched on again. `state` is blank before the first job.
    """
    if paused:
        return Status.WAITING
    if state == "queued":
        return Status.WAITING if attempts else Status.QUEUED
    if state == "running":
        return _stage(stage, written=written)
    if state == "failed" and code == REPORT_TOO_LARGE:
        return Status.TOO_LARGE
    return _STATES.get(state, Status.NEVER)


_STATES: Final = {
    "holding": Status.HOLDING,
    "done": Status.COMPLETED,
    "failed": Status.FAILED,
    "cancelled": Status.CANCELLED,
}


def _stage(stage: str, *, written: bool) -> Status:
    if stage == "people":
        return Status.UPDATING if written else Status.PROCESSING
    return {"gone": Status.UPDATING, "segment": Status.SEGMENTING}.get(stage, Status.RUNNING)
