"""Laws 8, 9, 11, 15, 16 and 17: what rules do, once, within their guards, and why."""

import math
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from uuid import UUID

from common.contracts.lifecycle import ActionRequested
from lifecycle.engine.explanations.domain import outcome
from lifecycle.members.domain import decode
from lifecycle.policy.caps.domain import Cap, free_at
from lifecycle.policy.holdouts.domain import BUCKETS, Holdout, arm_of
from lifecycle.policy.rulebook.domain import Enters, Held, On
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.rules.domain import is_caused_by_member
from simulation.broken import hold
from simulation.keeping import Happened, Kept
from simulation.laws_of_time import transitions_of
from simulation.worlds import World

_UNITS = tuple(UUID(int=number) for number in range(2_000))


def decisions_of(kept: Kept, member_id: UUID | None = None) -> Iterator[tuple[Happened, Decision]]:
    for each in kept.happened:
        if isinstance(each.told, Decision) and member_id in {None, each.member_id}:
            yield each, each.told


def a_publish_fires_nothing(world: World) -> None:
    """To whom a rule was brought by hand, it may do what it likes."""
    kept = world.kept
    brought = {(each.member_id, each.rule) for each in kept.brought}
    versions = kept.versions(kept.revision)
    entries = {
        member_id: {(each.current, each.episode): each.cause for each in transitions_of(kept, member_id)}
        for member_id in kept.members
    }
    for happened, decision in decisions_of(kept):
        rule = versions.engine(decision.version).rules.get(decision.rule)
        if (happened.member_id, decision.rule) in brought:
            continue
        if decision.requests and rule is not None and isinstance(rule.trigger, Enters | Held):
            told, value = entries[happened.member_id], rule.trigger.value
            number = int(decision.key.rpartition("#")[2]) if "#" in decision.key else None
            causes = [cause for (name, episode), cause in told.items() if name == value and number in {None, episode}]
            is_own = any(map(is_caused_by_member, causes))
            hold(is_own, 8, f"{decision.rule} acted on what a publish changed", member=happened.member_id)


def there_is_one_action_per_id(world: World) -> None:
    decided = Counter(request.action_id for _, each in decisions_of(world.kept) for request in each.requests)
    for each in decided:
        hold(decided[each] == 1, 9, f"action {each} was decided {decided[each]} times")
    told = Counter(row.envelope.id for row in world.kept.log.rows)
    for event_id, times in told.items():
        hold(times == 1, 9, f"event {event_id} was told {times} times")
    for row in world.kept.log.rows:
        if isinstance(row.event, ActionRequested):
            is_known = row.event.action_id in decided
            hold(is_known, 9, f"{row.event.rule} is asked for under a new id", member=row.event.member_id)


def each_loses_none(world: World) -> None:
    """Every entry and every event that triggers is decided upon."""
    kept = world.kept
    versions = kept.versions(kept.revision)
    for member_id, events in kept.folded.items():
        decided = {(decision.rule, decision.key) for _, decision in decisions_of(kept, member_id)}
        for each in events:
            for rule in versions.engine(each.version).on_event.get(each.arrival.event.NAME, ()):
                if isinstance(rule.trigger, On) and rule.reentry == "each":
                    is_decided = (rule.id, str(each.arrival.event_id)) in decided
                    hold(is_decided, 9, f"{rule.id} was not asked about an event", member=member_id)
        for told in transitions_of(kept, member_id):
            for rule in versions.engine(told.version).on_entering.get(told.current or "", ()):
                match rule.trigger:
                    case Enters(settle=None, coming_from=()) if is_caused_by_member(told.cause):
                        is_decided = rule.reentry != "each" or (rule.id, f"{told.current}#{told.episode}") in decided
                        hold(is_decided, 9, f"{rule.id} was not asked about an entry", member=member_id)


def an_enrolment_loses_none(world: World) -> None:
    decided = {(each.member_id, told.rule, each.gate) for each, told in decisions_of(world.kept)}
    versions = world.kept.versions(world.kept.revision)
    for each in world.kept.brought:
        is_decided = (each.member_id, each.rule, each.gate) in decided
        is_there = each.rule in versions.engine(each.version).rules
        hold(is_decided or not is_there, 9, f"{each.rule} was brought and not decided upon", member=each.member_id)


def what_waits_is_decided_in_the_end(world: World) -> None:
    """A capped or deferred one survives until it is released, or a reason is told."""
    for member_id in world.kept.members:
        waits: dict[tuple[str, str], Decision] = {}
        for _, decision in decisions_of(world.kept, member_id):
            waits.pop((decision.rule, decision.key), None)
            if decision.until is not None:
                waits[decision.rule, decision.key] = decision
        pending = {(each.rule, each.key) for each in decode(world.kept.members[member_id]).pending}
        for place in waits:
            hold(place in pending, 11, f"{place[0]} is lost while it waits under {place[1]!r}", member=member_id)


def caps_hold_in_every_period(world: World) -> None:
    """By the moments of release, without what was refused."""
    kept = world.kept
    versions = kept.versions(kept.revision)
    refused = world.refused
    for member_id in kept.members:
        sent: list[tuple[Happened, Decision]] = [
            (happened, each)
            for happened, each in decisions_of(kept, member_id)
            if each.requests and not {request.action_id for request in each.requests} <= refused
        ]
        for number, (happened, decision) in enumerate(sent):
            engine = versions.engine(decision.version)
            rule = engine.rules[decision.rule]
            for cap in engine.policy.guards.caps:
                if cap.sent_as == rule.sent_as and (cap.channel is None or cap.channel in rule.channels):
                    ends = free_at(cap, happened.gate, engine.calendar)
                    before = [
                        each
                        for earlier, each in sent[:number]
                        if free_at(cap, earlier.gate, engine.calendar) == ends and _counts(kept, each, cap)
                    ]
                    kept_back = cap.keep.slots if cap.keep and rule.priority < cap.keep.priority else 0
                    fits = len(before) < cap.most - kept_back
                    hold(fits, 11, f"{rule.id} is one more than {cap}, {happened.gate}", member=member_id)


def _counts(kept: Kept, decision: Decision, cap: Cap) -> bool:
    engine = kept.versions(kept.revision).engine(decision.version)
    rule = engine.rules[decision.rule]
    is_counted = any(each.sent_as == rule.sent_as for each in engine.policy.guards.caps)
    return is_counted and rule.sent_as == cap.sent_as and (cap.channel is None or cap.channel in rule.channels)


def experiments_are_independent(world: World) -> None:
    for version in world.kept.versions(world.kept.revision).published:
        policy = version.engine.policy
        shared = policy.guards.holdout
        experiments = [(shared.salt, shared.share)] if shared else []
        experiments += [(rule.id, rule.held_out) for rule in policy.rules if rule.held_out]
        for number, one in enumerate(experiments):
            for other in experiments[:number]:
                hold(_is_independent(one, other), 15, f"{one[0]} and {other[0]} hold out the same members")
    for member_id in world.kept.members:
        units: dict[str, str] = {}
        for _, decision in decisions_of(world.kept, member_id):
            for salt, unit in decision.units.items():
                hold(units.setdefault(salt, unit) == unit, 15, f"drawn for {salt} as another", member=member_id)


@lru_cache(maxsize=1024)
def _is_independent(one: tuple[str, int], other: tuple[str, int]) -> bool:
    """As many in both as chance gives, to six standard deviations."""
    both = sum(
        all(arm_of(Holdout(salt=salt, share=share), str(unit)) == "held_out" for salt, share in (one, other))
        for unit in _UNITS
    )
    share = one[1] * other[1] / BUCKETS**2
    expected = share * len(_UNITS)
    return abs(both - expected) <= 6 * math.sqrt(expected * (1 - share)) + 1


def receipts_follow_from_their_values(world: World) -> None:
    versions = world.kept.versions(world.kept.revision)
    for happened, decision in decisions_of(world.kept):
        rule = versions.engine(decision.version).rules.get(decision.rule)
        if rule is not None and (decision.values or decision.reason == "condition_false"):
            truth = outcome(rule.condition, decision.values)
            is_right = truth is (decision.reason != "condition_false")
            hold(is_right, 16, f"{rule.id}: the values do not say so", member=happened.member_id)
    for member_id in world.kept.members:
        for told in transitions_of(world.kept, member_id):
            engine = versions.engine(told.version)
            asked = engine.asked.get(told.dimension, ())
            holds = next((each.name for each in asked if outcome(each.condition, told.values)), None)
            hold(holds == told.current, 16, f"{told.dimension}: the values say {holds}", member=member_id)


def causes_do_not_lie_too_deep(world: World) -> None:
    deepest = max(each.guards.causation_depth for each in world.kept.policies.values())
    for row in world.kept.log.rows:
        if isinstance(row.event, ActionRequested):
            fits = row.envelope.causationdepth <= 2 * deepest
            hold(fits, 17, f"{row.event.rule} acted {row.envelope.causationdepth} deep", member=row.event.member_id)
