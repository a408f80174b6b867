"""The org of the neighbouring tests, with short ways to make, change and read records."""

import pytest

from tests.unit.emulators.salesforce.conftest import Client, bare, org, served

__all__ = ["bare", "org", "served"]


class Desk:
    """Makes and reads records as the API's user."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def make(self, sobject: str, **fields) -> str:
        """The id of a new record."""
        answer = self.client.ask("POST", f"/sobjects/{sobject}", json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def refused(self, sobject: str, record_id: str | None = None, **fields) -> tuple[str, str]:
        """Code and message of a create, or of an update of that record, that the org refuses."""
        path = f"/sobjects/{sobject}" + (f"/{record_id}" if record_id else "")
        answer = self.client.ask("PATCH" if record_id else "POST", path, json=fields)
        assert answer.status_code >= 400, answer.text
        return answer.json()[0]["errorCode"], answer.json()[0]["message"]

    def change(self, sobject: str, record_id: str, **fields) -> None:
        answer = self.client.ask("PATCH", f"/sobjects/{sobject}/{record_id}", json=fields)
        assert answer.status_code == 204, answer.text

    def delete(self, sobject: str, record_id: str) -> None:
        answer = self.client.ask("DELETE", f"/sobjects/{sobject}/{record_id}")
        assert answer.status_code == 204, answer.text

    def delete_refused(self, sobject: str, record_id: str) -> str:
        answer = self.client.ask("DELETE", f"/sobjects/{sobject}/{record_id}")
        assert answer.status_code == 400, answer.text
        return answer.json()[0]["errorCode"]

    def read(self, sobject: str, record_id: str) -> dict:
        answer = self.client.ask("GET", f"/sobjects/{sobject}/{record_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def query(self, text: str, *, everything: bool = False) -> list[dict]:
        answer = self.client.ask("GET", "/queryAll" if everything else "/query", params={"q": text})
        assert answer.status_code == 200, answer.text
        return answer.json()["records"]

    def act(self, **what) -> dict:
        answer = self.client.control("act", what)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def act_refused(self, **what) -> str:
        answer = self.client.control("act", what)
        assert answer.status_code == 400, answer.text
        return answer.text

    def settings(self, **values) -> None:
        assert self.client.control("settings", values).status_code == 200


@pytest.fixture
def desk(bare):
    return Desk(bare)
