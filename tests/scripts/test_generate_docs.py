"""The generated pages: complete, the same every time, and without a secret."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from common.contracts.topics import CATALOGUE, TOPICS
from common.runtime import Service
from common.settings import ServiceSettings
from docs_configuration import configuration_page, own_settings, prefix_of
from docs_events import events_page, schemas
from docs_words import note, words
from generate_docs import SCHEMAS, all_services, pages, stale, write
from golden_examples import GOLDEN


@pytest.fixture(scope="module")
def services() -> list[Service]:
    return all_services()


@pytest.fixture(scope="module")
def wanted() -> dict[str, str]:
    return pages()


def test_the_same_code_gives_the_same_pages(wanted: dict[str, str]) -> None:
    assert pages() == wanted


def test_every_event_is_in_the_catalogue_with_its_text_and_its_readers(services: list[Service]) -> None:
    page = events_page(services)

    for type_name, event in CATALOGUE.items():
        assert f"`{type_name}`" in page
        assert (event.__doc__ or "").strip().splitlines()[0] in page
    for service in services:
        for event in service.handlers.table:
            [line] = [line for line in page.splitlines() if line.startswith(f"`{event.type_name()}`, key")]
            assert re.search(rf"read by [a-z, ]*\b{service.name}\b", line)


def test_links_inside_the_catalogue_lead_somewhere(wanted: dict[str, str]) -> None:
    page = wanted["docs/events.md"]
    headings = {
        re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }

    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= headings
    linked = {f"docs/{path}" for path in re.findall(r"\]\((schemas/[^)]+)\)", page)}
    assert linked == {path for path in wanted if path.startswith(f"{SCHEMAS}/")}


@pytest.mark.parametrize("type_name", CATALOGUE)
def test_a_schema_accepts_the_golden_example_and_nothing_less(type_name: str) -> None:
    schema = schemas()[type_name]
    data = json.loads((GOLDEN / f"{type_name}.json").read_text())["data"]
    jsonschema.Draft202012Validator.check_schema(schema)

    jsonschema.validate(data, schema)
    for name in schema["$defs"][CATALOGUE[type_name].__name__]["required"]:
        with pytest.raises(jsonschema.ValidationError, match=f"'{name}' is a required property"):
            jsonschema.validate({key: value for key, value in data.items() if key != name}, schema)


def test_every_setting_of_every_service_is_told(services: list[Service]) -> None:
    page = configuration_page(services)

    for name, field in ServiceSettings.model_fields.items():
        assert f"| `{name.upper()}` |" in page
        assert field.description, f"{name} has no description"
    for service in services:
        for name in own_settings(service.settings):
            assert f"| `{prefix_of(service.settings)}{name.upper()}` |" in page
            assert service.settings.model_fields[name].description, f"{service.name}: {name} has no description"


def test_a_secret_is_never_told_not_even_its_default(services: list[Service]) -> None:
    page = configuration_page(services)
    defaults = [default for service in services for default in service.settings.DEVELOPMENT_DEFAULTS.values()]

    assert defaults
    for default in defaults:
        assert default not in page
    assert "***" not in page.replace("**required**", "")
    for line in page.splitlines():
        if "| secret" in line:
            assert re.search(r"\| (none|\*\*required\*\*[^|]*) \|", line)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string", "format": "uuid"}, "UUID"),
        ({"type": "integer", "minimum": 0}, "integer, at least 0"),
        ({"type": "integer", "minimum": 2, "maximum": 200}, "integer, 2 to 200"),
        ({"type": "integer", "maximum": 9}, "integer, at most 9"),
        ({"type": "string", "minLength": 1, "maxLength": 64}, "text, 1 to 64 characters"),
        ({"type": "string", "minLength": 32}, "text, at least 32 characters"),
        ({"type": "string", "maxLength": 32}, "text, at most 32 characters"),
        ({"type": "string", "pattern": "^a$"}, "text, like `^a$`"),
        ({"type": "string", "format": "password"}, "secret"),
        ({"enum": ["a", "b"]}, "one of `a`, `b`"),
        ({"const": "a"}, "`a`"),
        ({"type": "array", "items": {"$ref": "#/$defs/OrderLine"}}, "list of [OrderLine](#orderline)"),
        ({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}, "moment or null"),
        ({}, "anything"),
    ],
)
def test_types_in_words(schema: dict[str, Any], said: str) -> None:
    assert words(schema) == said


def test_a_description_may_stand_inside_a_union() -> None:
    assert note({"anyOf": [{"description": "inside"}, {"type": "null"}]}) == "inside"
    assert note({"description": "outside", "anyOf": [{"description": "inside"}]}) == "outside"
    assert note({}) == ""


def test_each_stale_page_is_named(tmp_path: Path) -> None:
    wanted = {"events.md": "a", f"{SCHEMAS}/x.json": "{}", f"{SCHEMAS}/y.json": "{}"}
    assert list(stale(tmp_path, wanted)) == list(wanted)

    write(tmp_path, wanted)
    assert list(stale(tmp_path, wanted)) == []

    (tmp_path / "events.md").write_text("b")
    (tmp_path / SCHEMAS / "x.json").unlink()
    (tmp_path / SCHEMAS / "gone.json").write_text("{}")
    (tmp_path / "architecture.md").write_text("somebody's own")
    assert list(stale(tmp_path, wanted)) == ["events.md", f"{SCHEMAS}/x.json", f"{SCHEMAS}/gone.json"]

    write(tmp_path, wanted)
    assert list(stale(tmp_path, wanted)) == []
    assert (tmp_path / "architecture.md").read_text() == "somebody's own"


def test_every_topic_has_its_service(services: list[Service]) -> None:
    assert [service.name for service in services] == list(TOPICS)
