"""A page whose custom fields are put together before it is read tells what it tells when it is read field by field."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.campaignmonitor.rewriting import lined
from fairlead.campaignmonitor.subscribers import OneSubscriber, _read_lined, _read_page

NASTY = '"\\[]{}:,\n\t\1 é€😀' + "KeyValue"
NAMES = st.text(
    st.sampled_from("abc: é\\\"'{}") | st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="[]"),
    max_size=8,
)
VALUES = st.text(st.sampled_from(NASTY) | st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", '","Value":"', '"},{"Key":"', '{"Key":"a","Value":""}', '", "Value": ""}', "\\", '\\"', '"}]', "[]", ": "]
)
ROWS = st.lists(st.lists(st.tuples(NAMES, VALUES), max_size=4), max_size=5)
SPELLINGS = st.sampled_from([(",", ":"), (", ", ": ")])


def page(rows, separators, *, ascii_only: bool) -> bytes:
    results = [
        {
            "EmailAddress": f"p{i}@example.com",
            "Name": 'said "},{"Key":"',
            "CustomFields": [{"Key": key, "Value": value} for key, value in fields],
        }
        for i, fields in enumerate(rows)
    ]
    body = {"Results": results, "NumberOfPages": 1, "TotalNumberOfRecords": len(rows)}
    return json.dumps(body, separators=separators, ensure_ascii=ascii_only).encode()


def field_by_field(rows) -> list[str]:
    return ["\n".join(f"{key.strip('[]')}: {value}" for key, value in fields if value) for fields in rows]


@given(ROWS, SPELLINGS, st.booleans())
def test_custom_fields_are_the_same_lines_however_the_page_is_read(rows, separators, ascii_only):
    """Quotes, brackets, the tokens of JSON itself, control characters and blanks in names and values included."""
    read = _read_page(page(rows, separators, ascii_only=ascii_only))
    assert [row.custom_text for row in read.rows] == field_by_field(rows)
    assert [(row.email, row.name) for row in read.rows] == [
        (f"p{i}@example.com", 'said "},{"Key":"') for i in range(len(rows))
    ]


@given(ROWS, SPELLINGS)
def test_names_in_brackets_lose_them(rows, separators):
    bracketed = [[(f"[{key}]", value) for key, value in fields] for fields in rows]
    read = _read_page(page(bracketed, separators, ascii_only=True))
    assert [row.custom_text for row in read.rows] == field_by_field(rows)


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_usual_page_needs_no_object_for_a_field(separators):
    rows = [[("City", "São Paulo"), ("Likes", "red"), ("Likes", "blue"), ("Note", "")], [], [("Age", "40")]]
    read = _read_lined(page(rows, separators, ascii_only=False))
    assert [row.custom_text for row in read.rows] == ["City: São Paulo\nLikes: red\nLikes: blue", "", "Age: 40"]


@pytest.mark.parametrize(
    "fields",
    [
        '[{"Value":"Oslo","Key":"City"}]',
        '[{"Key":"City","Value":7},{"Key":"Age","Value":"40"}]',
        '[{"Key":"City"},{"Key":"Age","Value":"40"}]',
        '[{"Key":"City","Value":"Oslo","Since":"2020"},{"Key":"Age","Value":"40"}]',
        '[ { "Key" : "City" , "Value" : "Oslo" } ]',
        '[{"Key":"City","Value":"Oslo"}, {"Key": "Age", "Value": "40"}]',
        '[{"Key":"City","Value":""},{"Key":"Age","Value":"\\u0001"}]',
        "null",
    ],
)
def test_what_is_written_in_another_way_is_read_field_by_field(fields):
    body = f'{{"Results":[{{"CustomFields":[{{"Key":"A","Value":"1"}}]}},{{"CustomFields":{fields}}}]}}'.encode()
    read = _read_page(body)
    assert _read_lined(body) is None
    told = json.loads(fields) or []
    assert [row.custom_text for row in read.rows] == [
        "A: 1",
        "\n".join(f"{one['Key']}: {one['Value']}" for one in told if one.get("Value")),
    ]


def test_a_page_without_custom_fields_stays_as_it_is():
    body = b'{"Results":[{"EmailAddress":"ada@example.com"}]}'
    assert lined(body) == (body, 0)
    assert OneSubscriber().custom_text == _read_page(body).rows[0].custom_text == ""
