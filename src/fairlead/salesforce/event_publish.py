"""Publishing of platform events by REST."""

from collections.abc import Mapping
from typing import Any

from fairlead.salesforce.errors import RequestWrong
from fairlead.salesforce.records import Records


async def publish(records: Records, event: str, values: Mapping[str, Any]) -> str:
    """Publishes one event such as `CM_Request__e`; gives its id. A lost answer raises AnswerLost and is not repeated.

    Raises RequestWrong for a name that is no platform event's, and what creating a record raises.
    """
    if not event.endswith("__e"):
        raise RequestWrong(
            f"{event!r} is not a platform event.", code="event_name", next_step="Use a name that ends in __e."
        )
    return await records.create(event, values)
