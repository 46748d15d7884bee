"""The catalogue of events as a page and as JSON Schemas, from the classes and the services' handler tables."""

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from common.contracts.envelope import MAXIMUM_BYTES, Envelope
from common.contracts.event import Event
from common.contracts.topics import CATALOGUE, TOPICS, topic_name
from common.runtime import Service
from docs_words import Schema, note, table, words

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE_WORDS = {
    "specversion": "the version of CloudEvents",
    "id": "unique over all events; that of a caused event follows from its cause, so handling the cause again tells it again",
    "source": "`/huitou/` and the service",
    "type": "`huitou.<service>.<noun>.<past verb>.v<version>`",
    "subject": "the key, whose events keep their order",
    "time": "business time of the fact",
    "datacontenttype": "what `data` is",
    "data": "the event itself, as below",
    "correlationid": "the request or job that everything it led to has in common",
    "causationid": "the event that this one follows from",
    "causationdepth": "how many events, one the cause of the next, led to this one; left out when none did",
}

HEAD = f"""# Events 事件

Written by `make docs` from `common.contracts` and the services' handler tables; do not edit.
The same for machines: [asyncapi.json](asyncapi.json) and [schemas/](schemas).

Each service tells what happened in a topic of its own. Whoever reads ignores fields that it does not know and sets
aside types that it does not know, until it does. A version only grows; a breaking change is a new version beside the old.
Money is an integer in minor units (分). There is nothing personal in an event.

## Envelope

CloudEvents 1.0 in JSON, at most {MAXIMUM_BYTES // 1024} KiB; its attributes are:
"""


def schema_of(type_name: str) -> dict[str, Any]:
    """The JSON Schema of a type's `data`; `x-key` names the field that is the key."""
    event = CATALOGUE[type_name]
    return {
        "$schema": DIALECT,
        "$id": f"urn:huitou:schema:{type_name}",
        "x-key": event.SUBJECT,
        **msgspec.json.schema(event),
    }


def schemas() -> dict[str, dict[str, Any]]:
    """Type → JSON Schema, for the whole catalogue."""
    return {type_name: schema_of(type_name) for type_name in sorted(CATALOGUE)}


def consumers(services: Sequence[Service]) -> dict[type[Event], list[str]]:
    """Event → the services that handle it, in the catalogue's order."""
    return {
        event: [service.name for service in services if event in service.handlers.table]
        for event in dict.fromkeys(CATALOGUE.values())
    }


def events_page(services: Sequence[Service]) -> str:
    readers = consumers(services)
    titles = {service.name: service.title for service in services}
    parts = [HEAD, _envelope_table(), "## Who tells what, and who listens\n", _overview(readers)]
    for name, topic in TOPICS.items():
        module = inspect.getdoc(sys.modules[topic.events[0].__module__]) or ""
        parts += [f"## {titles[name]}\n", f"Topic `{topic.name}`. {module}\n"]
        for event in topic.events:
            parts += _event(event, event.type_name(), readers[event])
    parts += _log_events(readers)
    return "\n".join(parts)


def _envelope_table() -> str:
    schema = msgspec.json.schema(Envelope)["$defs"]["Envelope"]
    return table(
        ["Attribute", "Type", "Required", "Meaning"],
        [
            [f"`{name}`", words(field), _required(name, schema), ENVELOPE_WORDS[name]]
            for name, field in schema["properties"].items()
        ],
    )


def _overview(readers: Mapping[type[Event], list[str]]) -> str:
    return table(
        ["Event", "Told by", "Read by"],
        [
            [f"[{event.NAME}](#{_anchor(event.NAME)})", topic.service, ", ".join(readers[event]) or "nobody yet"]
            for topic in TOPICS.values()
            for event in topic.events
        ],
    )


def _event(event: type[Event], type_name: str, readers: Sequence[str]) -> Iterator[str]:
    schema = msgspec.json.schema(event)
    definitions = schema["$defs"]
    yield f"### {event.NAME}\n"
    yield f"{inspect.getdoc(event)}\n"
    listening = f"read by {', '.join(readers)}" if readers else "read by nobody yet"
    yield f"`{type_name}`, key `{event.SUBJECT}`, {listening}, [schema](schemas/{type_name}.json)\n"
    yield _fields(definitions[event.__name__])
    for name in sorted(definitions.keys() - {event.__name__}):
        yield f"#### {name}\n"
        yield f"{definitions[name].get('description', '')}\n"
        yield _fields(definitions[name])


def _fields(schema: Schema) -> str:
    return table(
        ["Field", "Type", "Required", "Unit or form"],
        [
            [f"`{name}`", words(field), _required(name, schema), note(field)]
            for name, field in schema["properties"].items()
        ],
    )


def _log_events(readers: Mapping[type[Event], list[str]]) -> Iterator[str]:
    """The events that every producer's log tells of itself."""
    ours = {event for topic in TOPICS.values() for event in topic.events}
    yield "## The log\n"
    yield "Told in every topic by the log itself, and read by whoever reads the topic.\n"
    for event in readers.keys() - ours:
        types = [type_name for type_name, kind in sorted(CATALOGUE.items()) if kind is event]
        yield f"### {event.NAME}\n"
        yield f"{inspect.getdoc(event)}\n"
        named = ", ".join(f"[`{type_name}`](schemas/{type_name}.json)" for type_name in types)
        topics = ", ".join(f"`{topic_name(service)}`" for service in TOPICS)
        yield f"{named} in {topics}, key `{event.SUBJECT}`\n"
        yield _fields(msgspec.json.schema(event)["$defs"][event.__name__])


def _required(name: str, schema: Schema) -> str:
    return "yes" if name in schema.get("required", ()) else ""


def _anchor(heading: str) -> str:
    """GitHub's anchor of a heading."""
    return heading.replace(".", "")
