"""Objects as an org would describe them."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Choice:
    value: str
    label: str | None = None


@dataclass(frozen=True)
class Field:
    name: str
    type: str = "string"
    label: str = ""
    filterable: bool = True
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    restricted_picklist: bool = False
    picklist_values: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Described:
    label: str
    fields: tuple[Field, ...] = field(default=())


GRADES = (Choice("Gold", "Goldig"), Choice("Silver"))
CONTACT = Described(
    "Contact",
    (
        Field("Id", "id", "Contact ID"),
        Field("LastName", label="Last Name"),
        Field("AccountId", "reference", "Account ID", reference_to=("Account",), relationship_name="Account"),
        Field("OwnerId", "reference", "Owner ID", reference_to=("Group", "User"), relationship_name="Owner"),
        Field("SecretId", "reference", reference_to=("Secret__c",), relationship_name="Secret__r"),
        Field("Grade__c", "picklist", "Grade", restricted_picklist=True, picklist_values=GRADES),
        Field("Open__c", "picklist", "Open", picklist_values=GRADES),
        Field("Levels__c", "multipicklist", "Levels", restricted_picklist=True, picklist_values=GRADES),
        Field("Score__c", "double", "Score"),
        Field("Count__c", "int", "Count"),
        Field("Vip__c", "boolean", "VIP"),
        Field("Since__c", "date", "Since"),
        Field("CreatedDate", "datetime", "Created"),
        Field("Notes__c", "textarea", "Notes", filterable=False),
        Field("Place__c", "location", "Place"),
    ),
)
ACCOUNT = Described("Account", (Field("Industry", "picklist", "Industry"), Field("Text__c", filterable=False)))
OBJECTS = {"contact": CONTACT, "account": ACCOUNT}
