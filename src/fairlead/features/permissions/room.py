"""What the room of permissions declares: the page User security, sessions, and how long both roles and sessions hold."""

from fairlead.ui.rooms import Room, Verb
from fairlead.ui.session_settings import SETTINGS

ROOM = Room(
    name="permissions",
    title="User security",
    icon="lock",
    entry="user_security",
    place=95,
    urls="fairlead.features.permissions.urls",
    verbs=(Verb("look"), Verb("give access"), Verb("take access"), Verb("end sessions")),
    settings=SETTINGS,
)
"""As `ui.access` has it, what says nothing of its role is open to Full Access only: this page is."""
