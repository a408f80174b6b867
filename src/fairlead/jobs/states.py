"""The states of a job: one table, and the one function that assigns a state."""

from enum import StrEnum
from typing import Any

from fairlead.jobs.models import Job, State


class Event(StrEnum):
    """What can happen to a job."""

    HAND_OVER = "a slot is free"
    CLAIM = "a worker begins"
    REPEAT = "to be tried again"
    FINISH = "the work is done"
    FAIL = "the work cannot be done"
    CANCEL = "cancelled"


TABLE: dict[tuple[State, Event], State] = {
    (State.HOLDING, Event.HAND_OVER): State.QUEUED,
    (State.HOLDING, Event.CANCEL): State.CANCELLED,
    (State.QUEUED, Event.CLAIM): State.RUNNING,
    (State.QUEUED, Event.REPEAT): State.QUEUED,
    (State.QUEUED, Event.CANCEL): State.CANCELLED,
    (State.RUNNING, Event.REPEAT): State.QUEUED,
    (State.RUNNING, Event.FINISH): State.DONE,
    (State.RUNNING, Event.FAIL): State.FAILED,
    (State.RUNNING, Event.CANCEL): State.CANCELLED,
}

WAITING = (State.HOLDING, State.QUEUED)
ACTIVE = (State.QUEUED, State.RUNNING)
"""The states that take a slot."""
ENDED = (State.DONE, State.FAILED, State.CANCELLED)


def move(job_id: int, event: Event, *, only_if: dict[str, Any] | None = None, **changes: Any) -> bool:
    """Carry out one transition in one conditional update; False when the job is not where the event applies.

    `only_if` narrows the condition (an attempt, a delivery), `changes` are further columns.
    """
    for source, target in _transitions(event):
        found = Job.objects.filter(pk=job_id, state=source, **(only_if or {}))
        if found.update(state=target, **changes):
            return True
    return False


def _transitions(event: Event) -> list[tuple[State, State]]:
    return [(source, target) for (source, happening), target in TABLE.items() if happening is event]


def diagram() -> str:
    """The table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2", "    [*] --> holding: asked for"]
    lines += [f"    {source.value} --> {target.value}: {event.value}" for (source, event), target in TABLE.items()]
    lines += [f"    {state.value} --> [*]" for state in ENDED]
    return "\n".join(lines) + "\n"
