"""Compound fields and their parts: a person's name, addresses, geolocations."""

from typing import Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import SObject

fact("compound_parts")

NAME_PARTS: Final = ("Salutation", "FirstName", "LastName")
ADDRESS_PARTS: Final = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude")
_ACCURACY: Final = "GeocodeAccuracy"
_PLACE: Final = ("__Latitude__s", "__Longitude__s")


def compound_of(sobject: SObject, name: str) -> str | None:
    """The compound field that a field is a part of; None for one that stands alone."""
    if sobject.is_person and name in NAME_PARTS:
        return "Name"
    for part in _PLACE:
        if name.endswith(part):
            return name.removesuffix(part) + "__c"
    for part in (*ADDRESS_PARTS, _ACCURACY):
        compound = sobject.field(name.removesuffix(part) + "Address") if name.endswith(part) else None
        if compound is not None and compound.type == "address":
            return compound.name
    return None
