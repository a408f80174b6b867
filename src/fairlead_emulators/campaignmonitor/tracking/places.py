"""Where mails are opened: addresses kept for documentation, each at a place of its own."""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec

from fairlead_emulators.campaignmonitor.facts import fact

_NETS: Final = tuple(int(ipaddress.IPv4Address(each)) for each in ("192.0.2.0", "198.51.100.0", "203.0.113.0"))
_UNKNOWN_EVERY: Final = 10  # of one address in so many, nothing is known


@dataclass(frozen=True)
class Place:
    """A place as rows show it; empty where nothing is known."""

    city: str = ""
    region: str = ""
    code: str = ""
    country: str = ""
    latitude: float = 0.0
    longitude: float = 0.0


NOWHERE: Final = Place()
_PLACES: Final = (
    Place("London", "England", "GB", "United Kingdom", 51.5085, -0.1257),
    Place("Manchester", "England", "GB", "United Kingdom", 53.4809, -2.2374),
    Place("Edinburgh", "Scotland", "GB", "United Kingdom", 55.9521, -3.1965),
    Place("Sydney", "New South Wales", "AU", "Australia", -33.8683, 151.2086),
    Place("Melbourne", "Victoria", "AU", "Australia", -37.814, 144.9633),
    Place("New York", "New York", "US", "United States of America", 40.7143, -74.006),
    Place("Austin", "Texas", "US", "United States of America", 30.2672, -97.7431),
    Place("Zürich", "Zurich", "CH", "Switzerland", 47.3667, 8.55),
    Place("São Paulo", "São Paulo", "BR", "Brazil", -23.5475, -46.6361),
    Place("Dublin", "Leinster", "IE", "Ireland", 53.3331, -6.2489),
    Place("Toronto", "Ontario", "CA", "Canada", 43.7001, -79.4163),
    Place("Auckland", "Auckland", "NZ", "New Zealand", -36.8485, 174.7635),
)


def address_of(number: int) -> int:
    """One of the addresses, as a number: the same for the same number."""
    return _NETS[number % len(_NETS)] + 1 + (number // len(_NETS)) % 254


def place_of(address: int) -> Place:
    """Where an address is."""
    last = address & 0xFF
    if address - last not in _NETS or last % _UNKNOWN_EVERY == 0:
        return NOWHERE
    return _PLACES[(last + _NETS.index(address - last)) % len(_PLACES)]


def number_of(text: str) -> int:
    """An IPv4 address as a number. Raises ValueError for what is none."""
    return int(ipaddress.IPv4Address(text))


@lru_cache(maxsize=4_096)
def text_of(address: int) -> str:
    """The number as it is written; empty for 0."""
    return str(ipaddress.IPv4Address(address)) if address else ""


@lru_cache(maxsize=4_096)
def wire_address(address: int) -> bytes:
    """The address as a part of a row."""
    return b'"IPAddress":"%b"' % text_of(address).encode()


@fact("tracking-places")
@lru_cache(maxsize=4_096)
def wire_place(address: int, *, blank: bool = False) -> bytes:
    """The address and its place as a part of a row. `blank`: degrees that are not known are empty texts, not 0."""
    at = place_of(address)
    unknown = blank and at is NOWHERE
    shown = {
        "Latitude": "" if unknown else at.latitude,
        "Longitude": "" if unknown else at.longitude,
        "City": at.city,
        "Region": at.region,
        "CountryCode": at.code,
        "CountryName": at.country,
    }
    return wire_address(address) + b"," + msgspec.json.encode(shown)[1:-1]
