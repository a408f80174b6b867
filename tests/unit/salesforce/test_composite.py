"""Several requests in one call."""

import json

import pytest

from fairlead.salesforce.composite import Subrequest
from fairlead.salesforce.errors import AnswerLost, RecordRefused, RequestWrong
from tests.unit.salesforce.fake_org import DATA, Cut, Says

URL = f"{DATA}/composite"
REFUSED = [{"errorCode": "REQUIRED_FIELD_MISSING", "message": "no"}]


def outcome(ref, status, body):
    return {"referenceId": ref, "httpStatusCode": status, "body": body, "httpHeaders": {}}


async def test_each_request_of_a_composite_call_has_its_own_outcome(sf, org):
    org.on("POST", URL, Says({"compositeResponse": [outcome("a", 201, {"id": "1"}), outcome("b", 400, REFUSED)]}))
    made, refused = await sf.composite.run(
        [
            Subrequest("POST", "/sobjects/Account", "a", {"Name": "X"}),
            Subrequest("GET", "/sobjects/Account/@{a.id}", "b"),
        ]
    )
    assert (made.error, made.body) == (None, {"id": "1"})
    assert isinstance(refused.error, RecordRefused)
    sent = json.loads(org.asked("POST", URL)[0].body)
    assert sent == {
        "allOrNone": False,
        "compositeRequest": [
            {"method": "POST", "url": f"{DATA}/sobjects/Account", "referenceId": "a", "body": {"Name": "X"}},
            {"method": "GET", "url": f"{DATA}/sobjects/Account/@{{a.id}}", "referenceId": "b"},
        ],
    }


async def test_graphs_are_answered_by_their_ids(sf, org):
    def graph(name, good):
        inner = {"compositeResponse": [outcome("a", 201 if good else 400, {} if good else REFUSED)]}
        return {"graphId": name, "graphResponse": inner, "isSuccessful": good}

    org.on("POST", f"{URL}/graph", Says({"graphs": [graph("two", False), graph("one", True)]}))
    node = Subrequest("POST", "/sobjects/Account", "a", {})
    told = await sf.composite.graphs({"one": [node], "two": [node]})
    assert {name: graph.successful for name, graph in told.items()} == {"one": True, "two": False}
    assert told["two"].outcomes[0].error.code == "REQUIRED_FIELD_MISSING"


@pytest.mark.parametrize(("method", "asked"), [("POST", 1), ("PATCH", 2)])
async def test_a_lost_answer_is_asked_for_again_only_when_nothing_is_created(sf, org, method, asked):
    org.on("POST", URL, Cut, Says({"compositeResponse": []}))
    request = Subrequest(method, "/sobjects/Account", "a", {})
    if method == "POST":
        with pytest.raises(AnswerLost):
            await sf.composite.run([request])
    else:
        assert await sf.composite.run([request]) == []
    assert len(org.asked("POST", URL)) == asked


async def test_more_than_a_call_takes_is_refused_before_it_is_sent(sf, org):
    node = Subrequest("GET", "/limits", "a")
    with pytest.raises(RequestWrong, match="at most 25"):
        await sf.composite.run([node] * 26)
    with pytest.raises(RequestWrong, match="at most 75"):
        await sf.composite.graphs({str(n): [node] for n in range(76)})
    with pytest.raises(RequestWrong, match="at most 500"):
        await sf.composite.graphs({"a": [node] * 501})
    assert not [seen for seen in org.seen if seen.method == "POST"]
