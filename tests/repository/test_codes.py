"""Support codes: what a person reads on a page opens exactly one explanation."""

from collections import defaultdict

from fairlead.cli.reference import failures


def test_a_support_code_has_one_meaning() -> None:
    """Two classes of failure never share a code."""
    classes = defaultdict(set)
    for failure in failures():
        classes[failure.code].add(failure.__qualname__)

    assert {code: names for code, names in classes.items() if len(names) > 1} == {}
