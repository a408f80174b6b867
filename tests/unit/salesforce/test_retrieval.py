"""What the org has in its Setup is read over SOAP, whatever it answers."""

import base64

import pytest

from fairlead.salesforce import connect
from fairlead.salesforce.errors import RequestWrong, SessionRefused, SetupRefused, Unavailable
from fairlead.salesforce.login import Token
from fairlead.salesforce.retrieval import stems
from tests.unit.salesforce.conftest import HASTE
from tests.unit.salesforce.fake_org import Cut, Says
from tests.unit.salesforce.fake_setup import SOAP, FakeSetup, fault, results, zipped

LAYOUT = b"<Layout/>"


async def test_names_are_listed_and_files_are_handed_over(sf, org):
    FakeSetup({"layouts/Lead-A & B Layout.layout".replace("&", "%26"): LAYOUT, "layouts/Contact-C.layout": b"c"}).serve(
        org
    )
    assert await sf.retrieval.names("Layout") == ["Contact-C", "Lead-A %26 B Layout"]
    files = await sf.retrieval.files({"Layout": ["Lead-A %26 B Layout", "Gone-G"]})
    assert dict(stems(files, "layouts", "layout")) == {"Lead-A %26 B Layout": LAYOUT}


async def test_the_session_stands_in_the_message(sf, org):
    FakeSetup().serve(org)
    await sf.retrieval.names("Layout")
    seen = org.asked("POST", SOAP)[0]
    assert b"<sessionId>token-0</sessionId>" in seen.body
    assert seen.headers["Content-Type"].startswith("text/xml")


class Signing:
    """Opens a new session each time it is asked."""

    def __init__(self, url):
        self.url, self.times = url, 0

    async def sign_in(self, _http):
        self.times += 1
        return Token(f"token-{self.times}", self.url)


async def test_an_ended_session_is_renewed_once(org):
    ended = fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader")
    org.on("POST", SOAP, ended, results("listMetadata", "<fullName>A-B</fullName>"))
    async with connect(Signing(org.url), **HASTE) as sf:
        assert await sf.retrieval.names("Layout") == ["A-B"]
    first, second = org.asked("POST", SOAP)
    assert b"<sessionId>token-1<" in first.body
    assert b"<sessionId>token-2<" in second.body
    org.on("POST", SOAP, ended)
    async with connect(Signing(org.url), **HASTE) as sf:
        with pytest.raises(SessionRefused):
            await sf.retrieval.names("Layout")
    assert len(org.asked("POST", SOAP)) == 4


async def test_faults_are_the_classes_of_their_codes(sf, org):
    org.on("POST", SOAP, fault("INSUFFICIENT_ACCESS", "no metadata for you"))
    with pytest.raises(SetupRefused, match="no metadata for you"):
        await sf.retrieval.names("Layout")
    org.on("POST", SOAP, fault("UNSUPPORTED_API_VERSION", "Invalid Api version"))
    with pytest.raises(RequestWrong):
        await sf.retrieval.names("Layout")


@pytest.mark.parametrize("answer", [b"", b"<html>busy", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
async def test_an_answer_that_is_no_soap_is_asked_for_again_and_then_told(sf, org, answer):
    org.on("POST", SOAP, Says(answer), results("listMetadata"))
    assert await sf.retrieval.names("Layout") == []
    org.on("POST", SOAP, Says(answer))
    with pytest.raises(Unavailable):
        await sf.retrieval.names("Layout")


async def test_a_cut_connection_is_tried_again(sf, org):
    org.on("POST", SOAP, Cut, results("listMetadata", "<fullName>A-B</fullName>"))
    assert await sf.retrieval.names("Layout") == ["A-B"]


async def test_a_retrieval_that_fails_says_why(sf, org):
    failed = "<done>true</done><success>false</success><errorMessage>too many files</errorMessage>"
    org.on("POST", SOAP, results("retrieve", "<id>09S1</id>"), results("checkRetrieveStatus", failed))
    with pytest.raises(SetupRefused, match="too many files"):
        await sf.retrieval.files({"Layout": ["A"]})


@pytest.mark.parametrize(
    "content", [b"no zip", b"", zipped({"a": b"b"})[:-10]], ids=["no zip", "empty", "cut"]
)  # the bytes of a zip hold the time
async def test_a_damaged_zip_is_told(sf, org, content):
    text = f"<done>true</done><success>true</success><zipFile>{base64.b64encode(content).decode()}</zipFile>"
    org.on("POST", SOAP, results("retrieve", "<id>09S1</id>"), results("checkRetrieveStatus", text))
    with pytest.raises(Unavailable):
        await sf.retrieval.files({"Layout": ["A"]})


async def test_the_folder_around_a_package_is_taken_off(sf, org):
    content = base64.b64encode(
        zipped({"unpackaged/package.xml": b"", "unpackaged/layouts/A-B.layout": LAYOUT})
    ).decode()
    text = f"<done>true</done><success>true</success><zipFile>{content}</zipFile>"
    org.on("POST", SOAP, results("retrieve", "<id>09S1</id>"), results("checkRetrieveStatus", text))
    assert await sf.retrieval.files({"Layout": ["A-B"]}) == {"layouts/A-B.layout": LAYOUT}
