"""A sweep 掃描 takes members to the next version of the policy, whom nothing else takes there."""

import msgspec

from lifecycle.members.domain import Member
from lifecycle.moments.domain import rearmed
from lifecycle.standing.domain import standing_on
from lifecycle.versions.domain import Versions


def may_stay(versions: Versions, member: Member, target: int) -> bool:
    """Whether a member can be left where they are until something happens to them: going to that version changes neither
    where they stand nor what is kept of them, and nothing falls due sooner by it.
    """
    following = versions.following(member.version)
    if following is None or member.version == target:
        return True
    if following.number != target or member.pending or (member.due and member.due <= following.effective_at):
        return False
    if versions.kept(target, member.facts) is not member.facts:
        return False
    at = max(member.at, following.effective_at)
    now, _ = standing_on(following.engine, member.facts, following.engine.calendar.day_of(at))
    if now != member.standing:
        return False
    due = rearmed(following.engine, msgspec.structs.replace(member, at=at)).due
    return due is None or (member.due is not None and member.due <= due)
