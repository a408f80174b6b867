"""What the org says about itself: versions, identity, limits, and the fields of its objects."""

from datetime import UTC, datetime
from email.utils import parsedate
from typing import Final

import msgspec

from fairlead.salesforce.error_codes import next_step_of
from fairlead.salesforce.errors import SetupRefused, Unavailable
from fairlead.salesforce.limits import Limit
from fairlead.salesforce.transport import Transport, segment

OLDEST_API: Final = 58
NEWEST_API: Final = 67


class Version(msgspec.Struct, frozen=True):
    """One version of the API that the org serves."""

    version: str
    label: str = ""
    url: str = ""


class Identity(msgspec.Struct, frozen=True):
    """Who is signed in, and where. `organization_id` has 18 characters."""

    user_id: str
    organization_id: str
    username: str = ""
    display_name: str = ""


class _UserInfo(msgspec.Struct):
    user_id: str
    organization_id: str
    preferred_username: str = ""
    name: str = ""


class PicklistValue(msgspec.Struct, frozen=True):
    value: str
    label: str | None = None
    active: bool = True
    default: bool = msgspec.field(name="defaultValue", default=False)


class FieldInfo(msgspec.Struct, frozen=True, rename="camel"):
    """One field as the org describes it to this user."""

    name: str
    type: str
    label: str = ""
    length: int = 0
    nillable: bool = True
    createable: bool = False
    updateable: bool = False
    unique: bool = False
    external_id: bool = False
    id_lookup: bool = False
    calculated: bool = False
    filterable: bool = True
    custom: bool = False
    defaulted_on_create: bool = False
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    picklist_values: tuple[PicklistValue, ...] = ()
    restricted_picklist: bool = False


class RecordType(msgspec.Struct, frozen=True, rename="camel"):
    """One record type of an object. `available`: this user may give it to a record. The master stands for having none."""

    developer_name: str = ""
    name: str = ""
    record_type_id: str = ""
    active: bool = True
    available: bool = True
    master: bool = False


class ChildInfo(
    msgspec.Struct, frozen=True, rename={"object": "childSObject", "field": "field", "name": "relationshipName"}
):
    """A relationship to child records: their object, their field that names the parent, the name for queries."""

    object: str
    field: str = ""
    name: str | None = None


class ObjectInfo(msgspec.Struct, frozen=True, rename="camel"):
    """One object as the org describes it to this user: only what the user may see."""

    name: str
    label: str = ""
    label_plural: str = ""
    key_prefix: str | None = None
    custom: bool = False
    createable: bool = False
    updateable: bool = False
    deletable: bool = False
    queryable: bool = False
    fields: tuple[FieldInfo, ...] = ()
    record_types: tuple[RecordType, ...] = msgspec.field(name="recordTypeInfos", default=())
    children: tuple[ChildInfo, ...] = msgspec.field(name="childRelationships", default=())

    def field(self, name: str) -> FieldInfo | None:
        """The field of this API name, in any case."""
        wanted = name.lower()
        return next((f for f in self.fields if f.name.lower() == wanted), None)


class _Cached(msgspec.Struct):
    info: ObjectInfo
    validators: dict[str, str]


class Describe:
    """Questions about the org itself."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._cache: dict[str, _Cached] = {}

    async def versions(self) -> list[Version]:
        """The versions that the org serves, oldest first."""
        return await self._transport.json("/services/data", list[Version], door="versions", metered=False)

    async def identity(self) -> Identity:
        """Who is signed in. Costs one call."""
        path = (await self._transport.token()).identity_path
        if path:
            return await self._transport.json(path, Identity, door="identity", metered=False)
        info = await self._transport.json("/services/oauth2/userinfo", _UserInfo, door="identity", metered=False)
        return Identity(info.user_id, info.organization_id, info.preferred_username, info.name)

    async def clock(self) -> datetime:
        """The org's own clock (UTC, whole seconds), from the date of an answer. Costs one call; raises Unavailable."""
        answer = await self._transport.request("GET", self._transport.data, door="clock")
        told = parsedate(answer.headers.get("Date", ""))
        if told is None:
            raise Unavailable("An answer of Salesforce bears no date.", code="malformed_answer")
        return datetime(*told[:6], tzinfo=UTC)

    async def limits(self) -> dict[str, Limit]:
        """All limits of the org by name. Answered even when the budget is spent, and renews its figures."""
        path = f"{self._transport.data}/limits"
        found = await self._transport.json(path, dict[str, Limit], door="limits", metered=False)
        if calls := found.get("DailyApiRequests"):
            self._transport.budget.learn(calls)
        return found

    async def object(self, name: str) -> ObjectInfo:
        """The object's description; asked again each time, but sent again only when it changed.

        Raises SetupRefused when the org has no such object for this user.
        """
        cached = self._cache.get(name.lower())
        answer = await self._transport.request(
            "GET",
            f"{self._transport.data}/sobjects/{segment(name)}/describe",
            door="describe",
            headers=cached.validators if cached else {},
            accept=(304, 404),
        )
        if answer.status == 404:
            raise SetupRefused(
                f"The org has no object {name}, or hides it from the integration user.",
                code="INVALID_TYPE",
                status=404,
                next_step=next_step_of("INVALID_TYPE"),
            )
        if answer.status == 304:
            if cached is None:
                raise Unavailable("Salesforce sent no description of an object not asked for before.", code="HTTP_304")
            return cached.info
        info = answer.decode(ObjectInfo)
        validators = {
            ask: answer.headers[told]
            for told, ask in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
            if told in answer.headers
        }
        if validators:
            self._cache[name.lower()] = _Cached(info, validators)
        return info


def choose_version(offered: list[Version], wanted: str | None = None) -> str:
    """The version to speak, as `NN.0`: `wanted`, else the newest that both sides know.

    Raises SetupRefused when there is none from 58 on.
    """
    numbers = {int(v.version.partition(".")[0]) for v in offered}
    ceiling = NEWEST_API if wanted is None else int(str(wanted).lstrip("v").partition(".")[0])
    common = [n for n in numbers if n <= ceiling and (wanted is None or n == ceiling)]
    if not common or max(common) < OLDEST_API:
        told = f"{min(numbers)}.0 to {max(numbers)}.0" if numbers else "none"
        raise SetupRefused(
            f"The org offers API versions {told}; needed is {wanted or f'{OLDEST_API}.0 to {NEWEST_API}.0'}.",
            code="UNSUPPORTED_API_VERSION",
            next_step=f"Choose a version from {OLDEST_API}.0 on that the org offers.",
        )
    return f"{max(common)}.0"
