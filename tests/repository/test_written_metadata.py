"""What the code itself sends to an org, beside the files of the project, fits the Metadata API's own types too."""

import io
import zipfile

import pytest
from defusedxml.ElementTree import fromstring, parse

from fairlead.salesforce import removal, sharing
from fairlead.salesforce.layouts import ADDITIONS, apply
from fairlead.salesforce.org_layouts import LayoutChange
from fairlead.salesforce.package import package_from_source
from fairlead.salesforce.removal import Plan, members_of, own_members
from tests.repository import metadata_types
from tests.repository.org_source import PROJECT, SOURCE, SPACE

LAYOUT = (
    f'<Layout xmlns="{SPACE[1:-1]}"><layoutSections><customLabel>true</customLabel><detailHeading>true</detailHeading>'
    "<editHeading>true</editHeading><label>Information</label><layoutColumns/><layoutColumns/>"
    "<style>TwoColumnsTopToBottom</style></layoutSections><showEmailCheckbox>false</showEmailCheckbox>"
    "<showHighlightsPanel>false</showHighlightsPanel><showInteractionLogPanel>false</showInteractionLogPanel>"
    "<showRunAssignmentRulesCheckbox>false</showRunAssignmentRulesCheckbox>"
    "<showSubmitAndAttachButton>false</showSubmitAndAttachButton></Layout>"
).encode()
PACKAGE = package_from_source(PROJECT, "60.0")


def problems(package: bytes) -> list[str]:
    """What the files of a zip have against the types that they name."""
    found = []
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for name in archive.namelist():
            root = fromstring(archive.read(name))
            found += [f"{name}: {each}" for each in metadata_types.problems(root, root.tag.removeprefix(SPACE))]
    return found


def test_every_file_that_is_deployed_fits_and_what_an_administrator_set_fits_too():
    assert problems(PACKAGE) == []
    closed = sharing.keep(PACKAGE, dict.fromkeys(("CM_Member__c", "CM_List__c"), "Private"))
    assert closed != PACKAGE
    assert problems(closed) == []


@pytest.mark.parametrize("sobject", ADDITIONS)
def test_a_layout_that_got_what_is_ours_fits(sobject):
    assert metadata_types.problems(fromstring(LAYOUT), "Layout") == []
    given = apply(LAYOUT, ADDITIONS[sobject])
    assert given != LAYOUT
    assert metadata_types.problems(fromstring(given), "Layout") == []


def test_a_removal_fits():
    changed = LayoutChange("Contact-Contact Layout", apply(LAYOUT, ADDITIONS["Contact"]), LAYOUT)
    flows = {name: [1, 2] for name in members_of(PACKAGE)["Flow"]}
    sent = removal.package(Plan(own_members(members_of(PACKAGE)), {}, {}, [], [changed], flows), "60.0")
    assert problems(sent) == []
    with zipfile.ZipFile(io.BytesIO(sent)) as archive:
        assert len([name for name in archive.namelist() if name.startswith("flowDefinitions/")]) == len(flows)


def test_every_type_of_the_project_is_one_that_is_checked_from_the_top():
    kinds = {parse(path).getroot().tag.removeprefix(SPACE) for path in SOURCE.rglob("*.xml")}
    assert len(kinds) >= 15
    assert kinds <= set(metadata_types.ROOTS)
