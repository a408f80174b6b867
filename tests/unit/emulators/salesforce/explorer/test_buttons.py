"""Custom buttons on a record's page: those of the layout that lead somewhere, with the record's values in their address."""

from tests.unit.emulators.salesforce.conftest import SCHEMA

LINK = (
    "<webLinks><fullName>{name}</fullName><availability>online</availability><displayType>{kind}</displayType>"
    "<linkType>url</linkType><masterLabel>{name} label</masterLabel><openType>{opens}</openType>"
    "<protected>false</protected><url>{url}</url></webLinks>"
)
LAYOUT = (
    '<Layout xmlns="http://soap.sforce.com/2006/04/metadata">{}<layoutSections><label>Details</label><layoutColumns>'
    "<layoutItems><field>Note__c</field></layoutItems></layoutColumns><style>OneColumn</style></layoutSections></Layout>"
)


def test_a_button_leads_to_its_address_with_the_records_values(admin):
    """What is not on the layout, leads into the org, or is for lists is not shown."""
    links = [
        LINK.format(name="Away", kind="button", opens="newWindow", url="https://x.example/go/{!Child__c.Id}?n={!Child__c.Note__c}"),
        LINK.format(name="Here", kind="button", opens="replace", url="https://x.example/{!Other__c.Id}{!Child__c.Gone__c}"),
        LINK.format(name="Flow", kind="button", opens="replace", url="/flow/Some?recordId={!Child__c.Id}"),
        LINK.format(name="Unset", kind="button", opens="replace", url="{!$Setup.Nothing__c.Address__c}/go/{!Child__c.Id}"),
        LINK.format(name="Mass", kind="massActionButton", opens="replace", url="https://x.example/mass"),
        LINK.format(name="Hidden", kind="button", opens="replace", url="https://x.example/hidden"),
    ]  # fmt: skip
    child = SCHEMA["objects/Child__c.object"].replace("</CustomObject>", "".join(links) + "</CustomObject>")
    named = "".join(f"<customButtons>{name}</customButtons>" for name in ("Away", "Here", "Flow", "Unset", "Mass"))
    files = {**SCHEMA, "objects/Child__c.object": child, "layouts/Child__c-Child Layout.layout": LAYOUT.format(named)}
    assert admin.org.deploy(files)["success"]
    record = admin.make("Child__c", Note__c="a b&c")
    page = admin.see(f"/_explorer/r/{record}")
    away = [each for each in page.links if "x.example" in each]
    assert away == [f"https://x.example/go/{record}?n=a%20b%26c", "https://x.example/"]
    assert "Away label" in page.text
    assert all(words not in page.text for words in ("Flow label", "Unset label", "Mass label", "Hidden label"))
    assert page.all("a", href=away[0])[0]["target"] == "_blank"
    assert "target" not in page.all("a", href=away[1])[0]
