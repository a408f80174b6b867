"""What the user of a session may hear of events: objects it may read, of them the fields it may read; sharing does not count."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fairlead_emulators.salesforce.access.users import acting_as
from fairlead_emulators.salesforce.events.log import Event
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.acting import acting
from fairlead_emulators.salesforce.model.schema import Schema, SObject
from fairlead_emulators.salesforce.state.org import Org

fact("event_rights")


@dataclass(frozen=True, slots=True)
class Listener:
    """A user who listens or publishes. `schema` is what it sees of the org; None: all."""

    user_id: str
    schema: Schema | None = None

    def readable(self, objects: Sequence[SObject]) -> list[SObject]:
        """Those of the objects whose events the user may hear."""
        return [each for each in objects if self.schema is None or self.schema.object(each.name) is not None]

    def may_publish(self, sobject: SObject) -> bool:
        """Whether the user may publish that platform event."""
        shown = sobject if self.schema is None else self.schema.object(sobject.name)
        return shown is not None and shown.createable

    def told(self, event: Event) -> Event:
        """The event without the fields that the user may not read."""
        if self.schema is None:
            return event
        shown = self.schema.object(event.object)
        known = {f.name for f in shown.fields.values()} if shown is not None else set()
        values = {name: value for name, value in event.values.items() if name in known}
        return replace(event, values=values, changed=[name for name in event.changed if name in known])


def listener(org: Org, user_id: str) -> Listener:
    """The listener with that id, "" for the admin. Raises ApiError when the user may not use the API at all."""
    with acting_as(org, user_id):
        user = acting.get()
        free = user is None or user.everything or not org.settings.get("events_need_rights", True)
        return Listener(org.acting_user(), None if user is None or free else user.schema)
