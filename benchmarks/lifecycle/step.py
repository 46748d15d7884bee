"""How many events one core steps with the default policy, and what a member weighs, after 1 to 1,000 events.

    python benchmarks/lifecycle/step.py

No database and no log. `step`: the member stays decoded. `row`: a row's bytes are decoded, stepped by one event and
encoded again, as a batch does with each event. `late`: the event belongs to a day ten days back. Medians of seven, in CPU time.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested
from lifecycle.authoring.service import shipped_policy
from lifecycle.engine.domain import compiled
from lifecycle.events.domain import EVENTS
from lifecycle.facts.domain import encode as encode_facts
from lifecycle.members.domain import Member, decode, encode
from lifecycle.moments.domain import Stepped
from lifecycle.standing.domain import next_change_at
from lifecycle.stepping.domain import Arrival, step
from lifecycle.versions.domain import alone

ENGINE = compiled(shipped_policy(tz="Asia/Shanghai"))
VERSIONS = alone(ENGINE)
START = datetime(2026, 1, 1, 4, tzinfo=UTC)
NOBODY = UUID(int=7)
REPETITIONS, ROUNDS, MEMBERS = 7, 50, 60

MIX = {
    "chat.message_counted": 50,
    "checkin.recorded": 25,
    "message.read": 12,
    "order.confirmed": 12,
    "order.voided": 1,
}
"""Per cent of what members do."""


def happening(name: str, at: datetime, **fields: object) -> Event:
    ids = ("order_id", "pickup_point_id", "community_id", "batch_id", "message_id", "coupon_id")
    every: dict[str, object] = {
        **dict.fromkeys(ids, NOBODY),
        "member_id": NOBODY,
        "channel": "self",
        "currency": "CNY",
        "reason": "refunded",
        "streak": 1,
        "business_day": at.date(),
        **dict.fromkeys(("registered_at", "confirmed_at", "voided_at", "read_at", "granted_at", "sent_at"), at),
    }
    return msgspec.convert(every | fields, EVENTS[name])


def arrivals(random_: random.Random, at: datetime, *, gap: timedelta, late: timedelta) -> Iterator[Arrival]:
    while True:
        at += gap * random_.uniform(0.5, 1.5)
        name = random_.choices(list(MIX), list(MIX.values()))[0]
        amount = random_.randint(500, 20_000)
        happened = at - late - (timedelta(days=2) if name == "order.voided" else timedelta())
        event = happening(name, happened, amount_minor=amount, messages=random_.randint(1, 9))
        yield Arrival(event_id=UUID(int=random_.getrandbits(100)), time=at - late, appended_at=at, event=event)


def stepped(member: Member | None, arrival: Arrival) -> Stepped:
    return step(VERSIONS, member, arrival, gate=arrival.appended_at, watermark=arrival.appended_at)


def answered(member: Member, request: ActionRequested, at: datetime) -> Member:
    """Whoever carries actions out answers at once, as they do in practice."""
    name, kind = ("message.sent", "") if hasattr(request.action, "channel") else ("reward.granted", "coupon")
    event = happening(name, at, action_id=request.action_id, kind=kind, template="x")
    return stepped(member, Arrival(event_id=NOBODY, time=at, appended_at=at, event=event)).member


def history(events: int, *, seed: int) -> Member:
    """A member after so many events, sixteen hours apart, the first of them the registration."""
    source = arrivals(random.Random(seed), START, gap=timedelta(hours=16), late=timedelta())
    registered = Arrival(event_id=NOBODY, time=START, appended_at=START, event=happening("member.registered", START))
    member = None
    for arrival in (registered, *(next(source) for _ in range(events - 1))):
        now = stepped(member, arrival)
        member = now.member
        for request in (request for decision in now.decisions for request in decision.requests):
            member = answered(member, request, arrival.appended_at)
    assert member is not None  # noqa: S101 - the registration made one
    return member


def rate(work: Callable[[int], object]) -> float:
    """Calls a second of `work`, given each member's index in turn."""
    rates = []
    for _ in range(REPETITIONS):
        started = time.process_time()
        for _ in range(ROUNDS):
            for index in range(MEMBERS):
                work(index)
        rates.append(ROUNDS * MEMBERS / (time.process_time() - started))
    return statistics.median(rates)


def following(members: list[Member], *, late: timedelta) -> list[Arrival]:
    random_ = random.Random(7)
    return [next(arrivals(random_, member.at, gap=timedelta(hours=16), late=late)) for member in members]


def report(events: int) -> None:
    members = [history(events, seed=seed) for seed in range(1, MEMBERS + 1)]
    rows = [encode(member) for member in members]
    soon, late = following(members, late=timedelta()), following(members, late=timedelta(days=10))
    weights = [
        statistics.median(len(encode_facts(member.facts)) for member in members),
        statistics.median(map(len, rows)),
    ]
    changes = 1e6 / rate(lambda index: next_change_at(ENGINE, members[index].facts, members[index].at))
    print(
        f"{events:>5} events: facts {weights[0]:>5.0f} B, row {weights[1]:>5.0f} B,"
        f" step {rate(lambda index: stepped(members[index], soon[index])):>7,.0f}/s,"
        f" row {rate(lambda index: encode(stepped(decode(rows[index]), soon[index]).member)):>7,.0f}/s,"
        f" late {rate(lambda index: stepped(members[index], late[index])):>7,.0f}/s,"
        f" next_change_at {changes:>4.1f} us"
    )


if __name__ == "__main__":
    for size in (1, 10, 100, 1_000):
        report(size)
