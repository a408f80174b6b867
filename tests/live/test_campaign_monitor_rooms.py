"""What is assumed of lists, domains, templates and campaigns and can be checked by calls, each by a test named after the fact's id."""

NOWHERE = "nowhere-at-all.example.com"
NOTHING = "0" * 32


def test_head(account):
    reply = account.call("HEAD", "systemdate")
    assert (reply.status, reply.raw) == (200, b"")


def test_time_zone_labels(account):
    """A client's label is one of those that are offered."""
    offered = account.call("GET", "timezones").json
    assert account.call("GET", f"clients/{account.client}").json["BasicDetails"]["TimeZone"] in offered


def test_list_update(account):
    """What an update of a list does not say stays as it is."""
    before = account.call("GET", f"lists/{account.list}").json
    assert account.call("PUT", f"lists/{account.list}", {"Title": before["Title"] + " again"}).status == 200
    after = account.call("GET", f"lists/{account.list}").json
    assert after == {**before, "Title": before["Title"] + " again"}


def test_sending_domains(account):
    """Each has its name, status and records; one that is not there is not found."""
    reply = account.call("GET", f"clients/{account.client}/sendingdomains")
    assert reply.status == 200
    assert all({"Domain", "Status", "Records"} <= each.keys() for each in reply.json)
    assert account.call("DELETE", f"clients/{account.client}/sendingdomains/{NOWHERE}").status == 404


def test_template_checks(account):
    """A template without a name, or without the address of its HTML, is refused."""
    page = "https://www.example.com/"
    bodies = {4002: {"Name": "", "HtmlPageURL": page}, 4003: {"Name": "x" * 101, "HtmlPageURL": page}}
    bodies |= {
        4004: {"Name": "Fairlead checks", "HtmlPageURL": ""},
        4005: {"Name": "Fairlead checks", "HtmlPageURL": "page"},
    }
    found = {code: account.call("POST", f"templates/{account.client}", body) for code, body in bodies.items()}
    for made in (each for each in found.values() if each.status == 201):
        account.call("DELETE", f"templates/{made.json}")
    assert {code: (each.status, each.json.get("Code")) for code, each in found.items() if each.status != 201} == {
        code: (400, code) for code in bodies
    }


def test_campaign_unknown(account):
    reply = account.call("GET", f"campaigns/{NOTHING}/summary")
    assert (reply.status, reply.json["Code"]) == (400, 301)
