"""What a member is called in Salesforce, and the words for its state."""

from collections.abc import Sequence

STATES = ("Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted")
"""The states in which Campaign Monitor lists subscribers, in the order in which they are read."""

MAX_NAME = 255
MAX_CUSTOM_FIELDS = 32_768
MAX_READS_WITH = 255


def custom_fields_text(pairs: Sequence[tuple[str, str]]) -> str:
    """Custom field values as people read them: one `Name: value` a field, several values joined by `; `.

    Reads give keys with or without brackets; both are shown without.
    """
    if not pairs:
        return ""
    lines: dict[str, list[str]] = {}
    for key, value in pairs:
        if value:
            lines.setdefault(key.strip("[]"), []).append(value)
    return "\n".join(f"{key}: {'; '.join(values)}" for key, values in lines.items())[:MAX_CUSTOM_FIELDS]
