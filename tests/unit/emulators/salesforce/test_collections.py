"""`/composite/sobjects` and `/composite`."""


def item(kind="Child__c", **fields):
    return {"attributes": {"type": kind}, **fields}


def post(org, *records, method="POST", path="/composite/sobjects", **more):
    return org.ask(method, path, json={"records": list(records), **more})


def test_each_record_has_its_own_result_in_order(org):
    results = post(org, item(Note__c="ok"), item(Note__c="x" * 21), item(Note__c="ok too")).json()
    assert [r["success"] for r in results] == [True, False, True]
    (error,) = results[1]["errors"]
    assert (error["statusCode"], error["fields"]) == ("STRING_TOO_LONG", ["Note__c"])
    assert [row["Note__c"] for row in org.rows("Child__c")] == ["ok", "ok too"]


def test_all_or_none_keeps_nothing_and_says_so_on_the_good_rows(org):
    results = post(org, item(Note__c="ok"), item(Note__c="x" * 21), allOrNone=True).json()
    assert results[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert results[1]["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    assert org.rows("Child__c") == []
    assert org.control("state").json()["objects"].get("Child__c") is None


def test_updates_touch_only_the_fields_that_were_sent(org):
    made = post(org, item(Note__c="a", Email__c="a@example.com"), item(Note__c="b", Email__c="b@example.com")).json()
    first, second = (r["id"] for r in made)
    post(org, item(Id=first, Note__c="A"), item(Id=second, Email__c=None), method="PATCH")
    rows = [(r["Note__c"], r["Email__c"]) for r in org.rows("Child__c")]
    assert rows == [("A", "a@example.com"), ("b", None)]


def test_an_update_without_id_of_nothing_and_of_the_deleted_is_refused_by_row(org):
    (made,) = post(org, item()).json()
    org.ask("DELETE", f"/sobjects/Child__c/{made['id']}")
    rows = post(org, item(Note__c="x"), item(Id="a005e0000000099AAA"), item(Id=made["id"]), method="PATCH").json()
    codes = [r["errors"][0]["statusCode"] for r in rows]
    assert codes == ["MISSING_ARGUMENT", "INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED"]


def test_upsert_by_external_id_says_which_rows_are_new(org):
    path = "/composite/sobjects/Child__c/Key__c"
    post(org, item(Key__c="a"), method="PATCH", path=path)
    results = post(org, item(Key__c="A", Note__c="1"), item(Key__c="b"), method="PATCH", path=path).json()
    assert [(r["success"], r["created"]) for r in results] == [(True, False), (True, True)]
    assert len(org.rows("Child__c")) == 2


def test_the_same_external_id_twice_in_one_call_is_a_row_error(org):
    path = "/composite/sobjects/Child__c/Key__c"
    results = post(org, item(Key__c="a"), item(Key__c="A"), method="PATCH", path=path).json()
    assert [r["success"] for r in results] == [True, False]
    assert results[1]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    assert "Duplicate external id specified" in results[1]["errors"][0]["message"]


def test_more_than_200_records_are_refused(org):
    assert post(org, *[item()] * 200).status_code == 200
    answer = post(org, *[item()] * 201)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "EXCEEDED_MAX_SIZE_REQUEST")


def test_types_may_change_ten_times_but_not_more(org):
    kinds = ["Child__c", "Parent__c"] * 6
    assert post(org, *[item(k) for k in kinds[:10]]).status_code == 200
    assert post(org, *[item(k) for k in kinds[:11]]).status_code == 400


def test_deleting_in_one_call_reports_each(org):
    made = [r["id"] for r in post(org, item(), item()).json()]
    results = org.ask("DELETE", f"/composite/sobjects?ids={made[0]},{made[1][:15]},nonsense").json()
    assert [r["success"] for r in results] == [True, True, False]
    assert org.rows("Child__c") == []


def test_deleting_all_or_none_keeps_all_when_one_fails(org):
    made = [r["id"] for r in post(org, item(), item()).json()]
    results = org.ask("DELETE", f"/composite/sobjects?ids={made[0]},a005e0000000099AAA&allOrNone=true").json()
    assert not any(r["success"] for r in results)
    assert len(org.rows("Child__c")) == 2


def test_composite_passes_ids_on_and_halts_what_depends_on_a_failure(org):
    base = "/services/data/v60.0/sobjects"
    asked = [
        {"method": "POST", "url": f"{base}/Parent__c", "referenceId": "p", "body": {"Key__c": "p"}},
        {"method": "POST", "url": f"{base}/Child__c", "referenceId": "c", "body": {"Parent__c": "@{p.id}"}},
        {"method": "POST", "url": f"{base}/Child__c", "referenceId": "bad", "body": {"Note__c": "x" * 21}},
        {"method": "GET", "url": f"{base}/Child__c/@{{bad.id}}", "referenceId": "halted"},
    ]
    answer = org.ask("POST", "/composite", json={"compositeRequest": asked})
    done = answer.json()["compositeResponse"]
    assert [d["httpStatusCode"] for d in done] == [201, 201, 400, 400]
    assert done[3]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert org.rows("Child__c")[0]["Parent__c"] == done[0]["body"]["id"]


def test_a_row_that_gives_what_is_worked_out_is_refused_and_the_others_go_in(bare):
    kind = {"type": "Task"}
    rows = [{"attributes": kind, "Subject": "a"}, {"attributes": kind, "Subject": "b", "IsClosed": True}]
    made = bare.ask("POST", "/composite/sobjects", json={"records": rows}).json()
    assert [each["success"] for each in made] == [True, False]
    assert made[1]["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    other = bare.ask("POST", "/sobjects/Task", json={"Subject": "c"}).json()["id"]
    rows = [
        {"attributes": kind, "id": made[0]["id"], "Status": "Completed"},
        {"attributes": kind, "id": other, "IsClosed": True},
    ]
    changed = bare.ask("PATCH", "/composite/sobjects", json={"records": rows}).json()
    assert [each["success"] for each in changed] == [True, False]
    assert [(each["Subject"], each["IsClosed"]) for each in bare.rows("Task")] == [("a", True), ("c", False)]
