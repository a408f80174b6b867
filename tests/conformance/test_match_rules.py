"""Every combination of the rules of matching: asked by name, read whole, and as the page of ambiguous addresses tells it."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.cli.demo_emulators import Emulators
from fairlead.features.members import ambiguity
from fairlead.salesforce.metadata import package_from_source
from fairlead.sync.match import MatchRules
from fairlead.sync.org_matcher import OrgMatcher
from tests.conformance import emulated

FIELD = """<?xml version="1.0" encoding="UTF-8"?>
<CustomField xmlns="http://soap.sforce.com/2006/04/metadata">
    <fullName>Work_Mail__c</fullName><label>Work Mail</label><type>Email</type>
</CustomField>"""
RULES = [
    MatchRules(contacts, leads, oldest=oldest, by_id=by_id)
    for contacts, leads, oldest, by_id in itertools.product(
        (("Email",), ("Email", "Work_Mail__c"), ("Work_Mail__c", "Email")),
        (("Email",), ("Work_Mail__c", "Email")),
        (False, True),
        (False, True),
    )
]
A, B, C, D = (f"{name}@example.com" for name in "abcd")


async def _lay(emulators: Emulators, folder: Path) -> None:
    for name in ("Contact", "Lead"):
        fields = folder / "force-app" / "main" / "default" / "objects" / name / "fields"
        fields.mkdir(parents=True)
        (fields / "Work_Mail__c.field-meta.xml").write_text(FIELD)
    (folder / "sfdx-project.json").write_text('{"packageDirectories": [{"path": "force-app", "default": true}]}')
    async with emulated.org_of(emulators) as org:
        (await org.metadata.deploy(package_from_source(folder, org.api_version))).raise_for_failure()

    def add(name: str, **fields: str) -> str:
        more = {"Company": "C"} if name == "Lead" else {}
        act = {"act": "create", "object": name, "fields": {"LastName": "X", **more, **fields}}
        made = emulators.post("salesforce", "/_control/act", act)["id"]
        emulators.post("salesforce", "/_control/clock", {"advance_seconds": 60})
        return str(made)

    first = add("Contact", Email=A, Work_Mail__c=B)
    add("Contact", Email=B)
    add("Contact", Email=A.upper())
    add("Contact", Work_Mail__c=C)
    add("Contact", Email=C, Work_Mail__c=C)
    add("Lead", Email=A)
    add("Lead", Email=C, Work_Mail__c=A)
    add("Lead", Work_Mail__c=D)
    became = add("Lead", Email=D, Work_Mail__c=B)
    emulators.post("salesforce", "/_control/act", {"act": "convert", "id": became})
    edit = {"act": "edit", "object": "Contact", "id": first, "fields": {"LastName": "Touched"}}
    emulators.post("salesforce", "/_control/act", edit)
    emulators.post("salesforce", "/_control/settings", {"person_accounts": True})
    add("Account", PersonEmail="person@example.com")


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    with emulated.served() as running:
        asyncio.run(_lay(running, tmp_path_factory.mktemp("fields")))
        yield running


@pytest.mark.parametrize("rules", RULES, ids=str)
async def test_by_name_and_all_read_agree_on_every_address_and_id(emulators: Emulators, rules: MatchRules) -> None:
    """Fields in any order, either tie-breaker, ids of contacts, leads, converted leads, in 15 and 18 characters, and nonsense."""
    everybody = {
        name: list(emulators.get("salesforce", f"/_control/records?object={name}")) for name in ("Contact", "Lead")
    }
    ids = [row["Id"] for rows in everybody.values() for row in rows]
    given = ["", *ids, *(id_[:15] for id_ in ids), "003", "nonsense' OR Id != null", "003" + "z" * 12]
    questions = list(itertools.product((A, B, C, D, "person@example.com", "e@example.com", ""), given))
    addresses, asked = [a for a, _ in questions], [g for _, g in questions]
    async with emulated.org_of(emulators) as org:
        by_name = await OrgMatcher(org, read_all=False, rules=rules).match(addresses, asked)
        assert by_name == await OrgMatcher(org, read_all=True, rules=rules).match(addresses, asked)
    contacts = dict(zip(questions, by_name[0], strict=True))
    person = next(row for row in everybody["Contact"] if row["Email"] == "person@example.com")
    assert contacts["person@example.com", ""] == person["Id"]
    if rules.by_id:
        assert all(contacts[B, id_[:15]] == id_ for id_ in ids if id_.startswith("003"))


@pytest.mark.parametrize("rules", RULES, ids=str)
async def test_the_candidate_that_is_told_as_linked_is_linked(emulators: Emulators, rules: MatchRules) -> None:
    """The page of ambiguous addresses and the matcher decide alike; each candidate has a reason, and one alone wins."""
    async with emulated.org_of(emulators) as org:
        found = await ambiguity.find(org, rules)
        matcher = OrgMatcher(org, read_all=True, rules=rules)
        contacts, leads = await matcher.match([one.address for one in found])
        index = await matcher.index()
    assert found
    for one, contact, lead in zip(found, contacts, leads, strict=True):
        first, *others = one.candidates
        assert first.candidate.id == (contact if one.kind == "Contact" else lead)
        assert [each.wins for each in one.candidates] == [True, *[False] * len(others)]
        assert all(each.why for each in one.candidates)
        assert len({each.candidate.id for each in one.candidates}) == len(one.candidates) > 1
    kinds = [one.kind for one in found]
    assert (kinds.count("Contact"), kinds.count("Lead")) == (index.contacts.ambiguous, index.leads.ambiguous)
