"""In a history from elsewhere, too, what happens to who is another happens to whom they are."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common.bus.locks import EVERY_LANE
from factories.lifecycle import START
from factories.policies import SMALL_TEXT
from lifecycle.calendars.domain import Calendar
from lifecycle.errors import HistoryInvalid
from lifecycle.replays.histories.service import archived
from lifecycle.replays.studies.domain import Asked
from lifecycle.replays.studies.service import prepared_on
from lifecycle.replays.trials.domain import Found, together
from lifecycle.replays.trials.service import tried_on

CALENDAR = Calendar(ZoneInfo("Asia/Shanghai"))


def line(hour: int, event: str, who: str, **fields: Any) -> dict[str, Any]:
    return {"time": (START + timedelta(hours=hour)).isoformat(), "event": event, "member": who, **fields}


def found_in(folder: Path, lines: Sequence[dict[str, Any]]) -> Found:
    """What the small policy would have made of it."""
    file = folder / "history.jsonl"
    file.write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    archived(file, folder / "archive", CALENDAR)
    order = prepared_on(folder / "archive", Asked(draft=SMALL_TEXT), tz="Asia/Shanghai", currency="CNY").order
    return together([asyncio.run(tried_on(folder / "archive", lane, order)).found for lane in EVERY_LANE])


def stages(found: Found) -> dict[str, int]:
    assert found.tried is not None
    return {value: count for (dimension, value), count in found.tried.stands.items() if dimension == "stage"}


ORDERS = [line(day * 24, "order.confirmed", who, amount_minor=900) for day, who in enumerate(("ben", "carl"), 1)]


def test_who_was_merged_has_one_standing_with_whom_they_are(tmp_path: Path) -> None:
    met = [line(0, "member.merged", "carl", root_id="ben"), line(30, "member.merged", "ben", root_id="anna")]
    found = found_in(
        tmp_path, sorted([line(0, "member.registered", "anna"), *ORDERS, *met], key=lambda each: each["time"])
    )
    assert stages(found) == {"repurchase": 1}


def test_who_parts_and_who_is_erased_takes_theirs_along(tmp_path: Path) -> None:
    met = [line(60, "member.merged", who, root_id="anna") for who in ("ben", "carl")]
    end = [line(70, "member.unmerged", "ben", root_id="anna"), line(80, "member.erased", "carl")]
    found = found_in(tmp_path, [line(0, "member.registered", "anna"), *ORDERS, *met, *end])
    assert stages(found) == {"acquire": 1, "convert": 1}


def test_a_circle_is_refused_with_its_line(tmp_path: Path) -> None:
    met = [line(1, "member.merged", "ben", root_id="anna"), line(2, "member.merged", "anna", root_id="ben")]
    with pytest.raises(HistoryInvalid, match=r"line 2: member .* cannot be"):
        found_in(tmp_path, met)


@settings(max_examples=10, deadline=None)
@example(who=["anna", "ben"], when=2)
@given(who=st.lists(st.sampled_from(("anna", "ben")), min_size=1, max_size=8), when=st.integers(0, 8))
def test_whenever_they_meet_it_ends_as_if_they_had_been_one(
    tmp_path_factory: pytest.TempPathFactory, who: list[str], when: int
) -> None:
    bought = [line(24 * n, "order.confirmed", each, amount_minor=900) for n, each in enumerate(who, 1)]
    both = [line(0, "member.registered", each) for each in ("anna", "ben")]
    met = line(24 * when + 1, "member.merged", "ben", root_id="anna")
    lines = sorted([*both, *bought, met], key=lambda each: each["time"])
    one = [both[0], *({**each, "member": "anna"} for each in bought)]
    assert stages(found_in(tmp_path_factory.mktemp("two"), lines)) == stages(
        found_in(tmp_path_factory.mktemp("one"), one)
    )
