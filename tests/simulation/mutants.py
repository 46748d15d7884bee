"""Mutants 突變: worlds that go wrong in one known way, so that it can be seen that a law would catch it. The product has no such
switch: what goes wrong is what surrounds the engine here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from common.bus.lanes import lane_of
from common.contracts.lifecycle import ActionRequested
from lifecycle.members.domain import Member, decode
from lifecycle.policy.domain import Policy
from lifecycle.stepping.domain import Arrival
from simulation.keeping import Kept

Mutant = Literal[
    "no watermark",
    "wall clock as logical time",
    "a decision reads another member's state",
    "cap counted at decision",
    "undo sent past the issuer",
    "one salt for two experiments",
    "a timer that moved is a no-op",
    "a time-out asks under a new id",
    "hysteresis in standing",
    "a row that was read is read again",
    "consent asked at decision alone",
    "a version takes over in place",
    "a sweep moves nobody",
]


@dataclass(frozen=True)
class Mutants:
    """At most one."""

    name: Mutant | None = None

    def watermark(self, stated: datetime | None, now: datetime) -> datetime | None:
        return now if self.name == "no watermark" else stated

    def arrived(self, arrival: Arrival, now: datetime) -> Arrival:
        if self.name != "wall clock as logical time":
            return arrival
        return msgspec.structs.replace(arrival, appended_at=now)

    def loaded(self, member: Member, kept: Kept) -> Member:
        """With what others were sent among what the member was sent; or as if they had always lived by the latest version."""
        match self.name:
            case "a decision reads another member's state":
                every = (send for state in kept.members.values() for send in decode(state).sends)
                others = (send for send in every if send not in member.sends)
                return msgspec.structs.replace(member, sends=(*member.sends, *others))
            case "a version takes over in place":
                latest = kept.versions(kept.revision).published[-1]
                if latest.effective_at <= kept.clocks[lane_of(str(member.member_id))].gate:
                    return msgspec.structs.replace(member, version=latest.number)
        return member

    def leaving(self, members: list[UUID]) -> list[UUID]:
        """Whom a sweep moves."""
        return [] if self.name == "a sweep moves nobody" else members

    def stepped(self, member: Member) -> Member:
        match self.name:
            case "cap counted at decision":
                triggered = {(slot.rule, slot.key, slot.attempt): slot.at for slot in member.slots}
                sends = tuple(
                    msgspec.structs.replace(send, at=triggered.get((send.rule, send.key, send.attempt), send.at))
                    for send in member.sends
                )
                return msgspec.structs.replace(member, sends=sends)
            case "hysteresis in standing":
                return _lagging(member)
        return member

    def asked_again(self, request: ActionRequested, ask: int) -> ActionRequested:
        if self.name != "a time-out asks under a new id" or ask == 1:
            return request
        return msgspec.structs.replace(request, action_id=uuid5(request.action_id, f"{ask}"))

    def policy(self, policy: Policy) -> Policy:
        """Each experiment under the salt of the first rule that is one."""
        holdout, first = policy.guards.holdout, next((rule.id for rule in policy.rules if rule.held_out), None)
        if self.name != "one salt for two experiments" or holdout is None or first is None:
            return policy
        guards = msgspec.structs.replace(policy.guards, holdout=msgspec.structs.replace(holdout, salt=first))
        return msgspec.structs.replace(policy, guards=guards)


def _lagging(member: Member) -> Member:
    """Who is at risk is active again only after a day."""
    entered = member.episodes.get("at_risk")
    if member.standing["health"] != "active" or entered is None or member.at - entered.entered_at > timedelta(days=1):
        return member
    return msgspec.structs.replace(member, standing=member.standing | {"health": "at_risk"})
