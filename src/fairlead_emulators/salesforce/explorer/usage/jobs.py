"""Bulk jobs: states, rows, what each job tells about itself, and the first lines of its files."""

from typing import Any, Final

from starlette.responses import Response

from fairlead_emulators.salesforce.bulk.jobs import Job
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Missing, Routes
from fairlead_emulators.salesforce.explorer.usage.calls import frame

_LISTED: Final = 200
_SHOWN_BYTES: Final = 4_000
_PARTS: Final = (
    ("data", "Uploaded"),
    ("successful", "Successful rows"),
    ("failed", "Failed rows"),
    ("unprocessed", "Unprocessed rows"),
    ("results", "Results"),
)
_KINDS: Final = {
    "JobComplete": "good",
    "Failed": "bad",
    "Aborted": "bad",
    "InProgress": "warn",
    "UploadComplete": "warn",
}


def jobs(house: House, ask: Ask) -> Response:
    """The newest jobs first."""
    every = list(house.jobs.known.values())[::-1]
    rows = [
        (
            m.link(m.path("usage", "jobs", job.id), job.id),
            job.kind,
            job.info.get("object"),
            job.info.get("operation"),
            state(job),
            _count(job.info.get("numberRecordsProcessed")),
            _count(job.info.get("numberRecordsFailed")),
            str(job.info.get("createdDate", ""))[:16].replace("T", " "),
        )
        for job in every[:_LISTED]
    ]
    heads = ("Job", "Kind", "Object", "Operation", "State", "Rows", "Failed", "Created (UTC)")
    how = m.tag("code", "/services/data/v67.0/jobs/ingest")
    table = (
        m.table("Bulk jobs", heads, rows)
        if rows
        else m.empty("No Bulk job was made yet. A program makes one by POST to ", how, ".")
    )
    return frame(house, ask, "Bulk Jobs", m.card("Jobs", table, name="jobs", count=len(every)), here="jobs")


def state(job: Job) -> m.Markup:
    """The job's state in a pill."""
    return m.badge(job.state, _KINDS.get(job.state, ""))


def _count(value: Any) -> str | None:
    return f"{value:,}" if isinstance(value, int) else None


def job(house: House, ask: Ask) -> Response:
    """One job."""
    found = house.jobs.known.get(ask.path["id"])
    if found is None:
        raise Missing(f"The job {ask.path['id']}")
    info: list[tuple[m.Child, m.Child]] = [
        (name, m.tag("code", str(value), class_="wrap") if name == "query" else str(value))
        for name, value in found.info.items()
        if value not in (None, "") and name != "state"
    ]
    problem = found.info.get("errorMessage")
    note = (
        m.tag("div", m.tag("p", m.tag("strong", "The job failed. "), problem), class_="banner", role="note")
        if problem
        else None
    )
    cards = [note, m.card("Details", m.facts([("state", state(found)), *info]), name="details")]
    for part, label in _PARTS:
        path = house.jobs.file(found, part)
        if path.exists() and path.stat().st_size:
            with path.open("rb") as file:
                text = file.read(_SHOWN_BYTES).decode("utf-8", "replace")
            more = (
                f" The first {_SHOWN_BYTES:,} of {path.stat().st_size:,} bytes."
                if path.stat().st_size > _SHOWN_BYTES
                else ""
            )
            source = m.tag("pre", m.tag("code", text), tabindex=0, role="region", aria_label=label)
            cards.append(m.card(label, m.tag("p", more, class_="muted") if more else None, source, name=part))
    return frame(house, ask, found.id, *cards, here="jobs", over=m.link(m.path("usage", "jobs"), "Bulk Jobs"))


ROUTES: Routes = [("GET", "/_explorer/usage/jobs", jobs), ("GET", "/_explorer/usage/jobs/{id}", job)]
