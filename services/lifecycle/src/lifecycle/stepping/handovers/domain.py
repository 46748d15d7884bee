"""A handover 交接: what waits for a rule of one version, as the next version has it. A publish makes nothing due.

What waits for a member to have been somewhere long enough gets the moment that the new version gives it; when that has
passed already, acting on it would be the publish's doing: it is cancelled. Whoever waits to be released is checked then.
"""

from datetime import datetime

import msgspec

from lifecycle.engine.domain import Engine
from lifecycle.members.domain import Member, Pending
from lifecycle.policy.rulebook.domain import Enters, Held, Leaves
from lifecycle.stepping.decisions.domain import Decision


def handed_over(engine: Engine, member: Member, *, at: datetime) -> tuple[Member, tuple[Decision, ...]]:
    """The member with what waits under the new version, and what became of the rest."""
    kept: list[Pending] = []
    cancelled: list[Decision] = []
    for pending in member.pending:
        moved = _as_now(engine, member, pending)
        if moved is not None and (moved.due == pending.due or moved.due > at):
            kept.append(moved)
        else:
            cancelled.append(
                Decision(rule=pending.rule, key=pending.key, at=at, reason="rule_changed", version=engine.version)
            )
    return msgspec.structs.replace(member, pending=tuple(kept)), tuple(cancelled)


def _as_now(engine: Engine, member: Member, pending: Pending) -> Pending | None:
    """None: the rule does not wait for this any more. One that is gone is told by whoever looks at it next."""
    rule = engine.rules.get(pending.rule)
    if rule is None or pending.since is not None or pending.value is None:
        return pending
    match rule.trigger:
        case Enters(value, settle) | Held(value, settle) if value == pending.value:
            entered_at = member.episodes[value].entered_at
            due = entered_at if settle is None else engine.calendar.after(entered_at, settle)
            return msgspec.structs.replace(pending, due=due)
        case Leaves(value, settle) if value == pending.value and settle is not None:
            return pending
    return None
