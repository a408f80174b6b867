"""What people choose about new contacts and leads: a rule for each list, and how duplicates and large numbers are met."""

from typing import Final

from fairlead.domain.setting import Choice, Column, Number, Of, Table, Text

NOTHING, CONTACT, LEAD = "nothing", "contact", "lead"
SKIP, SAVE = "skip", "save"

RULE: Final = Choice(
    name="record_creation.rule",
    title="Active subscribers without contact or lead",
    help=(
        "What to make for an active subscriber of this list whom no contact and no lead matches. Person accounts are not "
        "made. Where one address is on several lists, the first list in the account's order decides; the others link to "
        "what it made."
    ),
    default=NOTHING,
    of=Of.LIST,
    choices=((NOTHING, "Do nothing"), (CONTACT, "Create a contact"), (LEAD, "Create a lead")),
)
RECORD_TYPE: Final = Text(
    name="record_creation.record_type",
    title="Record type",
    help="The developer name of the new records' record type; blank for the integration user's default.",
    default="",
    of=Of.LIST,
    most=80,
)
VALUES: Final = Table(
    name="record_creation.values",
    title="Values of new records",
    help=(
        "What else to fill in: a Salesforce field, and either a fixed value or a custom field of Campaign Monitor, with a "
        "default for subscribers who have none. Name and address are always filled. A lead needs Company."
    ),
    default=(),
    of=Of.LIST,
    columns=(
        Column("field", "Salesforce field (API name)"),
        Column("value", "Fixed value", required=False),
        Column("custom_field", "Custom field of the list", required=False),
        Column("default", "Default where it is blank", required=False),
    ),
    unique="field",
    most=50,
)
LAST_NAME: Final = Text(
    name="record_creation.last_name",
    title="Last name of subscribers without a name",
    help="Salesforce needs a last name; a subscriber whose name is blank gets this one.",
    default="Not provided",
    most=80,
)
DUPLICATES: Final = Choice(
    name="record_creation.duplicates",
    title="When a duplicate rule finds a similar record",
    help="Skip: nothing is made, and the row is reported. Save: it is made all the same, where the rule permits that.",
    default=SKIP,
    choices=((SKIP, "Skip and report"), (SAVE, "Save all the same")),
)
MOST: Final = Number(
    name="record_creation.most_in_one_run",
    title="New contacts and leads in one sync, at most",
    help="More than that is not made unasked: run `fairlead records preview`, then `fairlead sync --allow-large-changes`.",
    default=5_000,
    unit="records",
    least=0,
    most=1_000_000,
)
SETTINGS: Final = (RULE, RECORD_TYPE, VALUES, LAST_NAME, DUPLICATES, MOST)
