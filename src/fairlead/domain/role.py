"""What a person may do, in rising order: the permission sets of the org (F68–F71)."""

from enum import IntEnum
from typing import Final

MANAGE_MEMBERSHIPS: Final = "Manage_Memberships"
"""The custom permission of the org that lets Limited Access manage the lists of people (F73)."""


class Role(IntEnum):
    """A person's role. It comes from the permission set that is assigned in the org; a local account has Full Access."""

    NONE = 0
    GUEST = 1
    LIMITED = 2
    STANDARD = 3
    FULL = 4

    @property
    def label(self) -> str:
        """As the permission set is called."""
        return "No access" if self is Role.NONE else f"{self.name.title()} Access"

    @property
    def word(self) -> str:
        """As commands and the API call it."""
        return self.name.lower()
