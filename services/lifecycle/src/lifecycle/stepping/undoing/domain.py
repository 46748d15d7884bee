"""Undoing 撤銷: a member left the value that a rule's actions were for, so they are taken back, whether done, asked for or
still waiting. What the rule did in an earlier stay in that value, under its key, stays: that stay had ended otherwise.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from lifecycle.actions.withdrawals.domain import Withdrawal, withdrawn
from lifecycle.engine.domain import Engine
from lifecycle.members.domain import Member
from lifecycle.policy.rulebook.domain import Rule
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.rules.domain import is_caused_by_member


def taken_back(
    engine: Engine, member: Member, transitions: Iterable[Transition], *, by: str | None, gate: datetime
) -> tuple[Member, list[Decision], list[Withdrawal]]:
    """The member without what waited for the rules that are undone; a decision for each of those, and what is to be told.
    `by`: the name of the event that moved the member.
    """
    decisions: list[Decision] = []
    withdrawals: list[Withdrawal] = []
    for transition in transitions:
        if is_caused_by_member(transition.cause):
            for rule in engine.undoing.get(transition.previous or "", ()):
                if rule.undo and rule.undo.by in {None, by}:
                    stay = member.episodes[rule.undo.leaves].number
                    member, dropped = _dropped(member, rule, stay)
                    member, telling = _withdrawn(member, rule, stay, depth=transition.depth, gate=gate)
                    decisions += dropped
                    withdrawals += telling
    return member, decisions, withdrawals


def _dropped(member: Member, rule: Rule, stay: int) -> tuple[Member, list[Decision]]:
    waiting = [each for each in member.pending if each.rule == rule.id and not _is_earlier(rule, each.key, stay)]
    if not waiting:
        return member, []
    kept = tuple(pending for pending in member.pending if pending not in waiting)
    decisions = [
        Decision(rule=rule.id, key=pending.key, at=member.at, reason="undone", depth=pending.depth)
        for pending in waiting
    ]
    return msgspec.structs.replace(member, pending=kept), decisions


def _withdrawn(member: Member, rule: Rule, stay: int, *, depth: int, gate: datetime) -> tuple[Member, list[Withdrawal]]:
    slots, telling = list(member.slots), list[Withdrawal]()
    for index, slot in enumerate(slots):
        if slot.rule == rule.id and not _is_earlier(rule, slot.key, stay):
            slots[index], told = withdrawn(slot, member_id=member.member_id, depth=depth, gate=gate)
            telling += told
    return msgspec.structs.replace(member, slots=tuple(slots)), telling


def _is_earlier(rule: Rule, key: str, stay: int) -> bool:
    """Whether the key is that of another stay in the value."""
    value, hash_sign, number = key.rpartition("#")
    return bool(hash_sign) and rule.undo is not None and value == rule.undo.leaves and number != str(stay)
