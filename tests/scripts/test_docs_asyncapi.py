"""The AsyncAPI document: as the specification wants it, and true of the events."""

import json
from typing import Any

import jsonschema
import pytest

from common.contracts.topics import CATALOGUE, TOPICS
from docs_asyncapi import asyncapi
from generate_docs import all_services
from golden_examples import GOLDEN

Document = dict[str, Any]


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Document:
    """An object with these members and no other."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def named(value: Document) -> Document:
    """A map whose names are such as AsyncAPI permits."""
    return {
        "type": "object",
        "patternProperties": {r"^[\w.\-]+$": value},
        "additionalProperties": False,
        "minProperties": 1,
    }


TEXT = {"type": "string", "minLength": 1}
REFERENCE = closed({"$ref": {"type": "string", "pattern": "^#/"}})
MESSAGE = closed(
    {
        "name": TEXT,
        "title": TEXT,
        "summary": TEXT,
        "correlationId": closed({"location": {"pattern": r"^\$message\.(header|payload)#(/[^/]+)*$"}}),
        "payload": {"type": "object"},
        "bindings": closed({"kafka": closed({"key": {"type": "object"}})}),
    }
)
CHANNEL = closed({"address": TEXT, "title": TEXT, "description": TEXT, "messages": named(REFERENCE)})
OPERATION = closed(
    {
        "action": {"enum": ["send", "receive"]},
        "channel": REFERENCE,
        "messages": {"type": "array", "items": REFERENCE, "uniqueItems": True, "minItems": 1},
    }
)
FORM = closed(
    {
        "asyncapi": {"const": "3.0.0"},
        "info": closed({"title": TEXT, "version": TEXT, "description": TEXT}),
        "defaultContentType": {"const": "application/cloudevents+json"},
        "channels": named(CHANNEL),
        "operations": named(OPERATION),
        "components": closed({"messages": named(MESSAGE), "schemas": named({"type": "object"})}),
    }
)
"""The part of AsyncAPI 3.0 that the document uses, closed: a member that the specification does not have is an error."""


@pytest.fixture(scope="module")
def document() -> Document:
    return asyncapi(all_services())


def test_it_has_the_form_of_asyncapi_3(document: Document) -> None:
    jsonschema.validate(document, FORM)


def test_every_reference_leads_somewhere(document: Document) -> None:
    references = list(_references(document))

    assert len(references) > len(CATALOGUE)
    for reference in references:
        assert _at(document, reference) is not None, reference


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for part in node.values() for found in _references(part)]
    return [found for part in node for found in _references(part)] if isinstance(node, list) else []


def _at(document: Document, reference: str) -> Any:
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_every_type_is_in_its_producers_channel_and_in_no_other(document: Document) -> None:
    carried = {name: set(channel["messages"]) for name, channel in document["channels"].items()}

    assert carried.keys() == TOPICS.keys()
    assert {type_name for types in carried.values() for type_name in types} == set(CATALOGUE)
    assert sum(map(len, carried.values())) == len(CATALOGUE)
    for service, topic in TOPICS.items():
        assert document["channels"][service]["address"] == topic.name
        assert {event.type_name() for event in topic.events} <= carried[service]


def test_operations_say_who_tells_and_who_hears(document: Document) -> None:
    heard = {
        (operation, message["$ref"].rpartition("/")[2])
        for operation, described in document["operations"].items()
        for message in described["messages"]
        if described["action"] == "receive"
    }

    assert heard == {
        (f"{service.name}.hear.{event.producer()}", event.type_name())
        for service in all_services()
        for event in service.handlers.table
    }
    for described in document["operations"].values():
        for message in described["messages"]:
            assert message["$ref"].startswith(described["channel"]["$ref"] + "/messages/")


@pytest.mark.parametrize("type_name", CATALOGUE)
def test_a_payload_is_the_whole_event(document: Document, type_name: str) -> None:
    """It accepts the golden example, and neither another type's nor one without its envelope."""
    payload = document["components"]["messages"][type_name]["payload"]
    schema = {**payload, "components": document["components"]}
    example = json.loads((GOLDEN / f"{type_name}.json").read_text())

    jsonschema.validate(example, schema, cls=jsonschema.Draft7Validator)
    wrong = [example["data"], example | {"type": "another"}, example | {"data": {}}]
    wrong += [{key: value for key, value in example.items() if key != "subject"}]
    for instance in wrong:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(instance, schema, cls=jsonschema.Draft7Validator)


def test_it_holds_nothing_that_asyncapi_reads_otherwise(document: Document) -> None:
    """OpenAPI's `discriminator` is an object, AsyncAPI's is a name."""
    assert "discriminator" not in json.dumps(document)
