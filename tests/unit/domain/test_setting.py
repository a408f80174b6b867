"""Laws of settings: what is kept comes back as it was, and what cannot be is refused with what can."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.domain.setting import (
    BadSetting,
    Choice,
    Column,
    Flag,
    Given,
    Number,
    Of,
    Setting,
    Several,
    Table,
    Text,
    defaults,
    find,
)

KINDS = (("hard", "Hard bounce"), ("soft", "Soft bounce"))
FLAG = Flag(name="r.flag", title="Flag", help="h", default=True)
NUMBER = Number(name="r.number", title="Number", help="h", default=3, unit="days", least=1, most=4_000)
CHOICE = Choice(name="r.choice", title="Choice", help="h", default="hard", choices=KINDS)
TEXT = Text(name="r.text", title="Text", help="h", default="", most=20)
SEVERAL = Several(name="r.several", title="Several", help="h", default=("hard",), choices=KINDS)
WORDS = Several(name="r.words", title="Words", help="h", default=())
TABLE = Table(
    name="r.table",
    title="Table",
    help="h",
    default=(),
    columns=(
        Column("activity", "Activity", choices=KINDS),
        Column("status", "Status"),
        Column("note", "Note", required=False),
        Column("responded", "Responded", flag=True),
    ),
    unique="activity",
    most=2,
)
ALL: tuple[Setting[Any], ...] = (FLAG, NUMBER, CHOICE, TEXT, SEVERAL, WORDS, TABLE)

LINE = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
CELLS = st.fixed_dictionaries({"status": LINE, "note": st.just("") | LINE, "responded": st.booleans()})


def values(setting: Setting[Any]) -> st.SearchStrategy[Any]:
    """Every kind of value that the setting can have."""
    kinds: Mapping[str, st.SearchStrategy[Any]] = {
        FLAG.name: st.booleans(),
        NUMBER.name: st.integers(1, 4_000),
        CHOICE.name: st.sampled_from(["hard", "soft"]),
        TEXT.name: st.just("") | LINE,
        SEVERAL.name: st.lists(st.sampled_from(["hard", "soft"]), unique=True).map(tuple),
        WORDS.name: st.lists(LINE.filter(lambda word: "," not in word), unique=True, max_size=4).map(tuple),
        TABLE.name: st.lists(st.sampled_from(["hard", "soft"]), unique=True).flatmap(
            lambda names: st.tuples(
                *(CELLS.map(lambda cells, name=name: {"activity": name, **cells}) for name in names)
            )
        ),
    }
    return kinds[setting.name]


@pytest.mark.parametrize("setting", ALL, ids=lambda setting: setting.kind)
@given(data=st.data())
def test_what_is_kept_comes_back_as_it_was(setting: Setting[Any], data: st.DataObject) -> None:
    value = data.draw(values(setting))
    assert setting.read(setting.as_json(value)) == value
    assert setting.read(setting.as_json(setting.default)) == setting.default


@pytest.mark.parametrize("setting", [FLAG, NUMBER, CHOICE, TEXT, SEVERAL, WORDS], ids=lambda setting: setting.name)
@given(data=st.data())
def test_what_people_type_is_read_as_the_value(setting: Setting[Any], data: st.DataObject) -> None:
    value = data.draw(values(setting))
    typed = ", ".join(value) if isinstance(value, tuple) else f" {value} " if setting is not CHOICE else value
    assert setting.read(typed) == value


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        (FLAG, "perhaps"), (FLAG, 2), (FLAG, None),
        (NUMBER, 0), (NUMBER, 4_001), (NUMBER, "three"), (NUMBER, ""), (NUMBER, True), (NUMBER, 1.5), (NUMBER, None),
        (CHOICE, "medium"), (CHOICE, ""), (CHOICE, None), (CHOICE, ["hard"]),
        (TEXT, "x" * 21), (TEXT, "two\nlines"), (TEXT, 7), (TEXT, None),
        (SEVERAL, "hard, none"), (SEVERAL, ["none"]), (SEVERAL, 7), (SEVERAL, None), (WORDS, ["x" * 2_001]),
        (TABLE, 7), (TABLE, "no JSON"), (TABLE, "{}"), (TABLE, [7]), (TABLE, [{}, {}, {}]), (TABLE, None),
        (TABLE, [{"activity": "hard", "status": "a", "more": "x"}]),
        (TABLE, [{"activity": "hard", "status": "a"}, {"activity": "hard", "status": "b"}]),
    ],
)  # fmt: skip
def test_a_refusal_names_the_setting_and_the_value_and_says_what_is_possible(
    setting: Setting[Any], wrong: object
) -> None:
    with pytest.raises(BadSetting) as refused:
        setting.read(wrong)
    assert refused.value.setting == setting.name
    assert f"“{setting.name}”" in str(refused.value)
    assert refused.value.step == setting.possible
    assert setting.possible in str(refused.value)
    if not isinstance(wrong, list):
        assert repr(wrong).strip("'") in str(refused.value)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ({"activity": "medium", "status": "a"}, "Activity"),
        ({"activity": "hard"}, "Status"),
        ({"activity": "hard", "status": "x" * 2_001}, "Status"),
    ],
)
def test_a_refusal_of_a_table_names_the_column(line: dict[str, str], column: str) -> None:
    with pytest.raises(BadSetting, match=f"“r.table, {column}”") as refused:
        TABLE.read([line])
    assert refused.value.step == TABLE.possible


def test_a_table_is_read_from_json_too() -> None:
    text = '[{"activity": "hard", "status": " Bounced ", "responded": "yes"}]'
    assert TABLE.read(text) == ({"activity": "hard", "status": "Bounced", "note": "", "responded": True},)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (FLAG, ["on", "off"]), (NUMBER, ["1 to 4,000"]), (CHOICE, ["'hard'", "'soft'"]), (TEXT, ["20 characters"]),
        (SEVERAL, ["'hard'", "'soft'", "commas"]), (WORDS, ["commas"]),
        (TABLE, ["at most 2 lines", "activity, status, note, responded", "each activity once"]),
    ],
)  # fmt: skip
def test_what_is_possible_is_said_in_words(setting: Setting[Any], words: list[str]) -> None:
    assert all(word in setting.possible for word in words)


def test_a_table_whose_lines_may_repeat_does_not_forbid_it() -> None:
    table = Table(name="r.t", title="T", help="h", default=(), columns=(Column("a", "A"),))
    assert len(table.read([{"a": "x"}, {"a": "x"}])) == 2
    assert "once" not in table.possible


def test_a_kind_of_setting_must_say_what_it_reads() -> None:
    bare: Setting[str] = Setting(name="r.bare", title="Bare", help="h", default="")
    with pytest.raises(NotImplementedError):
        bare.read("x")
    with pytest.raises(NotImplementedError):
        _ = bare.possible


def test_a_value_is_the_subjects_own_or_the_default_and_not_the_orgs() -> None:
    of_list = Number(name="r.days", title="Days", help="h", default=7, of=Of.LIST)
    chosen = Given({("r.days", "l1"): 3, ("r.number", ""): "12"})
    assert (chosen.of(of_list, "l1"), chosen.of(of_list, "l2"), chosen.of(of_list)) == (3, 7, 7)
    assert chosen.of(NUMBER) == chosen.of(NUMBER, "l1") == 12
    assert defaults().of(NUMBER) == 3


def test_a_value_that_is_not_possible_any_more_is_refused_when_it_is_read() -> None:
    with pytest.raises(BadSetting, match=r"r\.number"):
        Given({("r.number", ""): 5_000}).of(NUMBER)


def test_a_setting_is_found_by_its_name_and_others_are_named_where_it_is_not() -> None:
    assert find(ALL, "r.text") is TEXT
    with pytest.raises(BadSetting, match=r"“r\.nothing”.*r\.flag, r\.number"):
        find(ALL, "r.nothing")
