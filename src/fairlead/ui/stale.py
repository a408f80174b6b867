"""Forms that carry what they showed, so that the second of two people is told what the first has changed.

A page puts `mark(…)` of what it shows into its form (`{% seen mark %}`) and calls `check` before it writes. A program that
sends no mark has seen nothing and is not held back.
"""

import hashlib
import json
from typing import Any, Final

from django.http import QueryDict

from fairlead.store.setting_rows import ChangedMeanwhile

NAME: Final = "seen"


def mark(*shown: Any) -> str:
    """A short sign of what is shown; it differs where that differs, and says nothing of it."""
    return hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()[:16]


def check(sent: QueryDict, now: str, title: str, by: str = "") -> None:
    """Raises ChangedMeanwhile where the form showed something else than there is `now`; `title` and `by` say what and who."""
    if sent.get(NAME, now) != now:
        raise ChangedMeanwhile(title, by)
