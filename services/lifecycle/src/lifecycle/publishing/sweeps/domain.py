"""A sweep 掃描 takes members to the next version of the policy, whom nothing else takes there."""

from collections.abc import Iterable, Iterator

from lifecycle.engine.contrasts.domain import Contrast, contrast, shifted
from lifecycle.engine.outlooks.domain import NEVER
from lifecycle.members.outlines.domain import Outline
from lifecycle.publishing.versions.domain import Version, Versions


def moving(versions: Versions, members: Iterable[Outline], target: int) -> Iterator[Outline]:
    """Who cannot be left where they are until something happens to them."""
    contrasts: dict[int, Contrast] = {}
    for member in members:
        following = versions.following(member.version)
        if following is None or member.version == target:
            continue
        if member.version not in contrasts:
            contrasts[member.version] = contrast(versions.engine(member.version), following.engine)
        if following.number != target or not _may_stay(versions, member, following, contrasts[member.version]):
            yield member


def _may_stay(versions: Versions, member: Outline, following: Version, between: Contrast) -> bool:
    """Whether going to the version changes neither where they stand nor what is kept of them, and nothing falls due sooner
    by it. Where they stand by their own version is known, as long as nothing is due.
    """
    if not between.same_dates or not between.triggers.issuperset(member.waiting):
        return False
    if member.due and member.due <= following.effective_at:
        return False
    if not versions.keeps_all(following.number, member.facts):
        return False
    calendar = following.engine.calendar
    facts, day = member.facts_at(between.places), calendar.day_of(max(member.at, following.effective_at))
    _, then, until = shifted(between, facts, day)
    if any(member.standing.get(name) != then.get(name) for name in between.names):
        return False
    return until >= NEVER or (member.due is not None and member.due <= calendar.start_of(until))
