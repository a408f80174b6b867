"""A language model that an admin set: what it is sent, which of its answers are shown, and that its failures cost nothing."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client

from fairlead.features.help import asking_model, settings
from fairlead.store import secrets, setting_rows
from fairlead.store.models import AuditEntry, Org, Secret

QUESTION = "Why are my jobs holding for ada@example.com, 4711?"
OFFLINE = "/help/faq/syncing/#why-are-my-jobs-holding"


class Service:
    """An OpenAI-compatible service in this process: answers as told, and remembers what it was sent."""

    def __init__(self) -> None:
        self.status, self.text, self.body, self.wait = 200, "They wait for a slot [1].", b"", 0.0
        self.sent: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                service.sent.append((self.path, dict(self.headers), json.loads(content)))
                time.sleep(service.wait)
                told = {"choices": [{"message": {"role": "assistant", "content": service.text}}]}
                body = service.body or json.dumps(told).encode()
                self.send_response(service.status)
                if service.status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def service(org: Org) -> Iterator[Service]:
    made = Service()
    setting_rows.put(org, settings.URL, made.url, "admin")
    setting_rows.put(org, settings.NAME, "small", "admin")
    asking_model.keep_key(org, "sk-secret", "admin")
    yield made
    made.server.shutdown()
    made.server.server_close()


def asked(client: Client, question: str = QUESTION) -> str:
    return client.post("/help/ask/", {"question": question}).text


def test_the_question_is_scrubbed_and_goes_with_passages_and_nothing_else(
    filled: int, service: Service, admin_client: Client
) -> None:
    page = asked(admin_client)
    path, headers, body = service.sent[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer sk-secret"
    assert set(body) == {"model", "temperature", "max_tokens", "messages"}
    assert body["model"] == "small"
    told = body["messages"][1]["content"]
    assert told.endswith("Question: Why are my jobs holding for [address], [number]?")
    assert "Questions about syncing › Why are my jobs holding?" in told
    assert "ada@" not in json.dumps(body)
    assert "4711" not in told.rpartition("Question:")[2]
    assert "holding for [address], [number]?" in page
    assert "They wait for a slot" in page
    assert ">[1]</a>" in page
    assert "go to the language model at 127.0.0.1" in page


def test_what_is_wrong_with_the_model_is_told_and_the_pages_answer(
    filled: int, service: Service, admin_client: Client
) -> None:
    """Answers that rest on nothing, ways elsewhere, refusals and faults: one call, one line, and what the pages say."""
    for status, text, code in (
        (200, "Just trust me.", "FL-703"),
        (200, "See [9].", "FL-703"),
        (302, "", "FL-700"),
        (401, "", "FL-701"),
        (404, "", "FL-701"),
        (429, "", "FL-700"),
        (500, "", "FL-700"),
    ):
        service.sent.clear()
        service.status, service.text = status, text
        page = asked(admin_client)
        assert f"/help/codes/{code}/" in page
        assert f'href="{OFFLINE}"' in page
        assert "Just trust me" not in page
        assert len(service.sent) == 1


def test_an_answer_without_end_and_one_that_nobody_gives_are_not_waited_for(
    filled: int, service: Service, admin_client: Client, org: Org
) -> None:
    service.body = b"x" * (asking_model.READ_AT_MOST + 10)
    assert "/help/codes/FL-703/" in asked(admin_client)
    service.body, service.wait = b"", 3.0
    setting_rows.put(org, settings.SECONDS, 1, "admin")
    page = asked(admin_client)
    assert "/help/codes/FL-700/" in page
    assert f'href="{OFFLINE}"' in page


def test_a_service_that_is_not_there_costs_nothing(filled: int, admin_client: Client, org: Org) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        setting_rows.put(org, settings.URL, f"http://127.0.0.1:{taken.getsockname()[1]}/v1", "admin")
        page = asked(admin_client)
    assert "/help/codes/FL-700/" in page
    assert f'href="{OFFLINE}"' in page


def test_a_question_that_no_page_answers_goes_nowhere(filled: int, service: Service, admin_client: Client) -> None:
    assert "I do not know." in asked(admin_client, "What colour is the captain's parrot?")
    assert service.sent == []


def test_what_a_model_says_is_shown_as_text(filled: int, service: Service, admin_client: Client) -> None:
    service.text = "<script>alert(1)</script> [1]"
    page = asked(admin_client)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


BAD = (
    "ftp://models.example.com",
    "http://models.example.com/v1",
    "https://user:pass@models.example.com",
    "https://models.example.com/v1?key=1",
    "https://",
    "https://[::1",
    "http://8.8.8.8/v1",
    "https://models.example.com:port",
    "models",
)


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_would_tell_secrets_in_clear_is_refused(url: str) -> None:
    with pytest.raises(asking_model.BadModelAddress):
        asking_model.address(url)
    assert asking_model.host(url)


def test_a_refused_address_is_not_saved_and_stays_in_the_form(admin_client: Client, org: Org) -> None:
    form = {"help-model_url": BAD[1], "help-model_url-shown": '""', "help-model_url-version": "0"}
    page = admin_client.post("/help/model/", form).text
    assert "cannot be used" in page
    assert f'value="{BAD[1]}"' in page
    assert setting_rows.value(org, settings.URL) == ""
    wrong = form | {"help-model_url": "", "help-model_seconds": "0", "help-model_seconds-shown": "20"}
    assert "Nothing was saved yet." in admin_client.post("/help/model/", wrong).text
    form["help-model_url"] = "https://models.example.com/v1"
    assert "Saved." in admin_client.post("/help/model/", form, follow=True).text
    assert setting_rows.value(org, settings.URL) == "https://models.example.com/v1"


def test_an_address_that_was_set_in_another_way_is_looked_at_before_anything_is_sent(
    filled: int, admin_client: Client, org: Org
) -> None:
    setting_rows.put(org, settings.URL, BAD[1], "admin")
    page = asked(admin_client)
    assert "/help/codes/FL-702/" in page
    assert f'href="{OFFLINE}"' in page


@pytest.mark.parametrize(
    "url",
    ["https://models.example.com/v1", "http://localhost:11434/v1", "http://10.0.0.7/v1", "http://ollama:11434/v1/"],
)
def test_an_encrypted_address_and_one_of_ones_own_network_are_taken(url: str) -> None:
    assert asking_model.address(url) == f"{url.rstrip('/')}/chat/completions"


def test_the_key_is_sealed_never_shown_and_can_be_forgotten(admin_client: Client, org: Org) -> None:
    def posted(key: str) -> str:
        return admin_client.post("/help/model/", {"key": key}, follow=True).text

    assert "None is kept." in admin_client.get("/help/model/").text
    page = posted("sk-very-secret")
    assert "One is kept" in page
    assert "sk-very-secret" not in page
    assert b"sk-very-secret" not in bytes(Secret.objects.get(name=asking_model.SEALED_AS).value)
    assert AuditEntry.objects.filter(what="change language model", subject="key").count() == 1
    posted("")
    assert secrets.get(org, asking_model.SEALED_AS) == "sk-very-secret"
    assert "no key has" in posted("sk\nwrong")
    assert "None is kept." in posted("-")
    assert secrets.get(org, asking_model.SEALED_AS) is None


def test_a_key_that_cannot_be_opened_is_told_and_the_pages_answer(
    filled: int, service: Service, admin_client: Client
) -> None:
    Secret.objects.filter(name=asking_model.SEALED_AS).update(value=b"not sealed by us")
    page = asked(admin_client)
    assert "/help/codes/FL-311/" in page
    assert f'href="{OFFLINE}"' in page
    assert "cannot be opened" in admin_client.get("/help/model/").text
