"""What the list of jobs declares."""

from fairlead.domain.role import Role
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="job_list",
    title="Jobs",
    icon="task",
    entry="jobs",
    place=80,
    role=Role.STANDARD,
    urls="fairlead.features.job_list.urls",
    verbs=(Verb("look"), Verb("cancel"), Verb("retry")),
)
