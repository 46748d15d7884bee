"""Laws 12, 13 and 14: what was asked for against the books of those who carry it out."""

from collections import defaultdict
from uuid import UUID

from common.contracts.lifecycle import ActionRequested, ActionWithdrawn
from common.contracts.members import ConsentChanged, CouponIssued, PointsEarned
from lifecycle.members.domain import decode
from simulation.broken import hold
from simulation.issuing import coupon_of
from simulation.laws_of_actions import decisions_of
from simulation.worlds import World


def consent_is_asked_for_where_it_is_carried_out(world: World) -> None:
    versions = world.kept.versions(world.kept.revision)
    for happened, decision in decisions_of(world.kept):
        for request in decision.requests:
            engine = versions.engine(decision.version)
            asked = engine.classes.get(engine.rules[decision.rule].sent_as)
            wanted = asked.consent if asked else None
            hold(request.consent == wanted, 12, f"{decision.rule} asks no consent", member=happened.member_id)
    permitted: dict[UUID, bool] = {}
    for row in world.issuer.log.rows:
        match row.event:
            case ConsentChanged(member_id=member_id, given=given):
                permitted[member_id] = given
            case CouponIssued(action_id=UUID() as action_id) | PointsEarned(action_id=UUID() as action_id):
                reward = world.issuer.rewards[action_id]
                was_given = reward.consent is None or permitted.get(reward.member_id, False)
                hold(was_given, 12, "a reward was given without consent", member=reward.member_id)


def what_is_taken_back_is_gone_or_spent(world: World) -> None:
    for row in world.kept.log.rows:
        event = row.event
        if not isinstance(event, ActionWithdrawn):
            continue
        errand, reward = world.engagement.errands.get(event.action_id), world.issuer.rewards.get(event.action_id)
        if event.kind == "issue_coupon":
            state = world.orders.coupons.get(coupon_of(event.action_id))
            hold(state != "held", 13, f"{event.rule}: the coupon lives", member=event.member_id)
            if reward is not None and reward.taken_back is not None:
                agree = {"withdrawn": "revoked", "spent": "spent"}.get(reward.taken_back) == state
                hold(agree, 13, f"{event.rule}: {reward.taken_back}, and {state}", member=event.member_id)
        elif event.kind == "grant_points":
            is_settled = reward is not None and (reward.reason or reward.taken_back)
            hold(is_settled, 13, f"{event.rule}: the points stay", member=event.member_id)
        else:
            stays = (
                errand is None or errand.state == "queued" or (event.kind == "assign_task" and errand.state == "done")
            )
            hold(not stays, 13, f"{event.rule}: {event.kind} stays", member=event.member_id)


def every_action_ends(world: World) -> None:
    """Also what was asked for during an outage, or told by a producer who was a year ahead."""
    for member_id, state in world.kept.members.items():
        for slot in decode(state).slots:
            hold(slot.state not in {"open", "undoing"}, 13, f"{slot.rule} is still {slot.state}", member=member_id)


def what_is_carried_out_is_what_was_decided(world: World) -> None:
    decided: dict[UUID, str] = {}
    withdrawn = {row.event.action_id for row in world.kept.log.rows if isinstance(row.event, ActionWithdrawn)}
    for _, decision in decisions_of(world.kept):
        decided |= {request.action_id: decision.rule for request in decision.requests}
    carried_out = world.issuer.rewards.keys() | world.engagement.errands.keys()
    hold(carried_out <= decided.keys(), 14, "something was carried out that nobody decided")
    for row in world.kept.log.rows:
        if isinstance(row.event, ActionRequested):
            hold(row.event.action_id in carried_out, 14, "something was asked for and never answered")
    hold(withdrawn <= decided.keys(), 14, "something was withdrawn that nobody decided")


def silence_makes_no_second_effect(world: World) -> None:
    """Under one key of a rule at most one attempt leaves anything with the member."""
    lives: dict[tuple[UUID, str, str], set[int]] = defaultdict(set)
    undoable = {rule.id for policy in world.kept.policies.values() for rule in policy.rules if rule.undo}
    for happened, decision in decisions_of(world.kept):
        for request in decision.requests:
            if world.is_carried_out(request.action_id, sent=decision.rule not in undoable):
                lives[happened.member_id, decision.rule, decision.key].add(decision.attempt)
    for (member_id, rule, key), attempts in lives.items():
        hold(len(attempts) == 1, 14, f"{rule} took effect {len(attempts)} times under {key!r}", member=member_id)


def members_hear_what_became_of_it(world: World) -> None:
    """A slot is free when all was refused, done when anything was done: as the books say."""
    kept = world.kept
    for member_id, state in kept.members.items():
        decided = {
            (each.rule, each.key, each.attempt): [request.action_id for request in each.requests]
            for _, each in decisions_of(kept, member_id)
            if each.requests
        }
        for slot in decode(state).slots:
            actions = decided.get((slot.rule, slot.key, slot.attempt))
            if actions is not None and slot.state in {"free", "done"}:
                expected = "free" if set(actions) <= world.refused else "done"
                hold(slot.state == expected, 14, f"{slot.rule} is {slot.state}, was {expected}", member=member_id)
            if actions is not None and slot.state == "undone":
                stays = [each for each in actions if world.is_carried_out(each, sent=False)]
                hold(not stays, 13, f"{slot.rule} is undone, and something stays", member=member_id)
