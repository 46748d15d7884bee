"""Every law holds in the world of every seed; and the worlds go where the laws have something to say."""

from collections import Counter
from hashlib import sha256

import msgspec
import pytest

from common.contracts.lifecycle import ActionRequested, ActionWithdrawn
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.decisions.domain import Decision
from simulation.__main__ import broken, main
from simulation.laws import check
from simulation.scripts import script_of
from simulation.shrinking import failure_of, shrunk
from simulation.tracing import trace
from simulation.worlds import World

FEW, MANY, STRETCH, AT_ONCE = 60, 1_000, 5, 50


def check_seeds(seeds: range) -> None:
    for seed in seeds:
        failure = failure_of(script_of(seed))
        if failure is not None:
            raise AssertionError(trace(shrunk(failure))) from failure.error


@pytest.mark.parametrize("first", range(0, FEW, STRETCH))
def test_every_law_holds(first: int) -> None:
    check_seeds(range(first, first + STRETCH))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FEW, MANY, AT_ONCE))
def test_every_law_holds_in_many_worlds(first: int) -> None:
    check_seeds(range(first, min(first + AT_ONCE, MANY)))


def digest(world: World) -> str:
    told = [(row.envelope.id, row.event, row.appended_at) for row in world.kept.log.rows]
    return sha256(msgspec.msgpack.encode((told, world.kept.members, world.kept.timers))).hexdigest()


@pytest.mark.parametrize("seed", [2, 26])
def test_a_seed_plays_the_same_each_time(seed: int) -> None:
    assert digest(World(script_of(seed)).play()) == digest(World(script_of(seed)).play())


def test_a_seed_means_the_same_for_ever() -> None:
    """In whatever version of Python."""
    scripts = msgspec.json.encode([script_of(seed) for seed in range(50)])
    assert sha256(scripts).hexdigest() == "ade1906d0b74bdf0f1d035d6eb81ef3c71db0d67b4dc3c59f8358a3c5dbeeb87"


def reached(world: World) -> Counter[str]:
    kept = world.kept
    decisions = [each.told for each in kept.happened if isinstance(each.told, Decision)]
    transitions = [each.told for each in kept.happened if isinstance(each.told, Transition)]
    told = [row.event for row in kept.log.rows]
    asked = Counter(event.action_id for event in told if isinstance(event, ActionRequested))
    found = Counter[str](decision.reason or "acted" for decision in decisions)
    found.update(f"by {each.cause}" for each in transitions)
    found.update(change.kind for change in kept.changes)
    found.update(str(reward.taken_back) for reward in world.issuer.rewards.values())
    found.update(str(reward.reason) for reward in world.issuer.rewards.values())
    found.update(str(errand.reason) for errand in world.engagement.errands.values())
    found["second attempt"] += sum(decision.attempt > 1 for decision in decisions)
    found["asked again"] += sum(times > 1 for times in asked.values())
    found["withdrawn action"] += sum(isinstance(event, ActionWithdrawn) for event in told)
    found["waited"] += kept.waited
    found["overtaken"] += len(kept.overtaken)
    found["back-fill"] += sum(walk.kind == "backfill" for walk in kept.walks)
    found["enrolled"] += len(kept.brought)
    found["sweep"] += sum(walk.kind == "sweep" for walk in kept.walks)
    return found


@pytest.mark.slow
def test_the_worlds_go_everywhere() -> None:
    """Else the laws would hold of nothing."""
    found: Counter[str] = Counter()
    for seed in range(400):
        found += reached(World(script_of(seed)).play())
    rare = {name: found[name] for name in _EVERYWHERE if found[name] < 3}
    assert rare == {}


_EVERYWHERE = (
    *(
        "acted",
        "paused",
        "already_fired",
        "cooling_down",
        "not_still",
        "condition_false",
        "too_deep",
        "refused_by_state",
    ),
    *("no_consent", "stale", "quiet_hours", "capped", "held_out", "rule_withdrawn", "rule_changed", "undone"),
    *("by event", "by time", "by policy", "published", "abandoned", "resumed", "back-fill", "sweep", "enrolled"),
    *("withdrawn", "spent", "expired", "supply_exhausted", "unknown_template", "answered_no", "unknown_member"),
    *("second attempt", "asked again", "withdrawn action", "waited", "overtaken"),
)


def test_one_seed_is_played_by_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "2"]) == 0
    assert capsys.readouterr().out == "seed 2: every law holds\n"
    assert broken([2, 3]) is None
    check(World(script_of(2)).play())
