"""The protocol holds in every state of small scopes, and each of its rules is needed: without it something goes wrong."""

from dataclasses import replace
from typing import Any

import pytest

from model.cursors import CursorRules
from model.dead_letters import DeadLetters
from model.deploying import Deploying, Record
from model.postgres_bus import PostgresBus
from model.producer import ProducerRules
from model.reading import TIMED_WRITER, WATCH, Reading
from model.search import Model, TooManyStates, faults, search

LIMIT = 60_000
DEEP_LIMIT = 1_500_000


READING = Reading()
TIMED = Reading(keys=(0, 1), writer=TIMED_WRITER, watch=WATCH, ticks=1)
VIRTUAL = replace(TIMED, writer=("clock", "xid", "lock", "id"), moves_between_units=True)
BUS = PostgresBus()
SERVER_FAULTS = (
    "restart",
    "restore",
    "fail over",
    "fail over",
    "restore in place",
    "dump",
    "slow dump",
    "prune",
    "prune at midnight",
)
TO_AND_FRO = faults("fail over", "fail over")
ADDED = (Record("plain"), Record("added"), Record("new"), Record("added"), Record("added"))

HOLDS: dict[str, Model[Any]] = {
    "rows read by marks": READING,
    "rows read by marks, the reader starts anew": replace(READING, keys=(0, 1), faults=faults("restart", "restart")),
    "complete to T": TIMED,
    "complete to T, the clock read before the id": replace(TIMED, writer=("xid", "lock", "clock", "id")),
    "complete to T on a virtual clock": VIRTUAL,
    "two members, killed or cut off": replace(BUS, members=2, faults=faults("kill", "cut", "kill", "cut")),
    "the producer's server restarted, restored, loaded or pruned, once": replace(
        BUS, faults=faults(*SERVER_FAULTS, left=1)
    ),
    "one event, any two faults": replace(
        BUS, events=1, members=2, faults=faults("kill", "cut", *SERVER_FAULTS, left=2)
    ),
    "failover, back and forth": replace(BUS, events=2, faults=faults("fail over", "fail over", "fail over")),
    "restored behind the group, twice": replace(BUS, faults=faults("restore", "restore")),
    "a rolling deploy with new types, rolled back": Deploying(faults=faults("roll back")),
    "a rolling deploy with a new handler, rolled back": Deploying(log=ADDED, faults=faults("roll back")),
    "a new handler, versions that do not overlap": Deploying(log=ADDED, fence=False, overlap=False),
    "a rolling deploy, handlers without order": Deploying(ordered=False, replay="any", fence=False),
    "dead letters replayed by two operators": DeadLetters(faults=faults("kill")),
    "dead letters of handlers without order": DeadLetters(ordered=False, pick="any", faults=faults("kill")),
}

DEEP: dict[str, Model[Any]] = {
    "four writers on two keys": replace(READING, keys=(0, 0, 1, 1)),
    "four writers, three on one key": replace(READING, keys=(0, 0, 0, 1)),
    "three writers, the reader starts anew": replace(READING, faults=faults("restart", "restart")),
    "complete to T, three writers of one key": replace(TIMED, keys=(0, 0, 0)),
    "complete to T, two ticks, the reader starts anew": replace(TIMED, ticks=2, faults=faults("restart")),
    "complete to T on a virtual clock, two ticks": replace(VIRTUAL, ticks=2),
    "complete to T on a virtual clock, three writers of one key": replace(VIRTUAL, keys=(0, 0, 0)),
    "two members, any two faults": replace(BUS, members=2, faults=faults("kill", "cut", *SERVER_FAULTS, left=2)),
    "four events, any two faults": replace(BUS, events=4, faults=faults("kill", *SERVER_FAULTS, left=2)),
    "any three faults": replace(BUS, events=2, faults=faults("kill", *SERVER_FAULTS, left=3)),
    "five failovers and restores": replace(BUS, events=2, faults=faults("restore", *["fail over"] * 4)),
    "many kills, five events": replace(
        BUS, events=5, members=3, faults=faults("kill", "cut", "kill", "cut", "restart")
    ),
}


def bus(
    *kinds: str, producer: dict[str, Any] | None = None, cursor: dict[str, Any] | None = None, **rest: Any
) -> PostgresBus:
    """Some rules taken away, these faults possible."""
    producer_rules, cursor_rules = ProducerRules(**producer or {}), CursorRules(**cursor or {})
    return PostgresBus(faults=faults(*kinds), producer=producer_rules, cursor=cursor_rules, **rest)


NO_AWAIT = {"await_generation": False}

FAILS: dict[str, tuple[Model[Any], str]] = {
    # reading
    "whatever is visible, by id": (replace(READING, order="sequence"), "never read"),
    "below xmin, by (xid, id)": (replace(READING, order="xid"), "key 0: read [0, 1], but happened [1, 0]"),
    "xmax as the mark": (replace(READING, mark=("high", "xmax", "settle")), "never read"),
    "the mark taken before H": (replace(READING, mark=("xid", "high", "settle")), "never read"),
    "H read at once": (replace(READING, mark=("high",)), "never read"),
    "the mark awaited inside a transaction": (
        replace(READING, mark=("lock cursor", "high", "xid", "settle")),
        "never read",
    ),
    "appending before the row lock": (replace(READING, writer=("xid", "id", "lock")), "but happened"),
    "the id before the xid": (replace(READING, keys=(0, 1), writer=("id", "xid", "lock")), "never read"),
    # complete to T
    "T speaks of rows appended at T": (replace(TIMED, inclusive=True), "complete to 1, but row 0 of 1"),
    "T speaks of rows at T, virtual clock": (replace(VIRTUAL, inclusive=True), "complete to 1, but row 0 of 1"),
    "a virtual clock moves during a unit of work": (replace(VIRTUAL, moves_between_units=False), "complete to 2"),
    "T stated when its mark settles": (replace(TIMED, watch=("time", "high", "xid", "settle")), "complete to 2"),
    "H2 read before the mark settled": (replace(TIMED, watch=("time", "xid", "high", "settle")), "complete to 2"),
    "T read after the mark": (replace(TIMED, watch=("xid", "time", "settle", "high")), "complete to 2"),
    "appended_at read before the xid": (replace(TIMED, writer=("clock", "xid", "lock", "id")), "complete to 2"),
    "the producer's clock set back": (replace(TIMED, faults=faults("clock back")), "complete to 2"),
    # one box: the group
    "no lane lock": (bus(members=2, lane=False), "applied twice"),
    "the cursor after the effects": (bus("kill", commit="effects first"), "applied twice"),
    "the cursor before the effects": (bus("kill", commit="cursor first"), "lost silently"),
    "cursor checked, then read, restore": (bus("restore", one_statement=False), "applied silently"),
    "cursor checked, then read, retention": (bus("prune", one_statement=False), "lost silently"),
    "cursor never checked": (bus("restore", cursor={"check": "never"}), "applied silently"),
    "cursor checked on news": (
        bus("restore", producer={"begins": "at the first append"}, cursor={"check": "on news", **NO_AWAIT}),
        "applied silently",
    ),
    "floor never checked": (bus("prune", cursor={"floor": "never"}), "lost silently"),
    "floor checked when the row is gone": (
        bus("prune at midnight", cursor={"floor": "if the row is gone"}),
        "lost silently",
    ),
    "rows dropped before the floor": (bus("prune", producer={"floor_before_drop": False}), "lost silently"),
    # one box: the producer's server
    "no generation, restore": (bus("restore", producer={"numbering": "id"}, cursor=NO_AWAIT), "lost silently"),
    "position (xid, id), dump": (bus("dump", producer={"numbering": "xid, id"}, cursor=NO_AWAIT), "lost silently"),
    "generations that only count": (bus("fail over", "fail over", producer={"clock": False}), "lost silently"),
    "a guard that knows the server only": (bus("restore in place", producer={"guard": "server"}), "lost silently"),
    "read while a dump is loaded": (bus("slow dump", cursor=NO_AWAIT), "lost silently"),
    "generation awaited, begun by an append": (bus("restart", producer={"begins": "at the first append"}), "waits"),
    "fork accepted above the cursor": (replace(bus(cursor={"accept": "above"}), faults=TO_AND_FRO), "lost silently"),
    "fork accepted at the greatest": (replace(bus(cursor={"accept": "greatest"}), faults=TO_AND_FRO), "applied twice"),
    # deploys and dead letters
    "unknown types skipped": (Deploying(unknown="skipped"), "lost: [1]"),
    "followers of a parked record applied": (Deploying(followers_wait=False), "out of order"),
    "parked records replayed in any order": (Deploying(replay="any"), "out of order"),
    "an old version takes turns after a new one": (Deploying(log=ADDED, fence=False), "a hole"),
    "effect and state in two transactions": (DeadLetters(ordered=False, replay="effect first"), "applied twice"),
    "state and effect in two transactions": (
        DeadLetters(ordered=False, replay="state first", faults=faults("kill")),
        "lost",
    ),
    "followers of a dead letter applied": (DeadLetters(followers_wait=False), "out of order"),
    "letters replayed in any order": (DeadLetters(pick="any"), "out of order"),
    "letters numbered as they are found": (DeadLetters(numbered="as found"), "out of order"),
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


def test_scope_larger_than_its_limit_is_an_error() -> None:
    with pytest.raises(TooManyStates, match="more than 1000 states"):
        search(READING, limit=1000)


def test_rules_that_suffice_for_one_restore() -> None:
    """What makes the stricter rules necessary is a server that goes back to a history that it had left."""
    for accept in ("above", "greatest"):
        assert search(bus("restore", cursor={"accept": accept}), limit=LIMIT).wrong is None
