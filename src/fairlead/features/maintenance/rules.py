"""What maintenance decides: how much a message matters, what belongs together, where it is put right, what a notice says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead.domain.failure import FixTheSettings, FixThisRecord

NOTIFY: Final = "notify"
"""The kind of job that sends notices. Messages about it are never sent themselves: a storm that feeds itself ends here."""
REFUSED: Final = "refused"
SCHEDULE: Final = "schedule"
TITLES: Final = {REFUSED: "Refused rows", SCHEDULE: "Schedule"}
"""What people call the kinds of messages that are no kinds of jobs."""
PARTS: Final = ("severity", "code", "what", "next_step", "times", "number")


class NothingToRetry(FixTheSettings):
    """A message without a job that could be asked for again: it is of none, or the job was deleted since."""

    code = "FL-260"
    next_step = "Do what the message says, then start the work on its own page."

    def __init__(self, number: int) -> None:
        super().__init__(f"Message {number} names no job that is still there.")


class RowsRefused(FixThisRecord):
    """Rows that Salesforce refuses for the same reason; all others were written."""

    code = "FL-261"
    next_step = (
        "Look at the reason, put the records or the org's rules right; the rows follow by themselves with a sync."
    )

    def __init__(self, rows: int, of: str, code: str, reason: str) -> None:
        are = "row is" if rows == 1 else "rows are"
        super().__init__(f"{rows:,} {are} refused ({of}, {code}). {reason}".strip())


class PostsUnreadable(FixTheSettings):
    """Posts of a webhook that could not be read. What they were about is found by the next sync."""

    code = "FL-262"
    next_step = (
        "Look at “Remarks” of the list's webhook with `fairlead webhooks status`; the next sync finds what they told."
    )

    def __init__(self, posts: int) -> None:
        super().__init__(f"{posts:,} post{'s' if posts != 1 else ''} of a list's webhook could not be read.")


class NoSuchMessage(FixTheSettings):
    """The message is not there, or no longer."""

    code = "FL-268"
    next_step = "`fairlead messages list` shows those there are; resolved ones are deleted after some days."

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no message {number}.")


def severity(code: str) -> str:
    """How much a failure matters, by the hundreds of its code: what passes by itself or stopped in time is a warning."""
    return {"1": "warning", "4": "warning", "5": "warning"}.get(code.removeprefix("FL-")[:1], "error")


def severity_of_refused(*, retryable: bool) -> str:
    """Refused rows that are tried again with every sync only inform."""
    return "info" if retryable else "warning"


@dataclass(frozen=True, slots=True)
class Of:
    """What a message is about: a kind of job, a stage of it, and the client or list that the job was asked for."""

    kind: str
    stage: str = ""
    client: str = ""
    list: str = ""

    @property
    def subject(self) -> str:
        """As it stands in the table."""
        return f"{self.kind}/{self.stage}/{self.client}/{self.list}"


def scope_of(kind: str, args: Mapping[str, Any]) -> Of:
    """What a job was asked for: its arguments name the client or list where it is about one."""
    return Of(kind, "", str(args.get("client") or ""), str(args.get("list") or ""))


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that went wrong, as it is to be noted."""

    of: Of
    code: str
    what: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a job's end says: what is wrong, and the stages that are all right again."""

    wrong: tuple[Seen, ...] = ()
    right: tuple[str, ...] = ()
    began: bool = False


def told_by(of: Of, stages: Sequence[Mapping[str, Any]], failed: tuple[str, str, str] | None) -> Told:
    """What to note of an ended job. `failed` is (code, text, next step) of a job that failed, None of one that is done.

    Of a job with stages each failed stage is a message of its own, and those that only waited for it are none. A failure
    that no stage tells (before the first, or a fault of ours) is noted of the job as a whole, at the stage it broke off.
    """
    wrong = [
        Seen(Of(of.kind, str(stage["name"]), of.client, of.list), code, what(stage), str(stage.get("step") or ""))
        for stage in stages
        if stage.get("state") == "failed" and (code := str(stage.get("code") or ""))
    ]
    if failed and failed[0] not in {seen.code for seen in wrong}:
        broke = next((str(s["name"]) for s in stages if s.get("state") in ("failed", "running")), "")
        wrong.append(Seen(Of(of.kind, broke, of.client, of.list), *failed))
    right = [str(stage["name"]) for stage in stages if stage.get("state") == "done"]
    began = failed is None or any(stage.get("state") in ("done", "failed") for stage in stages)
    return Told(tuple(wrong), tuple(right), began)


def what(stage: Mapping[str, Any]) -> str:
    """What a stage said went wrong, without its next step."""
    message = str(stage.get("message") or "")
    return message.removesuffix(str(stage.get("step") or "")).strip() or message


@dataclass(frozen=True, slots=True)
class Place:
    """A page where something is put right: the name of its address, its arguments, and what people call it."""

    url: str
    label: str
    args: tuple[str, ...] = ()


_PLACES: Final[tuple[tuple[tuple[str, ...], Place], ...]] = (
    (("FL-263", "FL-264", "FL-265", "FL-267"), Place("notifications", "Notifications")),
    (("FL-262", "FL-325"), Place("room_settings", "Options of webhooks", ("webhooks",))),
    (("FL-266",), Place("layouts", "Page layouts")),
    (
        ("FL-20", "FL-21", "FL-22", "FL-302", "FL-311", "FL-313", "FL-314", "FL-316", "FL-324", "FL-37"),
        Place("connections", "Connections"),
    ),
    (("FL-60", "FL-61"), Place("transactional", "Transactional e-mail")),
    (("FL-322", "FL-365", "FL-366", "FL-5"), Place("sync_settings", "Sync settings")),
    (("FL-331", "FL-363"), Place("storage", "Storage")),
    (("FL-353", "FL-354", "FL-355", "FL-356", "FL-357", "FL-358", "FL-359", "FL-446"),
     Place("salesforce_campaigns", "Salesforce campaigns")),
    (("FL-380", "FL-381", "FL-382"), Place("lists", "Lists")),
    (("FL-435", "FL-436"), Place("records", "New contacts and leads")),
    (("FL-66", "FL-67"), Place("billing", "Billing")),
    (("FL-411", "FL-421", "FL-261"), Place("people", "Find a person")),
)  # fmt: skip


def place_of(code: str) -> Place | None:
    """The page where a failure is put right; None where none of ours does."""
    return next((place for starts, place in _PLACES if code.startswith(starts)), None)


@dataclass(frozen=True, slots=True)
class Line:
    """One message as a notice tells it. `times` counts since the last notice."""

    severity: str
    code: str
    what: str
    next_step: str
    times: int
    number: int


def title(lines: Sequence[Line]) -> str:
    """The first line of a notice."""
    errors = sum(line.severity == "error" for line in lines)
    more = f", {errors} of them error{'s' if errors != 1 else ''}" if errors else ""
    return f"Fairlead: {len(lines)} message{'s' if len(lines) != 1 else ''}{more}"


def shortened(text: str, most: int) -> str:
    """The text, cut with an ellipsis where it is longer than `most` characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def summary(lines: Sequence[Line], most: int) -> str:
    """What fits into a bell: the gravest first, each with how often."""
    told = [f"{line.what} ({line.code}{_often(line)})" for line in lines]
    return shortened(" · ".join(told), most)


def letter(lines: Sequence[Line], address: str, most: int) -> str:
    """The text of an e-mail: at most that many messages, each with its next step and its page."""
    parts = [_paragraph(line, address) for line in lines[:most]]
    if len(lines) > most:
        parts.append(f"… and {len(lines) - most} more: {address}/maintenance/\n")
    end = f"All messages: {address}/maintenance/\nWho is told of what: {address}/maintenance/notifications/\n"
    return "\n".join([*parts, end])


def body(lines: Sequence[Line], address: str, notice: str, made: str) -> dict[str, Any]:
    """What is posted to a webhook."""
    told = [
        {**{part: getattr(line, part) for part in PARTS}, "url": f"{address}/maintenance/messages/{line.number}/"}
        for line in lines
    ]
    return {"id": f"notice-{notice}", "made_at": made, "title": title(lines), "messages": told}


def _often(line: Line) -> str:
    return f", {line.times}×" if line.times > 1 else ""


def _paragraph(line: Line, address: str) -> str:
    often = f" (seen {line.times} times)" if line.times > 1 else ""
    step = f"Next step: {line.next_step}\n" if line.next_step else ""
    return f"[{line.code}] {line.what}{often}\n{step}{address}/maintenance/messages/{line.number}/\n"
