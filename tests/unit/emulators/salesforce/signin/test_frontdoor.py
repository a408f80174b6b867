"""The address by which a session's holder opens the org's pages."""

from urllib.parse import urlsplit

import pytest


def issued(bare, **query):
    answer = bare.http.get(f"{bare.url}/services/oauth2/singleaccess", params=query, timeout=20)
    assert answer.status_code == 200
    return answer.json()["frontdoor_uri"]


def test_it_opens_the_page_once_without_a_session(bare):
    address = issued(bare, redirect_uri="/_explorer/setup")
    assert address.startswith(bare.url)
    bare.http.headers.pop("Authorization")
    opened = bare.http.get(address, allow_redirects=False, timeout=20)
    assert (opened.status_code, opened.headers["location"]) == (302, "/_explorer/setup")
    assert bare.http.get(address, allow_redirects=False, timeout=20).status_code == 403


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", "/\\example.com", ""])
def test_it_leads_nowhere_else(bare, elsewhere):
    address = issued(bare, redirect_uri=elsewhere)
    opened = bare.http.get(address, allow_redirects=False, timeout=20)
    assert urlsplit(opened.headers["location"])[1:3] == ("", "/")


@pytest.mark.parametrize("token", ["", "Bearer 00D000000000001!x"])
def test_without_a_session_there_is_none(bare, token):
    bare.http.headers["Authorization"] = token
    assert bare.http.get(f"{bare.url}/services/oauth2/singleaccess", timeout=20).status_code == 403
