"""Settings of the org that change what it is made of: posted at `/_control/settings`, or brought by a seed."""

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import field_from
from fairlead_emulators.salesforce.state.org import Org

fact("accounts_as_members")
fact("statuses_createable")


def settings_changed(org: Org) -> None:
    """Keeps the settings and brings the describe model in line with them. Person accounts cannot be turned off again."""
    org.storage.set_meta("settings", org.settings)
    schema = org.storage.whole
    schema.person_accounts = schema.person_accounts or bool(org.settings.get("person_accounts"))
    member, statuses = schema.objects["campaignmember"], schema.objects["campaignmemberstatus"]
    if org.settings.get("campaign_member_accounts"):
        relation = {"reference_to": ["Account"], "relationship_name": "Account", "cascade_delete": True}
        account = {"name": "AccountId", "type": "reference", "label": "Account ID", "updateable": False}
        member.add_field(field_from(account | relation | {"child_relationship_name": "CampaignMembers"}))
    writable = bool(org.settings.get("campaign_member_statuses_createable", True))
    statuses.createable = statuses.updateable = statuses.deletable = writable
    schema.relate()
    org.storage.schema_changed()
    for follow in org.followers:
        follow(org)
