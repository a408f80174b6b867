"""Segments: subscribers of a list whom rules pick."""

from collections.abc import AsyncGenerator, Sequence

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.numbered import Numbered
from fairlead.campaignmonitor.paging import Page
from fairlead.campaignmonitor.subscribers import OneSubscriber
from fairlead.campaignmonitor.transport import Door, Transport, nothing


class SegmentName(
    msgspec.Struct, frozen=True, rename={"list_id": "ListID", "segment_id": "SegmentID", "title": "Title"}
):
    """A segment by its title, and the list that it is of."""

    list_id: str = ""
    segment_id: str = ""
    title: str = ""


class SegmentRule(msgspec.Struct, frozen=True, rename={"rule_type": "RuleType", "clause": "Clause"}):
    """One rule. `rule_type` says what is looked at (`EmailAddress`, `[field]` …), `clause` how: `CONTAINS @example.com`."""

    rule_type: str = ""
    clause: str = ""


class RuleGroup(msgspec.Struct, frozen=True, rename={"rules": "Rules"}):
    """Rules of which one must hold."""

    rules: tuple[SegmentRule, ...] = ()


class SegmentDetails(
    msgspec.Struct,
    frozen=True,
    rename={
        "list_id": "ListID",
        "segment_id": "SegmentID",
        "title": "Title",
        "active": "ActiveSubscribers",
        "rule_groups": "RuleGroups",
    },
):
    """A segment's rules, all groups of which must hold, and how many active subscribers they pick."""

    list_id: str = ""
    segment_id: str = ""
    title: str = ""
    active: int = 0
    rule_groups: tuple[RuleGroup, ...] = ()


_NAMES = Reader[list[SegmentName]](list[SegmentName])
_DETAILS = Reader[SegmentDetails](SegmentDetails)
_PAGE = Reader[Page[OneSubscriber]](Page[OneSubscriber])
_ID = Reader[str](str)
_GONE = (404, 279, 271)


class Segments:
    """The segments of clients and lists."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def of_client(self, client_id: str) -> list[SegmentName]:
        """The segments of all lists of a client."""
        return await self._transport.get(Door("/clients/{}/segments", (client_id,)), _NAMES)

    async def of_list(self, list_id: str) -> list[SegmentName]:
        """The segments of a list."""
        return await self._transport.get(Door("/lists/{}/segments", (list_id,)), _NAMES)

    async def details(self, segment_id: str) -> SegmentDetails:
        """A segment's rules. Raises Unavailable while it is being calculated (code 278) or is locked (287)."""
        return await self._transport.get(Door("/segments/{}", (segment_id,)), _DETAILS)

    def active(
        self, segment_id: str, *, page_size: int = 1000, tracking_preference: bool = True
    ) -> AsyncGenerator[Page[OneSubscriber], None]:
        """The active subscribers whom the segment picks, a page at a time; see `paging.every_page` for order and repeats.

        Whom a changed rule lets in meanwhile may be missed: they do not stand at the end.
        Raises Unavailable while the segment is being calculated (code 278; up to an hour after an import or a change
        of rules) or is locked (287), when waiting half a minute was not enough.
        """
        query = {"orderfield": "date", "orderdirection": "asc"}
        if tracking_preference:
            query["includetrackingpreference"] = "true"
        return Numbered(self._transport, Door("/segments/{}/active", (segment_id,), query), _PAGE, page_size).every()

    async def active_page(self, segment_id: str, number: int, *, page_size: int = 100) -> Page[OneSubscriber]:
        """One page of those, by address, for people to look through. Raises Unavailable as `active` does."""
        query = {"page": str(number), "pagesize": str(page_size), "orderfield": "email", "orderdirection": "asc"}
        return await self._transport.get(Door("/segments/{}/active", (segment_id,), query), _PAGE)

    async def create(self, list_id: str, title: str, groups: Sequence[RuleGroup]) -> str:
        """A new segment's id: all groups must hold, in each of them one rule. It is not created twice.

        Raises SetupRefused for a title that is taken (code 275) or blank (273), for rules that make no sense (277), and
        where the list has as many segments as it may (283).
        """
        before = {each.segment_id for each in await self.of_list(list_id)}

        async def settle() -> str | None:
            made = [each for each in await self.of_list(list_id) if each.segment_id not in before]
            return next((each.segment_id for each in made if each.title.strip() == title.strip()), None)

        rules = [
            {"Rules": [{"RuleType": rule.rule_type, "Clause": rule.clause} for rule in group.rules]} for group in groups
        ]
        body = {"Title": title, "RuleGroups": rules}
        return await self._transport.send("POST", Door("/segments/{}", (list_id,)), body, _ID, settle=settle)

    async def delete(self, segment_id: str) -> None:
        """Delete a segment; its subscribers stay. Done, too, where it is gone already."""
        door = Door("/segments/{}", (segment_id,))
        await self._transport.send("DELETE", door, None, nothing, repeatable=True, gone=_GONE)
