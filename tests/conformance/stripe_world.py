"""Stripe as far as it can be had on one machine: `localstripe` as a process of its own, and a front in today's words.

What `localstripe` imitates (customers, payments, invoices, subscriptions, signed posts) is its own. The front adds what it lacks,
after recorded shapes of Stripe's reference, each of them *assumed*: Checkout and the customer portal as pages, prices (it
has the older plans), idempotency keys, sending an invoice again, an invoice's number and addresses.
"""

import json
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk_test_0123456789"
SECRET = "whsec_0123456789"
GOOD, BAD = "4242424242424242", "4000002500003155"
"""Cards of Stripe's documentation: one that pays, one whose owner must agree to a payment, and here never does."""
PRICES = {"price_small": 800, "price_large": 1500}
"""What the plans cost, in cents a month."""
_PASSED_ON = ("content-type", "authorization")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class World:
    """Both processes' addresses, and what tests do in the place of people and time."""

    behind: str
    url: str = ""
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    lose: set[str] = field(default_factory=set)
    """Paths whose next answer is lost after the work was done."""
    down: bool = False

    def call(self, method: str, path: str, **data: Any) -> Any:
        """A call to localstripe in its own words; raises urllib.error.HTTPError."""
        status, body = self.raw(
            method, path, json.dumps(data).encode() if data else b"", {"content-type": "application/json"}
        )
        if status >= 400:
            raise AssertionError(f"{method} {path}: {status} {body.decode()}")
        return json.loads(body) if body.strip() else None

    def raw(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        sent = {"authorization": f"Bearer {KEY}", **headers}
        request = urllib.request.Request(self.behind + path, body or None, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def post_to(self, url: str) -> None:
        """Have every event posted there, signed."""
        self.call("POST", "/_config/webhooks/fairlead", url=url, secret=SECRET)

    def pay_by(self, customer: str, number: str) -> None:
        """Give a customer a card, which is the one that is charged from now on."""
        card = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
        made = self.call("POST", "/v1/payment_methods", type="card", card=card)["id"]
        self.call("POST", f"/v1/payment_methods/{made}/attach", customer=customer)
        self.call("POST", f"/v1/customers/{customer}", invoice_settings={"default_payment_method": made})

    def subscribe(self, customer: str, price: str, number: str = GOOD, trial_end: int | None = None) -> str:
        """What Checkout does at its end."""
        self.pay_by(customer, number)
        more = {"trial_end": trial_end} if trial_end else {}
        return str(self.call("POST", "/v1/subscriptions", customer=customer, items=[{"plan": price}], **more)["id"])

    def next_month(self, customer: str, subscription: str) -> str:
        """The next invoice, charged at once to the card that there is; gives its id."""
        self.call("POST", "/v1/invoiceitems", customer=customer, amount=800, currency="eur", description="Next month")
        invoice = self.call("POST", "/v1/invoices", customer=customer, subscription=subscription)["id"]
        self.call("POST", f"/v1/invoices/{invoice}/pay")
        intent = self.call(
            "GET", f"/v1/payment_intents/{self.call('GET', f'/v1/invoices/{invoice}')['payment_intent']}"
        )
        if intent["status"] == "requires_action":
            refused = {"client_secret": intent["client_secret"], "success": False}
            self.call("POST", f"/v1/payment_intents/{intent['id']}/_authenticate", **refused)
        return str(invoice)

    def mend(self, customer: str) -> None:
        """What the portal does when a card is put right: what is open is charged to it."""
        self.pay_by(customer, GOOD)
        for invoice in self.call("GET", f"/v1/invoices?customer={customer}&limit=50")["data"]:
            if invoice["status"] == "open":
                self.call("POST", f"/v1/invoices/{invoice['id']}/pay")

    def customers(self) -> list[dict[str, Any]]:
        return list(self.call("GET", "/v1/customers?limit=100")["data"])


@contextmanager
def stripe_world() -> Iterator[World]:
    """localstripe and the front, with the two prices; both are gone afterwards."""
    port = free_port()
    program = [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"]
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    world = World(f"http://127.0.0.1:{port}")
    front = ThreadingHTTPServer(("127.0.0.1", 0), type("Front", (_Front,), {"world": world}))
    world.url = f"http://127.0.0.1:{front.server_address[1]}"
    try:
        _wait_for(process, port)
        product = world.call("POST", "/v1/products", name="Fairlead", type="service")["id"]
        for price, amount in PRICES.items():
            plan = {"product": product, "amount": amount, "currency": "eur", "interval": "month"}
            world.call("POST", "/v1/plans", id=price, **plan)
        threading.Thread(target=front.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield world
    finally:
        front.shutdown()
        front.server_close()
        process.terminate()
        process.wait(15)


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.05)
    raise AssertionError("localstripe ended at once")


def todays(of: Any) -> Any:
    """An answer of localstripe in today's words: prices, periods with the item, an invoice's number and addresses. Assumed."""
    if isinstance(of, dict) and of.get("object") == "list":
        return {**of, "data": [todays(each) for each in of["data"]]}
    if isinstance(of, dict) and of.get("object") == "subscription":
        return {**of, "items": {**of["items"], "data": [_item(of, each) for each in of["items"]["data"]]}}
    if isinstance(of, dict) and of.get("object") == "invoice":
        more = {"number": f"FL-{of['id'][-4:].upper()}", "invoice_pdf": f"https://pay.stripe.example/{of['id']}/pdf"}
        return {**of, **more, "hosted_invoice_url": f"https://invoice.stripe.example/{of['id']}"}
    return of


def _item(subscription: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    ends = subscription.get("current_period_end")
    return {**item, "price": _price(item["plan"]), "current_period_end": ends}


def _price(plan: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": plan["id"], "object": "price", "unit_amount": plan["amount"], "currency": plan["currency"],
        "recurring": {"interval": plan["interval"]},
    }  # fmt: skip


class _Front(BaseHTTPRequestHandler):
    """Passes on to localstripe, and does itself what that lacks."""

    world: World
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("content-length") or 0)))

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""

    def _answer(self, body: bytes) -> None:
        path = self.path.partition("?")[0]
        self.world.calls.append(f"{self.command} {path}")
        if path.startswith("/pages/"):
            self._page(path, urllib.parse.parse_qs(body.decode()))
            return
        key = self.headers.get("idempotency-key", "")
        status, text = self.world.answers.get(key) or ((503, b"{}") if self.world.down else self._do(path, body))
        if key and status < 500:
            self.world.answers[key] = status, text
        if path in self.world.lose:
            self.world.lose.discard(path)
            self.close_connection = True  # the work is done, and nobody hears of it
            return
        self._send(status, text, "application/json")

    def _do(self, path: str, body: bytes) -> tuple[int, bytes]:
        sent = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        match path.strip("/").split("/"):
            case ["v1", "checkout", "sessions"] | ["v1", "billing_portal", "sessions"] if self.command == "POST":
                return self._session(path.split("/")[2], sent)
            case ["v1", "invoices", invoice, "send"]:
                self.world.sent.append(invoice)
                return self._passed(f"/v1/invoices/{invoice}", "GET", b"")
            case ["v1", "prices", price]:
                status, text = self._passed(f"/v1/plans/{price}", "GET", b"")
                return status, json.dumps(_price(json.loads(text))).encode() if status < 400 else text
            case ["v1", "subscriptions", _] if self.command == "POST":
                kept = {
                    name.replace("[price]", "[plan]"): value
                    for name, value in sent.items()
                    if name != "proration_behavior"
                }
                return self._passed(self.path, "POST", urllib.parse.urlencode(kept).encode())
        return self._passed(self.path, self.command, body)

    def _passed(self, path: str, method: str, body: bytes) -> tuple[int, bytes]:
        headers = {name: value for name, value in self.headers.items() if name.lower() in _PASSED_ON}
        status, text = self.world.raw(method, path, body, headers)
        return status, json.dumps(todays(json.loads(text))).encode() if status < 400 else text

    def _session(self, kind: str, sent: dict[str, str]) -> tuple[int, bytes]:
        name = f"{kind}_{len(self.world.sessions)}"
        self.world.sessions[name] = sent
        made = {"id": name, "object": f"{kind}.session", "url": f"{self.world.url}/pages/{name}"}
        return 200, json.dumps(made).encode()

    def _page(self, path: str, form: dict[str, list[str]]) -> None:
        """Stripe's own page: a button for each thing that people do there."""
        name = path.removeprefix("/pages/")
        session = self.world.sessions[name]
        back, customer = session.get("success_url") or session["return_url"], session["customer"]
        if self.command == "POST":
            act = form["act"][0]
            if act == "subscribe":
                trial = session.get("subscription_data[trial_end]")
                price = session["line_items[0][price]"]
                self.world.subscribe(customer, price, trial_end=int(trial) if trial else None)
            else:
                self.world.mend(customer)
            self.send_response(303)
            self.send_header("location", back)
            self.send_header("content-length", "0")
            self.end_headers()
            return
        act, label = (
            ("subscribe", "Pay and subscribe") if name.startswith("checkout") else ("mend", "Put the card right")
        )
        page = (
            f'<!doctype html><html lang="en"><title>Stripe</title><link rel="icon" href="data:,"><main><h1>Stripe</h1>'
            f'<form method="post"><button name="act" value="{act}">{label}</button></form></main></html>'
        )
        self._send(200, page.encode(), "text/html; charset=utf-8")

    def _send(self, status: int, text: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
