"""Random histories of a lifecycle: batches, time that passes, outcomes, a rule that is paused, a publish in the middle."""

from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from common.bus.records import Received
from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested
from common.db import Database
from factories.lifecycle import DAY, HOUR, START, Life, chatted, checked_in, granted, member, ordered, read, refused
from lifecycle.authoring.domain import author
from lifecycle.policy.domain import Policy
from lifecycle.publishing.changes import service as changes
from lifecycle.publishing.versions import service as versions

MEMBERS = [member(number) for number in range(5)]

BASE = """policy: guarded

metrics:
  joined: {event: [member.registered, community.joined]}
  engaged: {event: [chat.message_counted, checkin.recorded, coupon.claimed, message.read]}
  chat: {event: chat.message_counted, sum: messages}
  checkins: {event: checkin.recorded}
  orders: {event: order.confirmed, sum: amount_minor, retract: {event: order.voided, of: confirmed_at}}
  refunds: {event: order.refunded}

stages:
  - acquire: always
  - activate: engaged.days >= 1
  - retain: engaged.days >= 3
  - convert: orders.count >= 1
  - repurchase: orders.days >= 2

health:
  - lost: since(orders) > 90d or never(orders) and since(engaged, joined) > 60d
  - dormant: since(orders) > 45d or never(orders) and since(engaged, joined) > 30d
  - at_risk: since(orders) > clamp(2 * orders.pace, 14d, 30d) or never(orders) and since(engaged, joined) > 7d
  - active: always

rules:
  welcome: {when: {event: member.registered}, do: [{message: welcome}, {coupon: newcomer_3}]}
  say_hello: {when: {held: acquire, for: 2d}, priority: 30, do: [{message: hello}]}
  thanks: {when: {enters: convert, settle: 1h}, priority: 80, do: [{coupon: thanks_3}]}
  second_order: {when: {held: convert, for: 5d}, priority: 75, do: [{coupon: second_order_4}]}
  at_risk: {when: {enters: at_risk, settle: 6h}, reenter: {cooldown: 30d}, priority: 70, do: [{message: what_is_new}]}
"""
"""Stages, health and a few rules; each part that it has ends with its rules."""

GUARDED = """
segments:
  loyal: orders.days(14d) >= 2
  chatty: chat.sum(14d) >= 3 and never(orders)
guards:
  classes: {promo: {refuse_if: in(loyal)}}
  caps: [{class: promo, max: 1, per: day}, {class: promo, max: 3, per: week, keep: {priority: 70, slots: 1}}]
  quiet: {from: "21:30", to: "08:30", spread: 90m}
  holdout: {salt: everyone, share: 20%}
"""
RULES = """
  chat_offer: {when: {event: chat.message_counted}, class: promo, reenter: each, if: "orders.count(30d) < MOST and since(chat) <= 3d", do: [{message: top_offers}]}
  check_in: {when: {event: checkin.recorded}, class: promo, reenter: {cooldown: 2d}, holdout: 30%, if: "checkins.streak >= 1 or in(chatty)", capped: drop, do: [{points: 2, reason: streak}]}
  big_order: {when: {event: order.confirmed}, reenter: each, if: event.amount_minor >= 800, do: [{coupon: big_3}]}
  gone: {when: {leaves: loyal, settle: 1d}, reenter: each, class: promo, do: [{message: come_back}]}
"""


def policy_text(*, most: int = 2) -> str:
    """Every guard, and rules that meet them; `most` orders within which one of them offers."""
    return f"{GUARDED}{BASE}{RULES.replace('MOST', str(most))}"


def authored(text: str) -> Policy:
    found = author(text, tz="Asia/Shanghai")
    assert found.policy is not None, found.faults
    return found.policy


BASE_POLICY = authored(BASE)


async def publish(db: Database, text: str, *, effective_at: datetime) -> int:
    """Its number."""
    policy = authored(text)
    async with db.transaction() as uow:
        await changes.begin(uow)
        number = await versions.store(uow, policy, text=text, tz="Asia/Shanghai")
        await changes.record(uow, "prepared", version=number)
        await changes.record(uow, "published", version=number, effective_at=effective_at)
    return number


async def pause(db: Database, rule: str, *, resume: bool = False) -> None:
    async with db.transaction() as uow:
        await changes.begin(uow)
        await changes.record(uow, "resumed" if resume else "paused", rule=rule)


async def live(life: Life, seed: int, *, days: int = 24, changing: bool = True) -> datetime:
    """So many days of a few members, told late, out of turn and in batches; the moment at which they end."""
    random = Random(seed)
    unread: list[Received[Any]] = []
    number = 0
    for day in range(days):
        now = START + day * DAY
        await life.clock.advance_to(now)
        if changing and day == days // 3:
            await pause(life.service.db, "chat_offer")
        if changing and day == days // 2:
            await pause(life.service.db, "chat_offer", resume=True)
            await publish(life.service.db, policy_text(most=4), effective_at=now + 30 * HOUR)
        asked = await life.service.events(ActionRequested)
        for _ in range(random.randrange(8)):
            number += 1
            unread.append(_event(random, number, now + random.random() * 5 * HOUR, asked))
        unread.sort(key=lambda each: each.appended_at)
        taken = [each for each in unread if random.random() < 0.8]
        unread = [each for each in unread if each not in taken]
        gate = now + random.randrange(5, 24) * HOUR
        await life.clock.advance_to(gate)
        for batch in (taken[: len(taken) // 2], taken[len(taken) // 2 :]):
            if batch:
                await life.hand_over(batch)
        if random.random() < 0.8:
            await life.tick(min((each.appended_at for each in unread), default=gate) - HOUR / 3600)
    await life.hand_over(unread)
    end = START + (days + 5) * DAY
    await life.pass_to(end)
    return end


def _event(random: Random, number: int, at: datetime, asked: list[ActionRequested]) -> Received[Any]:
    who = random.choice(MEMBERS)
    made: list[Event] = [
        ordered(who, at, amount_minor=random.choice([500, 900])),
        chatted(who),
        chatted(who, messages=2),
        checked_in(who),
    ]
    if asked:
        request = random.choice(asked)
        made += [granted(request.action_id, request.member_id), refused(request.action_id, request.member_id)]
    return read(random.choice(made), at, number=number, own_time=at - random.choice([0, 0, 5, 60]) * HOUR)


async def seen(db: Database) -> list[UUID]:
    return [row["member_id"] for row in await db.fetch("SELECT member_id FROM member ORDER BY member_id")]
