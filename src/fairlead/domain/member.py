"""What a member is called in Salesforce, and the words for its state."""

from collections.abc import Iterable, Sequence
from typing import Protocol

STATES = ("Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted")
"""The states in which Campaign Monitor lists subscribers, in the order in which they are read."""

MAX_NAME = 255
MAX_CUSTOM_FIELDS = 32_000  # characters that a field of a bulk job may have, fewer than the field itself holds
MAX_READS_WITH = 255
MAX_PHONE = 40

CONSENTS = {"Yes": "Yes", "No": "No"}
"""Words of a consent as Campaign Monitor tells it → as the org has them; a word that is not known is left blank."""


class CustomValue(Protocol):
    """One value of a custom field; a field of several choices has one for each that is chosen."""

    @property
    def key(self) -> str: ...
    @property
    def value(self) -> str: ...


class _Labels(dict[str, str]):
    """`[Key]` or `Key` → `Key: `, made once each: reads give keys with or without brackets."""

    def __missing__(self, key: str) -> str:
        label = self[key] = f"{key.strip('[]')}: "
        return label


def custom_field_texts(column: Iterable[Sequence[CustomValue]]) -> list[str]:
    """Custom fields of each subscriber as people read them: a line `Name: value` for each value that is not blank."""
    labels = _Labels()
    texts = ["\n".join([labels[field.key] + field.value for field in fields if field.value]) for fields in column]
    if max(map(len, texts), default=0) > MAX_CUSTOM_FIELDS:
        texts = [text[:MAX_CUSTOM_FIELDS] for text in texts]
    return texts
