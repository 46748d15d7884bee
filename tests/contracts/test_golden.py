"""Every event type has an example that was written down once and is read for good."""

from pathlib import Path

import msgspec
import pytest

from common.contracts.envelope import decode
from common.contracts.event import Event
from common.contracts.topics import CATALOGUE
from golden_examples import GOLDEN, envelope, example

COMMAND = "run: python scripts/golden_examples.py, and read the diff: it is what others will see"

WRITTEN = sorted(CATALOGUE.keys() & {file.stem for file in GOLDEN.iterdir()})


def test_every_type_has_its_example_and_no_other() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(CATALOGUE), COMMAND


@pytest.mark.parametrize("type_name", WRITTEN)
def test_the_example_is_read_as_the_event_that_it_was_written_from(type_name: str) -> None:
    told, event = decode(_golden(type_name).read_bytes())

    assert event == example(type_name), COMMAND
    assert type(event) is CATALOGUE[type_name]
    assert (told.type, told.subject) == (type_name, event.subject)


@pytest.mark.parametrize("type_name", WRITTEN)
def test_the_event_is_written_as_its_example(type_name: str) -> None:
    assert envelope(type_name) == _golden(type_name).read_bytes(), COMMAND


@pytest.mark.parametrize("type_name", WRITTEN)
def test_the_example_shows_every_field_that_it_can(type_name: str) -> None:
    """A field left at its default is not written: an example of the field is missing, or it excludes another one."""
    event = example(type_name)
    shown = msgspec.json.decode(_golden(type_name).read_bytes())["data"].keys()
    hidden = {field.name for field in msgspec.structs.fields(event)} - shown

    assert hidden <= EXCLUDED.get(type(event).__name__, set())


EXCLUDED = {"RewardGranted": {"entry_id"}}
"""A reward is a coupon or points."""


def _golden(type_name: str) -> Path:
    return GOLDEN / f"{type_name}.json"


def test_examples_hold_made_up_ids_only() -> None:
    """The ids follow from the fields' names: none was copied from a running system."""
    events: list[Event] = [decode(file.read_bytes())[1] for file in GOLDEN.iterdir()]
    members = {subject for event in events if (subject := getattr(event, "member_id", None)) is not None}

    assert len(members) == 1
