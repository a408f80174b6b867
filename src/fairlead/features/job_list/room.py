"""What the list of jobs declares."""

from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="job_list",
    title="Jobs",
    icon="task",
    entry="jobs",
    place=80,
    urls="fairlead.features.job_list.urls",
    verbs=(Verb("look"), Verb("cancel"), Verb("retry")),
)
