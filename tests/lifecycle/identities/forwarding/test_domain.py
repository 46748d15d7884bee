"""Law 10: chains of mergers, late events and partings in every order end the same; whoever parts is as they were."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.event import Event
from common.contracts.lifecycle import EventForwarded
from common.contracts.members import MemberErased, MemberMerged, MemberUnmerged
from factories.lanes import FAR, Lanes
from factories.policies import SMALL_POLICY
from lifecycle.engine.domain import compiled
from lifecycle.facts.domain import Facts
from lifecycle.identities.forwarding.domain import Kept, pack, unpack
from lifecycle.members.domain import Member, decode, encode
from lifecycle.policy.caps.domain import Cap
from lifecycle.policy.guards.domain import Guards
from lifecycle.publishing.versions.domain import alone
from lifecycle.standing.domain import standing
from lifecycle.stepping.domain import Arrival, step, wake_at

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ENGINE = compiled(SMALL_POLICY)
VERSIONS = alone(ENGINE)
ANNA, BEN, CARL = UUID(int=1), UUID(int=2), UUID(int=3)
NAMES = ("order.confirmed", "order.voided", "chat.message_counted", "checkin.recorded", "member.registered")
Arrive = Callable[..., Arrival]


def told(event: Event, at: datetime) -> Arrival:
    return Arrival(event_id=uuid5(event.member_id, f"{event.NAME} {at}"), time=at, appended_at=at, event=event)  # type: ignore[attr-defined]  # these have one


def merges(member_id: UUID, root_id: UUID, at: datetime) -> Arrival:
    return told(MemberMerged(member_id=member_id, root_id=root_id, merged_at=at), at)


def parts(member_id: UUID, root_id: UUID, at: datetime) -> Arrival:
    return told(MemberUnmerged(member_id=member_id, root_id=root_id, unmerged_at=at), at)


def lived(arrivals: Sequence[Arrival]) -> Member:
    """One member to whom all of it happens."""
    member = None
    for arrival in arrivals:
        member = step(VERSIONS, member, arrival, gate=arrival.appended_at, watermark=FAR).member
    assert member is not None
    return member


happenings = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(NAMES), st.integers(0, 99)), max_size=12)
"""To whom, what, and how many hours before it was told."""
changes = st.lists(
    st.sampled_from([(BEN, ANNA), (CARL, BEN), (CARL, ANNA)]) | st.sampled_from([BEN, CARL]), min_size=1, max_size=6
)
"""Who is merged into whom, or parted again."""
choices = st.lists(st.integers(0, 11), max_size=60)


def history(arrive: Arrive, did: list[tuple[int, str, int]], changed: list[Any], order: list[bool]) -> list[Arrival]:
    """In the order in which it was appended; members allow no merger of who is merged."""
    roots: dict[UUID, UUID] = {}
    made: list[Arrival] = []
    did, changed = list(did), list(changed)
    while did or changed:
        at = START + len(made) * HOUR
        if changed and (not did or (order.pop() if order else False)):
            change = changed.pop()
            match change:
                case (member_id, root_id) if member_id not in roots:
                    roots[member_id] = root_id
                    made.append(merges(member_id, root_id, at))
                case UUID() if change in roots:
                    made.append(parts(change, roots.pop(change), at))
        else:
            who, name, late = did.pop()
            made.append(arrive(name, at - late * HOUR, member=who, number=len(made), appended_at=at))
    return made


def root_of(roots: dict[UUID, UUID], member_id: UUID) -> UUID:
    while member_id in roots:
        member_id = roots[member_id]
    return member_id


def final_roots(made: Sequence[Arrival]) -> dict[UUID, UUID]:
    roots: dict[UUID, UUID] = {}
    for arrival in made:
        match arrival.event:
            case MemberMerged(member_id=member_id, root_id=root_id):
                roots[member_id] = root_id
            case MemberUnmerged(member_id=member_id):
                del roots[member_id]
    return roots


@given(did=happenings, changed=changes, order=st.lists(st.booleans(), max_size=20), chosen=choices)
def test_whoever_stands_for_others_has_what_all_of_them_did(
    arrive: Arrive, did: list[tuple[int, str, int]], changed: list[Any], order: list[bool], chosen: list[int]
) -> None:
    made = history(arrive, did, changed, order)
    lanes = Lanes(VERSIONS)
    for arrival in made:
        lanes.append(arrival)
    lanes.run(chosen)
    roots = final_roots(made)
    for member_id, member in lanes.members.items():
        assert member.root == roots.get(member_id)
        if member.stands:
            theirs = [each for each in made if root_of(roots, UUID(each.event.subject)) == member_id]
            assert member.facts == lived_facts(theirs)
            assert member.standing == standing(ENGINE, member.facts, member.at)
        assert decode(encode(member)) == member


def lived_facts(arrivals: Sequence[Arrival]) -> Facts:
    """Of one person to whom it all happens; that they are merged and parted is counted by no metric of the policy."""
    found: Facts = {}
    member: Member | None = None
    for arrival in arrivals:
        if not isinstance(arrival.event, MemberMerged | MemberUnmerged):
            mine = msgspec.structs.replace(arrival, event=msgspec.structs.replace(arrival.event, member_id=ANNA))
            member = step(VERSIONS, member, mine, gate=START, watermark=FAR).member
            found = member.facts
    return found


@given(before=happenings, after=happenings, chosen=choices)
def test_whoever_parts_is_as_if_they_had_never_been_another(
    arrive: Arrive, before: list[tuple[int, str, int]], after: list[tuple[int, str, int]], chosen: list[int]
) -> None:
    made = history(arrive, [(1, NAMES[0], 0), (2, NAMES[0], 0), *before], [], [])
    met = merges(BEN, ANNA, START + len(made) * HOUR)
    since = [
        arrive(name, met.appended_at + n * HOUR, member=who, number=1_000 + n)
        for n, (who, name, _) in enumerate(after, 1)
    ]
    left = parts(BEN, ANNA, START + 90 * DAY)
    lanes = Lanes(VERSIONS)
    for arrival in (*made, met, *since, left):
        lanes.append(arrival)
    lanes.run(chosen)
    for member_id in (ANNA, BEN):
        member = lanes.members[member_id]
        alone_ = [each for each in (*made, *since) if UUID(each.event.subject) == member_id]
        assert member.facts == lived(alone_).facts
        assert member.standing == standing(ENGINE, member.facts, member.at)
        assert member.kin is not None
        assert not member.kin.identities
        assert all(slot.of is None for slot in member.slots)


@pytest.fixture
def merged(arrive: Arrive) -> Lanes:
    """Ben, who ordered and was thanked, is Anna; she only registered."""
    lanes = Lanes(VERSIONS)
    lanes.append(arrive("member.registered", START, member=1))
    lanes.append(arrive("member.registered", START, member=2))
    lanes.append(arrive("order.confirmed", START + HOUR, member=2))
    lanes.append(arrive("chat.message_counted", START + 3 * HOUR, member=2))
    lanes.append(merges(BEN, ANNA, START + 4 * HOUR))
    lanes.run([])
    return lanes


def test_to_become_another_fires_nothing(merged: Lanes) -> None:
    [met] = [each for each in merged.told[ANNA] if any(t.cause == "merge" for t in each.transitions)]
    assert [(each.current, each.cause) for each in met.transitions] == [("convert", "merge")]
    assert not any(each.requests for each in met.decisions)
    assert not met.withdrawals


def test_what_either_did_once_is_done(merged: Lanes, arrive: Arrive) -> None:
    merged.append(arrive("order.confirmed", START + 5 * HOUR, member=1))
    merged.append(arrive("chat.message_counted", START + 8 * HOUR, member=1))
    merged.run([])
    thanked = [each for stepped in merged.told[ANNA] for each in stepped.decisions if each.rule == "thanks"]
    assert not any(each.requests for each in thanked)
    assert [slot.of for slot in merged.members[ANNA].slots if slot.rule == "thanks"] == [BEN]


def test_whoever_is_another_stands_nowhere_and_asks_for_nothing(merged: Lanes) -> None:
    ben = merged.members[BEN]
    assert not ben.stands
    assert (ben.due, wake_at(ben), ben.pending) == (None, None, ())


def test_an_outcome_of_what_was_asked_for_an_identity_is_heard_by_whom_they_are(merged: Lanes, arrive: Arrive) -> None:
    [slot] = [slot for slot in merged.members[ANNA].slots if slot.rule == "thanks"]
    [effect] = slot.effects
    merged.append(arrive("reward.granted", START + 5 * HOUR, member=2, action_id=effect.request.action_id))
    merged.run([])
    for member_id in (ANNA, BEN):
        [slot] = [slot for slot in merged.members[member_id].slots if slot.rule == "thanks"]
        assert slot.state == "done"


def test_what_is_asked_again_of_an_identity_is_asked_under_its_own_id(merged: Lanes) -> None:
    requests = [effect.request for slot in merged.members[ANNA].slots if slot.of for effect in slot.effects]
    assert {request.member_id for request in requests} == {BEN}


def test_an_event_that_came_by_an_old_path_changes_nothing(merged: Lanes) -> None:
    anna = merged.members[ANNA]
    old = EventForwarded(
        member_id=ANNA,
        identity_id=BEN,
        path=[],
        event_id=UUID(int=9),
        type="huitou.orders.order.confirmed.v1",
        data="{}",
        happened_at=START,
        appended_at=START,
        revision=0,
    )
    assert step(VERSIONS, anna, told(old, START + 9 * HOUR), gate=START, watermark=FAR).member == anna


def test_old_news_of_a_merger_changes_nothing(merged: Lanes) -> None:
    merged.append(parts(BEN, ANNA, START + 6 * HOUR))
    merged.run([])
    again = merges(BEN, ANNA, START + 4 * HOUR)
    merged.append(msgspec.structs.replace(again, appended_at=START + 7 * HOUR))
    merged.run([])
    assert merged.members[BEN].stands


def test_what_waits_for_an_identity_waits_for_whom_they_are(arrive: Arrive) -> None:
    """An hour after an order thanks are due; by then Ben is Anna."""
    lanes = Lanes(VERSIONS)
    lanes.append(arrive("member.registered", START, member=1))
    lanes.append(arrive("order.confirmed", START, member=2))
    lanes.append(merges(BEN, ANNA, START + MINUTE))
    lanes.append(arrive("chat.message_counted", START + 2 * HOUR, member=2))
    lanes.run([])
    [thanks] = [
        each for stepped in lanes.told[ANNA] for each in stepped.decisions if each.rule == "thanks" and each.requests
    ]
    assert [request.member_id for request in thanks.requests] == [ANNA]


def test_a_cap_counts_what_either_was_sent(arrive: Arrive) -> None:
    """One send a day: Ben had his, so Anna waits until tomorrow."""
    cap = Cap(sent_as=SMALL_POLICY.rules[0].sent_as, most=1, per="day")
    capped = alone(compiled(msgspec.structs.replace(SMALL_POLICY, guards=Guards(caps=(cap,)))))
    lanes = Lanes(capped)
    lanes.append(arrive("member.registered", START, member=1))
    lanes.append(arrive("member.registered", START + DAY, member=2))
    lanes.append(merges(BEN, ANNA, START + DAY + MINUTE))
    lanes.append(arrive("order.confirmed", START + DAY + HOUR, member=1))
    lanes.append(arrive("chat.message_counted", START + DAY + 3 * HOUR, member=1))
    while lanes.possible:  # the mail last, but before Anna's day
        his = [queue for queue in lanes.possible if queue[0].event.subject == str(BEN)]
        lanes.take((his or sorted(lanes.possible, key=lambda queue: queue[0].appended_at))[0])
    thanks = [each for stepped in lanes.told[ANNA] for each in stepped.decisions if each.rule == "thanks"]
    assert [(each.reason, each.by) for each in thanks] == [("capped", str(cap))]
    assert {send.of for send in lanes.members[ANNA].sends} == {None, BEN}


@pytest.mark.parametrize("erased", [ANNA, BEN])
def test_nothing_is_kept_of_an_erased_member(merged: Lanes, arrive: Arrive, erased: UUID) -> None:
    at = START + 5 * HOUR
    merged.append(told(MemberErased(member_id=erased, erased_at=at), at))
    merged.append(arrive("order.confirmed", at + HOUR, member=erased.int))
    merged.run([])
    stone = merged.members[erased]
    assert stone == Member(
        member_id=erased, at=at, facts={}, standing={}, episodes={}, version=stone.version, is_erased=True
    )
    assert not merged.told[erased][-1].transitions
    if erased == BEN:
        assert merged.members[ANNA].stage == "acquire"
        assert not any(slot.of for slot in merged.members[ANNA].slots)


def test_an_unknown_member_who_is_erased_has_been_nowhere() -> None:
    event = told(MemberErased(member_id=ANNA, erased_at=START), START)
    stepped = step(VERSIONS, None, event, gate=START, watermark=None)
    assert stepped.member.is_erased
    assert not stepped.transitions


@given(facts=st.dictionaries(st.integers(-9_999, -1), st.binary(max_size=20), max_size=5))
def test_what_is_packed_is_unpacked(facts: Facts) -> None:
    assert unpack(pack(Kept(facts=facts))) == Kept(facts=facts)
