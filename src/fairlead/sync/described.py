"""Objects of the org as paths need them: the object that paths start from, and the parents that they lead through."""

from collections.abc import Iterable

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.field_paths import needed
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.describe import ObjectInfo
from fairlead.salesforce.errors import SetupRefused
from fairlead.sync.failures import salesforce_failures


class Hidden(FixTheSettings):
    """The org has no such object for the user whom Fairlead signs in as."""

    code = "FL-399"
    next_step = "Let the user whom Fairlead signs in as read the object, or do not use it."

    def __init__(self, object: str) -> None:
        super().__init__(f"Salesforce shows no object {object}.")


async def describe(crm: Salesforce, object: str) -> ObjectInfo:
    """One object. Raises Hidden, or a Failure."""
    with salesforce_failures(f"read the description of {object}"):
        try:
            return await crm.describe(object)
        except SetupRefused as refused:
            if refused.code == "INVALID_TYPE":
                raise Hidden(object) from refused
            raise


async def described(crm: Salesforce, object: str, paths: Iterable[str] = ()) -> dict[str, ObjectInfo]:
    """The object, and those of its parents that these paths look into, by name in lower case. Raises Hidden, a Failure."""
    found = {object.lower(): await describe(crm, object)}
    for path in paths:
        while wanted := needed(path, object, found):
            try:
                found[wanted.lower()] = await describe(crm, wanted)
            except Hidden:
                break
    return found
