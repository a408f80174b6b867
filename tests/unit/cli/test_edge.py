"""Every expected error becomes a sentence with a next step; an unexpected one gives away nothing."""

import pytest
from django.db.utils import OperationalError

from fairlead.campaignmonitor import errors as cm
from fairlead.cli.edge import Exit, exit_of, explain
from fairlead.domain import failure
from fairlead.salesforce import errors as sf
from fairlead.salesforce.package import PackageError

EXPECTED = [
    (failure.WaitAndRetry("Busy.", next_step="Wait."), "FL-100", Exit.FAILED),
    (failure.FixTheSettings("Wrong.", next_step="Mend it."), "FL-300", Exit.FAILED),
    (failure.RefusedByGuard("Too much.", next_step="Look first."), "FL-500", Exit.REFUSED_BY_GUARD),
    (sf.SessionRefused("Expired.", code="INVALID_SESSION_ID"), "SF-INVALID_SESSION_ID", Exit.FAILED),
    (cm.SignInRefused("Bad key.", code=50), "CM-50", Exit.FAILED),
    (cm.Unavailable("Down.", status=503), "CM-503", Exit.FAILED),
    (PackageError("No sources.", "Name the folder."), "FL-330", Exit.FAILED),
    (OperationalError("connection to user@example.com failed"), "FL-315", Exit.FAILED),
    (FileNotFoundError(2, "No such file or directory", "key.txt"), "FL-340", Exit.FAILED),
]


@pytest.mark.parametrize(("error", "code", "exit_code"), EXPECTED, ids=[code for _, code, _ in EXPECTED])
def test_an_expected_error_has_text_step_code_and_exit_code(error, code, exit_code):
    """The same four for every side."""
    problem = explain(error)
    assert problem.text
    assert problem.next_step
    assert (problem.code, problem.exit_code) == (code, exit_code)
    assert problem.next_step not in problem.text


def test_an_unexpected_error_does_not_repeat_its_message():
    """A message could hold an address: class and place are enough to report it."""
    problem = explain(RuntimeError("somebody@example.com"))
    assert problem.code == "FL-900"
    assert "example.com" not in problem.text
    assert "RuntimeError" in problem.text


def test_of_several_errors_the_expected_one_speaks():
    """Tasks side by side raise a group."""
    problem = explain(ExceptionGroup("tasks", [KeyError("x"), failure.SignInAgain("No.", next_step="Sign in.")]))
    assert problem.code == "FL-200"


def test_guards_have_an_exit_code_of_their_own():
    """A script tells a refusal from a failure."""
    assert exit_of("FL-500") == exit_of("FL-510") == 3
    assert exit_of("FL-100") == exit_of("") == 1
