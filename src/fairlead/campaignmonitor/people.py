"""People who sign in to Campaign Monitor: those of a client, and the account's administrators."""

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.transport import Door, Transport


class Person(
    msgspec.Struct,
    frozen=True,
    rename={"email": "EmailAddress", "name": "Name", "status": "Status", "access_level": "AccessLevel"},
):
    """Somebody with access to a client. `access_level` is a sum of bits, 0 for reports only; `status` as in the account."""

    email: str = ""
    name: str = ""
    status: str = ""
    access_level: int = 0


class Administrator(msgspec.Struct, frozen=True, rename={"email": "EmailAddress", "name": "Name", "status": "Status"}):
    """Somebody with access to the whole account. `status` is `Active` or `Waiting to Accept the Invitation`."""

    email: str = ""
    name: str = ""
    status: str = ""


class _Contact(msgspec.Struct, rename={"email": "EmailAddress"}):
    email: str = ""


_PEOPLE = Reader[list[Person]](list[Person])
_PERSON = Reader[Person](Person)
_ADMINISTRATORS = Reader[list[Administrator]](list[Administrator])
_ADMINISTRATOR = Reader[Administrator](Administrator)
_CONTACT = Reader[_Contact](_Contact)


class People:
    """Who may sign in. Nobody's password is ever read."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def of_client(self, client_id: str) -> list[Person]:
        """The people of a client."""
        return await self._transport.get(Door("/clients/{}/people", (client_id,)), _PEOPLE)

    async def person(self, client_id: str, email: str) -> Person:
        """One of a client's people, by address."""
        return await self._transport.get(Door("/clients/{}/people", (client_id,), {"email": email}), _PERSON)

    async def primary_contact(self, client_id: str) -> str:
        """The address of a client's primary contact; blank where there is none."""
        return (await self._transport.get(Door("/clients/{}/primarycontact", (client_id,)), _CONTACT)).email

    async def administrators(self) -> list[Administrator]:
        """The account's administrators."""
        return await self._transport.get(Door("/admins"), _ADMINISTRATORS)

    async def administrator(self, email: str) -> Administrator:
        """One of the account's administrators, by address."""
        return await self._transport.get(Door("/admins", query={"email": email}), _ADMINISTRATOR)

    async def account_contact(self) -> str:
        """The address of the account's primary contact; blank where there is none."""
        return (await self._transport.get(Door("/primarycontact"), _CONTACT)).email
