"""The event log as an AsyncAPI 3.0 document, from the classes: a channel a topic, who sends, who receives."""

import inspect
from collections.abc import Sequence
from typing import Any

import msgspec

from common.contracts.envelope import Envelope
from common.contracts.event import Event
from common.contracts.topics import CATALOGUE, TOPICS, topic_name
from common.http.app import VERSION
from common.runtime import Service
from docs_events import ENVELOPE_WORDS, consumers

Document = dict[str, Any]
_SCHEMAS = "#/components/schemas/"


def asyncapi(services: Sequence[Service]) -> Document:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Huitou 回頭",
            "version": VERSION,
            "description": "What the services of a community group-buying platform 社區團購 tell one another.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {service.name: _channel(service) for service in services},
        "operations": _operations(services),
        "components": {
            "messages": {type_name: _message(type_name, event) for type_name, event in sorted(CATALOGUE.items())},
            "schemas": _schemas(),
        },
    }


def types_of(service: str) -> list[str]:
    """The types that a service's topic carries, the log's own included."""
    return sorted(type_name for type_name in CATALOGUE if type_name.startswith(f"{topic_name(service)}."))


def _channel(service: Service) -> Document:
    return {
        "address": TOPICS[service.name].name,
        "title": service.title,
        "description": f"What {service.name} tells. Events of one key keep their order.",
        "messages": {type_name: {"$ref": f"#/components/messages/{type_name}"} for type_name in types_of(service.name)},
    }


def _operations(services: Sequence[Service]) -> Document:
    readers = consumers(services)
    operations: Document = {}
    for producer in services:
        operations[f"{producer.name}.tell"] = _operation("send", producer.name, types_of(producer.name))
        for consumer in services:
            events = [event for event in TOPICS[producer.name].events if consumer.name in readers[event]]
            if events:
                operations[f"{consumer.name}.hear.{producer.name}"] = _operation(
                    "receive", producer.name, [event.type_name() for event in events]
                )
    return operations


def _operation(action: str, producer: str, types: Sequence[str]) -> Document:
    channel = f"#/channels/{producer}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{type_name}"} for type_name in types],
    }


def _message(type_name: str, event: type[Event]) -> Document:
    told = {"type": {"const": type_name}, "data": {"$ref": f"{_SCHEMAS}{event.__name__}"}}
    return {
        "name": type_name,
        "title": event.NAME,
        "summary": inspect.getdoc(event),
        "correlationId": {"location": "$message.payload#/correlationid"},
        "payload": {"allOf": [{"$ref": f"{_SCHEMAS}Envelope"}, {"type": "object", "properties": told}]},
        "bindings": {"kafka": {"key": {"type": "string", "description": f"`{event.SUBJECT}`"}}},
    }


def _schemas() -> Document:
    events = sorted(set(CATALOGUE.values()), key=lambda event: event.type_name())
    _, components = msgspec.json.schema_components([Envelope, *events], ref_template=f"{_SCHEMAS}{{name}}")
    if len(components) < len(events) + 1:
        raise ValueError("two events have the same class name")
    envelope = components["Envelope"]
    envelope["description"] = "The CloudEvents 1.0 envelope of every event."
    for name, field in envelope["properties"].items():
        field["description"] = ENVELOPE_WORDS[name]
    return {name: _without_discriminators(schema) for name, schema in sorted(components.items())}


def _without_discriminators(schema: Any) -> Any:
    """AsyncAPI's `discriminator` is another thing than OpenAPI's; the tags' enums say the same."""
    if isinstance(schema, dict):
        return {name: _without_discriminators(part) for name, part in schema.items() if name != "discriminator"}
    if isinstance(schema, list):
        return [_without_discriminators(part) for part in schema]
    return schema
