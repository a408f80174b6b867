"""Laws of what maintenance decides."""

from typing import Any

import pytest

from fairlead.features.maintenance import rules
from fairlead.features.maintenance.rules import Line, Of, Seen

OF = Of("primary_sync")


def stage(name: str, state: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "state": state, **more}


def failed(name: str, code: str) -> dict[str, Any]:
    return stage(name, "failed", code=code, message="It broke. Mend it.", step="Mend it.")


def line(number: int, severity: str = "error", times: int = 1) -> Line:
    return Line(severity, "FL-211", f"Trouble {number}.", "Mend it.", times, number)


@pytest.mark.parametrize(
    ("code", "severity"),
    [("FL-111", "warning"), ("FL-211", "error"), ("FL-331", "error"), ("FL-421", "warning"), ("FL-502", "warning"),
     ("FL-900", "error"), ("odd", "error")],
)  # fmt: skip
def test_what_passes_or_stopped_in_time_warns_and_the_rest_is_an_error(code: str, severity: str) -> None:
    assert rules.severity(code) == severity


def test_refused_rows_that_are_tried_again_only_inform() -> None:
    assert rules.severity_of_refused(retryable=True) == "info"
    assert rules.severity_of_refused(retryable=False) == "warning"


def test_a_job_is_about_the_client_or_list_of_its_arguments() -> None:
    assert rules.scope_of("webhook_look", {"list": "l1"}).subject == "webhook_look///l1"
    assert rules.scope_of("remove", {"client": "c1", "list": None}).subject == "remove//c1/"
    assert rules.scope_of("primary_sync", {}).subject == "primary_sync///"


def test_each_failed_stage_is_a_message_and_what_waited_for_it_is_none() -> None:
    stages = [stage("clients", "done"), failed("members", "FL-331"), stage("figures", "skipped", message="Not run.")]
    told = rules.told_by(OF, stages, ("FL-331", "It broke.", "Mend it."))
    assert told.wrong == (Seen(Of("primary_sync", "members"), "FL-331", "It broke.", "Mend it."),)
    assert told.right == ("clients",)
    assert told.began


def test_a_failure_that_no_stage_tells_is_noted_where_the_job_broke_off() -> None:
    bug = ("FL-900", "A fault.", "Report it.")
    assert rules.told_by(OF, [stage("a", "done"), stage("b", "running")], bug).wrong[0].of.stage == "b"
    before = rules.told_by(OF, [stage("a", "waiting")], bug)
    assert before.wrong == (Seen(OF, *bug),)
    assert not before.began


def test_a_job_that_is_done_is_right_as_a_whole() -> None:
    told = rules.told_by(OF, [], None)
    assert (told.wrong, told.right, told.began) == ((), (), True)


def test_the_next_step_is_not_said_twice() -> None:
    assert rules.what({"message": "It broke. Mend it.", "step": "Mend it."}) == "It broke."
    assert rules.what({"message": "Mend it.", "step": "Mend it."}) == "Mend it."
    assert rules.what({}) == ""


@pytest.mark.parametrize(
    ("code", "url"),
    [("FL-211", "connections"), ("FL-264", "notifications"), ("FL-502", "sync_settings"), ("FL-380", "lists"),
     ("FL-331", "storage"), ("FL-370", "connections"), ("FL-325", "room_settings")],
)  # fmt: skip
def test_a_problem_leads_to_the_page_where_it_is_put_right(code: str, url: str) -> None:
    place = rules.place_of(code)
    assert place is not None
    assert place.url == url


def test_a_fault_of_ours_has_no_page() -> None:
    assert rules.place_of("FL-900") is None


def test_failures_name_their_thing_and_value() -> None:
    assert str(rules.RowsRefused(1, "members", "STRING_TOO_LONG", "Too long.")).startswith(
        "1 row is refused (members, STRING_TOO_LONG). Too long."
    )
    assert "1,200 rows are refused" in str(rules.RowsRefused(1200, "members", "X", ""))
    assert "2 posts" in str(rules.PostsUnreadable(2))
    assert "1 post " in str(rules.PostsUnreadable(1))
    assert "message 7" in str(rules.NoSuchMessage(7))
    assert "Message 7" in str(rules.NothingToRetry(7))


def test_a_notice_says_how_many_and_how_many_are_errors() -> None:
    assert rules.title([line(1)]) == "Fairlead: 1 message, 1 of them error"
    assert rules.title([line(1), line(2), line(3, "info")]) == "Fairlead: 3 messages, 2 of them errors"
    assert rules.title([line(1, "info")]) == "Fairlead: 1 message"


def test_a_bell_is_never_too_long_and_tells_how_often() -> None:
    assert rules.summary([line(1, times=40), line(2)], 750) == "Trouble 1. (FL-211, 40×) · Trouble 2. (FL-211)"
    long = rules.summary([line(number) for number in range(500)], 750)
    assert len(long) <= 750
    assert long.endswith("…")


def test_a_letter_tells_the_first_counts_the_rest_and_leads_to_each() -> None:
    text = rules.letter([line(1, times=3), Line("info", "FL-1", "Odd.", "", 1, 2), line(3)], "https://f.example", 2)
    assert "[FL-211] Trouble 1. (seen 3 times)\nNext step: Mend it.\nhttps://f.example/maintenance/messages/1/" in text
    assert "Odd.\nhttps://f.example/maintenance/messages/2/" in text
    assert "Trouble 3" not in text
    assert "… and 1 more" in text
    assert "more:" not in rules.letter([line(1)], "https://f.example", 2)


def test_a_post_names_the_notice_and_each_message() -> None:
    body = rules.body([line(5)], "https://f.example", "9", "now")
    assert body["id"] == "notice-9"
    assert body["messages"][0]["url"] == "https://f.example/maintenance/messages/5/"
    assert body["messages"][0]["times"] == 1
