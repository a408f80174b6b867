"""E-mail addresses as keys.

Campaign Monitor's own comparison rules are not published; case-insensitive is *assumed* (`docs/explanation/assumed.md`).
Salesforce compares the text of an e-mail field without regard to case.
"""

from collections.abc import Iterable

MAX_SALESFORCE_EMAIL = 80


def normal(address: str) -> str:
    """The form in which two spellings of one address are equal: no outer blanks, lower case."""
    return address.strip().lower()


def normals(addresses: Iterable[str]) -> list[str]:
    """`normal` for a column of addresses."""
    return [address.strip().lower() for address in addresses]


def member_key(list_id: str, address: str) -> str:
    """The external id of a member: list id, a colon, the normal form of the address."""
    return f"{list_id}:{normal(address)}"


def member_keys(list_id: str, addresses: list[str]) -> list[str]:
    """`member_key` for a column of addresses."""
    prefix = f"{list_id}:"
    return [prefix + address.strip().lower() for address in addresses]
