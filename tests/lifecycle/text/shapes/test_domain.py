import msgspec
import pytest

from lifecycle.calendars.domain import Duration, Span
from lifecycle.text.documents.domain import read_document
from lifecycle.text.durations.domain import as_duration
from lifecycle.text.notations.domain import as_code, as_text, as_whole
from lifecycle.text.readers.domain import Reader, read, then
from lifecycle.text.shapes.domain import as_cases, as_list, as_mapping, as_shape, as_some, as_table, optional, required


class Enters(msgspec.Struct, frozen=True):
    value: str
    settle: Duration | None = None


class Held(msgspec.Struct, frozen=True):
    value: str
    duration: Duration


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    trigger: Enters | Held
    events: tuple[str, ...] = ()
    priority: int = 50


ENTERS: Reader[Enters | Held] = as_mapping(
    Enters, {"enters": required(as_code(), to="value"), "settle": optional(as_duration())}
)
HELD: Reader[Enters | Held] = as_mapping(
    Held, {"held": required(as_code(), to="value"), "for": required(as_duration(), to="duration")}
)
RULE = as_mapping(
    Rule,
    {
        "when": required(as_shape({"enters": ENTERS, "held": HELD}), to="trigger"),
        "event": optional(as_some(as_text(), most=3), to="events"),
        "priority": optional(as_whole(0, 100)),
    },
    named="id",
)
RULES = as_table(RULE, most=3)
STAGES = as_cases(as_text(), most=3)


def reading(reader: Reader[object], text: str) -> object:
    node, faults = read_document(text)
    assert not faults
    assert node
    value, told = read(reader, node)
    assert (value is None) == bool(told)
    return value if value is not None else [str(fault) for fault in told]


def test_a_table_of_rules_is_read_into_what_a_policy_holds() -> None:
    text = "hi: {when: {enters: chatty}, event: a.b}\nbye: {when: {held: lost, for: 2d}, event: [a, b], priority: 70}"
    assert reading(RULES, text) == {
        "hi": Rule(id="hi", trigger=Enters("chatty"), events=("a.b",)),
        "bye": Rule(id="bye", trigger=Held("lost", Span(2)), events=("a", "b"), priority=70),
    }


def test_cases_keep_their_order() -> None:
    stages = reading(then(STAGES, list), "- b: always\n- a: always\n- on: never(x)\n")
    assert stages == ["b", "a", "on"]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[a]", ["1:1: 'key: value' is expected here, not […]"]),
        ("a: b", ["1:4: a: 'key: value' is expected here, not b"]),
        ("{}", []),
        ("a: {}", ["1:4: a: 'when' is missing here"]),
        (
            "a: {wen: {enters: b}}",
            [
                "1:4: a: 'when' is missing here",
                "1:5: a.wen: 'wen' is not known here; did you mean 'when'? There are: when, event, priority",
            ],
        ),
        (
            "a: {when: {enters: b}, x: 1}",
            ["1:24: a.x: 'x' is not known here; there are: when, event, priority"],
        ),
        (
            "a: {when: {enter: b}}",
            ["1:12: a.when.enter: 'enter' is not known here; did you mean 'enters'? There are: enters, held"],
        ),
        ("a: {when: {on: b}}", ["1:11: a.when: one of these keys is expected here: enters, held"]),
        ("a: {when: {held: b}}", ["1:11: a.when: 'for' is missing here"]),
        (
            "a: {when: {enters: b, held: c}}",
            ["1:23: a.when.held: 'held' is not known here; there are: enters, settle"],
        ),
        (
            "a: {when: {enters: never(b, c)}}",
            [
                "1:20: a.when.enters: 'never(b' is no name; write small letters, digits and _, a letter first, at most 64",
                "1:29: a.when.c): 'c)' stands here without a value; a text with a comma in it needs quotes",
            ],
        ),
        ("a: {when: }", ["1:10: a.when: nothing stands here; write a value or leave the key out"]),
        ("a: {when: {enters: b}, event: []}", ["1:31: a.event: 0 items stand here; from 1 to 3 may"]),
        ("a: {when: {enters: b}, event: [c, {}]}", ["1:35: a.event[2]: one value is expected here, not {…}"]),
        ("a: {when: {enters: b}, event: {}}", ["1:31: a.event: one value is expected here, not {…}"]),
        (
            "七天: {when: {enters: b}}",
            ["1:1: 七天: '七天' is no name; write small letters, digits and _, a letter first, at most 64"],
        ),
        (
            "{a: 1, b: 2, c: 3, d: 4}",
            [
                "1:1: 4 items stand here; from 0 to 3 may",
                *(f"1:{5 + 6 * n}: {key}: 'key: value' is expected here, not {n + 1}" for n, key in enumerate("abcd")),
            ],
        ),
    ],
)
def test_every_fault_of_a_table_is_told_with_its_path_and_place(text: str, faults: list[str]) -> None:
    assert reading(RULES, text) == (faults or {})


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("a: always", ["1:1: a list is expected here, not {…}"]),
        ("[]", ["1:1: 0 items stand here; from 1 to 3 may"]),
        ("- a", ["1:3: [1]: each item must be one '- name: …', not a"]),
        ("- {a: b, c: d}", ["1:3: [1]: each item must be one '- name: …', not {…}"]),
        ("- a: [b]", ["1:6: a: one value is expected here, not […]"]),
        ("- a: b\n- c: d\n- a: e", ["3:3: a: 'a' stands here a second time; the first is at line 1"]),
        ("- A: b", ["1:3: A: write a instead of A"]),
    ],
)
def test_every_fault_of_cases_is_told_with_its_name_and_place(text: str, faults: list[str]) -> None:
    assert reading(STAGES, text) == faults


def test_a_list_tells_each_item() -> None:
    assert reading(as_list(as_whole(1, 9), most=2), "[1, 0, x]") == [
        "1:1: 3 items stand here; from 0 to 2 may",
        "1:5: [2]: 0 is not from 1 to 9",
        "1:8: [3]: 'x' is no whole number",
    ]


def test_a_chinese_operator_reads_chinese() -> None:
    node, _ = read_document("a: {wen: {enters: b}}")
    assert node
    _, faults = read(RULES, node)
    assert [fault.message("zh") for fault in faults] == [
        "這裡缺少「when」",
        "這裡沒有「wen」；是指「when」嗎？可用的有：when, event, priority",
    ]
