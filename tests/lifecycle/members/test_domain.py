from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from common.contracts.lifecycle import ActionRequested, GrantPoints
from lifecycle.actions.domain import Effect, Slot
from lifecycle.facts.attributes.domain import told
from lifecycle.facts.distincts.domain import digest
from lifecycle.facts.domain import ATTRIBUTES
from lifecycle.facts.tallies.domain import added
from lifecycle.members.domain import Episode, Member, MemberError, Pending, decode, encode

NOON = datetime(2026, 3, 10, 12, 0, 0, 123_456, tzinfo=UTC)
TALLY = added(added(None, 20_000, 2, 700), 20_005, 1, 300)


def test_a_row_gives_the_member_back() -> None:
    request = ActionRequested(
        action_id=UUID(int=3),
        member_id=UUID(int=1),
        rule="welcome",
        key="",
        attempt=1,
        action=GrantPoints(points=5, reason="welcome"),
        valid_until=NOON,
    )
    assert TALLY is not None
    member = Member(
        member_id=UUID(int=1),
        at=NOON,
        facts={-1: digest("spring"), 1: TALLY, ATTRIBUTES + 1: told("wechat", at=NOON, event_id=UUID(int=2))},
        standing={"stage": "convert", "health": "active", "loyal": "loyal"},
        episodes={"convert": Episode(1, NOON, "event"), "active": Episode(2, NOON, "time")},
        pending=(Pending("thanks", "convert", 1, NOON + timedelta(hours=1)),),
        slots=(Slot("welcome", "", NOON, 1, "open", (Effect(request, "requested", NOON),)),),
        due=NOON + timedelta(days=1),
    )
    assert decode(encode(member)) == member
    assert (member.stage, member.health, member.segments) == ("convert", "active", frozenset({"loyal"}))


@pytest.mark.parametrize("encoded", [b"", b"\x02\x90", b"\x01\x90", b"\x01\xc1"])
def test_other_bytes_are_refused(encoded: bytes) -> None:
    with pytest.raises(MemberError, match="member: "):
        decode(encoded)
