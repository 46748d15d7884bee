"""The log over Kafka: the protocol holds in every state of small scopes, and each of its rules is needed."""

from dataclasses import replace
from typing import Any

import pytest

from model.kafka_bus import KafkaBus
from model.offsets import ChainRules, Offset
from model.producer import START, Producer, RelayRow, Row, Server
from model.relay import RelayRules
from model.search import faults, search

LIMIT = 60_000
DEEP_LIMIT = 1_500_000

BUS = KafkaBus(prompt=True)
LONE = replace(BUS, zombies=False)
ONE = replace(BUS, events=1)
TWO_KEYS = RelayRules(keys=(0, 1))
GROWING = KafkaBus(relay=RelayRules(keys=(1, 1), grows=True))
TIMED = replace(BUS, timed=True)

RELAYS = ("kill relay", "cut relay", "ack lost", "late")
LOSSES = ("lose tail", "recreate", "expire")
MOVES = ("restart", "restore", "fail over", "restore in place", "dump", "slow dump")
PRUNES = ("prune", "prune at midnight")
ANY = (*RELAYS, *LOSSES, *MOVES, *PRUNES)
TO_AND_FRO = faults("fail over", "fail over")

NEW_GROUP = replace(BUS, offsets=(Offset(baseline="first"),))
TWO_EVENTS = Server(rows=(Row((0, 1), 1), Row((0, 2), 2)), relay=RelayRow(heads=(START,)))
CURSOR = Offset(last=(0, 2), ends=((0, 2),))
# A group that has read two events over PostgreSQL goes on over Kafka; a copy of the producer has only the first.
SWITCHED = replace(
    LONE,
    events=3,
    begun=Producer(server=TWO_EVENTS, copy=TWO_EVENTS._replace(rows=TWO_EVENTS.rows[:1]), events=2),
    applied=(1, 2),
    offsets=(CURSOR,),
)

# The server of the second generation has nothing of the first; the one that it took over from has two events.
SECOND = Server(rows=(Row((1, 1), -1),), relay=TWO_EVENTS.relay, generation=1, incarnation=1, known=(0, 1))
RETURNING = replace(
    LONE,
    timed=True,
    events=3,
    begun=Producer(server=SECOND, copy=TWO_EVENTS, incarnations=1, generations=1, events=2),
    faults=faults("fail over"),
)

HOLDS: dict[str, KafkaBus] = {
    "relays killed, cut off, acknowledged in vain or late, any two": replace(BUS, faults=faults(*RELAYS, left=2)),
    "the same on two partitions, any one": replace(BUS, relay=TWO_KEYS, faults=faults(*RELAYS, left=1)),
    "the broker loses records, two members": KafkaBus(members=2, faults=faults(*LOSSES, left=1)),
    "the broker loses records, any three times": replace(ONE, faults=faults(*LOSSES * 3, left=3)),
    "two members, killed": KafkaBus(members=2, faults=faults("kill member", "kill relay")),
    "complete to T": replace(TIMED, faults=faults("kill relay", "cut relay", "lose tail", left=1)),
    "complete to T on two partitions": replace(TIMED, relay=TWO_KEYS, faults=faults("lose tail")),
    "two events, the producer's server moved or pruned": replace(
        LONE, faults=faults("fail over", "slow dump", *PRUNES, left=1)
    ),
    "the producer's server moved or pruned, with zombies": replace(ONE, faults=faults(*MOVES, *PRUNES, left=1)),
    "restored under a relay that has lost its lock": replace(ONE, faults=faults("cut relay", "restore in place")),
    "failover, to and fro": replace(LONE, events=1, faults=TO_AND_FRO),
    "back to a server with events that were never read": RETURNING,
    "lost by Kafka and pruned by the producer": replace(ONE, faults=faults("prune", *LOSSES, left=2)),
    "a new group": replace(NEW_GROUP, faults=faults("expire", "lose tail", "kill relay", left=1)),
    "a group that changes its bus": replace(SWITCHED, faults=faults("restore", *LOSSES, left=1)),
    "partitions added": replace(GROWING, faults=faults(*LOSSES, "kill relay", left=1)),
}

DEEP: dict[str, KafkaBus] = {
    "complete to T, any two": replace(TIMED, faults=faults("kill relay", "cut relay", "lose tail", left=2)),
    "complete to T, failover": replace(TIMED, faults=faults("fail over")),
    "complete to T, failover to and fro": replace(TIMED, zombies=False, events=1, faults=TO_AND_FRO),
    "one event, any two faults of all": replace(LONE, events=1, faults=faults(*ANY, left=2)),
    "one event, two failovers or a lost tail, with zombies": replace(
        ONE, faults=faults("fail over", "fail over", "lose tail", left=2)
    ),
    "three failovers": replace(LONE, events=1, faults=faults("fail over", "fail over", "fail over")),
    "two events, failover to and fro": replace(LONE, faults=TO_AND_FRO),
    "two events, relays and broker, any two": replace(BUS, faults=faults(*RELAYS, *LOSSES, left=2)),
    "one event, relays and broker, any three": replace(ONE, faults=faults(*RELAYS, *LOSSES, left=3)),
    "the server moved, with zombies": replace(BUS, faults=faults("fail over", "slow dump", left=1)),
    "three events, the broker loses records": replace(BUS, events=3, faults=faults(*LOSSES, left=2)),
    "two members, any two": KafkaBus(members=2, faults=faults("kill member", *LOSSES, left=2)),
    "pruned on two partitions": replace(BUS, relay=TWO_KEYS, faults=faults("prune", "lose tail")),
    "complete to T on two partitions, any two": replace(
        TIMED, relay=TWO_KEYS, faults=faults("kill relay", "lose tail", left=2)
    ),
    "partitions added, any two": replace(GROWING, faults=faults(*RELAYS, left=2)),
}


def relay(*kinds: str, bus: KafkaBus = LONE, **rules: Any) -> KafkaBus:
    """Some rules of the relay taken away, these faults possible."""
    return replace(bus, faults=faults(*kinds), relay=RelayRules(**rules))


def chain(*kinds: str, bus: KafkaBus = LONE, **rules: Any) -> KafkaBus:
    """Some rules of the consumer taken away, these faults possible."""
    return replace(bus, faults=faults(*kinds), chain=ChainRules(**rules))


NO_CHAIN = ChainRules(gap="ignored", fork=False)
GIVEN_UP = "given up although the producer has it"
SILENT_GHOST = "applied silently what the producer lost"
NO_CAUSE = "an alarm without a cause"

FAILS: dict[str, tuple[KafkaBus, str]] = {
    # the relay and its row
    "two batches outstanding": (relay("late", outstanding="many"), NO_CAUSE),
    "two batches outstanding, no chain": (replace(relay(outstanding="many"), chain=NO_CHAIN), "lost silently"),
    "the cursor before the acknowledgements": (relay("kill relay", write="before sending"), NO_CAUSE),
    "heads forgotten at a start": (relay("kill relay", heads="forgotten"), NO_CAUSE),
    "no token": (relay("lose tail", guard=False), GIVEN_UP),
    "the relay's own cursor never checked, restore": (relay("restore in place", look="unchecked"), SILENT_GHOST),
    "the relay's own cursor never checked, retention": (relay("prune", look="unchecked"), "lost silently"),
    "relayed while a dump is loaded": (relay("slow dump", await_generation=False), NO_CAUSE),
    "a generation told to one partition": (relay("restore", broadcast=False, keys=(0, 1)), SILENT_GHOST),
    "rewound with the heads as they were": (relay("lose tail", rewind="heads kept"), GIVEN_UP),
    "rewound over rows that were never sent": (
        relay("lose tail", "prune", rewind="over unsent rows", keys=(0, 1)),
        "lost silently",
    ),
    # heartbeats
    "no heartbeats": (relay("lose tail", heartbeat="never"), "lost silently"),
    "heartbeats only when something has changed": (relay("lose tail", repeated=False), "lost silently"),
    "heartbeats on busy partitions": (relay("lose tail", heartbeat="busy partitions", keys=(0, 1)), "lost silently"),
    "T told while rows wait": (relay(bus=TIMED, complete="at once"), "complete to 1"),
    "T kept over a rewind": (
        relay("lose tail", "lose tail", bus=TIMED, reload="keeps T", keys=(0, 1)),
        "complete to 2",
    ),
    # partitions
    "partitions added before all was applied": (replace(GROWING, drained=False), "applied twice"),
    "a row's partition by today's count": (
        relay("lose tail", bus=GROWING, keys=(1, 1), grows=True, count_of="today"),
        "applied twice",
    ),
    # the chain
    "no chain": (chain("lose tail", gap="ignored"), "lost silently"),
    "a gap told and passed over": (chain("lose tail", gap="noticed and applied"), GIVEN_UP),
    "more given up than the first gap": (chain("prune", least=False), GIVEN_UP),
    "the log never read again, recreated": (chain("recreate", reread="never"), NO_CAUSE),
    "the log read again only once": (
        chain("expire", "recreate", bus=ONE, reread="once"),
        GIVEN_UP,
    ),
    "no forks": (chain("restore", fork=False), SILENT_GHOST),
    "a fork accepted with whatever comes": (
        chain("fail over", "fail over", bus=replace(LONE, events=1), accept="whatever comes"),
        "lost silently",
    ),
    "T kept over an accepted fork": (chain("fail over", bus=RETURNING, forget=False), "complete to 3"),
    "T heard while a gap is open": (chain("lose tail", bus=TIMED, complete_in_gap=True), "complete to 1"),
    "whatever is below last was applied": (
        chain("fail over", "fail over", bus=replace(LONE, events=1), applied="below last"),
        GIVEN_UP,
    ),
    "a new group that waits for its first record": (chain("lose tail", bus=NEW_GROUP, first="record"), "lost silently"),
    "one cursor as the baseline of a changed bus": (
        replace(SWITCHED, offsets=(CURSOR._replace(baseline="passed"),), faults=faults("restore")),
        SILENT_GHOST,
    ),
    # members
    "the offset after the effects": (
        replace(BUS, prompt=False, commit="effects first", faults=faults("kill member")),
        "applied twice",
    ),
    "the offset before the effects": (
        replace(BUS, prompt=False, commit="offset first", faults=faults("kill member")),
        "lost silently",
    ),
    "the row compared, then locked": (KafkaBus(members=2, fence="row compared, then locked"), "applied twice"),
    "the row not compared": (KafkaBus(members=2, fence="none"), "applied twice"),
}


@pytest.mark.parametrize("name", HOLDS)
def test_protocol_holds(name: str) -> None:
    verdict = search(HOLDS[name], limit=LIMIT)
    assert verdict.wrong is None, str(verdict)


@pytest.mark.slow
@pytest.mark.parametrize("name", DEEP)
def test_protocol_holds_in_deep_scope(name: str) -> None:
    verdict = search(DEEP[name], limit=DEEP_LIMIT)
    assert verdict.wrong is None, str(verdict)


@pytest.mark.parametrize("name", FAILS)
def test_fails_with(name: str) -> None:
    model, expected = FAILS[name]
    verdict = search(model, limit=LIMIT)
    assert expected in (verdict.wrong or "nothing is wrong"), str(verdict)
    assert verdict.trace


def test_one_batch_outstanding_suffices_for_a_broker_that_keeps_all() -> None:
    """One batch outstanding needs no chain while the broker keeps what it has: late and repeated batches do no harm."""
    assert search(replace(BUS, chain=NO_CHAIN, faults=faults("late", "ack lost")), limit=LIMIT).wrong is None
