"""What is deleted can come back, with what went along."""


def test_lookups_that_were_emptied_point_again_unless_set_since(desk):
    account, other = desk.make("Account", Name="A"), desk.make("Account", Name="B")
    one, two = (desk.make("Contact", LastName=n, AccountId=account) for n in "ab")
    desk.delete("Account", account)
    assert desk.read("Contact", one)["AccountId"] is None
    desk.change("Contact", two, AccountId=other)
    desk.act(act="undelete", object="Account", id=account)
    assert desk.read("Contact", one)["AccountId"] == account
    assert desk.read("Contact", two)["AccountId"] == other


def test_only_what_is_in_the_bin_comes_back(desk):
    contact = desk.make("Contact", LastName="a")
    assert "UNDELETE_FAILED" in desk.act_refused(act="undelete", object="Contact", id=contact)
    assert "INVALID_CROSS_REFERENCE_KEY" in desk.act_refused(act="undelete", object="Contact", id="0035e000000ZZZZ")


def test_a_detail_does_not_come_back_without_its_master(desk):
    campaign, contact = desk.make("Campaign", Name="C"), desk.make("Contact", LastName="a")
    member = desk.make("CampaignMember", CampaignId=campaign, ContactId=contact)
    desk.delete("Contact", contact)
    assert "UNDELETE_FAILED" in desk.act_refused(act="undelete", object="CampaignMember", id=member)


def test_a_lookup_to_what_is_gone_meanwhile_is_empty_when_its_record_comes_back(desk):
    account = desk.make("Account", Name="A")
    contact = desk.make("Contact", LastName="a", AccountId=account)
    desk.delete("Contact", contact)
    desk.delete("Account", account)
    desk.act(act="undelete", object="Contact", id=contact)
    assert desk.read("Contact", contact)["AccountId"] is None


def test_a_unique_value_that_has_another_holder_keeps_the_record_in_the_bin(desk):
    user = {
        "LastName": "B",
        "Email": "b@example.com",
        "Alias": "b",
        "ProfileId": desk.query("SELECT Id FROM Profile")[0]["Id"],
    }
    assert desk.make("User", Username="one@example.com", **user)
    sets = [desk.make("PermissionSet", Name="Readers", Label="Readers")]
    desk.delete("PermissionSet", sets[0])
    sets.append(desk.make("PermissionSet", Name="Readers", Label="Readers"))
    assert "DUPLICATE_VALUE" in desk.act_refused(act="undelete", object="PermissionSet", id=sets[0])
    assert [r["Id"] for r in desk.query("SELECT Id FROM PermissionSet")] == [sets[1]]


def test_a_member_does_not_come_back_beside_its_successor(desk):
    campaign, contact = desk.make("Campaign", Name="C"), desk.make("Contact", LastName="a")
    first = desk.make("CampaignMember", CampaignId=campaign, ContactId=contact)
    desk.delete("CampaignMember", first)
    desk.make("CampaignMember", CampaignId=campaign, ContactId=contact)
    assert "DUPLICATE_VALUE" in desk.act_refused(act="undelete", object="CampaignMember", id=first)
