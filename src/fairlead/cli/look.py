"""Commands that look: status and doctor."""

from typing import Any

import typer

from fairlead.cli import show
from fairlead.cli.edge import Exit
from fairlead.cli.house import open_house, org, settings
from fairlead.cli.jobs import as_dict, when
from fairlead.cli.show import AsJson


def status(as_json: AsJson = False) -> None:
    """Show connections, schedule, workers and the last jobs."""
    open_house()
    found = _status()
    if as_json:
        show.document({"ok": True, **found})
        return
    out = show.console()
    for side, connection in found["connections"].items():
        words = f"{connection['state']} {connection['message']}".strip() if connection else "not connected"
        out.print(f"{side.replace('_', ' ').title()}: {words}")
    for schedule in found["schedules"]:
        out.print(f"{schedule['title']}: {schedule['frequency']}, next run {when(schedule['next_run_at']) or 'never'}")
    out.print(f"Workers: {found['workers']}")
    rows = [
        (c["id"], c["name"], "yes" if c["selected"] else "no", when(c["last_synced_at"]), c["message"])
        for c in found["clients"]
    ]
    show.table("", ["Id", "Client", "Synced", "Last sync", "Remarks"], rows)
    jobs = [(j["number"], j["kind"], j["state"], when(j["finished_at"]), j["reason"]) for j in found["jobs"]]
    show.table("", ["Job", "Kind", "State", "Ended", "Remarks"], jobs)


def _status() -> dict[str, Any]:
    from django.conf import settings as django

    from fairlead.features.connections import records
    from fairlead.features.connections.models import Client
    from fairlead.jobs import engine, registry
    from fairlead.jobs.models import Job, Schedule

    here = org()
    sides = {"campaign_monitor": records.account(here), "salesforce": records.salesforce_org(here)}
    return {
        "connections": {
            name: side and {"state": side.state, "message": side.message, "checked_at": side.checked_at}
            for name, side in sides.items()
        },
        "clients": [
            {
                "id": c.client_id,
                "name": c.name,
                "selected": c.selected,
                "last_synced_at": c.last_synced_at,
                "message": c.last_message,
            }
            for c in Client.objects.filter(org=here)
        ],
        "schedules": [
            {"kind": s.kind, "title": registry.title(s.kind), "frequency": s.frequency, "next_run_at": s.next_run_at}
            for s in Schedule.objects.filter(org=here)
        ],
        "workers": engine.living_workers(django.FAIRLEAD_STALE_SECONDS),
        "jobs": [as_dict(job) for job in Job.objects.filter(org=here)[:5]],
    }


def doctor(as_json: AsJson = False) -> None:
    """Check database, worker, schedule, both connections, permissions, limits and storage; say the fix of what fails."""
    from fairlead.cli import doctor as checks

    found = checks.examine(open_house, settings)
    failed = any(check.state == checks.FAIL for check in found)
    if as_json:
        show.document({"ok": not failed, "checks": [check.as_dict() for check in found]})
    else:
        out = show.console()
        for check in found:
            out.print(
                f"{checks.MARKS[check.state]} {check.name}: {check.text}"
                + (f"\n    → {check.fix}" if check.fix else "")
            )
    if failed:
        raise typer.Exit(Exit.FAILED)
