"""Events that should not be as they are, on real rows: each is counted, put right or set aside by itself, and nothing is lost."""

from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.auth.principal import Role
from common.bus import dead_letters
from common.bus.lanes import lane_of
from common.bus.locks import EVERY_LANE
from common.bus.records import Received
from common.contracts.engagement import ChatMessageCounted
from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested
from common.contracts.members import MemberRegistered
from factories.lifecycle import DAY, HOUR, START, Life, chatted, checked_in, member, ordered, read, registered, voided
from factories.lifecycle_rows import check, forget
from factories.policies import changed
from lifecycle.members.domain import decode
from lifecycle.replays.trials.service import verified

pytestmark = pytest.mark.integration

ANNA, BEN = member(1), member(2)
YEAR = 365 * DAY
ASKING = changed("- activate: engaged.days >= 1", "- activate: engaged.days >= 1 and not came_by = 'app'").replace(
    "stages:", "attributes: {came_by: {event: member.registered, field: channel}}\nstages:", 1
) + (
    "  chats: {when: {event: chat.message_counted}, if: event.channel != 'app', reenter: {per: [channel, batch_id]},"
    " do: [{points: 1, reason: chat}]}\n"
    "segments: {keen: orders.count(30d) >= 1}\n"
)
by_what_events_say = pytest.mark.parametrize("lives_by", [ASKING], indirect=True)
a_few_times = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def letters(life: Life) -> list[tuple[str, str]]:
    found = await dead_letters.list_letters(life.service.db)
    return [(letter["reason"], letter["error"]) for letter in found]


async def is_what_the_journal_says(life: Life) -> bool:
    await check(life.service.db)
    return [found for lane in EVERY_LANE if (found := await verified(life.service.db, lane))] == []


def chat(channel: str, *, batch: int = 1) -> ChatMessageCounted:
    return ChatMessageCounted(
        community_id=UUID(int=2), member_id=ANNA, batch_id=UUID(int=batch), channel=channel, messages=1
    )


async def test_who_orders_before_they_are_registered_is_as_if_the_other_way_round(life: Life) -> None:
    """The log of orders may be read before that of members."""
    await life.happen(ordered(ANNA), registered(ANNA), registered(BEN), ordered(BEN))
    early, usual = await life.member(ANNA), await life.member(BEN)
    for told in ("stage", "health", "metrics", "due_at"):
        assert early.get(told) == usual.get(told), told
    welcomed = [each.member_id for each in await life.service.events(ActionRequested) if each.rule == "welcome"]
    assert sorted(welcomed) == sorted([ANNA, ANNA, BEN, BEN]), "each once: a message and a coupon"
    assert await is_what_the_journal_says(life)


async def test_what_comes_from_the_future_ages_nobody_then_or_when_it_is_replayed(life: Life) -> None:
    """A producer's clock is a year ahead; once it is right, an operator replays what was set aside."""
    await life.happen(registered(ANNA), registered(BEN))
    await life.clock.advance_to(START + YEAR)
    await life.append(ordered(ANNA, START + YEAR))
    life.clock._now = START + HOUR
    await life.append(ordered(BEN, START + HOUR))
    await life.service.drain()

    [(reason, error)] = await letters(life)
    assert reason == "future"
    assert "ahead of this service's clock" in error
    await life.tick(START + HOUR)
    anna, ben = await life.member(ANNA), await life.member(BEN)
    assert (anna["stage"], anna["health"], datetime.fromisoformat(anna["at"])) == ("acquire", "active", START)
    assert (ben["stage"], ben["health"]) == ("convert", "active")

    life.clock._now = START + DAY
    [letter] = await dead_letters.list_letters(life.service.db)
    answer = await life.service.client.post(
        f"/lifecycle/v1/dead-letters/{letter['id']}/replay", headers=life.service.headers(Role.OPERATOR)
    )
    assert answer.status_code == 204, answer.text
    await life.happen(chatted(ANNA))
    await life.tick(START + DAY)
    anna = await life.member(ANNA)
    assert datetime.fromisoformat(anna["at"]) == START + DAY
    assert (anna["stage"], anna["health"], anna["waiting_events"]) == ("convert", "active", 0)
    assert anna["metrics"]["orders"]["last_day"] == "2026-03-03"
    assert await is_what_the_journal_says(life)


async def test_who_says_it_happened_tomorrow_is_counted_today(life: Life) -> None:
    tomorrow = ordered(ANNA, START + DAY)
    await life.hand_over([read(tomorrow, START, number=1, own_time=START + YEAR)])
    assert (await life.member(ANNA))["metrics"]["orders"]["last_day"] == "2026-03-02"
    gone = read(voided(tomorrow, START + 9 * DAY), START + HOUR / 2, number=2, own_time=START + YEAR)
    await life.hand_over([gone])
    assert (await life.member(ANNA))["metrics"]["orders"]["count"] == 0, "and taken back from the day it counted on"
    assert (await life.member(ANNA))["stage"] == "acquire"
    assert await is_what_the_journal_says(life)


@by_what_events_say
@pytest.mark.parametrize("then", [START - 20 * YEAR, datetime.min.replace(tzinfo=UTC)])
async def test_what_is_older_than_every_window_counts_for_ever_and_for_none_of_them(life: Life, then: datetime) -> None:
    old = ordered(ANNA, then)
    await life.hand_over([read(registered(ANNA), START, number=1), read(old, START, number=2, own_time=then)])
    anna = await life.member(ANNA)
    assert (anna["stage"], anna["health"], anna["segments"]) == ("convert", "lost", [])
    assert anna["metrics"]["orders"]["count"] == 1

    await life.hand_over([read(ordered(ANNA), START + HOUR / 2, number=3)])
    anna = await life.member(ANNA)
    assert (anna["stage"], anna["health"], anna["segments"]) == ("repurchase", "active", ["keen"])
    await life.hand_over([read(voided(old, START), START + HOUR / 2, number=4)])
    anna = await life.member(ANNA)
    assert (anna["stage"], anna["segments"], anna["metrics"]["orders"]["days"]) == ("convert", ["keen"], 1)
    assert await is_what_the_journal_says(life)


def at_once(order: Random) -> list[Received[Any]]:
    """What three producers append about six members in one instant, each log in its own order, read in any."""
    logs: list[list[Event]] = [[], [], []]
    for who in map(member, range(6)):
        order_of = ordered(who)
        logs[0] += [registered(who)]
        logs[1] += [order_of, ordered(who, amount_minor=500), *([voided(order_of, START)] if who.int % 2 else [])]
        logs[2] += [chatted(who, messages=2), checked_in(who)]
    numbered = [
        [read(event, START, number=100 * place + n) for n, event in enumerate(log, 1)] for place, log in enumerate(logs)
    ]
    turns = [place for place, log in enumerate(numbered) for _ in log]
    order.shuffle(turns)
    return [numbered[place].pop(0) for place in turns]


@a_few_times
@given(
    order=st.randoms(use_true_random=False),
    sizes=st.lists(st.integers(1, 9), min_size=36, max_size=36),
)
async def test_of_what_happens_in_one_instant_the_order_leaves_no_trace(
    life: Life, order: Random, sizes: list[int]
) -> None:
    async def lived(events: list[Received[Any]], sizes: list[int]) -> Any:
        await forget(life.service.db)
        for size in sizes:
            await life.hand_over(events[:size])
            del events[:size]
        assert not events
        await life.tick(START + 20 * DAY)
        assert await is_what_the_journal_says(life)
        states = [decode(row["state"]) for row in await life.service.db.fetch("SELECT state FROM member ORDER BY 1")]
        asked = {(each.member_id, each.rule, each.key) for each in await life.service.events(ActionRequested)}
        return sorted((each.member_id, each.facts, each.standing, each.at) for each in states), asked

    assert await lived(at_once(order), sizes) == await lived(at_once(Random(0)), [36])


@by_what_events_say
@pytest.mark.parametrize(("channel", "at"), [("", ">= 1"), ("x" * 65, "<= 64"), ("x" * 200_000, "<= 64")])
async def test_a_text_that_no_field_may_have_is_set_aside_with_its_place(life: Life, channel: str, at: str) -> None:
    await life.happen(chat(channel), ordered(BEN), chatted(ANNA))
    [(reason, error)] = await letters(life)
    assert reason == "undecodable"
    assert f"length {at}" in error
    assert "$.channel" in error
    assert (await life.member(ANNA))["metrics"]["chat"]["count"] == 1, "what follows it is counted"
    assert (await life.member(BEN))["stage"] == "convert"
    await check(life.service.db)


@by_what_events_say
@pytest.mark.parametrize("text", ["\0", "\0" * 64, "😀" * 64, " ", "/", "-", "\\", "'", "\u2028", "a\nb", "\ud7ff"])
async def test_a_text_of_whatever_characters_holds_its_member_up_nowhere(life: Life, text: str) -> None:
    """It is told of a stage, of an attribute, of a decision and in a key; none of which fails now or later."""
    await life.happen(MemberRegistered(member_id=ANNA, channel=text, registered_at=START))
    await life.happen(chat(text), checked_in(ANNA), chat(text), chat(text, batch=2))
    assert (await life.member(ANNA))["stage"] == "activate"
    await life.pass_to(START + 40 * DAY)
    assert (await life.member(ANNA))["health"] == "dormant"
    assert await letters(life) == []
    asked = [each.key for each in await life.service.events(ActionRequested) if each.rule == "chats"]
    assert len(set(asked)) == 2
    why = await life.get(f"/members/{ANNA}/why", about="rule:chats")
    assert why["items"][0]["verdict"]["code"] == "rule_acted"
    assert await verified(life.service.db, lane_of(str(ANNA)), only=ANNA) is None
    assert await is_what_the_journal_says(life)
