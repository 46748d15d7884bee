"""Publishing 發布: a policy is prepared (its new metrics are counted, from then on and back from the journal), then
published to take effect at one moment for everybody, or abandoned before it does. Each of these is a change, by somebody, for good.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from common.bus.processing import CLOCK_TOLERANCE
from common.db import UnitOfWork
from lifecycle.engine.domain import compiled
from lifecycle.errors import (
    MomentInvalid,
    NotInPreparation,
    NotReplaced,
    PolicyInvalid,
    RuleUnknown,
    SegmentUnknown,
    TextNotEditable,
    VersionFirm,
    VersionNotReady,
)
from lifecycle.policy.domain import Policy
from lifecycle.publishing.changes import service as changes
from lifecycle.publishing.changes.domain import InForce
from lifecycle.publishing.domain import renumbered
from lifecycle.publishing.reviews.service import review
from lifecycle.publishing.versions import service as versions
from lifecycle.publishing.walks import service as walks
from lifecycle.text.edits.domain import EditImpossible, with_segment, without_segment
from lifecycle.text.labels.domain import Label

MARGIN = timedelta(seconds=30)
"""How long before a version takes effect it has to be published."""
FURTHEST = timedelta(days=90)
FIRM = CLOCK_TOLERANCE + MARGIN
"""So long before its moment a version stays: an event whose producer's clock is ahead may have taken a member there."""


@dataclass(frozen=True, slots=True)
class Prepared:
    version: int
    counted_anew: list[str]
    """The metrics and attributes that the journal is read for."""


async def prepare(uow: UnitOfWork, *, text: str, tz: str, operator_id: UUID | None, note: str = "") -> Prepared:
    """Keep a policy as a version, and begin to count what it counts anew. Raises PolicyInvalid with all that is wrong, or
    cannot be as it is written.
    """
    authored, findings = await review(text, tz=tz)
    errors = [each for each in findings if each.severity == "error"]
    if authored.policy is None or errors:
        raise PolicyInvalid(errors)
    await changes.begin(uow)
    state = await changes.state(uow)
    counted = [number for number in _live(state) if await walks.is_finished(uow, number, "backfill")]
    live = [(await versions.find(uow, number))[1] for number in counted]
    policy = await _renumbered(uow, authored.policy, live)
    version = await versions.store(uow, policy, text=text, tz=tz)
    await changes.record(uow, "prepared", version=version, operator_id=operator_id, note=note)
    anew = _anew(policy, live)
    if anew:
        await walks.begin(uow, version, "backfill")
    await walks.begin(uow, version, "impact")
    return Prepared(version, anew)


async def publish(
    uow: UnitOfWork,
    version: int,
    *,
    replaces: int,
    effective_at: datetime | None = None,
    operator_id: UUID | None,
    note: str = "",
) -> datetime:
    """Let a prepared version take effect for everybody at one moment; when. `replaces`: the version that whoever publishes
    saw in force: another one by now is a conflict. Raises VersionUnknown, NotInPreparation, NotReplaced, VersionNotReady,
    MomentInvalid.
    """
    await changes.begin(uow)
    state = await changes.state(uow)
    if version not in state.prepared:
        await versions.find_text(uow, version)
        raise NotInPreparation(f"version {version} is not in preparation")
    latest, begins = state.published[-1]
    if latest != replaces:
        raise NotReplaced(
            f"version {replaces} is not the one that was published last: that is version {latest}",
            current={"version": latest},
        )
    moment = _moment(effective_at, now=uow.now, latest=latest, begins=begins)
    if not await walks.is_finished(uow, version, "backfill"):
        raise VersionNotReady(f"what version {version} counts anew is still being counted from the journal")
    await changes.record(uow, "published", version=version, effective_at=moment, operator_id=operator_id, note=note)
    await walks.begin(uow, version, "sweep")
    return moment


async def abandon(uow: UnitOfWork, version: int, *, operator_id: UUID | None, note: str = "") -> None:
    """Give a version up that is in preparation, or published and not in effect yet. Raises VersionUnknown,
    NotInPreparation, VersionFirm.
    """
    await changes.begin(uow)
    state = await changes.state(uow)
    begins = dict(state.published).get(version)
    if version not in state.prepared and (begins is None or begins <= uow.now):
        await versions.find_text(uow, version)
        raise NotInPreparation(f"version {version} is neither in preparation nor to come")
    if begins is not None and begins <= uow.now + FIRM:
        raise VersionFirm(
            f"version {version} takes effect at {begins.isoformat()}, too soon to be taken back: roll back after that",
        )
    await changes.record(uow, "abandoned", version=version, operator_id=operator_id, note=note)
    await walks.end(uow, version)


async def restore(uow: UnitOfWork, version: int, *, operator_id: UUID | None, note: str = "") -> Prepared:
    """Prepare the text of an earlier version anew. Raises VersionUnknown."""
    row = await versions.find_text(uow, version)
    return await prepare(
        uow, text=row["text"], tz=row["tz"], operator_id=operator_id, note=note or f"as version {version}"
    )


async def edit_segment(
    uow: UnitOfWork,
    name: str,
    condition: str | None,
    *,
    title: Label | None = None,
    operator_id: UUID | None,
    note: str = "",
) -> Prepared:
    """Prepare the latest policy with one segment put in, changed or, without a condition, taken out. Raises PolicyInvalid,
    SegmentUnknown, TextNotEditable.
    """
    state = await changes.state(uow)
    latest = await versions.find_text(uow, state.published[-1][0])
    try:
        if condition is None:
            text = without_segment(latest["text"], name)
        else:
            text = with_segment(latest["text"], name, condition, title=title)
    except KeyError:
        raise SegmentUnknown(f"the policy published last has no segment {name!r}") from None
    except EditImpossible as error:
        raise TextNotEditable(f"edit the policy's text instead: {error}") from error
    return await prepare(uow, text=text, tz=latest["tz"], operator_id=operator_id, note=note or f"segment {name}")


async def switch_rule(uow: UnitOfWork, rule: str, *, paused: bool, operator_id: UUID | None, note: str = "") -> None:
    """Pause a rule from the next batch on, or let it go on. What is so already stays so. Raises RuleUnknown."""
    await changes.begin(uow)
    state = await changes.state(uow)
    if (rule in state.paused) is paused:
        return
    known = [each.id for number in _live(state) for each in (await versions.find(uow, number))[1].rules]
    if rule not in known:
        raise RuleUnknown(f"neither the policy in force nor one in preparation has a rule {rule!r}")
    await changes.record(uow, "paused" if paused else "resumed", rule=rule, operator_id=operator_id, note=note)


def _live(state: InForce) -> list[int]:
    """The versions whose facts are being counted for good."""
    return [state.published[-1][0], *state.prepared]


async def _renumbered(uow: UnitOfWork, policy: Policy, live: list[Policy]) -> Policy:
    metrics_given, attributes_given = await versions.numbers_given(uow)
    return renumbered(policy, live=live, metrics_given=metrics_given, attributes_given=attributes_given)


def _anew(policy: Policy, live: list[Policy]) -> list[str]:
    known = {place for each in live for place in compiled(each).numbers.values()}
    return sorted(name for name, place in compiled(policy).numbers.items() if place not in known)


def _moment(effective_at: datetime | None, *, now: datetime, latest: int, begins: datetime) -> datetime:
    if begins > now:
        raise NotReplaced(
            f"version {latest} takes effect only at {begins.isoformat()}: abandon it, or publish another after that",
            current={"version": latest},
        )
    soonest = now + MARGIN
    if effective_at is None:
        return soonest
    if not soonest <= effective_at <= now + FURTHEST:
        raise MomentInvalid(
            f"effective_at: expected a moment from {soonest.isoformat()} to {(now + FURTHEST).isoformat()}"
        )
    return effective_at
