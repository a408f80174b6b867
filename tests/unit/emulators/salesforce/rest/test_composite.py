"""Several requests in one: composite, batch, graphs, trees."""

import pytest

DATA = "/services/data/v60.0"


def step(reference, method, url, body=None, **more):
    return {"referenceId": reference, "method": method, "url": DATA + url, "body": body, **more}


def composite(org, *steps, **options):
    return org.ask("POST", "/composite", json={"compositeRequest": list(steps), **options})


def by_reference(answer):
    assert answer.status_code == 200, answer.text
    return {each["referenceId"]: each for each in answer.json()["compositeResponse"]}


PAIR = (
    step("parent", "POST", "/sobjects/Parent__c", {"Name": 'A "quoted"\nname', "Key__c": "p"}),
    step("child", "POST", "/sobjects/Child__c", {"Parent__c": "@{parent.id}", "Key__c": "c"}),
)


def test_a_later_request_takes_values_of_earlier_answers_in_its_address_and_body(org):
    done = by_reference(
        composite(
            org,
            *PAIR,
            step("read", "GET", "/sobjects/Parent__c/@{parent.id}?fields=Name"),
            step("found", "GET", "/query?q=SELECT+Id+FROM+Child__c+WHERE+Parent__c='@{parent.id}'"),
            step("again", "PATCH", "/sobjects/Child__c/@{found.records[0].Id}", {"Note__c": "n"}),
            step("note", "POST", "/sobjects/Child__c", {"Note__c": "see @{read.Name}", "Key__c": "c2"}),
        )
    )
    assert [each["httpStatusCode"] for each in done.values()] == [201, 201, 200, 200, 204, 201]
    assert done["parent"]["httpHeaders"]["Location"] == f"{DATA}/sobjects/Parent__c/{done['parent']['body']['id']}"
    assert done["found"]["body"]["records"][0]["Id"] == done["child"]["body"]["id"]
    assert {row["Note__c"] for row in org.rows("Child__c")} == {"n", 'see A "quoted"\nname'}


def test_without_all_or_none_what_depends_on_a_refused_request_is_halted_and_the_rest_is_done(org):
    bad = step("parent", "POST", "/sobjects/Parent__c", {"Nonsense__c": 1})
    done = by_reference(composite(org, bad, PAIR[1], step("own", "POST", "/sobjects/Parent__c", {"Name": "B"})))
    assert done["parent"]["body"][0]["errorCode"] == "INVALID_FIELD"
    assert done["child"]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert done["own"]["httpStatusCode"] == 201
    assert len(org.rows("Parent__c")) == 1


def test_with_all_or_none_nothing_stays_of_what_was_done_before_the_refusal(org):
    last = step("bad", "POST", "/sobjects/Child__c", {"Email__c": "no address"})
    done = by_reference(composite(org, *PAIR, last, allOrNone=True))
    assert done["bad"]["body"][0]["errorCode"] == "INVALID_EMAIL_ADDRESS"
    assert {done[r]["body"][0]["errorCode"] for r in ("parent", "child")} == {"PROCESSING_HALTED"}
    assert {each["httpStatusCode"] for each in done.values()} == {400}
    assert org.rows("Parent__c") == org.rows("Child__c") == []
    assert {e["httpStatusCode"] for e in by_reference(composite(org, *PAIR, allOrNone=True)).values()} == {201}


def test_a_subrequests_own_headers_are_heeded(org):
    (kept,) = by_reference(
        composite(
            org,
            step(
                "same",
                "GET",
                "/sobjects/Child__c/describe",
                httpHeaders={"If-Modified-Since": "Sat, 01 Jan 2999 00:00:00 GMT"},
            ),
        )
    ).values()
    assert kept["httpStatusCode"] == 304


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [step(f"r{n}", "GET", "/limits") for n in range(26)],
        [step(f"q{n}", "GET", "/query?q=SELECT+Id+FROM+Contact") for n in range(6)],
        [step("same", "GET", "/limits")] * 2,
        [step("no spaces", "GET", "/limits")],
        [step("one", "GET", "/limits", httpHeaders=[])],
        [{"referenceId": "one", "method": "GET", "url": "/elsewhere"}],
        [{"referenceId": "one", "url": DATA + "/limits"}],
        ["text"],
    ],
)
def test_a_composite_that_cannot_be_carried_out_is_refused_whole(org, steps):
    answer = composite(org, *steps)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] in ("INVALID_INPUT", "JSON_PARSER_ERROR")


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "/nothing", 404),
        ("PUT", "/limits", 405),
        ("BREW", "/limits", 405),
        ("POST", "/composite", 400),
        ("POST", "/jobs/query", 400),
        ("POST", "/metadata/deployRequest", 400),
        ("GET", "/tooling/query?q=SELECT+Id+FROM+Flow", 400),
        ("GET", "/sobjects/Nothing__c/describe", 404),
    ],
)
def test_a_subrequest_to_no_resource_answers_for_itself(org, method, url, status):
    done = by_reference(composite(org, step("odd", method, url), step("good", "GET", "/limits")))
    assert done["odd"]["httpStatusCode"] == status
    assert done["odd"]["body"][0]["errorCode"]
    assert done["good"]["httpStatusCode"] == 200


def test_a_composite_counts_as_one_call(org):
    used = [org.ask("GET", "/limits").headers["Sforce-Limit-Info"]]
    used += [composite(org, *PAIR).headers["Sforce-Limit-Info"]]
    first, second = (int(text.partition("=")[2].partition("/")[0]) for text in used)
    assert second == first + 1


def test_a_batch_takes_each_request_by_itself_and_halts_when_asked(org):
    asked = [
        {"method": "POST", "url": "v60.0/sobjects/Parent__c", "richInput": {"Name": "A"}},
        {"method": "GET", "url": "v60.0/sobjects/Nothing"},
        {"method": "POST", "url": f"{DATA}/sobjects/Parent__c", "richInput": {"Name": "B"}},
    ]
    answer = org.ask("POST", "/composite/batch", json={"batchRequests": asked}).json()
    assert (answer["hasErrors"], [each["statusCode"] for each in answer["results"]]) == (True, [201, 404, 201])
    answer = org.ask("POST", "/composite/batch", json={"batchRequests": asked, "haltOnError": True}).json()
    assert [each["statusCode"] for each in answer["results"]] == [201, 404, 412]
    assert answer["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    assert len(org.rows("Parent__c")) == 3
    for wrong in ([], asked[:1] * 26, [{"url": "v60.0/limits"}], [{"method": "POST", "url": "v60.0/composite"}]):
        assert org.ask("POST", "/composite/batch", json={"batchRequests": wrong}).status_code == 400


def graphs(org, **asked):
    body = {"graphs": [{"graphId": name, "compositeRequest": steps} for name, steps in asked.items()]}
    return org.ask("POST", "/composite/graph", json=body)


def test_each_graph_is_done_whole_or_not_at_all_in_the_order_of_its_references(org):
    broken = [PAIR[0], step("bad", "POST", "/sobjects/Child__c", {"Key__c": "x", "Kind__c": "Nonsense"})]
    answer = graphs(org, broken=broken, good=[PAIR[1], PAIR[0]])
    bad, good = answer.json()["graphs"]
    assert (bad["isSuccessful"], good["isSuccessful"]) == (False, True)
    codes = {e["referenceId"]: e["body"][0]["errorCode"] for e in bad["graphResponse"]["compositeResponse"]}
    assert codes == {"parent": "PROCESSING_HALTED", "bad": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"}
    assert len(org.rows("Parent__c")) == 1
    assert [row["Parent__c"] for row in org.rows("Child__c")] == [row["Id"] for row in org.rows("Parent__c")]


def test_after_fourteen_failed_graphs_the_rest_is_halted(org):
    asked = {f"g{n}": [step("bad", "POST", "/sobjects/Parent__c", {"Nonsense__c": n})] for n in range(14)}
    answer = graphs(org, **asked, late=[PAIR[0]]).json()["graphs"]
    assert [each["isSuccessful"] for each in answer] == [False] * 15
    assert answer[-1]["graphResponse"]["compositeResponse"][0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert org.rows("Parent__c") == []


def chain(length):
    first = step("n0", "POST", "/sobjects/Parent__c", {"Name": "0"})
    return [first] + [
        step(f"n{n}", "POST", "/sobjects/Parent__c", {"Name": f"@{{n{n - 1}.id}}"}) for n in range(1, length)
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {f"g{n}": [PAIR[0]] for n in range(76)},
        {"g": [step(f"r{n}", "POST", "/sobjects/Parent__c", {"Name": "x"}) for n in range(501)]},
        {"a": chain(1) * 1, "b": [step(f"r{n}", "POST", "/sobjects/Parent__c", {"Name": "x"}) for n in range(500)]},
        {"g": chain(16)},
        {
            "g": [
                step("a", "PATCH", "/sobjects/Parent__c/@{b.id}", {}),
                step("b", "PATCH", "/sobjects/Parent__c/@{a.id}", {}),
            ]
        },
        {"g": [step(f"r{n}", "GET", f"/sobjects/Kind{n}/1") for n in range(16)]},
        {"g": [step("q", "GET", "/query?q=SELECT+Id+FROM+Contact")]},
    ],
)
def test_graphs_past_their_limits_are_refused_before_anything_is_done(org, asked):
    answer = graphs(org, **asked)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_INPUT")
    assert org.rows("Parent__c") == []


def test_a_graph_may_be_fifteen_deep(org):
    assert graphs(org, g=chain(15)).json()["graphs"][0]["isSuccessful"]


def twig(reference, kind="Parent__c", **fields):
    return {"attributes": {"type": kind, "referenceId": reference}, **fields}


def test_a_tree_is_planted_whole(org):
    children = {"records": [twig("c1", "Child__c", Key__c="1"), twig("c2", "Child__c", Key__c="2")]}
    answer = org.ask("POST", "/composite/tree/Parent__c", json={"records": [twig("p", Name="P", Children__r=children)]})
    assert (answer.status_code, answer.json()["hasErrors"]) == (201, False)
    ids = {each["referenceId"]: each["id"] for each in answer.json()["results"]}
    assert {row["Id"]: row["Parent__c"] for row in org.rows("Child__c")} == {ids["c1"]: ids["p"], ids["c2"]: ids["p"]}


def test_a_tree_with_a_refused_record_leaves_nothing_and_names_it(org):
    children = {"records": [twig("c1", "Child__c", Key__c="1"), twig("c2", "Child__c", Email__c="none")]}
    answer = org.ask("POST", "/composite/tree/Parent__c", json={"records": [twig("p", Name="P", Children__r=children)]})
    assert (answer.status_code, answer.json()["hasErrors"]) == (400, True)
    (refused,) = answer.json()["results"]
    assert (refused["referenceId"], refused["errors"][0]["statusCode"]) == ("c2", "INVALID_EMAIL_ADDRESS")
    assert org.rows("Parent__c") == org.rows("Child__c") == []


@pytest.mark.parametrize(
    "records",
    [
        [],
        "text",
        [twig(f"r{n}", Name="x") for n in range(201)],
        [twig("same", Name="x"), twig("same", Name="y")],
        [twig("wrong", "Child__c")],
        [{"Name": "no attributes"}],
        [twig("p", Name="P", Nothing__r={"records": [twig("c", "Child__c")]})],
    ],
)
def test_a_tree_that_cannot_be_read_is_refused(org, records):
    answer = org.ask("POST", "/composite/tree/Parent__c", json={"records": records})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] in ("INVALID_INPUT", "INVALID_FIELD")
    assert org.rows("Parent__c") == []


def test_many_records_are_read_in_one_call_in_the_order_asked(org):
    ids = [org.ask("POST", "/sobjects/Parent__c", json={"Name": f"P{n}"}).json()["id"] for n in range(3)]
    gone = ids[1]
    org.ask("DELETE", f"/sobjects/Parent__c/{gone}")
    asked = {"ids": ids[::-1], "fields": ["Name"]}
    told = org.ask("POST", "/composite/sobjects/Parent__c", json=asked).json()
    assert [each and each["Name"] for each in told] == ["P2", None, "P0"]
    path = f"/composite/sobjects/Parent__c?ids={','.join(ids[::-1])}&fields=Name"
    assert org.ask("GET", path).json() == told
    for wrong in ({"ids": ["nonsense"], "fields": ["Name"]}, {"ids": ids}, {"ids": ids * 700, "fields": ["Id"]}):
        assert org.ask("POST", "/composite/sobjects/Parent__c", json=wrong).status_code == 400
