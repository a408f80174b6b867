"""Whatever is made, merged, converted, deleted and brought back, in any order: nothing is lost and every count holds."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import create
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.records import conversion, merging, writes

OBJECTS = ("Account", "Contact", "Lead", "Campaign", "CampaignMember", "CampaignMemberStatus", "Task")


class Lives(RuleBasedStateMachine):
    """Accounts, contacts, leads, campaigns, members and tasks of one org."""

    people = Bundle("people")
    campaigns = Bundle("campaigns")
    binned = Bundle("binned")

    def __init__(self) -> None:
        super().__init__()
        self.emulator = create(Clock())
        self.org = self.emulator.org
        self.tasks = 0

    def teardown(self) -> None:
        self.emulator.close()

    def make(self, name: str, **fields) -> str | None:
        schema = self.org.storage.schema
        return writes.write(self.org, "insert", from_json(schema, schema.object(name), [fields])).ids[0]

    def rows(self, sql: str) -> list[tuple]:
        return self.org.storage.connection.execute(sql).fetchall()

    @initialize(target=campaigns)
    def first(self):
        return self.make("Campaign", Name="First")

    @rule(target=campaigns)
    def campaign(self):
        return self.make("Campaign", Name="Next")

    @rule(target=people, lead=st.booleans())
    def person(self, lead):
        if lead:
            return "Lead", self.make("Lead", LastName="L", Company="C")
        return "Contact", self.make("Contact", LastName="C", AccountId=self.make("Account", Name="A"))

    @rule(who=people, campaign=campaigns, status=st.sampled_from(["Sent", "Responded", "else"]))
    def join(self, who, campaign, status):
        self.make("CampaignMember", **{"CampaignId": campaign, f"{who[0]}Id": who[1], "Status": status})

    @rule(who=people)
    def task(self, who):
        self.tasks += self.make("Task", WhoId=who[1], Subject="Call") is not None

    @rule(campaign=campaigns, responded=st.booleans(), default=st.booleans(), order=st.integers(1, 4))
    def status(self, campaign, responded, default, order):
        fields = {"HasResponded": responded, "IsDefault": default, "SortOrder": order}
        self.make("CampaignMemberStatus", CampaignId=campaign, Label=f"Status {order}", **fields)

    @rule(data=st.data())
    def remove_status(self, data):
        ids = [row[0] for row in self.rows("SELECT Id FROM CampaignMemberStatus ORDER BY Id")]
        if ids:
            sobject = self.org.storage.schema.object("CampaignMemberStatus")
            writes.delete(self.org, sobject, [data.draw(st.sampled_from(ids))])

    @rule(who=people, others=st.lists(people, min_size=1, max_size=3))
    def merge(self, who, others):
        sobject = self.org.storage.schema.object(who[0])
        try:
            merging.merge(self.org, sobject, who[1], [i for _, i in others])
        except writes.Refused:
            pass

    @rule(target=people, who=people)
    def convert(self, who):
        try:
            return "Contact", conversion.convert(self.org, who[1]).contact_id
        except writes.Refused:
            return multiple()

    @rule(target=binned, who=consumes(people))
    def delete(self, who):
        writes.delete(self.org, self.org.storage.schema.object(who[0]), [who[1]])
        return who

    @rule(target=people, who=consumes(binned))
    def undelete(self, who):
        writes.undelete(self.org, self.org.storage.schema.object(who[0]), [who[1]])
        return who

    @rule(campaign=campaigns, back=st.booleans())
    def campaign_goes(self, campaign, back):
        sobject = self.org.storage.schema.object("Campaign")
        writes.delete(self.org, sobject, [campaign])
        if back:
            assert not writes.undelete(self.org, sobject, [campaign]).errors

    @invariant()
    def no_task_is_lost(self):
        assert self.rows("SELECT COUNT(*) FROM Task WHERE IsDeleted = 0") == [(self.tasks,)]

    @invariant()
    def no_live_record_points_to_a_deleted_one(self):
        for child in (self.org.storage.schema.object(name) for name in OBJECTS):
            for field in child.fields.values():
                for parent in field.reference_to if field.name != "MasterRecordId" else ():
                    if parent in OBJECTS:
                        found = self.rows(
                            f"SELECT c.Id FROM {child.name} c JOIN {parent} p ON p.Id = c.{field.name} "
                            "WHERE c.IsDeleted = 0 AND p.IsDeleted = 1"
                        )
                        assert found == [], (child.name, field.name)

    @invariant()
    def counts_hold(self):
        for name in OBJECTS:
            found = self.rows(f"SELECT COUNT(*) FROM {name} WHERE IsDeleted = 0")
            assert found == [(self.org.storage.count(self.org.storage.schema.object(name)),)]
        wrong = self.rows(
            "SELECT c.Id FROM Campaign c WHERE (NumberOfContacts, NumberOfLeads, NumberOfResponses) IS NOT "
            "(SELECT count(ContactId), count(LeadId), coalesce(sum(HasResponded), 0) FROM CampaignMember m "
            "WHERE m.CampaignId = c.Id AND m.IsDeleted = 0)"
        )
        assert wrong == []

    @invariant()
    def nobody_is_on_a_campaign_twice(self):
        twice = "SELECT CampaignId FROM CampaignMember WHERE IsDeleted = 0 GROUP BY CampaignId, LeadOrContactId HAVING count(*) > 1"
        assert self.rows(twice) == []

    @invariant()
    def members_show_their_person(self):
        for name, other in (("Contact", ""), ("Lead", "AND m.ContactId IS NULL")):
            assert self.rows(
                f"SELECT m.Id FROM CampaignMember m JOIN {name} p ON p.Id = m.{name}Id WHERE m.IsDeleted = 0 {other} "
                "AND (m.Name IS NOT p.Name OR m.LeadOrContactId IS NOT p.Id OR m.Type IS NOT " + f"'{name}')"
            ) == []  # fmt: skip

    @invariant()
    def every_campaign_has_its_statuses(self):
        found = self.rows(
            "SELECT c.Id FROM Campaign c LEFT JOIN CampaignMemberStatus s ON s.CampaignId = c.Id AND s.IsDeleted = 0 "
            "WHERE c.IsDeleted = 0 GROUP BY c.Id HAVING sum(s.IsDefault) IS NOT 1 OR sum(s.HasResponded) < 1 "
            "OR count(DISTINCT s.SortOrder) < count(*)"
        )
        assert found == []


Lives.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
test_lives = Lives.TestCase
