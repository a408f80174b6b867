"""The primary sync for programs: `/api/v1/sync` asks for a run and tells of the last."""

from typing import Any

from django.http import HttpRequest

from fairlead.features.primary_sync import flow, rules
from fairlead.jobs import api as jobs
from fairlead.jobs.models import Job
from fairlead.store.orgs import default_org
from fairlead.ui.api import BadBody, api, body

TEXTS = ("client", "list")
FLAGS = ("full", "clean", "allow_large_changes")


def _last(request: HttpRequest) -> dict[str, Any]:
    """The last run, or the one whose number is given as `job`."""
    found = Job.objects.filter(org=default_org(), kind=rules.KIND)
    number = request.GET.get("job", "")
    job = found.filter(pk=int(number)).first() if number.isdecimal() else found.first()
    return {"job": None if job is None else told(job)}


def _ask(request: HttpRequest, by: str) -> dict[str, Any]:
    """Ask for a run: `full`, `clean` (with `confirm`), `client`, `list`, `stages`, `allow_large_changes`."""
    sent, org = body(request), default_org()
    unknown = set(sent) - {*TEXTS, *FLAGS, "stages", "confirm"}
    if unknown:
        raise BadBody(f"The body has {', '.join(sorted(unknown))}, which mean nothing here.")
    args: dict[str, Any] = {name: str(sent[name]) for name in TEXTS if sent.get(name)}
    args |= {name: True for name in FLAGS if sent.get(name) is True}
    stages = [str(name) for name in sent.get("stages") or ()]
    rules.to_run({one.name: one.needs for one in flow.offered()}, stages, clean=False)
    if args.get("clean"):
        rules.check_clean(full="full" in args, of_list=args.get("list", ""), stages=stages)
        if not rules.confirmed(str(sent.get("confirm", "")), org.name):
            raise rules.NotConfirmed
    if stages:
        args["stages"] = stages
    return {"job": told(jobs.ask(org, rules.KIND, args=args, by=by))}


def told(job: Job) -> dict[str, Any]:
    """A run as JSON."""
    names = ("state", "attempt", "args", "stages", "counts", "reason", "support_code", "requested_by")
    times = ("created_at", "started_at", "finished_at")
    return {"number": job.number, **{name: getattr(job, name) for name in (*names, *times)}}


sync = api(get=_last, post=_ask)
