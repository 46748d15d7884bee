"""Laws 1 to 6 and 18: where members stand, whatever came in whatever order, and however often anybody died meanwhile."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import msgspec

from common.bus.lanes import lane_of
from common.bus.processing import CLOCK_TOLERANCE
from lifecycle.engine.domain import Engine
from lifecycle.facts.domain import Facts, folded
from lifecycle.members.domain import Member, decode
from lifecycle.replays.domain import Happened as Replayed
from lifecycle.replays.domain import Population
from lifecycle.standing.domain import next_change_at, standing
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.domain import NOW, Arrival, step, wake, wake_at
from lifecycle.stepping.moments.domain import rearmed
from simulation.broken import hold
from simulation.keeping import Kept
from simulation.replaying import Plain, again, canonical, decided, decided_again, journal_of, told, told_again
from simulation.worlds import START, World

END_OF_TIME = datetime(2100, 1, 1, tzinfo=UTC)


def members_of(kept: Kept) -> Iterable[tuple[UUID, Member, Engine]]:
    versions = kept.versions(kept.revision)
    for member_id, state in kept.members.items():
        member = decode(state)
        yield member_id, member, versions.engine(member.version)


def transitions_of(kept: Kept, member_id: UUID) -> list[Transition]:
    told = (each.told for each in kept.happened if each.member_id == member_id)
    return [each for each in told if isinstance(each, Transition)]


def facts_of(engine: Engine, arrivals: Iterable[Arrival]) -> Facts:
    facts: Facts = {}
    for each in arrivals:
        facts = folded(
            facts,
            each.event,
            folds=engine.folds.get(each.event.NAME, ()),
            event_id=each.event_id,
            time=each.time,
            appended_at=each.appended_at,
        )
    return facts


def facts_and_standing_are_those_of_any_order(world: World) -> None:
    kept = world.kept
    for member_id, member, engine in members_of(kept):
        arrivals = [each.arrival for each in kept.folded[member_id]]
        backwards = facts_of(engine, reversed(arrivals))
        counted = {place: fact for place, fact in member.facts.items() if abs(place) in engine.numbers.values()}
        hold(counted == backwards, 1, "the facts depend on the order of events", member=member_id)
        stands = standing(engine, backwards, member.at)
        hold(member.standing == stands, 1, f"stands {member.standing}, by the facts {stands}", member=member_id)


def nothing_is_due_later_than_the_next_change(world: World) -> None:
    for member_id, member, engine in members_of(world.kept):
        change = next_change_at(engine, member.facts, member.at)
        fits = change is None or (member.due is not None and member.due <= change)
        hold(fits, 2, f"due {member.due}, changes {change}", member=member_id)


def timers_follow_from_members(world: World) -> None:
    for member_id, member, engine in members_of(world.kept):
        hold(rearmed(engine, member).due == member.due, 3, "due at another time than found anew", member=member_id)
        due, armed = wake_at(member), world.kept.timers.get(member_id)
        fits = due is None or (armed is not None and armed <= due)
        hold(fits, 3, f"to be woken {due}, armed {armed}", member=member_id)


def transitions_follow_from_the_input_alone(world: World) -> None:
    """Against a life without batches, ticks, deaths, sweeps and back-fills. Of whom an event was read too late, nothing is
    promised.
    """
    kept = world.kept
    for member_id, member, engine in members_of(kept):
        if member_id not in kept.overtaken:
            straight, told = _straight(world, member_id)
            found = transitions_of(kept, member_id)
            hold(found == told, 4, _difference(found, told), member=member_id)
            hold(member.standing == straight.standing, 4, "stands elsewhere than it should", member=member_id)
            places = set(engine.numbers.values())
            mine, theirs = (
                {place: fact for place, fact in each.facts.items() if abs(place) in places}
                for each in (member, straight)
            )
            hold(mine == theirs, 4, "what was counted anew is not what happened", member=member_id)


def _straight(world: World, member_id: UUID) -> tuple[Member, list[Transition]]:
    kept, told = world.kept, list[Transition]()
    versions, member = kept.versions(kept.revision), None
    for each in kept.folded[member_id]:
        arrival = msgspec.structs.replace(each.arrival, revision=NOW)
        stepped = step(versions, member, arrival, gate=START, watermark=END_OF_TIME)
        member = stepped.member
        told += stepped.transitions
    if member is None:
        raise AssertionError("a member without an event")
    reached = kept.clocks[lane_of(str(member_id))].watermark
    if reached is not None:
        woken = wake(versions, member, up_to=reached, gate=START)
        member = woken.member
        told += woken.transitions
    return member, told


def _difference(found: list[Transition], told: list[Transition]) -> str:
    for number, (one, other) in enumerate(zip([*found, None], [*told, None], strict=False)):
        if one != other:
            return f"transition {number} was {_words(one)}, should be {_words(other)}"
    return "more transitions than there should be"


def _words(transition: Transition | None) -> str:
    if transition is None:
        return "none"
    name = f"{transition.previous} → {transition.current}#{transition.episode}"
    return f"{name} at {transition.at:%d %b %H:%M:%S} by {transition.cause} ({transition.version})"


def nobody_falls_over_unread_input(world: World) -> None:
    kept = world.kept
    versions = kept.versions(kept.revision)
    for member_id in kept.members.keys() - kept.overtaken:
        arrivals = [each.arrival for each in kept.folded[member_id]]
        for each in transitions_of(kept, member_id):
            if each.cause == "time":
                engine = versions.engine(each.version)
                known = facts_of(engine, (arrival for arrival in arrivals if arrival.appended_at < each.at))
                is_right = standing(engine, known, each.at).get(each.dimension) == each.current
                hold(is_right, 5, f"{_words(each)} although something was unread", member=member_id)


def the_journal_gives_the_same(world: World) -> None:
    """All of a lane; and each of its members alone."""
    kept = world.kept
    for lane in kept.journal:
        found, journal = ([*decided(kept, lane)], [*told(kept, lane)]), journal_of(kept, lane)
        population, happened = again(journal, lane)
        _same(kept, (population, happened), found)
        for member_id in population.states if len(population.states) > 1 else ():
            _same(kept, again(journal, lane, only=member_id), found, only=member_id)


def _same(
    kept: Kept,
    made: tuple[Population, list[Replayed]],
    found: tuple[list[Plain], list[Plain]],
    *,
    only: UUID | None = None,
) -> None:
    population, happened = made
    for member_id, state in population.states.items():
        lived, replayed = (canonical(kept, decode(each)) for each in (kept.members[member_id], state))
        hold(lived == replayed, 6, f"replayed{' alone' if only else ''} the member is another", member=member_id)
    replays = [*decided_again(happened)], [*told_again(happened)]
    for name, mine, theirs in zip(("decided", "told"), found, replays, strict=True):
        expected = [each for each in mine if only in {None, each[0]}]
        hold(expected == theirs, 6, f"replayed, something else is {name}", member=only)


def no_clock_goes_back_or_far_ahead(world: World) -> None:
    kept = world.kept
    for entries in kept.journal.values():
        for one, other in pairwise(entries):
            hold(one.gate_at <= other.gate_at, 18, "the gate went back")
            marks = [each.watermark for each in (one, other) if each.watermark is not None]
            hold(marks == sorted(marks), 18, "the watermark went back")
    for member_id, events in kept.folded.items():
        is_near = all(each.arrival.appended_at <= each.gate + CLOCK_TOLERANCE for each in events)
        hold(is_near, 18, "an event of the future is in the member", member=member_id)
        moments = [each.at for each in transitions_of(kept, member_id)]
        hold(moments == sorted(moments), 18, "the member's time went back", member=member_id)
