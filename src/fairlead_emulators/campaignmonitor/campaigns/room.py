"""Campaigns: drafts, sending, and what recipients then do, as a room."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.campaigns import content
from fairlead_emulators.campaignmonitor.campaigns.activity import CampaignActivity
from fairlead_emulators.campaignmonitor.campaigns.endpoints import MAKING, PREVIEWS, delete
from fairlead_emulators.campaignmonitor.campaigns.kept import SENT, TABLES, campaign, campaigns
from fairlead_emulators.campaignmonitor.campaigns.listing import LISTING
from fairlead_emulators.campaignmonitor.campaigns.reports import READING
from fairlead_emulators.campaignmonitor.campaigns.seeding import campaign_of, change, lay
from fairlead_emulators.campaignmonitor.campaigns.sending import Scheduled
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.rooms import Room, told
from fairlead_emulators.campaignmonitor.segments.activity import Port
from fairlead_emulators.campaignmonitor.store import Client
from fairlead_emulators.campaignmonitor.ties import Ties
from fairlead_emulators.campaignmonitor.tracking.agenda import Agenda
from fairlead_emulators.control import explained, json_body


@fact("campaign-in-draft")
def _tie(service: Service) -> None:
    """From here on scheduled campaigns go out, segment rules know of campaigns, and drafts hold on to what they use."""
    service.own(Agenda).sources.append(Scheduled(service))
    service.own(Port).activity = CampaignActivity(service)

    def in_draft(identity: str) -> bool:
        unsent = campaigns(service.store, "status <> ?", SENT)
        return any(identity in each.lists or identity in each.segments for each in unsent)

    def gone(client: Client) -> None:
        for each in campaigns(service.store, "client = ?", client.id):
            delete(service, each)

    service.own(Ties).in_draft.append(in_draft)
    service.own(Ties).client_gone.append(gone)


def _routes(service: Service) -> list[Route]:
    """`/_control/campaigns` (GET all, hidden ones too; POST `{client, …}` as in seeds, or `{id, tags?, hidden?}`), and
    `/_control/pages` (POST `{url: html}`: what stands at addresses that campaigns are made from).
    """
    _tie(service)

    async def all_of(request: Request) -> Response:
        return JSONResponse({"campaigns": [_shown(service, each.id) for each in campaigns(service.store)]})

    async def make_or_change(request: Request) -> Response:
        posted = told(await json_body(request))
        identity = str(posted.get("id", ""))
        if identity:
            if campaign(service.store, identity) is None:
                raise LookupError(f"there is no campaign {identity!r}")
            change(service, identity, posted)
            return JSONResponse(_shown(service, identity))
        client = service.store.client(str(posted.get("client", "")))
        if client is None or not posted.get("name") or "sent_days_ago" in posted:
            raise ValueError(
                'a campaign wants {"client": id, "name": text}, and what seeds say of one that is not sent'
            )
        made = campaign_of(service, client, posted, service.clock.now().timestamp())
        return JSONResponse(_shown(service, made.id))

    async def pages(request: Request) -> Response:
        posted = told(await json_body(request))
        content.tell(service.store, posted)
        return JSONResponse({"pages": sorted(posted)})

    return [
        Route("/_control/campaigns", explained(all_of), methods=["GET"]),
        Route("/_control/campaigns", explained(make_or_change), methods=["POST"]),
        Route("/_control/pages", explained(pages), methods=["POST"]),
    ]


def _shown(service: Service, identity: str) -> dict[str, Any]:
    of = campaign(service.store, identity)
    assert of is not None, "it was just read"
    return {
        "id": of.id,
        "client": of.client,
        "name": of.name,
        "status": of.status,
        "tags": list(of.tags),
        "hidden": of.hidden,
        "links": list(of.links),
        "recipients": of.recipients,
    }


def _state(service: Service) -> dict[str, Any]:
    found = dict(service.store.db.execute("SELECT status, count(*) FROM campaigns GROUP BY status").fetchall())
    return {"campaigns": {status: found.get(status, 0) for status in ("draft", "scheduled", "sent")}}


ROOM: Final = Room(
    endpoints=[*LISTING, *MAKING, *READING],
    tables=TABLES + PREVIEWS + content.TABLES,
    lay=lay,
    routes=_routes,
    state=_state,
)
