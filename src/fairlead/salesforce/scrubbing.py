"""The scrubbing of Salesforce's messages: addresses, quoted values and numbers of phone length are taken out."""

import re

_ADDRESS = re.compile(r"[^\s@'\"<>(),:;]+@[^\s@'\"<>(),:;]+")
# Which field or object is meant stands in quotes, too: without it nobody could put it right.
_SINGLE = re.compile(
    r"(?P<name>(?:(?<=No such column )|(?<=on entity )|(?<=understand relationship )|(?<=sObject type ))'[A-Za-z]\w*(?:\.\w+)*')"
    r"|(?<!\w)'(?:\\.|[^'\\]|'(?=\w))*(?:'|$)",
    re.DOTALL,
)
_DOUBLE = re.compile(r'"(?:\\.|[^"\\])*(?:"|$)', re.DOTALL)
_NUMBER = re.compile(r"(?<![\w=-])\+?\(?\d[\d ().-]{5,}\d(?![\w-])")
# Salesforce repeats the refused value behind these words, unquoted.
_VALUE_AFTER = re.compile(
    r"(data value too large: |restricted picklist field: |invalid email address: |Foreign key external ID: "
    r"|id value of incorrect type: |is not a valid value for the type [\w:]+: |value not of required type: )"
    r"(.+?)(?= \(max length=| not found for field| in entity |$)",
    re.DOTALL | re.IGNORECASE,
)


def scrub(text: str) -> str:
    """`text` without record values: what is quoted, addressed or dialled becomes a word in ‹ ›."""
    text = _VALUE_AFTER.sub(r"\1‹value›", text)
    text = _DOUBLE.sub("‹value›", text)
    text = _SINGLE.sub(lambda found: found["name"] or "‹value›", text)
    text = _ADDRESS.sub("‹address›", text)
    return _NUMBER.sub("‹number›", text)
