"""Every public method of Campaign Monitor's own Python client is called against the local account."""

import http.client
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import createsend
import createsend.createsend
import pytest
from createsend import (
    Administrator,
    BadRequest,
    Campaign,
    Client,
    CreateSend,
    Journey,
    JourneyEmail,
    List,
    Person,
    Segment,
    Subscriber,
    Template,
    Transactional,
)
from createsend.createsend import CreateSendBase

from fairlead_emulators.campaignmonitor.account.persons import accept
from fairlead_emulators.campaignmonitor.app import CampaignMonitorEmulator, create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import SYDNEY, spec
from fairlead_emulators.server import serving

WHO = "someone.new@example.com"
RULES = [{"Rules": [{"RuleType": "EmailAddress", "Clause": "CONTAINS example"}]}]
ANYWHERE = "http://127.0.0.1:9/"
# What makes requests rather than being one.
PLUMBING = {
    "CreateSendBase.auth", "CreateSendBase.build_url", "CreateSendBase.handle_response",
    "CreateSendBase.make_request", "CreateSendBase.stub_request",
    "Campaign.uri_for", "Client.uri_for", "JourneyEmail.get_journey_email_response", "JourneyEmail.uri_for",
    "List.uri_for", "Segment.uri_for",
}  # fmt: skip
ELSEWHERE = {
    # test_createsend_client.py signs in by tokens
    "CreateSendBase.refresh_token",
}


@dataclass
class Account:
    """The client's objects, pointed at a fresh account."""

    emulator: CampaignMonitorEmulator
    auth: dict[str, str]
    client: Client
    on: List
    webhook: str

    @property
    def tx(self) -> Transactional:
        return Transactional(self.auth, self.client.client_id)

    @property
    def smart(self) -> str:
        return str(self.tx.smart_email_list("active", self.client.client_id)[0].ID)

    @property
    def message(self) -> str:
        return str(self.tx.message_timeline({"clientID": self.client.client_id})[0].MessageID)

    @property
    def member(self) -> Subscriber:
        Subscriber(self.auth).add(self.on.list_id, WHO, "Someone", [], True, "Yes")
        return Subscriber(self.auth, self.on.list_id, WHO)


@pytest.fixture(scope="module")
def served():
    emulator = create(Clock())
    with serving(emulator.app) as url:
        yield emulator, url


@pytest.fixture
def account(served, monkeypatch):
    emulator, url = served
    emulator.seed(spec("small", "campaign_monitor"))
    monkeypatch.setattr(CreateSend, "base_uri", f"{url}/api/v3.3")
    monkeypatch.setattr(CreateSend, "oauth_uri", f"{url}/oauth")
    monkeypatch.setattr(CreateSend, "oauth_token_uri", f"{url}/oauth/token")
    monkeypatch.setattr(createsend.createsend, "VerifiedHTTPSConnection", http.client.HTTPConnection)
    auth = {"api_key": emulator.ready()["api_key"]}
    client = Client(auth, emulator.ready()["client_id"])
    on = List(auth, client.lists()[0].ListID)
    return Account(emulator, auth, client, on, on.create_webhook(["Subscribe"], ANYWHERE, "json"))


def field(a: Account) -> str:
    return str(a.on.create_custom_field("Colour", "MultiSelectOne", ["red", "blue"]))


def unsuppressed(a: Account) -> Any:
    a.client.suppress(WHO)
    return a.client.unsuppress(WHO)


def answered_by_nobody(a: Account) -> None:
    """Nobody listens there: the client's own exception carries the code of a failed test."""
    with pytest.raises(BadRequest) as refused:
        a.on.test_webhook(a.webhook)
    assert refused.value.data.Code == 610


def exchanged(a: Account) -> None:
    """A code that nobody gave out: the client tells of it where the status is 200, and cannot read it where it is 400."""
    a.emulator.switches.set({"oauth_error_status": 200})
    with pytest.raises(Exception, match="Error exchanging code for access token: invalid_grant"):
        CreateSend().exchange_token("1", "x", ANYWHERE, "wrong")


def classic(a: Account) -> Any:
    return a.tx.classic_email_send("Hello", "t@example.com", [WHO], "Yes", a.client.client_id, html="<p>x</p>")


CALLS: dict[str, Callable[[Account], Any]] = {
    "CreateSendBase.authorize_url": lambda a: CreateSend().authorize_url("1", ANYWHERE, "ManageLists", "x"),
    "CreateSendBase.exchange_token": exchanged,
    "CreateSend.clients": lambda a: CreateSend(a.auth).clients(),
    "CreateSend.billing_details": lambda a: CreateSend(a.auth).billing_details(),
    "CreateSend.countries": lambda a: CreateSend(a.auth).countries(),
    "CreateSend.systemdate": lambda a: CreateSend(a.auth).systemdate(),
    "CreateSend.timezones": lambda a: CreateSend(a.auth).timezones(),
    "CreateSend.get_primary_contact": lambda a: CreateSend(a.auth).get_primary_contact(),
    "Client.create": lambda a: Client(a.auth).create("Another", SYDNEY, "Australia"),
    "Client.details": lambda a: a.client.details(),
    "Client.lists": lambda a: a.client.lists(),
    "Client.lists_for_email": lambda a: a.client.lists_for_email(WHO),
    "Client.suppressionlist": lambda a: a.client.suppressionlist(),
    "Client.suppress": lambda a: a.client.suppress([WHO]),
    "Client.unsuppress": unsuppressed,
    "List.create": lambda a: List(a.auth).create(a.client.client_id, "Another", "", False, ""),
    "List.details": lambda a: a.on.details(),
    "List.stats": lambda a: a.on.stats(),
    "List.custom_fields": lambda a: a.on.custom_fields(),
    "List.create_custom_field": field,
    **{
        f"List.{state}": lambda a, state=state: getattr(a.on, state)(page_size=10)
        for state in ("active", "unconfirmed", "bounced", "unsubscribed", "deleted")
    },
    "List.webhooks": lambda a: a.on.webhooks(),
    "List.create_webhook": lambda a: a.on.create_webhook(["Deactivate"], ANYWHERE, "xml"),
    "List.test_webhook": answered_by_nobody,
    "List.activate_webhook": lambda a: a.on.activate_webhook(a.webhook),
    "List.deactivate_webhook": lambda a: a.on.deactivate_webhook(a.webhook),
    "List.delete_webhook": lambda a: a.on.delete_webhook(a.webhook),
    "Subscriber.add": lambda a: a.member.email_address,
    "Subscriber.get": lambda a: a.member.get(),
    "Subscriber.update": lambda a: a.member.update("other@example.com", "Other", [], False, "No"),
    "Subscriber.import_subscribers": lambda a: Subscriber(a.auth).import_subscribers(
        a.on.list_id, [{"EmailAddress": WHO, "ConsentToTrack": "Yes"}], True
    ),
    "Subscriber.history": lambda a: a.member.history(),
    "Subscriber.unsubscribe": lambda a: a.member.unsubscribe(),
    "Subscriber.delete": lambda a: a.member.delete(),
    "Transactional.smart_email_list": lambda a: a.tx.smart_email_list("draft", a.client.client_id),
    "Transactional.smart_email_details": lambda a: a.tx.smart_email_details(a.smart),
    "Transactional.smart_email_send": lambda a: a.tx.smart_email_send(a.smart, [WHO], "Yes", data={"first_name": "S"}),
    "Transactional.classic_email_send": classic,
    "Transactional.classic_email_groups": lambda a: a.tx.classic_email_groups(a.client.client_id),
    "Transactional.statistics": lambda a: a.tx.statistics({"clientID": a.client.client_id, "timezone": "utc"}),
    "Transactional.message_timeline": lambda a: a.tx.message_timeline({"clientID": a.client.client_id, "count": 5}),
    "Transactional.message_details": lambda a: a.tx.message_details(a.message, statistics=True),
    "Transactional.message_resend": lambda a: a.tx.message_resend(a.message),
    "Segment.create": lambda a: segment(a),
    "Segment.update": lambda a: segment(a).update("Another", RULES),
    "Segment.add_rulegroup": lambda a: segment(a).add_rulegroup(RULES[0]),
    "Segment.subscribers": lambda a: segment(a).subscribers(),
    "Segment.details": lambda a: segment(a).details(),
    "Segment.clear_rules": lambda a: segment(a).clear_rules(),
    "Segment.delete": lambda a: segment(a).delete(),
    "List.delete": lambda a: List(a.auth, List(a.auth).create(a.client.client_id, "Brief", "", False, "")).delete(),
    "List.update": lambda a: a.on.update("Renamed", "", False, "", "OnlyThisList"),
    "List.update_custom_field": lambda a: a.on.update_custom_field(field(a), "Hue", False),
    "List.update_custom_field_options": lambda a: a.on.update_custom_field_options(field(a), ["green"], True),
    "List.delete_custom_field": lambda a: a.on.delete_custom_field(field(a)),
    "List.segments": lambda a: a.on.segments(),
    "Template.create": lambda a: template(a),
    "Template.details": lambda a: template(a).details(),
    "Template.update": lambda a: template(a).update("T2", ANYWHERE, ANYWHERE),
    "Template.delete": lambda a: template(a).delete(),
    **{
        f"Client.{name}": lambda a, name=name: getattr(a.client, name)()
        for name in ("segments", "templates", "people", "get_primary_contact", "delete")
    },
    "Client.set_basics": lambda a: a.client.set_basics("C", SYDNEY, "Australia"),
    "Client.set_payg_billing": lambda a: a.client.set_payg_billing("USD", True, True, 10),
    "Client.set_monthly_billing": lambda a: a.client.set_monthly_billing("USD", True, 10),
    "Client.transfer_credits": lambda a: a.client.transfer_credits(0, False),
    "Client.set_primary_contact": lambda a: a.client.set_primary_contact(person(a).email_address),
    "Person.add": lambda a: person(a),
    "Person.get": lambda a: person(a).get(),
    "Person.update": lambda a: person(a).update(WHO, "Q", 1023),
    "Person.delete": lambda a: person(a).delete(),
    "Administrator.add": lambda a: administrator(a),
    "Administrator.get": lambda a: administrator(a).get(),
    "Administrator.update": lambda a: administrator(a).update(WHO, "B"),
    "Administrator.delete": lambda a: administrator(a).delete(),
    "CreateSend.administrators": lambda a: CreateSend(a.auth).administrators(),
    "CreateSend.set_primary_contact": lambda a: CreateSend(a.auth).set_primary_contact(accepted(a)),
    "CreateSend.external_session_url": lambda a: CreateSend(a.auth).external_session_url(
        accepted(a), "None", "/", "abc", a.client.client_id
    ),
    "Campaign.create": lambda a: campaign(a),
    "Campaign.create_from_template": lambda a: from_template(a),
    "Campaign.send": lambda a: sent(a),
    "Campaign.send_preview": lambda a: campaign(a).send_preview([WHO]),
    "Campaign.unschedule": lambda a: scheduled(a).unschedule(),
    "Campaign.delete": lambda a: campaign(a).delete(),
    **{
        f"Campaign.{name}": lambda a, name=name: getattr(sent(a), name)()
        for name in (
            "summary",
            "email_client_usage",
            "lists_and_segments",
            "recipients",
            "opens",
            "clicks",
            "unsubscribes",
            "spam",
            "bounces",
        )
    },
    "Journey.summary": lambda a: journey(a).summary(),
    **{
        f"JourneyEmail.{name}": lambda a, name=name: getattr(journey_email(a), name)()
        for name in ("bounces", "clicks", "opens", "recipients", "unsubscribes")
    },
    **{
        f"Client.{name}": lambda a, name=name: getattr(a.client, name)()
        for name in (
            "campaigns",
            "scheduled",
            "drafts",
            "tags",
            "journeys",
        )
    },
}


def public_methods() -> set[str]:
    """`Class.method` of everything the package offers."""
    classes = [each for each in vars(createsend).values() if inspect.isclass(each) and issubclass(each, CreateSendBase)]
    return {
        f"{each.__name__}.{name}"
        for each in {*classes, CreateSendBase}
        for name, made in vars(each).items()
        if inspect.isfunction(made) and not name.startswith("_")
    }


def campaign(a: Account) -> Campaign:
    """A draft to the first list."""
    made = Campaign(a.auth).create(
        a.client.client_id,
        "S",
        "A draft",
        "F",
        "f@example.com",
        "r@example.com",
        ANYWHERE,
        ANYWHERE,
        [a.on.list_id],
        [],
    )
    return Campaign(a.auth, made)


def sent(a: Account) -> Campaign:
    made = campaign(a)
    made.send(WHO)
    return made


def scheduled(a: Account) -> Campaign:
    made = campaign(a)
    made.send(WHO, "2099-01-01 12:00")
    return made


def template(a: Account) -> Template:
    return Template(a.auth, Template(a.auth).create(a.client.client_id, "T", ANYWHERE, ANYWHERE))


def from_template(a: Account) -> Any:
    return Campaign(a.auth).create_from_template(
        a.client.client_id, "S", "N", "F", "f@example.com", "r@example.com", [a.on.list_id], [],
        template(a).template_id, {},
    )  # fmt: skip


def segment(a: Account) -> Segment:
    return Segment(a.auth, Segment(a.auth).create(a.on.list_id, "S", RULES))


def person(a: Account) -> Person:
    Person(a.auth).add(a.client.client_id, WHO, "P", 1023, "secret")
    return Person(a.auth, a.client.client_id, WHO)


def administrator(a: Account) -> Administrator:
    Administrator(a.auth).add(WHO, "A")
    return Administrator(a.auth, WHO)


def accepted(a: Account) -> str:
    """The address of an administrator who has accepted the invitation."""
    address = str(administrator(a).email_address)
    accept(a.emulator.store, address)
    return address


def journey(a: Account) -> Journey:
    return Journey(a.auth, a.client.journeys()[0].JourneyID)


def journey_email(a: Account) -> JourneyEmail:
    return JourneyEmail(a.auth, journey(a).summary().Emails[0].EmailID)


def test_every_public_method_is_called_here():
    """A version of the client that can do more fails here until a call stands for it."""
    assert {*CALLS, *PLUMBING, *ELSEWHERE} == public_methods()


@pytest.mark.parametrize("name", CALLS)
def test_the_account_answers(account, name):
    """The call succeeds: the client raises for everything but a success."""
    CALLS[name](account)
