"""One suite for every matcher: asked by name, after reading the whole org, and the fake that is told the answers."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from fairlead.cli.demo_emulators import Emulators
from fairlead.sync.memory import MemoryMatcher
from fairlead.sync.org_matcher import ASK_UP_TO, OrgMatcher
from fairlead.sync.ports import Matcher
from fairlead_emulators.people import person
from tests.conformance import emulated

OLD, NEW = "2025-01-01T00:00:00.000Z", "2025-06-01T00:00:00.000Z"


def _contact(email: str, last: str, modified: str = OLD) -> dict[str, str]:
    return {"FirstName": "A", "LastName": last, "Email": email, "CreatedDate": OLD, "LastModifiedDate": modified}


def _lead(email: str, last: str, modified: str = OLD, **more: object) -> dict[str, object]:
    return {**_contact(email, last, modified), "Company": "C", **more}


CONVERTED, CONVERTED_BUT_DIRECT = person(5).email, person(6).email
BECAME = person(0).email

SPEC = {
    # the leads of persons 5 and 6 became the contacts of persons 0 and 1; person 6 is a contact too
    "contacts": [{"first": 0, "count": 2}, {"first": 6, "count": 1}],
    "leads": [{"first": 5, "count": 2, "contact_of": 0}],
    "records": {
        "Contact": [
            _contact("Only.Contact@Example.com", "only"),
            _contact("several@example.com", "old"),
            _contact("SEVERAL@example.com", "new", NEW),
            _contact("both@example.com", "both"),
            _contact("o'brien+x@example.org", "quoted"),
        ],
        "Lead": [
            _lead("only.lead@example.com", "lead"),
            _lead("two.leads@example.com", "newer", NEW),
            _lead("two.leads@example.com", "older"),
            _lead("Both@example.com", "both"),
        ],
    },
}
# By address, as somebody spells it: who must be found, by last name, or by the address of one of the shared people.
EXPECTED = {
    "only.contact@example.com": ("only", ""),
    " ONLY.CONTACT@EXAMPLE.COM": ("only", ""),
    "several@example.com": ("new", ""),
    "only.lead@example.com": ("", "lead"),
    "two.leads@Example.com": ("", "newer"),
    "both@example.com": ("both", "both"),
    "o'brien+x@example.org": ("quoted", ""),
    CONVERTED: (BECAME, ""),
    CONVERTED_BUT_DIRECT.swapcase(): (CONVERTED_BUT_DIRECT, ""),
    "nobody@example.com": ("", ""),
    "": ("", ""),
}


class Known:
    """Emulators with the people above, and their ids by last name and by address."""

    def __init__(self, emulators: Emulators) -> None:
        self.emulators = emulators
        self.contacts, self.leads = self._ids("Contact"), self._ids("Lead")

    def _ids(self, name: str) -> dict[str, str]:
        rows = list(self.emulators.get("salesforce", f"/_control/records?object={name}"))
        return {row[by]: row["Id"] for by in ("LastName", "Email") for row in rows}

    def expected(self, address: str) -> tuple[str, str]:
        contact, lead = EXPECTED[address]
        return self.contacts[contact] if contact else "", self.leads[lead] if lead else ""


@pytest.fixture(scope="module")
def known() -> Iterator[Known]:
    with emulated.served(salesforce=SPEC) as emulators:
        yield Known(emulators)


@pytest.fixture(params=["memory", "by name", "all read"])
async def matcher(request: pytest.FixtureRequest, known: Known) -> AsyncIterator[Matcher]:
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            found = {address.strip().lower(): known.expected(address) for address in EXPECTED}
            yield MemoryMatcher(
                {address: contact for address, (contact, _) in found.items()},
                {address: lead for address, (_, lead) in found.items()},
            )
        else:
            org = await stack.enter_async_context(emulated.org_of(known.emulators))
            yield OrgMatcher(org, read_all=request.param == "all read")


async def test_each_address_finds_whom_it_must(matcher: Matcher, known: Known) -> None:
    """Whatever the case; the most recently modified of several; a contact and a lead both; a converted lead's contact."""
    addresses = list(EXPECTED)

    contacts, leads = await matcher.match(addresses)

    assert dict(zip(addresses, zip(contacts, leads, strict=True), strict=True)) == {
        address: known.expected(address) for address in addresses
    }


async def test_answers_come_in_the_order_of_the_questions(matcher: Matcher, known: Known) -> None:
    """One answer an address, twice for an address that is asked twice, none for no question."""
    asked = ["both@example.com", "nobody@example.com", "both@example.com"]
    contact, lead = known.expected("both@example.com")

    assert await matcher.match(asked) == ([contact, "", contact], [lead, "", lead])
    assert await matcher.match([]) == ([], [])


async def test_asking_by_name_and_reading_all_agree_on_strangers_and_on_everybody(known: Known) -> None:
    """Also where asking by name gives way, in the midst of a run, to reading the whole org."""
    async with emulated.org_of(known.emulators) as org:
        by_name, all_read = OrgMatcher(org, read_all=False), OrgMatcher(org, read_all=True)
        addresses = [*EXPECTED, *(person(n).email for n in range(10))]
        before = await by_name.match(addresses)
        assert before == await all_read.match(addresses)
        assert await by_name.match([f"stranger.{n}@example.com" for n in range(ASK_UP_TO)]) == (
            [""] * ASK_UP_TO,
            [""] * ASK_UP_TO,
        )
        assert await by_name.match(addresses) == before


@pytest.mark.parametrize("crowd", [0, ASK_UP_TO, ASK_UP_TO + 1])
async def test_where_many_are_expected_nobody_is_asked_for_by_name(known: Known, crowd: int) -> None:
    """The whole org is read at the first question then, and only then; the answers are the same."""
    async with emulated.org_of(known.emulators) as org:
        expecting = OrgMatcher(org, read_all=False)
        expecting.expect(crowd)
        found = await expecting.match(list(EXPECTED))
        assert (expecting.known is not None) is (crowd > ASK_UP_TO)
        assert list(zip(*found, strict=True)) == [known.expected(address) for address in EXPECTED]
