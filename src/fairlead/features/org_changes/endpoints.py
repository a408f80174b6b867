"""Changes in Salesforce for programs: `/api/v1/changes` tells where it stands, and asks for a run."""

from typing import Any

from django.http import HttpRequest

from fairlead.features.org_changes import records, rules
from fairlead.features.org_changes.offered import offered
from fairlead.jobs import api as jobs
from fairlead.store.orgs import default_org
from fairlead.ui.api import BadBody, api, body


def _status(request: HttpRequest) -> dict[str, Any]:
    """How changes are heard of, and what each reaction did last."""
    org = default_org()
    return {"hearing": records.hearing(org), "reactions": records.reactions(org)}


def _run(request: HttpRequest, by: str) -> dict[str, Any]:
    """Ask for a run: `whole` for everything that is there, `reactions` for some of them by name."""
    sent = body(request)
    unknown = set(sent) - {"whole", "reactions"}
    if unknown:
        raise BadBody(f"The body has {', '.join(sorted(unknown))}, which mean nothing here.")
    names = [str(name) for name in sent.get("reactions") or ()]
    offered(names)
    job = jobs.ask(default_org(), rules.KIND, args=rules.args_of(names, whole=sent.get("whole") is True), by=by)
    return {"job": {"number": job.number, "state": job.state}}


changes = api(get=_status, post=_run)
