"""What is assumed of segments and can be checked by calls, each by a test named after the fact's id."""

import time
import uuid

import pytest

_CALCULATING = (278, 287)
_LONGEST_S = 900
# Kind of rule → its verbs with something to say, and one that it has not.
VERBS = {
    "Name": (["EQUALS x", "NOT_EQUALS x", "CONTAINS x", "NOT_CONTAINS x", "PROVIDED", "NOT_PROVIDED"], "AFTER x"),
    "EmailAddress": (["EQUALS x", "NOT_EQUALS x", "CONTAINS x", "NOT_CONTAINS x"], "PROVIDED"),
    "DateSubscribed": (
        ["EQUALS 2026-01-31", "AFTER 2026-01-31", "BEFORE 2026-01-31", "BETWEEN '2026-01-01 AND 2026-01-31'"],
        "CONTAINS 2026",
    ),
    "[shoesize]": (
        ["EQUALS 4", "NOT_EQUALS 4", "GREATER_THAN 4", "LESS_THAN 4", "BETWEEN '4 AND 5'", "PROVIDED", "NOT_PROVIDED"],
        "CONTAINS 4",
    ),
}


def _segment(account, *rules):
    """Makes a segment in which all rules hold: (type, clause) pairs."""
    groups = [{"Rules": [{"RuleType": kind, "Clause": clause}]} for kind, clause in rules]
    wish = {"Title": uuid.uuid4().hex, "RuleGroups": groups}
    return account.call("POST", f"segments/{account.list}", wish)


def _members(account, segment):
    """The addresses in a segment, as soon as they have been worked out."""
    until = time.monotonic() + _LONGEST_S
    while True:
        reply = account.call("GET", f"segments/{segment}/active", orderfield="email")
        if reply.status == 200 or reply.json.get("Code") not in _CALCULATING or time.monotonic() > until:
            assert reply.status == 200, reply.body
            return [each["EmailAddress"] for each in reply.json["Results"]]
        time.sleep(20)


def _field(account, name, kind="Text"):
    made = account.call("POST", f"lists/{account.list}/customfields", {"FieldName": name, "DataType": kind})
    assert made.status == 201 or made.json["Code"] == 255, made.body


def test_segment_without_rules(account):
    """It is made, and picks nobody."""
    account.imported({"EmailAddress": account.somebody()})
    made = account.call("POST", f"segments/{account.list}", {"Title": uuid.uuid4().hex})
    assert made.status == 201
    assert _members(account, made.json) == []


@pytest.mark.parametrize("kind", VERBS)
def test_segment_verbs(account, kind):
    """Each kind of rule has the supposed verbs, and refuses others."""
    _field(account, "Shoe size", "Number")
    known, unknown = VERBS[kind]
    made = {clause: _segment(account, (kind, clause)).status for clause in known}
    assert made == dict.fromkeys(known, 201)
    refused = _segment(account, (kind, unknown))
    assert (refused.status, refused.json["Code"]) == (400, 277)


def test_segment_comparison(account):
    """Case does not matter, and a negation holds for who has no value."""
    _field(account, "Colour")
    red, none = sorted(account.somebody() for _ in range(2))
    account.imported({"EmailAddress": red, "CustomFields": [{"Key": "Colour", "Value": "Red"}]}, {"EmailAddress": none})
    told = _segment(account, ("[colour]", "EQUALS rED"))
    other = _segment(account, ("[colour]", "NOT_EQUALS red"), ("EmailAddress", f"EQUALS {none.upper()}"))
    assert _members(account, told.json) == [red]
    assert _members(account, other.json) == [none]


def test_segment_location(account):
    """A country by its name; others are refused."""
    assert _segment(account, ("Location", "EQUALS Australia")).status == 201
    refused = _segment(account, ("Location", "EQUALS Nowhere at all")).json
    assert (refused["Code"], refused["ResultData"][0]["ClauseResults"][0]["Code"]) == (277, 2758)


def test_segment_follows_field(account):
    """A renamed field's rules go by its new key."""
    _field(account, "Hat")
    made = _segment(account, ("[hat]", "EQUALS top")).json
    renamed = account.call("PUT", f"lists/{account.list}/customfields/%5Bhat%5D", {"FieldName": "Headgear"})
    groups = account.call("GET", f"segments/{made}").json["RuleGroups"]
    assert groups == [{"Rules": [{"RuleType": renamed.json, "Clause": "EQUALS top"}]}]
