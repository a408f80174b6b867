"""Since when a description is as it is, for the user who asks: what `If-Modified-Since` is measured by."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from weakref import WeakKeyDictionary

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import Storage

_SECOND: Final = timedelta(seconds=1)
_told: WeakKeyDictionary[Storage, dict[tuple[str, str], tuple[str, datetime]]] = WeakKeyDictionary()


@fact("describe_changes_with_rights")
def tag_and_moment(org: Org, name: str, body: dict[str, Any]) -> tuple[str, datetime]:
    """The ETag of what this user is told of an object ("": of all), and since when it is so, in whole seconds.

    Rights change a description too. Two changes never bear the same second, as the header could not tell them apart.
    """
    tag = '"' + hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16] + '"'
    key = (org.acting_user(), name)
    with org.storage.lock:
        known = _told.setdefault(org.storage, {})
        before = known.get(key)
        if before is None:
            known[key] = (tag, org.storage.schema_moment.replace(microsecond=0))
        elif before[0] != tag:
            now = datetime.now(UTC).replace(microsecond=0)
            known[key] = (tag, max(now, before[1] + _SECOND))
        return known[key]
