"""An org as it would describe an opportunity, its parents and its children."""

from dataclasses import dataclass, field, replace

from fairlead.domain.criteria import Criterion
from fairlead.features.transactional_email.rules.compiling import Org
from fairlead.features.transactional_email.rules.words import Draft, Listing, Recipient, Variable


@dataclass(frozen=True)
class Field:
    name: str
    type: str = "string"
    label: str = ""
    filterable: bool = True
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    restricted_picklist: bool = False
    picklist_values: tuple = ()


@dataclass(frozen=True)
class Described:
    name: str
    fields: tuple[Field, ...] = field(default=())
    label: str = ""


def parent(name: str, of: str) -> Field:
    return Field(f"{name}Id", "reference", reference_to=(of,), relationship_name=name)


ORG = Org(
    {
        "opportunity": Described(
            "Opportunity",
            (
                Field("Id", "id"), Field("Name"), Field("Amount", "currency"), Field("CloseDate", "date"),
                Field("IsWon", "boolean"), Field("Mail__c", "email"), Field("Body__c", "textarea", filterable=False),
                parent("Account", "Account"), parent("Buyer", "Contact"),
            ),
        ),
        "account": Described("Account", (Field("Id", "id"), Field("Name"))),
        "contact": Described("Contact", (Field("Id", "id"), Field("Email", "email"), Field("Name"))),
        "opportunitylineitem": Described(
            "OpportunityLineItem",
            (Field("Id", "id"), Field("Description"), Field("TotalPrice", "currency"), Field("Long__c", filterable=False)),
        ),
        "opportunitycontactrole": Described("OpportunityContactRole", (Field("Id", "id"), parent("Contact", "Contact"))),
    },
    {
        "opportunitylineitems": ("OpportunityLineItems", "OpportunityLineItem"),
        "opportunitycontactroles": ("OpportunityContactRoles", "OpportunityContactRole"),
    },
    ("Case", "Opportunity"),
)  # fmt: skip

ITEMS = Listing(
    "items",
    "opportunitylineitems",
    (Variable("what", "description"), Variable("price", "TotalPrice", "0.00")),
    (Criterion("TotalPrice", "greater", "10"),),
    "",
    "TotalPrice",
    descending=True,
    limit=5,
)
GOOD = Draft(
    smart="s1",
    object="Opportunity",
    name="Order",
    variables=(Variable("name", "account.name", otherwise="you"), Variable("day", "CloseDate", "d MMM yyyy")),
    listings=(ITEMS,),
    recipients=(
        Recipient("To", "field", "Buyer.Email"),
        Recipient("CC", "children", "OpportunityContactRoles/Contact.Email"),
        Recipient("BCC", "address", "archive@example.com"),
    ),
)


def with_listing(**changes: object) -> Draft:
    return replace(GOOD, listings=(replace(ITEMS, **changes),))
