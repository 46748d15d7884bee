"""What every event class promises by its form."""

import inspect
import re
from collections import Counter
from typing import get_type_hints
from uuid import UUID

import msgspec
import pytest

from common.contracts.event import Event
from common.contracts.log import GenerationStarted
from common.contracts.members import BirthdayTold
from common.contracts.topics import CATALOGUE, TOPICS

EVENTS = sorted(set(CATALOGUE.values()), key=lambda event: event.type_name())
PERSONAL = re.compile(
    r"(address|age|avatar|birth|birthday|body|comment|content|email|gender|idcard|ip|latitude|location|longitude|mail|mobile"
    r"|name|nickname|note|openid|passport|password|phone|photo|picture|remark|sex|street|surname|tel|telephone|text|title"
    r"|token|unionid)s?"
)

parametrised = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.NAME)


def _structs(kind: type[msgspec.Struct]) -> set[str]:
    return set(msgspec.json.schema(kind)["$defs"])


def _fields(kind: type[msgspec.Struct]) -> set[str]:
    """The names of its fields, and of the fields of what it is made of."""
    return {name for schema in msgspec.json.schema(kind)["$defs"].values() for name in schema.get("properties", ())}


@parametrised
def test_a_name_is_a_noun_and_a_past_verb(event: type[Event]) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", event.NAME)
    assert re.fullmatch(
        r".*(ed|sent|left|paid|read|given|taken|lost|won|made|told|begun|withdrawn|put|set|held)(_up|_off|_out)?",
        event.NAME,
    )


def test_a_name_is_one_services() -> None:
    names = Counter(event.NAME for topic in TOPICS.values() for event in topic.events if event.VERSION == 1)

    assert [name for name, times in names.items() if times > 1] == []
    assert GenerationStarted.NAME not in names


def test_a_type_names_its_service_its_event_and_its_version() -> None:
    for service, topic in TOPICS.items():
        for event in topic.events:
            assert event.producer() == service
            assert event.type_name() == f"{topic.name}.{event.NAME}.v{event.VERSION}"
            assert CATALOGUE[event.type_name()] is event


@parametrised
def test_the_key_is_a_field_of_one_id(event: type[Event]) -> None:
    """What happens to a member is keyed by the member, so that it keeps its order over all services."""
    hints = get_type_hints(event)

    assert hints[event.SUBJECT] is (str if event is GenerationStarted else UUID)
    assert event.SUBJECT == "member_id" or "member_id" not in hints
    required = {field.name for field in msgspec.structs.fields(event) if field.required}
    assert event.SUBJECT in required


@parametrised
def test_no_field_smells_of_personal_data(event: type[Event]) -> None:
    """But a birthday without its year, of members who told it: rules ask it, and it is nobody's age."""
    smelling = {name for name in _fields(event) if any(PERSONAL.fullmatch(part) for part in name.split("_"))}

    assert smelling <= ({"birthday"} if event is BirthdayTold else set())


@parametrised
def test_money_stands_beside_its_currency(event: type[Event]) -> None:
    fields = _fields(event)

    assert ("currency" in fields) == any(name.endswith("_minor") for name in fields)
    assert not any("price" in name or name.endswith(("amount", "total")) for name in fields)


@parametrised
def test_moments_have_a_zone(event: type[Event]) -> None:
    for schema in msgspec.json.schema(event)["$defs"].values():
        for name, field in schema.get("properties", {}).items():
            forms = {field.get("format"), *(part.get("format") for part in field.get("anyOf", ()))}
            assert ("date-time" in forms) == (name == "at" or name.endswith(("_at", "_until", "_from", "_deadline")))


@parametrised
def test_readers_ignore_what_they_do_not_know(event: type[Event]) -> None:
    config = event.__struct_config__

    assert not config.forbid_unknown_fields
    assert (config.frozen, config.omit_defaults) == (True, True)


@parametrised
def test_the_docstring_is_the_catalogues_text(event: type[Event]) -> None:
    text = inspect.cleandoc(event.__doc__ or "")

    assert text.endswith(".")
    assert text != inspect.cleandoc(Event.__doc__ or "")


@parametrised
def test_an_event_names_every_class_that_it_is_made_of_once(event: type[Event]) -> None:
    """AsyncAPI and the page know a class by its name alone."""
    others = [name for other in EVENTS if other is not event for name in _structs(other) & _structs(event)]

    assert set(others) & {other.__name__ for other in EVENTS} == set()
