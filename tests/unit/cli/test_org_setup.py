"""How the ends of `fairlead salesforce` are told: to people, to scripts, and to the shell."""

import json

import pytest
import typer

from fairlead.cli import org_setup
from fairlead.cli.edge import Exit
from fairlead.salesforce.errors import SetupRefused
from fairlead.salesforce.installing import Settled
from fairlead.salesforce.metadata import ComponentFailure, ComponentSuccess, DeployResult, Details, TestFailure, Tests
from fairlead.salesforce.removal import Plan
from fairlead.salesforce.rights import Found, Need

DONE = DeployResult(
    "Succeeded",
    done=True,
    success=True,
    total=3,
    details=Details(
        component_successes=[
            ComponentSuccess("A", "CustomTab", created=True, changed=True),
            ComponentSuccess("B", "CustomTab", changed=True),
            ComponentSuccess("C", "CustomTab"),
        ]
    ),
)
REFUSED = DeployResult(
    "Failed",
    done=True,
    details=Details(
        component_failures=[ComponentFailure("X__c.A__c", "CustomField", "Cannot change the type", None, 7)]
    ),
)
VITAL = Need("Edit on Contact", "opt status", "Object Settings > Contact")
MINOR = Need("Run Reports", "imports", "System Permissions", vital=False)


def ended(work, capsys):
    """Exit code, standard output and standard error of something that ends the command."""
    with pytest.raises(typer.Exit) as caught:
        work()
    return caught.value.exit_code, *capsys.readouterr()


FAILED_TEST = DeployResult(
    "Failed",
    done=True,
    details=Details(run_test_result=Tests([TestFailure("FairleadControllerTest", "people", "REQUIRED_FIELD_MISSING")])),
)


def test_components_for_record_pages_are_told_beside_the_rest(capsys):
    """What is refused of them tells that all else was deployed before."""
    org_setup.report_deployment(DONE, Settled(False, False), DONE, as_json=False)
    assert "3 components for record pages deployed" in capsys.readouterr().out
    org_setup.report_deployment(DONE, None, DONE, as_json=True)
    assert json.loads(capsys.readouterr().out)["record_pages"] == 3
    code, out, _ = ended(lambda: org_setup.report_deployment(DONE, None, FAILED_TEST, as_json=True), capsys)
    told = json.loads(out)
    assert (code, told["deployed_before"], told["error"]["code"]) == (1, 3, "FL-351")
    assert told["components"][0]["name"] == "FairleadControllerTest.people"
    with pytest.raises(SetupRefused, match="REQUIRED_FIELD_MISSING"):
        FAILED_TEST.raise_for_failure()


def test_a_deployment_tells_new_and_changed_components(capsys):
    org_setup.report_deployment(DONE, Settled(True, True, ("The org does not let Fairlead sing.",)), as_json=False)
    said = capsys.readouterr().out
    assert "3 components deployed: 1 new, 1 changed." in said
    assert "Fairlead Full Access" in said
    assert "! The org does not let Fairlead sing." in said
    org_setup.report_deployment(DONE, Settled(False, False), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "ok": True, "status": "Succeeded", "components": 3, "check_only": False, "created": 1, "changed": 1,
        "address_set": False, "access_given": False, "problems": [],
    }  # fmt: skip


def test_refused_components_are_told_in_words_with_a_next_step(capsys):
    code, out, err = ended(lambda: org_setup.report_deployment(REFUSED, None, as_json=False), capsys)
    assert (code, out) == (Exit.FAILED, "")
    assert "Nothing was changed." in err
    assert "[FL-351]" in err
    code, out, err = ended(lambda: org_setup.report_deployment(REFUSED, None, as_json=True), capsys)
    told = json.loads(out)
    assert (code, err, told["ok"], told["error"]["code"]) == (Exit.FAILED, "", False, "FL-351")
    (component,) = told["components"]
    assert (component["name"], component["line"]) == ("X__c.A__c", 7)
    assert "rename or delete" in component["next_step"]


def test_a_deployment_that_ends_without_components_says_why(capsys):
    ended_badly = DeployResult("Failed", done=True, error_message="UNKNOWN_EXCEPTION: 12-34")
    _, out, _ = ended(lambda: org_setup.report_deployment(ended_badly, None, as_json=True), capsys)
    assert "UNKNOWN_EXCEPTION" in json.loads(out)["error"]["text"]


def test_a_check_passes_with_minor_rights_missing_and_fails_with_vital_ones(capsys):
    org_setup.report_check(DONE, Found((MINOR,), ("API Enabled",)), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["not_told"]) == (True, ["API Enabled"])
    assert told["missing_rights"] == [
        {"right": "Run Reports", "needed_for": "imports", "vital": False, "fix": "System Permissions"}
    ]
    code, out, _ = ended(lambda: org_setup.report_check(DONE, Found((VITAL, MINOR)), as_json=True), capsys)
    assert (code, json.loads(out)["error"]["code"]) == (Exit.FAILED, "FL-352")
    code, out, err = ended(lambda: org_setup.report_check(DONE, Found((VITAL,)), as_json=False), capsys)
    assert "Edit on Contact" in out
    assert "[FL-352]" in err


def test_a_deployment_that_may_not_even_begin_still_names_the_missing_rights(capsys):
    """The missing right is the reason: it must not be hidden behind the refusal."""
    refused = SetupRefused("INSUFFICIENT_ACCESS: no.", code="INSUFFICIENT_ACCESS", status=403)
    code, out, _ = ended(lambda: org_setup.report_check(refused, Found((MINOR,)), as_json=True), capsys)
    told = json.loads(out)
    assert (code, told["error"]["code"]) == (Exit.FAILED, "SF-INSUFFICIENT_ACCESS")
    assert told["missing_rights"][0]["right"] == "Run Reports"


def test_a_removal_is_not_begun_unless_somebody_types_the_orgs_name_or_says_yes():
    """Standard input of a test is no terminal."""
    with pytest.raises(typer.BadParameter, match="--yes"):
        org_setup._ask_for("Org")


def test_a_plan_is_told_with_its_counts():
    plan = Plan({"CustomObject": ["A__c"]}, {"A__c": 12}, {"Campaign": 3}, [], [], {})
    assert org_setup._as_dict(plan) == {
        "records": {"A__c": 12}, "values": {"Campaign": 3}, "assignments": 0, "layouts": [],
        "components": {"CustomObject": 1},
    }  # fmt: skip


def test_an_empty_plan_says_that_nothing_is_there(capsys):
    org_setup._print_removal("Org", Plan({}, {}, {}, [], [], {}))
    assert "Nothing of Fairlead is in the org Org." in capsys.readouterr().out


def test_another_name_is_refused_by_a_guard():
    from fairlead.cli.edge import explain

    assert explain(org_setup.OtherName("x")).exit_code == Exit.REFUSED_BY_GUARD
