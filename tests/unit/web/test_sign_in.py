"""Laws of the way in: passwords, one-time links, and the brake on guesses."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from fairlead.store.models import AuditEntry, Org
from fairlead.ui import sign_in as ways
from fairlead.ui.models import SignInFailure
from tests.unit.web.conftest import PASSWORD


def attempt(password: str = "wrong", name: str = "admin", browser: Client | None = None, **more: str) -> object:
    return (browser or Client()).post("/sign-in/", {"username": name, "password": password, **more})


def path_of(link: str) -> str:
    return link.removeprefix("https://fairlead.example.com")


@pytest.fixture
def link(org: Org) -> str:
    return path_of(ways.one_time_link("https://fairlead.example.com/"))


def signed_in(browser: Client) -> bool:
    return browser.get("/").status_code == 200


def test_a_password_signs_in_and_the_audit_says_how(person: User) -> None:
    browser = Client()
    answer = attempt(PASSWORD, browser=browser)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert signed_in(browser)
    assert list(AuditEntry.objects.values_list("who", "what", "subject")) == [("admin", "sign in", "password")]


def test_a_wrong_password_is_counted_and_says_the_next_step(person: User) -> None:
    answer = attempt()
    assert answer.status_code == 200
    assert "do not fit" in answer.text
    assert "fairlead sign-in" in answer.text
    assert SignInFailure.objects.count() == 1
    assert AuditEntry.objects.count() == 0


def test_the_sixth_attempt_waits_even_with_the_right_password(person: User) -> None:
    assert [attempt().status_code for _ in range(5)] == [200] * 5
    answer = attempt(PASSWORD)
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.text


def test_case_does_not_give_a_guesser_more_attempts(person: User) -> None:
    for name in ("admin", "Admin", "ADMIN", "aDmin", "adMin"):
        attempt(name=name)
    assert attempt(PASSWORD).status_code == 429


def test_others_do_not_wait_for_one_who_guesses(person: User) -> None:
    for _ in range(5):
        attempt(name="somebody")
    assert attempt(PASSWORD).status_code == 302


def test_the_wait_ends_after_a_quarter_of_an_hour_and_old_notes_are_dropped(person: User) -> None:
    for _ in range(5):
        attempt()
    SignInFailure.objects.update(at=timezone.now() - timedelta(minutes=15, seconds=1))
    assert attempt().status_code == 200
    assert SignInFailure.objects.count() == 1


def test_a_sign_in_forgets_the_failures_before_it(person: User) -> None:
    for _ in range(4):
        attempt()
    attempt(PASSWORD)
    assert SignInFailure.objects.count() == 0


def test_neither_name_nor_network_address_is_kept_with_a_failure(person: User) -> None:
    attempt(name="somebody")
    key = bytes(SignInFailure.objects.get().key)
    assert len(key) == 32
    assert b"somebody" not in key


@pytest.mark.parametrize(
    "target",
    ["https://evil.example.com/", "//evil.example.com/", "javascript:alert(1)", "/\\evil.example.com", "http:///x"],
)
def test_a_foreign_next_page_is_ignored(person: User, target: str) -> None:
    assert attempt(PASSWORD, next=target)["Location"] == "/"


def test_the_page_that_was_asked_for_comes_next(person: User) -> None:
    browser = Client()
    asked = browser.get("/sync/")
    form = browser.get(asked["Location"])
    assert 'name="next" value="/sync/"' in form.text
    assert attempt(PASSWORD, next="/sync/")["Location"] == "/sync/"


def test_looking_at_a_link_does_not_spend_it(link: str) -> None:
    for _ in range(3):
        answer = Client().get(link)
        assert answer.status_code == 200
        assert "Welcome, admin" in answer.text
    assert "no-store" in answer["Cache-Control"]


def test_a_link_signs_in_once(link: str) -> None:
    first, second = Client(), Client()
    assert first.post(link)["Location"] == "/setup/"
    assert signed_in(first)
    assert second.post(link).status_code == 410
    assert not signed_in(second)
    assert "fairlead sign-in" in second.get(link).text
    assert list(AuditEntry.objects.values_list("who", "what", "subject")) == [("admin", "sign in", "one-time link")]


def test_a_link_that_is_too_old_is_refused(link: str, settings: object) -> None:
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert Client().get(link).status_code == 410
    assert Client().post(link).status_code == 410


def test_a_link_lives_for_a_quarter_of_an_hour(settings: object) -> None:
    assert settings.PASSWORD_RESET_TIMEOUT == 15 * 60


@pytest.mark.parametrize("number", ["MQ", "x", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "%00"])
def test_a_made_up_link_is_refused(org: Org, number: str) -> None:
    assert Client().get(f"/sign-in/{number}/c0ffee-0123/").status_code == 410


def test_a_link_of_somebody_who_may_no_longer_sign_in_is_refused(link: str) -> None:
    User.objects.update(is_active=False)
    assert Client().post(link).status_code == 410


def test_no_first_link_is_printed_once_somebody_has_a_password(org: Org) -> None:
    assert ways.first_link("https://fairlead.example.com")
    person = User.objects.get()
    person.set_password(PASSWORD)
    person.save()
    assert ways.first_link("https://fairlead.example.com") is None


def test_a_link_for_a_known_name_makes_no_second_person(person: User) -> None:
    ways.one_time_link("https://fairlead.example.com", "admin")
    assert User.objects.count() == 1


def test_setting_a_password_keeps_the_session_and_tells_the_audit(admin: Client) -> None:
    fresh = "another-horse-battery-staple"
    answer = admin.post("/account/", {"new_password1": fresh, "new_password2": fresh}, follow=True)
    assert "The password is set." in answer.text
    assert attempt(fresh).status_code == 302
    assert "set password" in AuditEntry.objects.values_list("what", flat=True)
    assert fresh not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [("short", "short", "at least 12"), ("a-long-enough-one", "another-long-one", "match"), ("", "", "required")],
)
def test_a_bad_password_is_refused_in_words(admin: Client, first: str, second: str, said: str) -> None:
    answer = admin.post("/account/", {"new_password1": first, "new_password2": second})
    assert said in answer.text
    assert attempt(PASSWORD).status_code == 302


def test_signing_out_ends_the_session(admin: Client) -> None:
    assert admin.post("/sign-out/")["Location"] == "/sign-in/"
    assert not signed_in(admin)


def test_the_command_prints_a_link_that_works(org: Org) -> None:
    from fairlead.cli import parts

    assert signed_in_by(parts.sign_in_link("somebody"))
    assert User.objects.get().get_username() == "somebody"


def signed_in_by(link: str) -> bool:
    browser = Client()
    browser.post("/sign-in/" + link.split("/sign-in/")[1])
    return signed_in(browser)


def test_a_page_that_follows_a_run_loads_anew_when_its_session_has_ended(person: User) -> None:
    """The form would otherwise stand inside the page, in the place of the run."""
    answer = Client().get("/sync/run/", headers={"HX-Request": "true"}, follow=True)
    assert (answer["HX-Refresh"], answer.text) == ("true", "")
